//! What an account manager wants to change, and why it may not be so.

use std::collections::BTreeSet;

use super::needs::{Actions, Useless};
use super::{Action, Mode, NotAllowed};
use crate::clock::Instant;
use crate::db::{self, Failure};
use crate::ids::{BranchId, UserId};

/// Branches of one change, at most.
pub const BRANCHES_MAX: usize = 500;

/// A change to what one person may do.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub user: UserId,
    pub way: Way,
    /// The digest of what the person held when it was checked ([`super::Draft::seen`]).
    pub seen: String,
    /// It was seen that the person could make and approve in one branch, and it is wanted all the same.
    pub both_hands: bool,
}

/// How the actions were chosen.
#[derive(Debug, Clone)]
pub enum Way {
    /// Branches times actions.
    Chosen { mode: Mode, branches: BTreeSet<BranchId>, actions: Actions, until: Option<Instant> },
    /// What another person holds, branch by branch, each until it runs out there.
    Copied { from: UserId, mode: Mode },
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("there is no such person")]
    NoSuchUser,
    #[error("nobody changes their own grants")]
    OwnGrant,
    #[error("{0} is deactivated")]
    Inactive(String),
    #[error("an account manager does not hold {}", .0.iter().map(|action| action.label()).collect::<Vec<_>>().join(", "))]
    AccountManager(Vec<Action>),
    #[error("there is no such branch")]
    NoSuchBranch,
    #[error("inactive branches: {}", .0.join(", "))]
    InactiveBranches(Vec<String>),
    #[error("no branch is chosen")]
    NoBranch,
    #[error("more than {BRANCHES_MAX} branches are chosen")]
    TooManyBranches,
    #[error("no action is chosen")]
    NoAction,
    #[error("the last day is over")]
    UntilPast,
    #[error("nobody can be copied to themselves")]
    CopyOfSelf,
    /// In these branches it would show or make nothing.
    #[error("{why:?} in {}", .branches.join(", "))]
    Useless { why: Useless, branches: Vec<String> },
    #[error("it is so already")]
    NothingChanges,
    #[error("it waits for confirmation already")]
    WaitsAlready,
    /// The person could make and approve in these branches, and nobody said that they may.
    #[error("the person could make and approve in {}", .0.join(", "))]
    BothHands(Vec<String>),
    /// What the person holds is not what was looked at.
    #[error("what the person holds changed since it was looked at")]
    Changed,
    /// Whoever confirms is the person, or asked for it.
    #[error("somebody else has to confirm this")]
    NotTheirsToConfirm,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for ChangeRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}
