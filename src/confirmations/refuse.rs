//! Does not confirm what another account manager asked for: it will not be so.

use super::apply::forget;
use super::event::event_of;
use super::{REASON_CHARS_MAX, Refusal, State, store, tell, who};
use crate::audit::{self, By, What};
use crate::db::WriteTx;
use crate::ids::ConfirmationId;

/// # Errors
/// [`Refusal`].
pub fn refuse(tx: &mut WriteTx<'_>, by: &By, id: &ConfirmationId, reason: &str) -> Result<(), Refusal> {
    let asked = who::decidable(tx, by, id)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refusal::ReasonTooLong);
    }
    store::decide(tx, &asked, State::Refused, by, Some(reason))?;
    let event = event_of(tx, by, What::ConfirmationRefused, &asked)?.because(reason);
    audit::record(tx, &event)?;
    forget(tx, &asked)?;
    tell::refused(tx, by, &asked, reason)?;
    Ok(())
}
