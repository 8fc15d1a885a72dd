//! Resume: a person lets a batch go on, or approved it again.

use super::{ControlRefusal, as_checker, can_be_resumed, not_now};
use crate::audit::By;
use crate::db::{self, WriteTx};
use crate::dispatch::go_on::{Went, go_on};
use crate::dispatch::{PauseReason, store};
use crate::ids::BatchId;
use crate::mail;
use crate::people::Actor;

/// Lets a batch go on that a person paused, or that waits for money. It may turn out that it cannot: see [`Went`].
///
/// # Errors
/// [`ControlRefusal`].
pub fn resume_batch(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId) -> Result<Went, ControlRefusal> {
    let batch = as_checker(tx, actor, id)?;
    if !can_be_resumed(batch.state, batch.pause()) {
        return Err(not_now(tx, &batch)?);
    }
    let went = go_on(tx, &actor.by(), &batch)?;
    if batch.pause() == Some(PauseReason::ByPerson) && matches!(went, Went::On | Went::ToItsDay) {
        mail::tell::goes_on(tx, id, &batch.branch_id, &actor.by())?;
    }
    Ok(went)
}

/// A batch that needed approval again has got it, in this transaction.
///
/// # Errors
/// `Conflict` where it does not need it.
pub fn approved_again(tx: &mut WriteTx<'_>, by: &By, id: &BatchId) -> db::Result<Went> {
    match store::batch(tx, id)? {
        Some(batch) if batch.pause() == Some(PauseReason::NeedsApprovalAgain) => go_on(tx, by, &batch),
        _ => Err(db::Error::Conflict),
    }
}
