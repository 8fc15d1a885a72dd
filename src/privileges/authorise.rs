//! The check every verb begins with.

use super::{Action, store};
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BranchId, UserId};
use crate::people;

/// Proof that a person was allowed an action in a branch, in this very transaction. Only [`Authorise`] makes one.
#[derive(Debug)]
pub struct May {
    user: UserId,
    action: Action,
    branch: BranchId,
}

impl May {
    pub fn user(&self) -> &UserId {
        &self.user
    }

    pub fn action(&self) -> Action {
        self.action
    }

    pub fn branch(&self) -> &BranchId {
        &self.branch
    }
}

/// Proof that a person is an active account manager, in this very transaction. Only [`Authorise`] makes one.
#[derive(Debug)]
pub struct Administers {
    user: UserId,
}

impl Administers {
    pub fn user(&self) -> &UserId {
        &self.user
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NotAllowed {
    #[error("the person does not hold {} in this branch", .0.label())]
    NoGrant(Action),
    #[error("only an account manager may do this")]
    NotAccountManager,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for NotAllowed {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// `tx.authorise(…)`.
pub trait Authorise {
    /// Reads the person (active; an account manager only for what is not about payments) and the grant (begun, not ended, not
    /// expired) now.
    ///
    /// # Errors
    /// [`NotAllowed::NoGrant`] where any of it is missing.
    fn authorise(&mut self, user: &UserId, action: Action, branch: &BranchId) -> Result<May, NotAllowed>;

    /// For the verbs of account managers: users, branches, privileges, settings.
    ///
    /// # Errors
    /// [`NotAllowed::NotAccountManager`] for everybody who is not an active one.
    fn administer(&mut self, user: &UserId) -> Result<Administers, NotAllowed>;
}

impl Authorise for WriteTx<'_> {
    fn authorise(&mut self, user: &UserId, action: Action, branch: &BranchId) -> Result<May, NotAllowed> {
        let now = self.now();
        if !store::holds(self, user, action, branch, now)? {
            return Err(NotAllowed::NoGrant(action));
        }
        Ok(May { user: user.clone(), action, branch: branch.clone() })
    }

    fn administer(&mut self, user: &UserId) -> Result<Administers, NotAllowed> {
        match people::find(self, user)? {
            Some(person) if person.is_active && person.is_account_manager => Ok(Administers { user: person.id }),
            _ => Err(NotAllowed::NotAccountManager),
        }
    }
}
