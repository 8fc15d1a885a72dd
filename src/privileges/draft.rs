//! What a change would do, worked out without doing it: what the check page shows, and what [`super::change()`] then does.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::store::{self, OpenGrant, WaitingGrants};
use super::wanted::{BRANCHES_MAX, ChangeRefusal, Wanted, Way};
use super::{Action, BranchPlan, Held, Mode, Useless, plan};
use crate::audit::By;
use crate::branches::Branch;
use crate::clock::Instant;
use crate::confirmations::{self, GrantAsked};
use crate::db::Conn;
use crate::ids::BranchId;
use crate::people::{self, User};

/// A change, worked out.
#[derive(Debug, Clone)]
pub struct Draft {
    pub person: User,
    /// Whose grants are copied.
    pub source: Option<User>,
    /// Branches in which something changes, in order of their full names.
    pub branches: Vec<(Branch, BranchPlan)>,
    /// What another account manager has to confirm before it is so.
    pub asked: Vec<GrantAsked>,
    /// What waits for that already, and is not asked for again.
    pub waits: Vec<GrantAsked>,
    /// Who can confirm; where there is nobody, the operator.
    pub confirmers: Vec<String>,
    /// Branches in which the person could make and approve by this change.
    pub both_hands: Vec<BranchId>,
    /// Inactive branches that are not copied.
    pub left_out: Vec<Branch>,
    /// Digest of what the person holds, and of what is copied: a change since is noticed.
    pub seen: String,
    pub(super) open: Vec<OpenGrant>,
}

/// # Errors
/// [`ChangeRefusal`]: why it cannot be so.
pub fn draft(conn: &mut Conn, by: &By, wanted: &Wanted, now: Instant) -> Result<Draft, ChangeRefusal> {
    let person = people::find(conn, &wanted.user)?.ok_or(ChangeRefusal::NoSuchUser)?;
    if by.id.as_ref() == Some(&person.id) {
        return Err(ChangeRefusal::OwnGrant);
    }
    let (mode, wishes, source) = wishes(conn, wanted, now)?;
    let open = store::open_grants(conn, &person.id)?;
    let held = in_force(&open, now);
    let waiting = store::waiting(conn, &person.id)?;
    let seen = digest(&open, &waiting, source.as_ref().map_or(&[], |(_, grants)| grants), now);
    let concerned: BTreeSet<&BranchId> = wishes.keys().chain(held.keys().filter(|_| source.is_some() && mode == Mode::Exactly)).collect();
    let known = store::branches_of(conn, concerned.iter().copied())?;
    let (mut plans, left_out) = plans(&concerned, &known, &held, &wishes, mode, source.is_some())?;
    if plans.len() > BRANCHES_MAX {
        return Err(ChangeRefusal::TooManyBranches);
    }
    plans.sort_by_cached_key(|(branch, _)| (branch.full_name(), branch.code.clone()));
    may_be_given(&person, &plans)?;
    let needs_word = confirmations::is_needed(conn, by)?;
    let (asked, waits) = asked(&plans, &waiting, needs_word);
    let draft = Draft {
        both_hands: both_hands(&plans),
        confirmers: by.id.as_ref().map_or(Ok(Vec::new()), |asker| store::confirmers(conn, asker, &person.id))?,
        source: source.map(|(user, _)| user),
        branches: plans,
        person,
        asked,
        waits,
        left_out,
        seen,
        open,
    };
    if draft.branches.is_empty() {
        return Err(ChangeRefusal::NothingChanges);
    }
    if draft.does_nothing_new() {
        return Err(ChangeRefusal::WaitsAlready);
    }
    Ok(draft)
}

impl Draft {
    /// Whether the action waits for somebody's word, now or by this change.
    pub fn waits_for_confirmation(&self, branch: &BranchId, action: Action) -> bool {
        self.asked.iter().chain(&self.waits).any(|asked| asked.branch == *branch && asked.action == action)
    }

    fn does_nothing_new(&self) -> bool {
        let at_once = |(branch, plan): &(Branch, BranchPlan)| {
            let given = plan.given.keys().any(|action| !self.waits_for_confirmation(&branch.id, *action));
            given || !plan.taken.is_empty() || !plan.shortened.is_empty()
        };
        self.asked.is_empty() && !self.branches.iter().any(at_once)
    }
}

/// What a person's open grants come to, branch by branch, with what has run out left away.
pub(super) fn in_force(open: &[OpenGrant], now: Instant) -> BTreeMap<BranchId, Held> {
    let mut held: BTreeMap<BranchId, Held> = BTreeMap::new();
    for grant in open.iter().filter(|grant| !grant.is_expired(now)) {
        held.entry(grant.branch.clone()).or_default().insert(grant.action, grant.until);
    }
    held
}

/// Mode, wishes by branch, and whose grants they are with these, where they are copied.
type Wishes = (Mode, BTreeMap<BranchId, Held>, Option<(User, Vec<OpenGrant>)>);

