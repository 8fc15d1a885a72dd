//! Who may pay, and the word of the one who decided: tasks, approve, reject, and the history of every batch.
//!
//! A batch that was submitted waits for one decision by somebody who holds Approve or Reject Payment and the type's View in its
//! branch, and who made no part of it (house rule 6). The decision carries the seal the checker was shown; if the batch has
//! another one by now, nothing is decided. Approving makes every pending row ready and the batch `approved`, in the
//! transaction that stores the decision; from there on the dispatch room pays it.

mod decide;
mod history;
mod stands;
mod store;
mod tasks;

pub mod pages;

pub use self::decide::{Decided, DecisionForm, Moved, MovedHow, Refusal, decide, decide_with_code};
pub use self::history::{HistoryCriteria, HistoryEntry};
pub use self::stands::{Lapse, Stands, still_stands};
pub use self::store::{tasks_waiting, waiting_sums};
pub use self::tasks::{Checker, Task, Waiting};
use crate::db::text_enum;
use crate::privileges::Action;

/// Characters of a reason, at most.
pub const REASON_CHARS_MAX: usize = 500;

text_enum! {
    /// What a checker said.
    pub enum Decision {
        Approved = "approved",
        Rejected = "rejected",
    }
}

impl Decision {
    /// What one needs, besides the type's View, to decide so.
    pub const fn needs(self) -> Action {
        match self {
            Self::Approved => Action::ApprovePayment,
            Self::Rejected => Action::RejectPayment,
        }
    }
}
