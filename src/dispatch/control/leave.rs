//! What other verbs do to a batch on their way: whoever deactivates a person pauses what that person made or approved, and a retry finds
//! that the approval lapsed.

use super::can_be_paused;
use super::pause::pause_by;
use crate::audit::By;
use crate::db::{self, WriteTx};
use crate::dispatch::{PauseReason, pause, store};
use crate::ids::BatchId;

/// Pauses a batch of somebody who leaves, in the transaction that deactivates them. `false`: it could not be paused any more, because
/// it is paid, paused or cancelled by now.
///
/// # Errors
/// The database's.
pub fn pause_left(tx: &mut WriteTx<'_>, by: &By, id: &BatchId, reason: &str) -> db::Result<bool> {
    match store::batch(tx, id)? {
        Some(batch) if can_be_paused(batch.state, batch.pause()) => pause_by(tx, by, &batch, Some(reason)).map(|()| true),
        _ => Ok(false),
    }
}

/// A batch whose approval does not stand any more waits for another one. Of use where [`crate::approvals::still_stands`] said no; a
/// batch that is processed has to be processing again before.
///
/// # Errors
/// The database's; `Conflict` where it cannot be paused.
pub fn wait_for_approval(tx: &mut WriteTx<'_>, id: &BatchId) -> db::Result<()> {
    let batch = store::batch(tx, id)?.ok_or(db::Error::Conflict)?;
    pause::stand_still(tx, &batch, PauseReason::NeedsApprovalAgain, None)
}
