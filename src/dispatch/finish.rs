//! A batch ends where nothing is left to pay and nothing is left to learn, in the transaction that settled its last row.

use super::store;
use crate::audit::{self, By, Event, What};
use crate::db::{self, WriteTx};
use crate::ids::BatchId;
use crate::mail::{self, tell::Outcome};

/// Makes those of these batches `processed` in which nothing waits, is being paid or is in doubt. Rows that need a person do not hold
/// a batch; they are still asked about.
pub(super) fn finish<'a>(tx: &mut WriteTx<'_>, batches: impl Iterator<Item = &'a BatchId>) -> db::Result<()> {
    for id in store::finish_idle(tx, batches)? {
        let Some(batch) = store::batch(tx, &id)? else { continue };
        let counts = serde_json::json!({ "succeeded": batch.succeeded, "failed": batch.failed, "needs_attention": batch.needs_attention });
        audit::record(tx, &Event::of_batch(By::system(), What::BatchProcessed, &id, &batch.branch_id).changing(counts))?;
        let (succeeded, failed, needs_attention) = (batch.succeeded, batch.failed, batch.needs_attention);
        mail::tell::finished(tx, &id, &batch.branch_id, Outcome { succeeded, failed, needs_attention })?;
        tracing::info!(batch.reference = %batch.reference, batch.succeeded, batch.failed, batch.needs_attention, "dispatch.finish: processed");
    }
    Ok(())
}
