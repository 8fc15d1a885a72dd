//! What an approved batch is verified from, and its rows' first move.

use diesel::prelude::*;

use super::rows::Claimable;
use crate::batches::{Channel, PaymentType};
use crate::db::schema::{batches, decisions, transfers};
use crate::db::{Conn, Result, WriteTx};
use crate::dispatch::TransferState;
use crate::ids::{BatchId, RowId};
use crate::money::Minor;

/// What the seal covers beside the rows, and the seal that was approved.
#[derive(Debug, Clone, Queryable)]
pub(in crate::dispatch) struct SealedFields {
    pub payment_type: PaymentType,
    pub channel: Channel,
    pub fee_limit: Minor,
    pub total: i64,
    pub currency: String,
    pub decision_seal: String,
    pub excluded_lines: String,
}

/// `None` where nobody approved it.
pub(in crate::dispatch) fn sealed_fields(conn: &mut Conn, id: &BatchId) -> Result<Option<SealedFields>> {
    Ok(decisions::table
        .inner_join(batches::table)
        .filter(decisions::batch_id.eq(id))
        .filter(decisions::decision.eq("approved"))
        .select((
            batches::payment_type,
            batches::channel,
            batches::fee_limit,
            batches::total,
            batches::currency,
            decisions::seal,
            decisions::excluded_lines,
        ))
        .first(conn)
        .optional()?)
}

/// Rows after a line, in line order.
pub(in crate::dispatch) fn sealed_rows(conn: &mut Conn, id: &BatchId, after: i64, limit: i64) -> Result<Vec<(Claimable, TransferState)>> {
    Ok(transfers::table
        .filter(transfers::batch_id.eq(id))
        .filter(transfers::line.gt(after))
        .order(transfers::line)
        .limit(limit)
        .select((Claimable::as_select(), transfers::state))
        .load(conn)?)
}

/// Whether a batch has rows that wait for their start without a time: one step into the index for each kind.
pub(in crate::dispatch) fn has_unready(conn: &mut Conn, id: &BatchId) -> Result<bool> {
    let of_batch = || transfers::table.filter(transfers::batch_id.eq(id)).select(transfers::id).limit(1);
    let pending: Option<RowId> = of_batch().filter(transfers::state.eq(TransferState::Pending)).first(conn).optional()?;
    let unplanned = of_batch().filter(transfers::state.eq(TransferState::Ready)).filter(transfers::next_at.is_null());
    let unplanned: Option<RowId> = unplanned.first(conn).optional()?;
    Ok(pending.is_some() || unplanned.is_some())
}

/// Makes the pending rows among the next `limit` lines ready; returns the last line looked at, `None` where there are no more.
pub(in crate::dispatch) fn make_ready(tx: &mut WriteTx<'_>, id: &BatchId, after: i64, limit: i64) -> Result<Option<i64>> {
    let now = tx.now();
    let lines: Vec<i64> = transfers::table
        .filter(transfers::batch_id.eq(id))
        .filter(transfers::line.gt(after))
        .order(transfers::line)
        .limit(limit)
        .select(transfers::line)
        .load(&mut **tx)?;
    let Some(last) = lines.last().copied() else { return Ok(None) };
    let pending = transfers::table
        .filter(transfers::batch_id.eq(id))
        .filter(transfers::line.gt(after))
        .filter(transfers::line.le(last))
        .filter(transfers::state.eq(TransferState::Pending));
    diesel::update(pending).set((transfers::state.eq(TransferState::Ready), transfers::next_at.eq(Some(now)))).execute(&mut **tx)?;
    // A row that the approval made ready already waits from now on.
    let unplanned = transfers::table
        .filter(transfers::batch_id.eq(id))
        .filter(transfers::line.gt(after))
        .filter(transfers::line.le(last))
        .filter(transfers::state.eq(TransferState::Ready))
        .filter(transfers::next_at.is_null());
    diesel::update(unplanned).set(transfers::next_at.eq(Some(now))).execute(&mut **tx)?;
    Ok(Some(last))
}
