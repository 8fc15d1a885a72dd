//! The end of a cancelled batch: its rows that nobody may pay any more, a bounded number at a time, then the batch itself.

use std::collections::HashSet;

use crate::audit::{self, By, Event, What};
use crate::batches::State;
use crate::db::{self, Db, Isolation, Turn, WriteTx};
use crate::dispatch::lease::Lease;
use crate::dispatch::store::{self, AtWork, BatchMove, BatchRow, Deltas, Ended, Key, Move};
use crate::dispatch::{TransferState, core};
use crate::ids::{BatchId, FundingAccountId};
use crate::mail;

/// Rows cancelled in one transaction.
const PAGE: i64 = 2_000;

/// Batches that are being cancelled come a step nearer to their end, each by whoever holds its account's lease. Returns how much was done.
pub(in crate::dispatch) async fn sweep(
    db: &Db,
    batches: &[AtWork],
    worker: &str,
    held: impl Fn(&FundingAccountId) -> Option<Lease>,
) -> db::Result<usize> {
    let mut did = 0;
    for one in batches.iter().filter(|one| one.batch.state == State::Cancelling) {
        if let Some(lease) = held(&one.batch.funding_account_id) {
            did += step(db, &one.batch, &lease, worker).await?;
        }
    }
    Ok(did)
}

async fn step(db: &Db, batch: &BatchRow, lease: &Lease, worker: &str) -> db::Result<usize> {
    let may_have_rows = batch.waiting > 0 || batch.paying > 0 || batch.failed > 0;
    let mut did = 0;
    if may_have_rows {
        let (id, lease, worker) = (batch.id.clone(), lease.clone(), worker.to_owned());
        // A compare-and-swap on every row, and what is being cancelled never becomes anything else: read committed is enough.
        did = db.write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| cancel_some(tx, &id, &lease, &worker)).await?;
    }
    if did == 0 && batch.waiting == 0 && batch.paying == 0 && batch.in_doubt == 0 {
        let id = batch.id.clone();
        did = usize::from(db.write_as(Turn::Worker, Isolation::Serializable, move |tx| end(tx, &id)).await?);
    }
    Ok(did)
}

fn cancel_some(tx: &mut WriteTx<'_>, id: &BatchId, lease: &Lease, worker: &str) -> db::Result<usize> {
    let is_ours = !store::still_held(tx, worker, &[(lease.name.clone(), lease.epoch)])?.is_empty();
    let is_cancelling = store::batch(tx, id)?.is_some_and(|batch| batch.state == State::Cancelling);
    if !is_ours || !is_cancelling {
        return Ok(0);
    }
    let now = tx.now();
    let rows: Vec<_> = store::to_cancel(tx, id, PAGE)?
        .into_iter()
        .filter_map(|row| core::cancel(row.standing.clone(), now).map(|standing| (row, standing)))
        .collect();
    let moves: Vec<_> = rows.iter().map(|(row, to)| Move::new(&row.id, &Key::of(&row.standing, row.attempt.as_ref()), to, None)).collect();
    let moved: HashSet<_> = store::move_rows(tx, &moves)?.into_iter().collect();
    let (mut ended, mut deltas) = (Vec::new(), Deltas::default());
    for (row, to) in rows.into_iter().filter(|(row, _)| moved.contains(&row.id)) {
        deltas.moved(&row.batch, row.amount, row.standing.state, to.state);
        // The attempt of a row that failed has ended already.
        let in_hand = row.attempt.filter(|_| row.standing.state == TransferState::Agreeing);
        ended.extend(in_hand.map(|id| Ended { id, outcome: "cancelled", code: None, at: now.micros() }));
    }
    store::end_attempts(tx, &ended)?;
    store::add_deltas(tx, &deltas)?;
    Ok(moved.len())
}

/// The batch is cancelled when nothing of it waits, is being paid or is in doubt. What needs a person does not hold it.
fn end(tx: &mut WriteTx<'_>, id: &BatchId) -> db::Result<bool> {
    let Some(batch) = store::batch(tx, id)? else { return Ok(false) };
    let is_open = batch.waiting > 0 || batch.paying > 0 || batch.in_doubt > 0;
    if batch.state != State::Cancelling || is_open || !store::to_cancel(tx, id, 1)?.is_empty() {
        return Ok(false);
    }
    let one =
        BatchMove { id, from: State::Cancelling, to: State::Cancelled, reason: None, code: None, resume_at: None, pauses: batch.pauses };
    store::move_batch(tx, &one)?;
    let counts =
        serde_json::json!({ "succeeded": batch.succeeded, "cancelled": batch.cancelled, "needs_attention": batch.needs_attention });
    audit::record(tx, &Event::of_batch(By::system(), What::BatchCancelled, id, &batch.branch_id).changing(counts))?;
    let (succeeded, cancelled, needs_attention) = (batch.succeeded, batch.cancelled, batch.needs_attention);
    mail::tell::cancelled(tx, id, &batch.branch_id, mail::tell::CancelOutcome { succeeded, cancelled, needs_attention })?;
    tracing::info!(batch.reference = %batch.reference, succeeded, cancelled, "dispatch.control: cancelled");
    Ok(true)
}
