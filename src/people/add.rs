//! Adds a person.

use super::{PasswordHash, User, fold_user_name, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::branches;
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BranchId, UserId};

/// An institution has at most so many active account managers.
pub const ACCOUNT_MANAGERS_MAX: usize = 2;

#[derive(Clone)]
pub struct NewUser {
    pub user_name: String,
    pub full_name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub job_title: Option<String>,
    pub branch: BranchId,
    pub is_account_manager: bool,
    pub password: PasswordHash,
}

#[derive(Debug, thiserror::Error)]
pub enum AddUserRefusal {
    #[error("a person needs a full name")]
    NoFullName,
    #[error("a user name has 2 to 64 letters, digits, dots, dashes or underscores")]
    BadUserName,
    #[error("there is already a person with the user name «{0}»")]
    NameTaken(String),
    #[error("there is no such branch")]
    NoSuchBranch,
    #[error("only 2 account managers are allowed; they are {}", .0.join(" and "))]
    TooManyAccountManagers(Vec<String>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for AddUserRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// [`AddUserRefusal`].
pub fn add_user(tx: &mut WriteTx<'_>, by: &By, new: &NewUser) -> Result<User, AddUserRefusal> {
    let full_name = new.full_name.trim();
    if full_name.is_empty() {
        return Err(AddUserRefusal::NoFullName);
    }
    let user_name = fold_user_name(&new.user_name);
    let allowed = user_name.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c));
    if !allowed || !(2..=64).contains(&user_name.chars().count()) {
        return Err(AddUserRefusal::BadUserName);
    }
    if store::find_by_name(tx, &user_name)?.is_some() {
        return Err(AddUserRefusal::NameTaken(user_name));
    }
    if branches::find(tx, &new.branch)?.is_none() {
        return Err(AddUserRefusal::NoSuchBranch);
    }
    if new.is_account_manager {
        let managers = store::account_managers(tx)?;
        if managers.len() >= ACCOUNT_MANAGERS_MAX {
            return Err(AddUserRefusal::TooManyAccountManagers(managers));
        }
    }
    let user = User {
        id: UserId::new(tx.now()),
        user_name,
        full_name: full_name.to_owned(),
        branch: new.branch.clone(),
        is_account_manager: new.is_account_manager,
        is_active: true,
    };
    let row = store::NewRow {
        user: &user,
        phone: new.phone.as_deref(),
        email: new.email.as_deref(),
        job_title: new.job_title.as_deref(),
        password: &new.password,
    };
    store::insert(tx, &row)?;
    let event = Event::new(by.clone(), What::UserAdded, Subject::new("user", &user.id))
        .changing(serde_json::json!({ "user_name": user.user_name, "account_manager": user.is_account_manager }));
    audit::record(tx, &event)?;
    Ok(user)
}
