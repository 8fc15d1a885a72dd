//! Gives what one account manager asked for and another confirmed.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::in_force;
use super::record;
use super::wanted::ChangeRefusal;
use super::{Action, Actions, Authorise, Held, lasts_as_long, store, useless_ever};
use crate::audit::{ActorKind, By, What};
use crate::clock::Instant;
use crate::confirmations::GrantAsked;
use crate::db::WriteTx;
use crate::ids::{BranchId, GrantId, UserId};
use crate::people::{self, User};

/// Every rule is asked again: the world may have changed since somebody asked. What the person holds for as long already stays.
/// The confirmation tells people about it.
///
/// # Errors
/// [`ChangeRefusal`]; nothing is given then.
pub fn give_confirmed(
    tx: &mut WriteTx<'_>,
    asked_by: &UserId,
    confirmed_by: &By,
    user: &UserId,
    asked: &[GrantAsked],
) -> Result<(), ChangeRefusal> {
    may_confirm(tx, asked_by, confirmed_by, user)?;
    let now = tx.now();
    let person = may_receive(tx, asked_by, user, asked, now)?;
    let open = store::open_grants(tx, user)?;
    let held = in_force(&open, now);
    let new: Vec<&GrantAsked> = asked
        .iter()
        .filter(|one| {
            let has = held.get(&one.branch).and_then(|held| held.get(&one.action));
            !has.is_some_and(|until| lasts_as_long(*until, one.until.map(Instant::from_micros)))
        })
        .collect();
    shows_something(tx, &held, &new)?;
    if !people::guards_money(tx, &person, now)? {
        people::end_resets(tx, user)?;
    }
    let replaced: BTreeSet<(&BranchId, Action)> = new.iter().map(|one| (&one.branch, one.action)).collect();
    let gone: Vec<GrantId> =
        open.iter().filter(|grant| replaced.contains(&(&grant.branch, grant.action))).map(|grant| grant.id.clone()).collect();
    store::end_grants(tx, &gone, asked_by.as_str())?;
    let confirmer = confirmed_by.id.as_ref().map_or(confirmed_by.name.as_str(), UserId::as_str);
    let rows: Vec<store::NewRow> = new
        .iter()
        .map(|one| store::NewRow {
            id: GrantId::new(now),
            user_id: user.clone(),
            branch_id: one.branch.clone(),
            action: one.action,
            given_by: asked_by.to_string(),
            from_at: now,
            until_at: one.until.map(Instant::from_micros),
            confirmed_by: Some(confirmer.to_owned()),
            confirmed_at: Some(now),
        })
        .collect();
    store::insert_grants(tx, &rows)?;
    let changes = serde_json::json!({ "given": new, "asked_by": asked_by });
    Ok(record::event(tx, confirmed_by, What::GrantGiven, &person, changes)?)
}

/// The operator, or an account manager who neither asked for it nor receives it.
fn may_confirm(tx: &mut WriteTx<'_>, asked_by: &UserId, by: &By, user: &UserId) -> Result<(), ChangeRefusal> {
    match (by.kind, &by.id) {
        (ActorKind::Operator, _) => Ok(()),
        (ActorKind::User, Some(confirmer)) => {
            tx.administer(confirmer)?;
            if confirmer == asked_by || confirmer == user { Err(ChangeRefusal::NotTheirsToConfirm) } else { Ok(()) }
        }
        _ => Err(ChangeRefusal::NotTheirsToConfirm),
    }
}

fn may_receive(tx: &mut WriteTx<'_>, asked_by: &UserId, user: &UserId, asked: &[GrantAsked], now: Instant) -> Result<User, ChangeRefusal> {
    let person = people::find(tx, user)?.ok_or(ChangeRefusal::NoSuchUser)?;
    if person.id == *asked_by {
        return Err(ChangeRefusal::OwnGrant);
    }
    if !person.is_active {
        return Err(ChangeRefusal::Inactive(person.full_name));
    }
    let of_payments: Actions = asked.iter().map(|one| one.action).filter(|action| !action.is_for_account_managers()).collect();
    if person.is_account_manager && !of_payments.is_empty() {
        return Err(ChangeRefusal::AccountManager(of_payments.into_iter().collect()));
    }
    if asked.iter().any(|one| one.until.is_some_and(|until| until <= now.micros())) {
        return Err(ChangeRefusal::UntilPast);
    }
    let wanted: BTreeSet<&BranchId> = asked.iter().map(|one| &one.branch).collect();
    let known = store::branches_of(tx, wanted.iter().copied())?;
    if known.len() != wanted.len() {
        return Err(ChangeRefusal::NoSuchBranch);
    }
    let inactive: Vec<String> = known.values().filter(|branch| !branch.is_active).map(crate::branches::Branch::full_name).collect();
    if inactive.is_empty() { Ok(person) } else { Err(ChangeRefusal::InactiveBranches(inactive)) }
}

/// A View may have been taken away since it was asked for.
fn shows_something(tx: &mut WriteTx<'_>, held: &BTreeMap<BranchId, Held>, new: &[&GrantAsked]) -> Result<(), ChangeRefusal> {
    let mut after: BTreeMap<&BranchId, Held> = BTreeMap::new();
    for one in new {
        let here = after.entry(&one.branch).or_insert_with(|| held.get(&one.branch).cloned().unwrap_or_default());
        here.insert(one.action, one.until.map(Instant::from_micros));
    }
    let Some((branch, why)) = after.iter().find_map(|(branch, held)| useless_ever(held).map(|why| (*branch, why))) else {
        return Ok(());
    };
    let known = store::branches_of(tx, [branch])?;
    Err(ChangeRefusal::Useless { why, branches: known.values().map(crate::branches::Branch::full_name).collect() })
}
