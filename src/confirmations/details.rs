//! What exactly will be so, branch by branch, for the one who decides.

use std::collections::BTreeMap;

use super::{Change, Confirmation, GrantAsked, store};
use crate::branches;
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::ids::{BranchId, UserId};
use crate::people::{self, LastLink};
use crate::privileges::Action;

/// What a decision on a confirmation is about.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The sensitive actions that the person will hold by it.
    pub grants: Vec<InBranch>,
    /// Branches in which one person would both make and approve payments.
    pub makes_and_approves: Vec<String>,
    /// How the person gets in: whoever holds that holds what is given.
    pub access: Option<Access>,
}

/// How a person gets into their account.
#[derive(Debug, Clone)]
pub struct Access {
    /// Where links for a new password go.
    pub email: Option<String>,
    pub has_password: bool,
    /// Where they have none: the invitation that is still good.
    pub invitation: Option<LastLink>,
}

/// Actions in one branch, each with its end.
#[derive(Debug, Clone)]
pub struct InBranch {
    pub branch: String,
    pub code: String,
    pub actions: Vec<(Action, Option<Instant>)>,
}

/// # Errors
/// The database's.
pub(super) fn details(conn: &mut Conn, asked: &Confirmation, now: Instant) -> Result<Details> {
    let Some(user) = &asked.user else { return Ok(Details::default()) };
    let grants = match &asked.change {
        Change::Grants(grants) => grants.clone(),
        Change::Reactivation => store::sensitive_of(conn, user, now)?,
        _ => return Ok(Details::default()),
    };
    let made = store::makes_in(conn, user, now)?;
    let mut by_branch: BTreeMap<&BranchId, Vec<&GrantAsked>> = BTreeMap::new();
    for grant in &grants {
        by_branch.entry(&grant.branch).or_default().push(grant);
    }
    let mut details = Details { access: access(conn, user, now)?, ..Details::default() };
    for branch in branches::of_ids(conn, by_branch.keys().copied())? {
        let grants = by_branch.get(&branch.id).cloned().unwrap_or_default();
        if made.contains(&branch.id) && grants.iter().any(|grant| grant.action == Action::ApprovePayment) {
            details.makes_and_approves.push(branch.full_name());
        }
        let actions = grants.iter().map(|grant| (grant.action, grant.until.map(Instant::from_micros))).collect();
        details.grants.push(InBranch { branch: branch.full_name(), code: branch.code, actions });
    }
    Ok(details)
}

fn access(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Option<Access>> {
    let Some(person) = people::person(conn, user)? else { return Ok(None) };
    let is_good = |link: &LastLink| link.used_at.is_none() && link.ended_at.is_none() && link.until_at > now;
    let invitation = people::last_link(conn, user)?.filter(|link| !person.has_password && is_good(link));
    Ok(Some(Access { email: person.details.email().map(str::to_owned), has_password: person.has_password, invitation }))
}
