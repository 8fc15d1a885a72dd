//! Does what was confirmed, by the verbs of the rooms it belongs to.

use super::{Change, Confirmation, store};
use crate::audit::By;
use crate::db::{self, Failure, WriteTx};
use crate::people::second_factor::{self, RequestRefusal};
use crate::people;
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
        Change::SecondFactor { request } => match second_factor::allow_confirmed(tx, &asked.asked_by, by, request) {
            Ok((code, _)) => Ok(Some(code.to_string())),
            Err(RequestRefusal::Db(error)) => Err(error.into()),
            Err(_) => overtaken(say!("The request for a new QR code does not wait any more.")),
        },
        Change::Grants(_) | Change::Email { .. } | Change::Reactivation | Change::Setting { .. } => {
            overtaken(say!("This version of Outlay cannot do this yet."))
        }
    }
}

/// What was asked for will not be: whatever waited for it waits for a decision again.
pub(super) fn forget(tx: &mut WriteTx<'_>, asked: &Confirmation) -> db::Result<()> {
    match &asked.change {
        Change::SecondFactor { request } => second_factor::confirmation_refused(tx, request),
        _ => Ok(()),
    }
}
