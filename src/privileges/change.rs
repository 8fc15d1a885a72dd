//! Changes what a person may do, in many branches at once.

use std::collections::BTreeMap;

use super::draft::{Draft, draft};
use super::wanted::{ChangeRefusal, Wanted};
use super::{Action, Authorise, record, store, tell};
use crate::clock::Instant;
use crate::confirmations::{self, Change};
use crate::db::WriteTx;
use crate::ids::{BranchId, GrantId};
use crate::people::Actor;

/// What was done.
#[derive(Debug, Clone)]
pub struct Changed {
    pub person: String,
    /// Nothing of it is so yet: all of it waits.
    pub all_waits: bool,
    /// How many grants wait to be confirmed.
    pub waits: usize,
    /// Who can do that; nobody: the operator.
    pub confirmers: Vec<String>,
}

/// Does what the check page showed: takes away and gives at once, and asks for what another account manager has to confirm.
///
/// # Errors
/// [`ChangeRefusal`]; nothing is changed then.
pub fn change(tx: &mut WriteTx<'_>, actor: &Actor, wanted: &Wanted) -> Result<Changed, ChangeRefusal> {
    tx.administer(&actor.id)?;
    let now = tx.now();
    let draft = draft(tx, &actor.by(), wanted, now)?;
    if draft.seen != wanted.seen {
        return Err(ChangeRefusal::Changed);
    }
    if !draft.both_hands.is_empty() && !wanted.both_hands {
        let named = draft.branches.iter().filter(|(branch, _)| draft.both_hands.contains(&branch.id));
        return Err(ChangeRefusal::BothHands(named.map(|(branch, _)| branch.full_name()).collect()));
    }
    end_what_goes(tx, actor, &draft)?;
    let given = give_at_once(tx, actor, &draft)?;
    if !draft.asked.is_empty() {
        confirmations::ask(tx, &actor.by(), Some(&draft.person.id), &Change::Grants(draft.asked.clone()))?;
    }
    record::changed(tx, &actor.by(), &draft)?;
    let at_once = !given.is_empty() || draft.branches.iter().any(|(_, plan)| !plan.taken.is_empty() || !plan.shortened.is_empty());
    if at_once {
        tell::person(tx, &actor.by(), &draft.person)?;
    }
    let approves: Vec<BranchId> =
        given.into_iter().filter(|(_, action)| *action == Action::ApprovePayment).map(|(branch, _)| branch).collect();
    tell::checkers(tx, &actor.by(), &draft.person, &approves)?;
    Ok(Changed { person: draft.person.full_name, all_waits: !at_once, waits: draft.asked.len(), confirmers: draft.confirmers })
}

/// Ends what is taken away and what is given anew, and shortens what runs out earlier.
fn end_what_goes(tx: &mut WriteTx<'_>, actor: &Actor, draft: &Draft) -> Result<(), ChangeRefusal> {
    let open: BTreeMap<(&BranchId, Action), &GrantId> = draft.open.iter().map(|grant| ((&grant.branch, grant.action), &grant.id)).collect();
    let (mut gone, mut shorter): (Vec<GrantId>, BTreeMap<Instant, Vec<GrantId>>) = (Vec::new(), BTreeMap::new());
    for (branch, plan) in &draft.branches {
        let given = plan.given.keys().filter(|action| !draft.waits_for_confirmation(&branch.id, **action));
        // What has run out by itself and is given anew is open still, and there is one open grant at most.
        gone.extend(plan.taken.keys().chain(given).filter_map(|action| open.get(&(&branch.id, *action)).copied().cloned()));
        for (action, until) in &plan.shortened {
            shorter.entry(*until).or_default().extend(open.get(&(&branch.id, *action)).copied().cloned());
        }
    }
    store::end_grants(tx, &gone, actor.id.as_str())?;
    for (until, ids) in shorter {
        store::shorten_grants(tx, &ids, until)?;
    }
    Ok(())
}

/// Gives what nobody has to confirm; returns it.
fn give_at_once(tx: &mut WriteTx<'_>, actor: &Actor, draft: &Draft) -> Result<Vec<(BranchId, Action)>, ChangeRefusal> {
    let now = tx.now();
    let mut rows = Vec::new();
    for (branch, plan) in &draft.branches {
        for (action, given) in plan.given.iter().filter(|(action, _)| !draft.waits_for_confirmation(&branch.id, **action)) {
            rows.push(store::NewRow {
                id: GrantId::new(now),
                user_id: draft.person.id.clone(),
                branch_id: branch.id.clone(),
                action: *action,
                given_by: actor.id.to_string(),
                from_at: now,
                until_at: given.until,
                confirmed_by: None,
                confirmed_at: None,
            });
        }
    }
    store::insert_grants(tx, &rows)?;
    Ok(rows.into_iter().map(|row| (row.branch_id, row.action)).collect())
}
