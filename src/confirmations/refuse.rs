//! Does not confirm what another account manager asked for: it will not be so.

use super::event::event_of;
use super::{Change, Confirmation, REASON_CHARS_MAX, Refusal, State, store, tell, who};
use crate::audit::{self, By, What};
use crate::db::{self, WriteTx};
use crate::ids::ConfirmationId;
use crate::people::second_factor;

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
    end(tx, &asked, State::Refused, by, Some(reason))?;
    let event = event_of(tx, by, What::ConfirmationRefused, &asked)?.because(reason);
    audit::record(tx, &event)?;
    tell::refused(tx, by, &asked, reason)?;
    Ok(())
}

/// It does not wait any more and will not be so. A person's own request for a new QR code waits for another decision then.
pub(super) fn end(tx: &mut WriteTx<'_>, asked: &Confirmation, to: State, by: &By, because: Option<&str>) -> db::Result<()> {
    store::decide(tx, asked, to, by, because)?;
    match &asked.change {
        Change::SecondFactor { request } => second_factor::confirmation_refused(tx, request),
        _ => Ok(()),
    }
}
