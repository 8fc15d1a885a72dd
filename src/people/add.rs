//! Adds a person. Nobody is ever deleted, so a user name is never somebody else's later.

use super::account_manager::ask_to_make;
use super::{Details, PasswordHash, User, may_administer, store, tell};
use crate::audit::{self, By, Event, Subject, What};
use crate::branches;
use crate::confirmations;
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BranchId, UserId};
use crate::privileges::NotAllowed;

/// An institution has at most so many active account managers.
pub const ACCOUNT_MANAGERS_MAX: usize = 2;

#[derive(Clone)]
pub struct NewUser {
    pub details: Details,
    pub branch: BranchId,
    pub is_account_manager: bool,
    pub password: PasswordHash,
    /// They set a password of their own before anything else.
    pub must_set_password: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum AddUserRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("there is already a person with the user name «{}»", .0.user_name)]
    NameTaken(Box<User>),
    #[error("{} has this phone already", .0.full_name)]
    PhoneTaken(Box<User>),
    #[error("there is no such branch")]
    NoSuchBranch,
    #[error("the branch is not active")]
    BranchClosed,
    #[error("only 2 account managers are allowed; they are {}", names(.0))]
    TooManyAccountManagers(Vec<User>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for AddUserRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// `Daw Aye Aye Mon and U Kyi Win`.
pub(super) fn names(people: &[User]) -> String {
    people.iter().map(|person| person.full_name.as_str()).collect::<Vec<_>>().join(" and ")
}

/// Where confirmations are on, being an account manager waits for somebody else's word: they are added without it.
///
/// # Errors
/// [`AddUserRefusal`].
pub fn add_user(tx: &mut WriteTx<'_>, by: &By, new: &NewUser) -> Result<User, AddUserRefusal> {
    may_administer(tx, by)?;
    let details = &new.details;
    if let Some(taken) = store::find_by_name(tx, &details.user_name)? {
        return Err(AddUserRefusal::NameTaken(Box::new(taken)));
    }
    if let Some(phone) = &details.phone
        && let Some(taken) = store::with_phone(tx, phone, None)?
    {
        return Err(AddUserRefusal::PhoneTaken(Box::new(taken)));
    }
    let branch = branches::find(tx, &new.branch)?.ok_or(AddUserRefusal::NoSuchBranch)?;
    if !branch.is_active {
        return Err(AddUserRefusal::BranchClosed);
    }
    if new.is_account_manager {
        let managers = store::managers(tx)?;
        if managers.len() >= ACCOUNT_MANAGERS_MAX {
            return Err(AddUserRefusal::TooManyAccountManagers(managers));
        }
    }
    let account_manager_waits = new.is_account_manager && confirmations::is_needed(tx, by)?;
    let mut user = newcomer(tx, new);
    user.is_account_manager = new.is_account_manager && !account_manager_waits;
    let row = store::NewRow { user: &user, details, password: &new.password, must_set_password: new.must_set_password };
    store::insert(tx, &[row])?;
    audit::record(tx, &added(by, &user, details))?;
    if user.is_account_manager {
        tell::account_manager_made(tx, by, &user)?;
    }
    if account_manager_waits {
        ask_to_make(tx, by, &user.id)?;
    }
    Ok(user)
}

/// The person as they will stand in the table.
pub(super) fn newcomer(tx: &WriteTx<'_>, new: &NewUser) -> User {
    User {
        id: UserId::new(tx.now()),
        user_name: new.details.user_name.clone(),
        full_name: new.details.full_name.clone(),
        branch: new.branch.clone(),
        is_account_manager: new.is_account_manager,
        is_active: true,
    }
}

/// The event of it.
pub(super) fn added(by: &By, user: &User, details: &Details) -> Event {
    let mut event = Event::new(by.clone(), What::UserAdded, Subject::new("user", &user.id)).changing(serde_json::json!({
        "user_name": user.user_name, "account_manager": user.is_account_manager, "phone": details.phone, "email": details.email,
    }));
    event.branch = Some(user.branch.clone());
    event
}
