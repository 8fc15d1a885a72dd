//! Adds a branch.

use super::{Branch, BranchRefusal, details, store};
use crate::audit::{self, ActorKind, By, Event, Subject, What};
use crate::db::WriteTx;
use crate::ids::{BranchId, UserId};
use crate::privileges::{Authorise, NotAllowed};

#[derive(Debug, Clone, Default)]
pub struct NewBranch {
    pub code: String,
    pub region: String,
    pub township: String,
    pub name: String,
}

/// # Errors
/// [`BranchRefusal`].
pub fn add_branch(tx: &mut WriteTx<'_>, by: &By, new: &NewBranch) -> Result<Branch, BranchRefusal> {
    may_administer(tx, by)?;
    let NewBranch { code, region, township, name } = details::read(new).map_err(BranchRefusal::Wrong)?;
    if let Some(taken) = store::with_code(tx, &code)? {
        return Err(BranchRefusal::CodeTaken(Box::new(taken)));
    }
    let branch = Branch { id: BranchId::new(tx.now()), code, region, township, name, is_active: true };
    store::insert(tx, &branch)?;
    let event = event(by, What::BranchAdded, &branch).changing(serde_json::json!({ "code": branch.code, "name": branch.full_name() }));
    audit::record(tx, &event)?;
    Ok(branch)
}

/// Account managers have branches; the operator has what they have.
pub(super) fn may_administer(tx: &mut WriteTx<'_>, by: &By) -> Result<(), BranchRefusal> {
    match (by.kind, &by.id) {
        (ActorKind::Operator, _) => Ok(()),
        (ActorKind::User, Some(user)) => Ok(tx.administer(&UserId::clone(user)).map(drop)?),
        _ => Err(NotAllowed::NotAccountManager.into()),
    }
}

/// An event of the branch, which its own auditors may read.
pub(super) fn event(by: &By, what: What, branch: &Branch) -> Event {
    let mut event = Event::new(by.clone(), what, Subject::new("branch", &branch.id));
    event.branch = Some(branch.id.clone());
    event
}
