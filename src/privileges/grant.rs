//! Gives a person actions in a branch.

use super::{Action, store};
use crate::audit::{self, By, Event, Subject, What};
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
    #[error("nobody changes their own grants")]
    OwnGrant,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for GrantRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// Gives the actions; one that the person holds already is ended and given anew, so that the newest giver and date stand.
///
/// # Errors
/// [`GrantRefusal`]; nothing is given then.
pub fn grant(tx: &mut WriteTx<'_>, by: &By, new: &NewGrant) -> Result<(), GrantRefusal> {
    let person = people::find(tx, &new.user)?.ok_or(GrantRefusal::NoSuchUser)?;
    if person.is_account_manager {
        return Err(GrantRefusal::AccountManager);
    }
    if by.id.as_ref() == Some(&new.user) {
        return Err(GrantRefusal::OwnGrant);
    }
    let branch = branches::find(tx, &new.branch)?.ok_or(GrantRefusal::NoSuchBranch)?;
    let given_by = by.id.as_ref().map_or(by.name.as_str(), UserId::as_str);
    for action in &new.actions {
        store::end(tx, &new.user, &branch.id, *action, given_by)?;
        let id = GrantId::new(tx.now());
        store::insert(tx, &store::Row { id, user: &new.user, branch: &branch.id, action: *action, given_by, until: new.until })?;
    }
    let mut event = Event::new(by.clone(), What::GrantGiven, Subject::new("user", &new.user)).changing(serde_json::json!({
        "actions": new.actions.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
        "branch": branch.code,
        "until": new.until.map(Instant::micros),
    }));
    event.branch = Some(branch.id);
    audit::record(tx, &event)?;
    Ok(())
}
