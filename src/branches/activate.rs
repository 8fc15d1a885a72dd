//! Activates a branch again, with the grants that are still open in it.

use super::add::{event, may_administer};
use super::{Branch, BranchRefusal, store};
use crate::audit::{self, By, What};
use crate::db::WriteTx;
use crate::ids::BranchId;

/// # Errors
/// [`BranchRefusal`].
pub fn activate_branch(tx: &mut WriteTx<'_>, by: &By, id: &BranchId) -> Result<Branch, BranchRefusal> {
    may_administer(tx, by)?;
    let branch = store::find(tx, id)?.ok_or(BranchRefusal::NoSuchBranch)?;
    if branch.is_active {
        return Err(BranchRefusal::AlreadySo(Box::new(branch)));
    }
    store::set_active(tx, id, true)?;
    audit::record(tx, &event(by, What::BranchReactivated, &branch))?;
    Ok(Branch { is_active: true, ..branch })
}
