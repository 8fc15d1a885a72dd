//! Pause: a person stops a batch. What was recorded before is settled; nothing else is sent.

use super::{ControlRefusal, as_maker_or_checker, can_be_paused, not_now, reason};
use crate::audit::{self, By, Event, What};
use crate::batches::State;
use crate::db::{self, WriteTx};
use crate::dispatch::PauseReason;
use crate::dispatch::store::{self, BatchMove, BatchRow};
use crate::ids::BatchId;
use crate::mail;
use crate::people::Actor;

/// By one of its makers, or one who may approve in its branch. A reason is kept where one was given: stopping must be quick.
///
/// # Errors
/// [`ControlRefusal`].
pub fn pause_batch(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId, typed: &str) -> Result<(), ControlRefusal> {
    let batch = as_maker_or_checker(tx, actor, id)?;
    let reason = reason(typed)?;
    if !can_be_paused(batch.state, batch.pause()) {
        return Err(not_now(tx, &batch)?);
    }
    Ok(pause_by(tx, &actor.by(), &batch, reason)?)
}

/// One that waits for something that ends by itself waits for a person from now on.
pub(super) fn pause_by(tx: &mut WriteTx<'_>, by: &By, batch: &BatchRow, reason: Option<&str>) -> db::Result<()> {
    let person = PauseReason::ByPerson.as_str();
    if batch.state == State::Paused {
        store::pause_otherwise(tx, batch, person, None)?;
    } else {
        let one = BatchMove {
            id: &batch.id,
            from: batch.state,
            to: State::Paused,
            reason: Some(person),
            code: None,
            resume_at: None,
            pauses: batch.pauses,
        };
        store::move_batch(tx, &one)?;
    }
    let event = Event::of_batch(by.clone(), What::BatchPaused, &batch.id, &batch.branch_id)
        .changing(serde_json::json!({ "instead_of": batch.pause_reason, "payments": batch.waiting.saturating_add(batch.paying) }));
    audit::record(tx, &Event { reason: reason.map(str::to_owned), ..event })?;
    mail::tell::held(tx, &batch.id, &batch.branch_id, by, reason)?;
    tracing::info!(batch.reference = %batch.reference, "dispatch.control: paused by a person");
    Ok(())
}