fn wishes(conn: &mut Conn, wanted: &Wanted, now: Instant) -> Result<Wishes, ChangeRefusal> {
    match &wanted.way {
        Way::Chosen { mode, branches, actions, until } => {
            if branches.is_empty() {
                return Err(ChangeRefusal::NoBranch);
            }
            if branches.len() > BRANCHES_MAX {
                return Err(ChangeRefusal::TooManyBranches);
            }
            if actions.is_empty() && *mode != Mode::Exactly {
                return Err(ChangeRefusal::NoAction);
            }
            if until.is_some_and(|until| until <= now) {
                return Err(ChangeRefusal::UntilPast);
            }
            let wish: Held = actions.iter().map(|action| (*action, *until)).collect();
            Ok((*mode, branches.iter().map(|branch| (branch.clone(), wish.clone())).collect(), None))
        }
        Way::Copied { from, .. } if *from == wanted.user => Err(ChangeRefusal::CopyOfSelf),
        Way::Copied { from, mode } => {
            let source = people::find(conn, from)?.ok_or(ChangeRefusal::NoSuchUser)?;
            let mut open = store::open_grants(conn, from)?;
            open.retain(|grant| !source.is_account_manager || grant.action.is_for_account_managers());
            Ok((*mode, in_force(&open, now), Some((source, open))))
        }
    }
}

type Plans = Vec<(Branch, BranchPlan)>;

/// The plans of the branches in which something changes, and the inactive branches that are not copied.
fn plans(
    concerned: &BTreeSet<&BranchId>,
    known: &BTreeMap<BranchId, Branch>,
    held: &BTreeMap<BranchId, Held>,
    wishes: &BTreeMap<BranchId, Held>,
    mode: Mode,
    is_copy: bool,
) -> Result<(Plans, Vec<Branch>), ChangeRefusal> {
    let nothing = Held::new();
    let (mut plans, mut left_out, mut inactive) = (Vec::new(), Vec::new(), Vec::new());
    let mut refused: BTreeMap<Useless, Vec<String>> = BTreeMap::new();
    for id in concerned {
        let branch = known.get(*id).ok_or(ChangeRefusal::NoSuchBranch)?;
        match plan(held.get(*id).unwrap_or(&nothing), mode, wishes.get(*id).unwrap_or(&nothing)) {
            Err(why) => refused.entry(why).or_default().push(branch.full_name()),
            Ok(plan) if plan.changes_nothing() => {}
            Ok(plan) if branch.is_active || plan.given.is_empty() => plans.push((branch.clone(), plan)),
            Ok(_) if is_copy => left_out.push(branch.clone()),
            Ok(_) => inactive.push(branch.full_name()),
        }
    }
    if let Some((why, branches)) = refused.pop_first() {
        return Err(ChangeRefusal::Useless { why, branches });
    }
    if inactive.is_empty() { Ok((plans, left_out)) } else { Err(ChangeRefusal::InactiveBranches(inactive)) }
}

/// Taking away is always allowed; giving only to whom may hold it.
fn may_be_given(person: &User, plans: &Plans) -> Result<(), ChangeRefusal> {
    let given: BTreeSet<Action> = plans.iter().flat_map(|(_, plan)| plan.given.keys().copied()).collect();
    if !given.is_empty() && !person.is_active {
        return Err(ChangeRefusal::Inactive(person.full_name.clone()));
    }
    let of_payments: Vec<Action> = given.into_iter().filter(|action| !action.is_for_account_managers()).collect();
    if person.is_account_manager && !of_payments.is_empty() {
        return Err(ChangeRefusal::AccountManager(of_payments));
    }
    Ok(())
}

/// What has to be confirmed and is asked for by this change, and what waits already.
fn asked(plans: &Plans, waiting: &[WaitingGrants], needs_word: bool) -> (Vec<GrantAsked>, Vec<GrantAsked>) {
    if !needs_word {
        return (Vec::new(), Vec::new());
    }
    let known: BTreeSet<&GrantAsked> = waiting.iter().flat_map(|waiting| &waiting.grants).collect();
    let sensitive = plans.iter().flat_map(|(branch, plan)| {
        let given = plan.given.iter().filter(|(action, _)| action.is_sensitive());
        given.map(|(action, given)| GrantAsked { branch: branch.id.clone(), action: *action, until: given.until.map(Instant::micros) })
    });
    sensitive.partition(|asked| !known.contains(asked))
}

/// Where the person could make and approve afterwards, and this change gives one of the two.
fn both_hands(plans: &Plans) -> Vec<BranchId> {
    let by_this = |plan: &BranchPlan| {
        let both = plan.after.contains(&Action::ApprovePayment) && plan.after.iter().any(|action| action.makes());
        let new = |given: &Action| *given == Action::ApprovePayment || given.makes();
        both && plan.given.iter().any(|(action, given)| new(action) && !given.extends)
    };
    plans.iter().filter(|(_, plan)| by_this(plan)).map(|(branch, _)| branch.id.clone()).collect()
}

fn digest(open: &[OpenGrant], waiting: &[WaitingGrants], copied: &[OpenGrant], now: Instant) -> String {
    let mut digest = Sha256::new();
    for (kind, grants) in [("holds", open), ("copied", copied)] {
        for grant in grants.iter().filter(|grant| !grant.is_expired(now)) {
            let until = grant.until.map_or_else(String::new, |until| until.micros().to_string());
            digest.update(format!("{kind} {} {until}\n", grant.id));
        }
    }
    for one in waiting {
        digest.update(format!("waits {}\n", one.id));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
