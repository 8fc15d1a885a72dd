//! Cancel: what is left of a batch is not paid. What was paid stays paid, what was sent is settled first.

use super::{ControlRefusal, as_checker, can_be_cancelled, not_now, reason};
use crate::audit::{self, Event, What};
use crate::batches::State;
use crate::db::WriteTx;
use crate::dispatch::store::{self, BatchMove};
use crate::ids::BatchId;
use crate::mail;
use crate::people::Actor;

/// From this transaction on nothing more of the batch is recorded, so nothing more is sent; the worker cancels its rows and ends it.
///
/// # Errors
/// [`ControlRefusal`].
pub fn cancel_batch(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId, typed: &str) -> Result<(), ControlRefusal> {
    let batch = as_checker(tx, actor, id)?;
    let reason = reason(typed)?.ok_or(ControlRefusal::ReasonMissing)?;
    if !can_be_cancelled(batch.state) {
        return Err(not_now(tx, &batch)?);
    }
    let one = BatchMove {
        id: &batch.id,
        from: batch.state,
        to: State::Cancelling,
        reason: None,
        code: None,
        resume_at: None,
        pauses: batch.pauses,
    };
    store::move_batch(tx, &one)?;
    let event = Event::of_batch(actor.by(), What::BatchCancelling, &batch.id, &batch.branch_id)
        .because(reason)
        .changing(serde_json::json!({ "from": batch.state, "succeeded": batch.succeeded }));
    audit::record(tx, &event)?;
    mail::tell::cancelling(tx, &batch.id, &batch.branch_id, &actor.by(), reason)?;
    tracing::info!(batch.reference = %batch.reference, "dispatch.control: a person cancels it");
    Ok(())
}
