//! What people are told by mail when somebody's account changes. Who has no address is not told.

use super::{User, store};
use crate::audit::By;
use crate::db::{Result, WriteTx};
use crate::ids::UserId;
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::say;
use crate::words::Said;

fn letter(kind: LetterKind, user: Option<&UserId>, address: &str, subject: Said, paragraphs: Vec<Said>) -> Letter {
    let text = LetterText { subject, paragraphs, link: None };
    Letter { kind, user: user.cloned(), address: address.to_owned(), text, until: None }
}

fn what_to_do() -> Said {
    say!("If this was not agreed, tell an account manager, or whoever runs Outlay for you, at once.")
}

/// The old and the new address; and, where the person guards money, the checkers beside them.
pub(super) fn address_changed(tx: &mut WriteTx<'_>, by: &By, user: &User, from: Option<&str>, to: Option<&str>) -> Result<()> {
    let subject = say!("The email address of {name} was changed", name = &user.full_name);
    let said = || {
        say!(
            "{by} changed the email address at which Outlay reaches {name} ({user_name}).",
            by = &by.name,
            name = &user.full_name,
            user_name = &user.user_name
        )
    };
    for address in [from, to].into_iter().flatten() {
        mail::send(tx, &letter(LetterKind::Account, Some(&user.id), address, subject.clone(), vec![said(), what_to_do()]))?;
    }
    let now = tx.now();
    if !super::guards_money(tx, user, now)? {
        return Ok(());
    }
    for (checker, address) in store::checkers_beside(tx, &user.id, now)? {
        mail::send(tx, &letter(LetterKind::Account, Some(&checker), &address, subject.clone(), vec![said(), what_to_do()]))?;
    }
    Ok(())
}

/// The other account managers and all checkers: who administers is everybody's safety.
pub(super) fn account_manager_made(tx: &mut WriteTx<'_>, by: &By, user: &User) -> Result<()> {
    let subject = say!("{name} is now an account manager", name = &user.full_name);
    let said = say!(
        "{by} made {name} ({user_name}) an account manager: they can add people and grant what people may do.",
        by = &by.name,
        name = &user.full_name,
        user_name = &user.user_name
    );
    to_guardians(tx, &user.id, &subject, &said)
}

/// The same people, when the operator made an account manager because none could act.
pub(super) fn recovered(tx: &mut WriteTx<'_>, by: &By, user: &User) -> Result<()> {
    let subject = say!("{name} was made an account manager from the server", name = &user.full_name);
    let said = say!(
        "{by}, who runs Outlay, made {name} ({user_name}) an account manager and gave them a code to set a new password.",
        by = &by.name,
        name = &user.full_name,
        user_name = &user.user_name
    );
    to_guardians(tx, &user.id, &subject, &said)
}

/// One who guards money is active again: the checkers beside them and the account managers.
pub(super) fn reactivated(tx: &mut WriteTx<'_>, by: &By, user: &User) -> Result<()> {
    let subject = say!("{name} is active again", name = &user.full_name);
    let said = say!(
        "{by} made {name} ({user_name}) active again, with all they were granted before.",
        by = &by.name,
        name = &user.full_name,
        user_name = &user.user_name
    );
    to_guardians(tx, &user.id, &subject, &said)
}

fn to_guardians(tx: &mut WriteTx<'_>, aside: &UserId, subject: &Said, said: &Said) -> Result<()> {
    let now = tx.now();
    for (person, address) in store::guardians(tx, aside, now)? {
        let words = vec![said.clone(), what_to_do()];
        mail::send(tx, &letter(LetterKind::Administration, Some(&person), &address, subject.clone(), words))?;
    }
    Ok(())
}
