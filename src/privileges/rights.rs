//! All that a person may do at one moment: for menus, buttons and the scope of searches.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, store};
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::ids::{BranchId, UserId};

/// What a person holds, by action. A snapshot: what a verb may do is asked again inside its transaction.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    by_action: BTreeMap<Action, BTreeSet<BranchId>>,
}

impl Rights {
    /// # Errors
    /// The database's.
    pub fn load(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Self> {
        let mut by_action: BTreeMap<Action, BTreeSet<BranchId>> = BTreeMap::new();
        for (action, branch) in store::held(conn, user, now)? {
            by_action.entry(action).or_default().insert(branch);
        }
        Ok(Self { by_action })
    }

    pub fn has(&self, action: Action, branch: &BranchId) -> bool {
        self.by_action.get(&action).is_some_and(|branches| branches.contains(branch))
    }

    /// Whether the person holds the action in some branch.
    pub fn has_somewhere(&self, action: Action) -> bool {
        self.by_action.get(&action).is_some_and(|branches| !branches.is_empty())
    }

    /// Branches in which the person holds the action.
    pub fn branches(&self, action: Action) -> impl Iterator<Item = &BranchId> {
        self.by_action.get(&action).into_iter().flatten()
    }

    /// What the person holds in each branch.
    pub fn by_branch(&self) -> BTreeMap<BranchId, BTreeSet<Action>> {
        let mut by_branch: BTreeMap<BranchId, BTreeSet<Action>> = BTreeMap::new();
        for (action, branches) in &self.by_action {
            for branch in branches {
                by_branch.entry(branch.clone()).or_default().insert(*action);
            }
        }
        by_branch
    }

    /// Branches in which the person holds both.
    pub fn branches_with_both(&self, one: Action, other: Action) -> Vec<&BranchId> {
        self.branches(one).filter(|branch| self.has(other, branch)).collect()
    }
}
