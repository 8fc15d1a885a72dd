//! Does what was confirmed, by the verbs of the rooms it belongs to.

use super::{AccountManagerChange, Change, Confirmation, GrantAsked, store};
use crate::audit::By;
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::institutions;
use crate::people::second_factor::{self, OneTimeCode, RequestRefusal};
use crate::people::{self, DeactivateRefusal, EditRefusal, ReactivateRefusal};
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
    let Some(user) = &asked.user else { return setting(tx, by, asked) };
    let is_active = people::find(tx, user)?.is_some_and(|person| person.is_active);
    // Being an account manager counts for nothing while one is not active, and coming back waits for a word of its own.
    if !is_active && !matches!(asked.change, Change::Reactivation | Change::AccountManager(_)) {
        return overtaken(say!("The person was deactivated after this was asked for."));
    }
    match &asked.change {
        Change::Grants(grants) => give(tx, by, &asked.asked_by, user, grants),
        Change::Setting { .. } => setting(tx, by, asked),
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
        Change::AccountManager(change) => account_manager(tx, by, &asker, user, change),
    }
}

fn setting(tx: &mut WriteTx<'_>, by: &By, asked: &Confirmation) -> Result<Code, CannotApply> {
    let Change::Setting { name, to, .. } = &asked.change else { return overtaken(say!("This cannot be done any more.")) };
    match institutions::change_setting_confirmed(tx, &asked.asked_by, by, name, to) {
        Ok(()) => Ok(None),
        Err(db::Error::Conflict) => overtaken(say!("This version of Outlay has no such setting any more.")),
        Err(error) => Err(error.into()),
    }
}

fn account_manager(tx: &mut WriteTx<'_>, by: &By, asker: &By, user: &UserId, change: &AccountManagerChange) -> Result<Code, CannotApply> {
    let shall = match change {
        AccountManagerChange::Deactivate(order) => {
            people::deactivate_confirmed(tx, asker, by, order).map_err(not_deactivated)?;
            return Ok(None);
        }
        AccountManagerChange::Make { email } if *email != store::email(tx, user)? => {
            return overtaken(say!("The mail address was changed after this was asked for."));
        }
        AccountManagerChange::Make { .. } => true,
        AccountManagerChange::TakeAway => false,
    };
    people::change_account_manager_confirmed(tx, asker, by, user, shall).map_err(not_changed)?;
    Ok(None)
}

fn not_changed(refusal: EditRefusal) -> CannotApply {
    CannotApply::Overtaken(match refusal {
        EditRefusal::Db(error) | EditRefusal::NotAllowed(NotAllowed::Db(error)) => return error.into(),
        EditRefusal::TooManyAccountManagers(_) => say!("There are 2 account managers already."),
        EditRefusal::LastAccountManager => say!("The last active account manager stays one."),
        EditRefusal::HoldsPaymentActions(_) => say!("The person holds payment actions, which no account manager may."),
        _ => say!("This cannot be done any more."),
    })
}

fn not_deactivated(refusal: DeactivateRefusal) -> CannotApply {
    CannotApply::Overtaken(match refusal {
        DeactivateRefusal::Db(error) | DeactivateRefusal::NotAllowed(NotAllowed::Db(error)) => return error.into(),
        DeactivateRefusal::AlreadyInactive => say!("The person is not active any more."),
        DeactivateRefusal::LastAccountManager => say!("The last active account manager stays one."),
        DeactivateRefusal::DraftUndecided(..) | DeactivateRefusal::NoSuchHeir(..) => {
            say!("Drafts of theirs need somebody else now: ask for it again.")
        }
        _ => say!("This cannot be done any more."),
    })
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
