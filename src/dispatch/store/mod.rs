//! Dispatch's SQL. Hot paths are one statement for many rows, which are bound as a table; every move of a transfer is a
//! compare-and-swap on its attempt, its state, its id and its recorded bytes.

mod attempts;
mod batches;
mod breakers;
mod counts;
mod given;
mod leases;
mod moves;
mod retrying;
mod rows;
mod starting;
#[cfg(test)]
mod tests;
mod watched;

pub(super) use attempts::{Attempt, Ended, RecordedBytes, Reply, begin_attempts, end_attempts, keep_replies, record_bytes};
pub(super) use batches::{
    AtWork, BatchMove, BatchRow, Deltas, accounts_to_ask, add_deltas, approved_at, at_work, batch, batches_in, batches_to_ask, finish_idle,
    lock_paying, mark_started, move_batch, next_due, pause_otherwise, waiting_batches,
};
pub(super) use breakers::{breakers, breakers_of, keep_breaker, set_aside};
pub(super) use counts::{count_rows, said_counts};
pub(super) use leases::{LeaseRow, dispatch_epoch, find_lease, house, insert_lease, set_dispatch_epoch, still_held, swap_lease};
pub(super) use moves::{Key, Landed, Learned, Move, keep_learned, land, move_rows, record_rows};
pub(super) use retrying::{Failures, failures, ready_again};
pub(super) use rows::{Claimable, Claimed, Held, claimable, doubtful, find_row, held, last_attempt_at, to_cancel};
pub(super) use starting::{SealedFields, has_unready, make_ready, sealed_fields, sealed_rows};
pub(super) use watched::{ClosedRow, accounts_to_watch, due_closed, keep_closed_reply, note_heard};
