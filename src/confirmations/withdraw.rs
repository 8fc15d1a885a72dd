//! Takes back what one asked for oneself.

use super::event::event_of;
use super::{Refusal, State, refuse, store, who};
use crate::audit::{self, By, What};
use crate::db::{self, WriteTx};
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

/// The events of what the deactivation of a person withdrew: a few at most.
///
/// # Errors
/// The database's.
pub fn record_withdrawn(tx: &mut WriteTx<'_>, by: &By, ids: &[ConfirmationId]) -> db::Result<()> {
    for id in ids {
        let Some(asked) = store::find(tx, id)? else { continue };
        let event = event_of(tx, by, What::ConfirmationWithdrawn, &asked)?;
        audit::record(tx, &event)?;
    }
    Ok(())
}
