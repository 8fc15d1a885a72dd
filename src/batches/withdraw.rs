//! Withdraw: a maker takes a batch back before anybody decided on it.

use super::{Refusal, State, store};
use crate::audit::{self, Event, What};
use crate::db::WriteTx;
use crate::ids::BatchId;
use crate::people::Actor;

/// Needs no privilege but having made it: whoever may no longer make payments must still be able to stop their own.
///
/// # Errors
/// [`Refusal`].
pub fn withdraw(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId) -> Result<(), Refusal> {
    let batch = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    if !store::is_maker(tx, id, &actor.id)? {
        return Err(Refusal::NotAMaker);
    }
    if batch.state != State::PendingApproval {
        return Err(Refusal::NotNow(batch.state));
    }
    store::withdraw(tx, id)?;
    audit::record(tx, &Event::of_batch(actor.by(), What::BatchWithdrawn, id, &batch.branch))?;
    Ok(())
}
