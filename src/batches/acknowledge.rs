//! A maker says of warnings that they are right, and why: the checker reads it.

use serde_json::json;

use super::create::REASON_CHARS_MAX;
use super::store::findings;
use super::{FindingKind, Refusal, State, store};
use crate::audit::{self, Event, What};
use crate::db::WriteTx;
use crate::ids::BatchId;
use crate::people::Actor;
use crate::privileges::{Action, Authorise};

/// Acknowledges all warnings of these kinds. Kinds that are acknowledged already, or that the batch has not, are left alone.
///
/// # Errors
/// [`Refusal`].
pub fn acknowledge(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId, kinds: &[FindingKind], reason: &str) -> Result<(), Refusal> {
    let batch = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    tx.authorise(&actor.id, Action::MakePayment, &batch.branch)?;
    tx.authorise(&actor.id, batch.payment_type.make(), &batch.branch)?;
    if !matches!(batch.state, State::NeedsCorrection | State::Draft) {
        return Err(Refusal::NotNow(batch.state));
    }
    let reason = reason.trim();
    if kinds.is_empty() {
        return Err(Refusal::NothingChosen);
    }
    if reason.is_empty() {
        return Err(Refusal::NoReason);
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refusal::ReasonTooLong(REASON_CHARS_MAX));
    }
    let open: Vec<_> = findings::unacknowledged(tx, id)?.into_iter().map(|of| of.kind).filter(|kind| kinds.contains(kind)).collect();
    if open.is_empty() {
        return Ok(());
    }
    for kind in &open {
        findings::insert_acknowledgement(tx, id, *kind, reason, &actor.id)?;
    }
    store::add_maker(tx, id, &actor.id)?;
    let event = Event::of_batch(actor.by(), What::WarningsAcknowledged, id, &batch.branch);
    audit::record(tx, &event.because(reason).changing(json!({ "kinds": open })))?;
    Ok(())
}
