//! Takes back what one asked for oneself.

use super::event::event_of;
use super::{Refusal, State, refuse, who};
use crate::audit::{self, By, What};
use crate::db::WriteTx;
use crate::ids::ConfirmationId;

/// # Errors
/// [`Refusal`].
pub fn withdraw(tx: &mut WriteTx<'_>, by: &By, id: &ConfirmationId) -> Result<(), Refusal> {
    who::administers(tx, by)?;
    let asked = who::waiting(tx, id)?;
    if by.id.as_ref() != Some(&asked.asked_by) {
        return Err(Refusal::NotTheAsker);
    }
    refuse::end(tx, &asked, State::Withdrawn, by, None)?;
    let event = event_of(tx, by, What::ConfirmationWithdrawn, &asked)?;
    audit::record(tx, &event)?;
    Ok(())
}
