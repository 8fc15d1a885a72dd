//! Takes actions away from a person in a branch, by the operator.

use super::grant::GrantRefusal;
use super::{Action, Actions, record, store, taken_with};
use crate::audit::{ActorKind, By, What};
use crate::branches;
use crate::db::WriteTx;
use crate::ids::{BranchId, GrantId, UserId};
use crate::people;

/// What cannot be without the actions goes with them; returns all that went.
///
/// # Errors
/// [`GrantRefusal`]; nothing is taken away then.
pub fn end_grant(tx: &mut WriteTx<'_>, by: &By, user: &UserId, branch: &BranchId, actions: &Actions) -> Result<Vec<Action>, GrantRefusal> {
    if by.kind != ActorKind::Operator {
        return Err(GrantRefusal::NotTheOperator);
    }
    let person = people::find(tx, user)?.ok_or(GrantRefusal::NoSuchUser)?;
    let branch = branches::find(tx, branch)?.ok_or(GrantRefusal::NoSuchBranch)?;
    let now = tx.now();
    let mut open = store::open_grants(tx, user)?;
    open.retain(|grant| grant.branch == branch.id && !grant.is_expired(now));
    let held: Actions = open.iter().map(|grant| grant.action).collect();
    if let Some(missing) = actions.difference(&held).next() {
        return Err(GrantRefusal::NotHeld(*missing));
    }
    let gone = taken_with(&held, actions);
    let ids: Vec<GrantId> = open.into_iter().filter(|grant| gone.contains(&grant.action)).map(|grant| grant.id).collect();
    store::end_grants(tx, &ids, &by.name)?;
    let names: Vec<&str> = gone.iter().map(|action| action.as_str()).collect();
    record::event(tx, by, What::GrantEnded, &person, serde_json::json!({ "actions": names, "branch": branch.code }))?;
    Ok(gone.into_iter().collect())
}
