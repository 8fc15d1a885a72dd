//! Does what was confirmed, by the verbs of the rooms it belongs to.

use super::{Change, Confirmation, GrantAsked, store};
use crate::audit::By;
use crate::db::{self, Failure, WriteTx};
use crate::people;
use crate::privileges::{self, ChangeRefusal, NotAllowed};
use crate::say;
use crate::words::Said;

/// Why what was asked for cannot be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotApply {
    /// The world has changed since it was asked for. Sentences without values: they are kept in the table.
    #[error("{}", .0.english())]
    Overtaken(Said),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CannotApply {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

fn overtaken<T>(why: Said) -> Result<T, CannotApply> {
    Err(CannotApply::Overtaken(why))
}

/// Runs the change; returns a code to show once, where there is one.
pub(super) fn apply(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<Option<String>, CannotApply> {
    let asker = people::find(tx, &asked.asked_by)?.filter(|asker| asker.is_active && asker.is_account_manager);
    if asker.is_none() {
        return overtaken(say!("Who asked for this is no longer an account manager."));
    }
    if let Some(user) = &asked.user {
        let person = people::find(tx, user)?;
        let is_active = person.is_some_and(|person| person.is_active);
        match asked.change {
            Change::Reactivation if is_active => return overtaken(say!("The person is active already.")),
            Change::Reactivation => {}
            _ if !is_active => return overtaken(say!("The person was deactivated after this was asked for.")),
            _ => {}
        }
    }
    match &asked.change {
        Change::Email { from, .. } if *from != store::email(tx, asked.user.as_ref())? => {
            overtaken(say!("The mail address was changed after this was asked for."))
        }
        // The right to print it is the confirmation itself: either account manager uses it on the person's page.
        Change::PasswordCode => Ok(None),
        Change::Grants(grants) => give(tx, by, asked, grants),
        Change::Email { .. } | Change::SecondFactor { .. } | Change::Reactivation | Change::Setting { .. } => {
            let _ = by;
            overtaken(say!("This version of Outlay cannot do this yet."))
        }
    }
}

fn give(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation, grants: &[GrantAsked]) -> Result<Option<String>, CannotApply> {
    let Some(user) = &asked.user else { return overtaken(say!("There is no such person.")) };
    match privileges::give_confirmed(tx, &asked.asked_by, by, user, grants) {
        Ok(()) => Ok(None),
        Err(refusal) => match refusal {
            ChangeRefusal::Db(error) | ChangeRefusal::NotAllowed(NotAllowed::Db(error)) => Err(error.into()),
            ChangeRefusal::AccountManager(_) => overtaken(say!("The person became an account manager after this was asked for.")),
            ChangeRefusal::InactiveBranches(_) => overtaken(say!("A branch was deactivated after this was asked for.")),
            ChangeRefusal::UntilPast => overtaken(say!("The last day of it is over.")),
            ChangeRefusal::Useless { .. } => overtaken(say!("What the person would need to see was taken away after this was asked for.")),
            _ => overtaken(say!("It may not be given any more.")),
        },
    }
}
