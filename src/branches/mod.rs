//! Offices of the institution; every batch and every transfer belongs to one.

mod add;
mod store;

pub use self::add::{AddBranchRefusal, NewBranch, add_branch};
pub use self::store::{find, find_by_code, of_ids};
use crate::ids::BranchId;

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub id: BranchId,
    /// What files and people call it, for example `YGN-01`; unique.
    pub code: String,
    pub region: String,
    pub township: String,
    pub name: String,
    pub is_active: bool,
}

impl Branch {
    /// As it is shown in lists: `YANGON - INSEIN - Branch 1`.
    pub fn full_name(&self) -> String {
        format!("{} - {} - {}", self.region.to_uppercase(), self.township.to_uppercase(), self.name)
    }
}
