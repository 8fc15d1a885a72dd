//! Deactivates a branch in which nothing is open: nothing new begins there.

use super::add::{event, may_administer};
use super::{Branch, BranchRefusal, open_in, store};
use crate::audit::{self, By, What};
use crate::db::WriteTx;
use crate::ids::BranchId;

/// # Errors
/// [`BranchRefusal`].
pub fn deactivate_branch(tx: &mut WriteTx<'_>, by: &By, id: &BranchId) -> Result<Branch, BranchRefusal> {
    may_administer(tx, by)?;
    let branch = store::find(tx, id)?.ok_or(BranchRefusal::NoSuchBranch)?;
    if !branch.is_active {
        return Err(BranchRefusal::AlreadySo(Box::new(branch)));
    }
    let now = tx.now();
    let open = open_in(tx, id, now)?;
    if !open.is_nothing() {
        return Err(BranchRefusal::StillOpen(Box::new(open)));
    }
    store::set_active(tx, id, false)?;
    let event = event(by, What::BranchDeactivated, &branch).changing(serde_json::json!({ "grants_left": open.grants }));
    audit::record(tx, &event)?;
    Ok(Branch { is_active: false, ..branch })
}
