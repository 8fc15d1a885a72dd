//! Offices of the institution; every batch and every transfer belongs to one.
//!
//! A branch is never deleted: history keeps its name. It can be deactivated while nothing is open in it ([`Open`]); then nothing new
//! begins there, and the grants in it count for nothing until it is activated again.

mod activate;
mod add;
mod deactivate;
mod details;
mod edit;
mod open;
pub mod pages;
mod refusal;
mod search;
mod store;

pub use self::activate::activate_branch;
pub use self::add::{NewBranch, add_branch};
pub use self::deactivate::deactivate_branch;
pub use self::details::{CODE_CHARS_MAX, Field, NAME_CHARS_MAX, PLACE_CHARS_MAX, Wrong};
pub use self::edit::edit_branch;
pub use self::open::{LISTED_MAX, Open, OpenBatch, open_in};
pub use self::refusal::BranchRefusal;
pub use self::search::{BranchCriteria, FoundBranch, search};
pub use self::store::{find, find_by_code, of_ids};
use crate::ids::BranchId;

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub id: BranchId,
    /// What files and people call it, for example `YGN-01`; unique, whatever the case of its letters.
    pub code: String,
    pub region: String,
    pub township: String,
    pub name: String,
    pub is_active: bool,
}

impl Branch {
    /// As it is shown in lists: `YANGON - INSEIN - Branch 1`.
    pub fn full_name(&self) -> String {
        full_name(&self.region, &self.township, &self.name)
    }
}

/// `YANGON - INSEIN - Branch 1`.
pub fn full_name(region: &str, township: &str, name: &str) -> String {
    format!("{} - {} - {}", region.to_uppercase(), township.to_uppercase(), name)
}
