//! Activates a person again. One who holds sensitive actions, or is an account manager, waits until the other account manager has confirmed it.

use serde_json::json;

use super::add::names;
use super::{ACCOUNT_MANAGERS_MAX, User, guards_money, may_administer, second_factor, store, tell};
use crate::audit::{self, By, Event, Subject, What};
use crate::branches;
use crate::confirmations::{self, Change};
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::privileges::NotAllowed;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reactivated {
    Now,
    /// The other account manager has to confirm it.
    Waits,
}

#[derive(Debug, thiserror::Error)]
pub enum ReactivateRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("there is no such person")]
    NoSuchUser,
    #[error("they are active already")]
    AlreadyActive,
    #[error("their branch is not active: choose another one first")]
    BranchClosed,
    #[error("only 2 account managers are allowed; they are {}", names(.0))]
    TooManyAccountManagers(Vec<User>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for ReactivateRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// # Errors
/// [`ReactivateRefusal`].
pub fn reactivate(tx: &mut WriteTx<'_>, by: &By, user: &UserId) -> Result<Reactivated, ReactivateRefusal> {
    may_administer(tx, by)?;
    let person = may_be_active(tx, user)?;
    let now = tx.now();
    if confirmations::is_needed(tx, by)? && guards_money(tx, &person, now)? {
        confirmations::ask(tx, by, Some(user), &Change::Reactivation)?;
        return Ok(Reactivated::Waits);
    }
    activate(tx, by, None, &person)?;
    Ok(Reactivated::Now)
}

/// What [`reactivate`] waited for: called when `confirmer` has confirmed what `by` asked for.
///
/// # Errors
/// [`ReactivateRefusal`], where it is not possible any more.
pub fn reactivate_confirmed(tx: &mut WriteTx<'_>, by: &By, confirmer: &By, user: &UserId) -> Result<(), ReactivateRefusal> {
    let person = may_be_active(tx, user)?;
    Ok(activate(tx, by, Some(confirmer), &person)?)
}

fn may_be_active(tx: &mut WriteTx<'_>, user: &UserId) -> Result<User, ReactivateRefusal> {
    let person = super::find(tx, user)?.ok_or(ReactivateRefusal::NoSuchUser)?;
    if person.is_active {
        return Err(ReactivateRefusal::AlreadyActive);
    }
    if !branches::find(tx, &person.branch)?.is_some_and(|branch| branch.is_active) {
        return Err(ReactivateRefusal::BranchClosed);
    }
    if person.is_account_manager {
        let managers = store::managers(tx)?;
        if managers.len() >= ACCOUNT_MANAGERS_MAX {
            return Err(ReactivateRefusal::TooManyAccountManagers(managers));
        }
    }
    Ok(person)
}

fn activate(tx: &mut WriteTx<'_>, by: &By, confirmer: Option<&By>, person: &User) -> db::Result<()> {
    // Whatever began while they were away is of nobody who may come in.
    super::end_access(tx, &person.id)?;
    second_factor::end(tx, by, &person.id)?;
    store::set_active(tx, &person.id, true)?;
    store::begin_period(tx, &person.id, true, person.is_account_manager)?;
    let mut event = Event::new(by.clone(), What::UserReactivated, Subject::new("user", &person.id))
        .changing(json!({ "confirmed_by": confirmer.map(|confirmer| confirmer.name.as_str()) }));
    event.branch = Some(person.branch.clone());
    audit::record(tx, &event)?;
    let (now, person) = (tx.now(), User { is_active: true, ..person.clone() });
    if guards_money(tx, &person, now)? { tell::reactivated(tx, by, &person) } else { Ok(()) }
}
