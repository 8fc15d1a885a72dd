//! The states of a batch and the only ways between them.

use crate::db::text_enum;

text_enum! {
    /// Where a batch stands (DESIGN 4).
    pub enum State {
        Checking = "checking",
        NeedsCorrection = "needs_correction",
        Draft = "draft",
        PendingApproval = "pending_approval",
        Approved = "approved",
        Scheduled = "scheduled",
        Processing = "processing",
        Paused = "paused",
        Processed = "processed",
        Cancelling = "cancelling",
        Cancelled = "cancelled",
        Rejected = "rejected",
        Deleted = "deleted",
    }
}

use State::{
    Approved, Cancelled, Cancelling, Checking, Deleted, Draft, NeedsCorrection, Paused, PendingApproval, Processed, Processing, Rejected,
    Scheduled,
};

/// The allow-table: a move that is not here cannot happen.
pub const MOVES: &[(State, State)] = &[
    (Checking, NeedsCorrection),
    (Checking, Draft),
    (NeedsCorrection, Checking),
    (Draft, PendingApproval),
    (Draft, Checking),
    (PendingApproval, Draft),
    (PendingApproval, Approved),
    (PendingApproval, Rejected),
    (Approved, Scheduled),
    (Approved, Processing),
    (Scheduled, Processing),
    (Approved, Paused),
    (Scheduled, Paused),
    (Processing, Paused),
    (Paused, Processing),
    // What was paused before it ever started begins as it would have: its seal is verified first.
    (Paused, Approved),
    (Paused, Scheduled),
    (Processing, Processed),
    (Processed, Processing),
    (Approved, Cancelling),
    (Scheduled, Cancelling),
    (Processing, Cancelling),
    (Paused, Cancelling),
    (Cancelling, Cancelled),
    (Checking, Deleted),
    (NeedsCorrection, Deleted),
    (Draft, Deleted),
    (PendingApproval, Deleted),
];

impl State {
    pub fn may_become(self, next: Self) -> bool {
        MOVES.contains(&(self, next))
    }

    /// No decision has been made: the batch may still be withdrawn, corrected or deleted.
    pub fn is_undecided(self) -> bool {
        matches!(self, Checking | NeedsCorrection | Draft | PendingApproval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_a_final_state() {
        for next in State::ALL {
            for last in [Rejected, Cancelled, Deleted] {
                assert!(!last.may_become(*next), "{last:?} → {next:?}");
            }
        }
    }

    #[test]
    fn money_can_only_follow_an_approval() {
        let into_processing: Vec<_> = MOVES.iter().filter(|(_, to)| *to == Processing).map(|(from, _)| *from).collect();
        assert_eq!(into_processing, [Approved, Scheduled, Paused, Processed]);
        let into_approved: Vec<_> = MOVES.iter().filter(|(_, to)| *to == Approved).map(|(from, _)| *from).collect();
        assert_eq!(into_approved, [PendingApproval, Paused], "and it cannot be paused before it is approved");
        assert!(MOVES.iter().filter(|(_, to)| *to == Paused).all(|(from, _)| !from.is_undecided()));
    }
}
