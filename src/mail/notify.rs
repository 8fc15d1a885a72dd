//! Keeps something for a person's next gathered mail.

use serde_json::Value;

use super::store;
use crate::db::{Result, WriteTx, text_enum};
use crate::ids::{BatchId, UserId};

text_enum! {
    /// What people are told by mail; each can be turned off by each person.
    pub enum NoticeKind {
        /// A batch waits for your decision.
        BatchWaits = "batch_waits",
        /// Yours was approved or rejected, with the reason.
        BatchDecided = "batch_decided",
        /// A batch is processed, with its counts.
        BatchFinished = "batch_finished",
        /// Payments, or a whole batch, need a person.
        NeedsAttention = "needs_attention",
        /// What the day came to; a letter of its own.
        EndOfDay = "end_of_day",
        /// Unresolved payments shortly before the settlement cut-off; a letter of its own.
        CutOff = "cut_off",
    }
}

/// What happened, for the words of the mail.
#[derive(Debug, Clone)]
pub struct Notice {
    pub kind: NoticeKind,
    pub batch: BatchId,
    /// Counts, a decision, a reason: never a payee's name, number or account.
    pub details: Value,
}

/// Tells each of these people, each once. Nobody is asked whether they have an address here: that may change until it is sent.
///
/// # Errors
/// The database's.
pub fn notify(tx: &mut WriteTx<'_>, people: &[UserId], notice: &Notice) -> Result<()> {
    store::notices::insert(tx, people, notice)
}
