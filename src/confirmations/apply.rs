//! Does what was confirmed, by the verbs of the rooms it belongs to.

use super::{Change, Confirmation, GrantAsked, store};
use crate::audit::By;
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::people::second_factor::{self, OneTimeCode, RequestRefusal};
use crate::people::{self, ReactivateRefusal};
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

/// A code that is shown once, and until when it counts.
pub(super) type Code = Option<(OneTimeCode, Instant)>;

/// Runs the change; returns a code to show once, where there is one.
pub(super) fn apply(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<Code, CannotApply> {
    let asker = people::find(tx, &asked.asked_by)?.filter(|asker| asker.is_active && asker.is_account_manager);
    let Some(asker) = asker else { return overtaken(say!("Who asked for this is no longer an account manager.")) };
    let asker = By::user(asker.id, asker.full_name);
    let Some(user) = &asked.user else { return setting(&asked.change) };
    let is_active = people::find(tx, user)?.is_some_and(|person| person.is_active);
    if !is_active && asked.change != Change::Reactivation {
        return overtaken(say!("The person was deactivated after this was asked for."));
    }
    match &asked.change {
        Change::Grants(grants) => give(tx, by, &asked.asked_by, user, grants),
        Change::Setting { .. } => setting(&asked.change),
        Change::Email { from, to } => {
            if *from != store::email(tx, user)? {
                return overtaken(say!("The mail address was changed after this was asked for."));
            }
            people::set_email(tx, by, user, to.as_deref())?;
            Ok(None)
        }
        Change::SecondFactor { request } => match second_factor::allow_confirmed(tx, &asked.asked_by, by, request) {
            Ok(code) => Ok(Some(code)),
            Err(RequestRefusal::Db(error)) => Err(error.into()),
            Err(_) => overtaken(say!("The request for a new QR code does not wait any more.")),
        },
        Change::Reactivation => {
            people::reactivate_confirmed(tx, &asker, by, user).map_err(not_reactivated)?;
            Ok(None)
        }
        // The right to print it is the confirmation itself: either account manager uses it on the person's page.
        Change::PasswordCode => Ok(None),
    }
}

fn setting(_: &Change) -> Result<Code, CannotApply> {
    overtaken(say!("This version of Outlay cannot do this yet."))
}

fn not_reactivated(refusal: ReactivateRefusal) -> CannotApply {
    CannotApply::Overtaken(match refusal {
        ReactivateRefusal::Db(error) | ReactivateRefusal::NotAllowed(NotAllowed::Db(error)) => return error.into(),
        ReactivateRefusal::AlreadyActive => say!("The person is active already."),
        ReactivateRefusal::BranchClosed => say!("The person's branch is not active: choose another one first."),
        ReactivateRefusal::TooManyAccountManagers(_) => say!("There are 2 account managers already."),
        ReactivateRefusal::NoSuchUser | ReactivateRefusal::NotAllowed(_) => say!("This cannot be done any more."),
    })
}

fn give(tx: &mut WriteTx<'_>, by: &By, asked_by: &UserId, user: &UserId, grants: &[GrantAsked]) -> Result<Code, CannotApply> {
    let Err(refusal) = privileges::give_confirmed(tx, asked_by, by, user, grants) else { return Ok(None) };
    Err(CannotApply::Overtaken(match refusal {
        ChangeRefusal::Db(error) | ChangeRefusal::NotAllowed(NotAllowed::Db(error)) => return Err(error.into()),
        ChangeRefusal::AccountManager(_) => say!("The person became an account manager after this was asked for."),
        ChangeRefusal::InactiveBranches(_) => say!("A branch was deactivated after this was asked for."),
        ChangeRefusal::UntilPast => say!("The last day of it is over."),
        ChangeRefusal::Useless { .. } => say!("What the person would need to see was taken away after this was asked for."),
        _ => say!("It may not be given any more."),
    }))
}
