//! Rows whose holder is gone: what nobody recorded waits again, what was recorded is asked about.

use super::TransferState::{Agreeing, Sending};
use super::core;
use super::lease::Lease;
use super::shared::Shared;
use super::store::{self, Deltas, Ended, Key, Move};
use crate::db::{self, WriteTx};
use crate::ids::{BatchId, RowId};

/// Rows looked at in one transaction.
const PAGE: i64 = 1_000;

/// Ends the leases of a batch's rows. `all`: whoever held the account before is gone, so every row in hand is left behind; otherwise only
/// rows whose own lease ended, and that no task of this process works on. Returns how many.
pub(super) fn recover(tx: &mut WriteTx<'_>, shared: &Shared, lease: &Lease, worker: &str, batch: &BatchId, all: bool) -> db::Result<usize> {
    if store::still_held(tx, worker, &[(lease.name.clone(), lease.epoch)])?.is_empty() {
        return Ok(0);
    }
    let now = tx.now();
    let (mut after, mut recovered) = (RowId::from(""), 0);
    loop {
        let rows = store::held(tx, batch, &[Agreeing, Sending], (!all).then_some(now), &after, PAGE)?;
        let Some(last) = rows.last() else { return Ok(recovered) };
        after = last.id.clone();
        let (mut moves, mut ended, mut deltas) = (Vec::new(), Vec::new(), Deltas::default());
        for row in rows {
            if row.attempt.as_ref().is_some_and(|attempt| shared.is_alive(attempt)) {
                continue;
            }
            let Some(standing) = core::expire(row.standing.clone(), now) else { continue };
            moves.push(Move::new(&row.id, &Key::of(&row.standing, row.attempt.as_ref()), &standing, None));
            deltas.moved(&row.batch, row.amount, row.standing.state, standing.state);
            ended.extend(row.attempt.map(|id| Ended { id, outcome: "lease_ended", code: None, at: now.micros() }));
        }
        // Whoever holds the account is alone here, so every row that was read moves.
        let moved = store::move_rows(tx, &moves)?.len();
        if moved != moves.len() {
            return Err(db::Error::Conflict);
        }
        store::end_attempts(tx, &ended)?;
        store::add_deltas(tx, &deltas)?;
        recovered += moved;
    }
}
