//! The states of a transfer and the only ways between them.

use crate::db::text_enum;

text_enum! {
    /// Where a transfer stands (DESIGN 4).
    pub enum TransferState {
        Pending = "pending",
        Excluded = "excluded",
        Ready = "ready",
        Agreeing = "agreeing",
        Sending = "sending",
        InDoubt = "in_doubt",
        NeedsAttention = "needs_attention",
        Succeeded = "succeeded",
        Failed = "failed",
        Superseded = "superseded",
        Cancelled = "cancelled",
    }
}

use TransferState::{Agreeing, Cancelled, Excluded, Failed, InDoubt, NeedsAttention, Pending, Ready, Sending, Succeeded, Superseded};

/// The allow-table: a move that is not here cannot happen.
pub const MOVES: &[(TransferState, TransferState)] = &[
    (Pending, Excluded),
    (Pending, Ready),
    (Ready, Agreeing),
    // When a restored copy is released: what is not paid in it must be asked about first; and where a payment comes to light under an id
    // that was given up.
    (Ready, InDoubt),
    (Failed, InDoubt),
    (Cancelled, InDoubt),
    (Agreeing, Sending),
    (Agreeing, Ready),
    (Agreeing, Failed),
    // A final refusal where an id of this transfer was ever recorded: certainty comes first (DESIGN 5, step 2).
    (Agreeing, InDoubt),
    (Sending, Succeeded),
    (Sending, InDoubt),
    (InDoubt, Succeeded),
    (InDoubt, Failed),
    (InDoubt, Agreeing),
    (InDoubt, Ready),
    (InDoubt, NeedsAttention),
    (NeedsAttention, Succeeded),
    (NeedsAttention, Failed),
    (Failed, Ready),
    (Failed, Superseded),
    (Ready, Cancelled),
    (Agreeing, Cancelled),
    (Failed, Cancelled),
];

impl TransferState {
    pub fn may_become(self, next: Self) -> bool {
        MOVES.contains(&(self, next))
    }
}

text_enum! {
    /// The eight counts of a batch; at every moment they add up to its total (DESIGN 4).
    pub enum Count {
        Waiting = "waiting",
        Paying = "paying",
        Succeeded = "succeeded",
        Failed = "failed",
        InDoubt = "in_doubt",
        NeedsAttention = "needs_attention",
        Cancelled = "cancelled",
        Excluded = "excluded",
    }
}

impl Count {
    /// The count that a transfer in `state` belongs to.
    pub const fn of(state: TransferState) -> Self {
        match state {
            TransferState::Pending | TransferState::Ready => Self::Waiting,
            TransferState::Agreeing | TransferState::Sending => Self::Paying,
            TransferState::InDoubt => Self::InDoubt,
            TransferState::NeedsAttention => Self::NeedsAttention,
            TransferState::Succeeded => Self::Succeeded,
            TransferState::Failed | TransferState::Superseded => Self::Failed,
            TransferState::Cancelled => Self::Cancelled,
            TransferState::Excluded => Self::Excluded,
        }
    }
}
