//! Gives a person actions in a branch.

use super::{Action, Actions, record, store};
use crate::audit::{ActorKind, By, What};
use crate::branches;
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BranchId, GrantId, UserId};
use crate::people;

/// Grants to one person in one branch.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub user: UserId,
    pub branch: BranchId,
    pub actions: Vec<Action>,
    /// When they run out by themselves; `None`: when somebody ends them.
    pub until: Option<Instant>,
}

#[derive(Debug, thiserror::Error)]
pub enum GrantRefusal {
    #[error("there is no such person")]
    NoSuchUser,
    #[error("there is no such branch")]
    NoSuchBranch,
    #[error("an account manager holds no payment action")]
    AccountManager,
    #[error("only the operator gives without asking anybody")]
    NotTheOperator,
    #[error("the person does not hold {} there", .0.label())]
    NotHeld(Action),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for GrantRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// Gives the actions; one that the person holds already is ended and given anew, so that the newest giver and date stand.
/// Only for the operator: a person gives by [`super::change()`], where another one may have to confirm it.
///
/// # Errors
/// [`GrantRefusal`]; nothing is given then.
pub fn grant(tx: &mut WriteTx<'_>, by: &By, new: &NewGrant) -> Result<(), GrantRefusal> {
    if by.kind != ActorKind::Operator {
        return Err(GrantRefusal::NotTheOperator);
    }
    let person = people::find(tx, &new.user)?.ok_or(GrantRefusal::NoSuchUser)?;
    if person.is_account_manager && new.actions.iter().any(|action| !action.is_for_account_managers()) {
        return Err(GrantRefusal::AccountManager);
    }
    let branch = branches::find(tx, &new.branch)?.ok_or(GrantRefusal::NoSuchBranch)?;
    let now = tx.now();
    let actions: Actions = new.actions.iter().copied().collect();
    let open = store::open_grants(tx, &person.id)?;
    let held: Vec<GrantId> =
        open.into_iter().filter(|grant| grant.branch == branch.id && actions.contains(&grant.action)).map(|grant| grant.id).collect();
    store::end_grants(tx, &held, &by.name)?;
    let row = |action| store::NewRow {
        id: GrantId::new(now),
        user_id: person.id.clone(),
        branch_id: branch.id.clone(),
        action,
        given_by: by.name.clone(),
        from_at: now,
        until_at: new.until,
        confirmed_by: None,
        confirmed_at: None,
    };
    store::insert_grants(tx, &actions.iter().copied().map(row).collect::<Vec<_>>())?;
    let changes = serde_json::json!({
        "actions": actions.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
        "branch": branch.code,
        "until": new.until.map(Instant::micros),
    });
    Ok(record::event(tx, by, What::GrantGiven, &person, changes)?)
}
