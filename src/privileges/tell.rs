//! Mail about privileges that changed at once. What two account managers agreed to is told by the confirmation.

use super::store;
use crate::audit::By;
use crate::db::{Result, WriteTx};
use crate::ids::{BranchId, UserId};
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::people::User;
use crate::say;

/// Checkers who are told that somebody else can approve in their branches, at most.
const CHECKERS_TOLD_MAX: i64 = 200;

/// The person is told that somebody changed what they may do.
pub(super) fn person(tx: &mut WriteTx<'_>, by: &By, person: &User) -> Result<()> {
    let text = LetterText {
        subject: say!("What you may do in Outlay was changed"),
        paragraphs: vec![
            say!("{name} changed what you may do. Outlay shows it under your own privileges.", name = &by.name),
            say!("If you did not expect this, tell an account manager or your branch manager at once."),
        ],
        link: Some((say!("Your privileges"), "/me/privileges".to_owned())),
    };
    let Some(address) = store::address(tx, &person.id)? else { return Ok(()) };
    send(tx, &person.id, address, text)
}

/// All checkers of the branches in which the person can approve from now on, without a second account manager's word.
pub(super) fn checkers(tx: &mut WriteTx<'_>, by: &By, person: &User, branches: &[BranchId]) -> Result<()> {
    if branches.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let text = LetterText {
        subject: say!("{person} approves payments beside you", person = &person.full_name),
        paragraphs: vec![
            say!("{name} lets {person} approve payments in a branch where you do.", name = &by.name, person = &person.full_name),
            say!("If this surprises you, tell an account manager or your branch manager at once."),
        ],
        link: None,
    };
    for (checker, address) in store::checkers(tx, branches, &person.id, now, CHECKERS_TOLD_MAX)? {
        send(tx, &checker, address, text.clone())?;
    }
    Ok(())
}

fn send(tx: &mut WriteTx<'_>, user: &UserId, address: String, text: LetterText) -> Result<()> {
    mail::send(tx, &Letter { kind: LetterKind::Account, user: Some(user.clone()), address, text, until: None })
}
