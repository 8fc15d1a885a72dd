//! Somebody has seen to an alarm.

use super::refusal::checked;
use super::{AlarmState, NOTE_CHARS_MAX, Refusal, store};
use crate::audit::{self, Event, What};
use crate::db::WriteTx;
use crate::ids::AlarmId;
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

/// # Errors
/// [`Refusal`].
pub fn acknowledge(tx: &mut WriteTx<'_>, actor: &Actor, id: &AlarmId, note: &str) -> Result<(), Refusal> {
    let alarm = store::alarm(tx, id)?.ok_or(Refusal::NotHere)?;
    match tx.authorise(&actor.id, Action::ResolvePayment, &alarm.branch) {
        // Account managers see every alarm; the payments are not theirs.
        Err(NotAllowed::NoGrant(action)) if actor.is_account_manager => return Err(Refusal::NotAllowed(action)),
        Err(NotAllowed::NoGrant(_)) => return Err(Refusal::NotHere),
        may => may?,
    };
    if alarm.state == AlarmState::Acknowledged {
        return Err(Refusal::AlreadyAcknowledged { by: alarm.acknowledged_by, at: alarm.acknowledged_at });
    }
    let note = checked(note, NOTE_CHARS_MAX, Refusal::NoteMissing, Refusal::NoteTooLong)?;
    store::acknowledge(tx, id, &actor.id, &note)?;
    let changes = serde_json::json!({ "line": alarm.line, "kind": alarm.kind.as_str() });
    let event = Event::of_batch(actor.by(), What::AlarmAcknowledged, &alarm.batch, &alarm.branch);
    audit::record(tx, &event.because(note).changing(changes))?;
    Ok(())
}
