//! The hub's statements on its ledger.

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use crate::clock::Instant;
use crate::simulator::ledger::{LedgerRow, LedgerState, lost, transfers};

pub(super) fn find(conn: &mut SqliteConnection, id: &str) -> QueryResult<Option<LedgerRow>> {
    transfers::table.find(id).select(LedgerRow::as_select()).first(conn).optional()
}

pub(super) fn insert(conn: &mut SqliteConnection, row: &LedgerRow) -> QueryResult<()> {
    diesel::insert_into(transfers::table).values(row).execute(conn).map(drop)
}

/// How many transfers to this payee ended for want of liquidity.
pub(super) fn times_short(conn: &mut SqliteConnection, payee: &str) -> QueryResult<i64> {
    transfers::table.filter(transfers::payee.eq(payee)).filter(transfers::code.eq(4001)).count().get_result(conn)
}

/// The hash of the bytes that were lost under this id first.
pub(super) fn lost_hash(conn: &mut SqliteConnection, id: &str) -> QueryResult<Option<String>> {
    lost::table.find(id).select(lost::body_hash).first(conn).optional()
}

pub(super) fn lose(conn: &mut SqliteConnection, id: &str, hash: &str) -> QueryResult<()> {
    diesel::insert_into(lost::table).values((lost::transfer_id.eq(id), lost::body_hash.eq(hash))).execute(conn).map(drop)
}

/// How many transfers are under way.
pub(super) fn pending(conn: &mut SqliteConnection) -> QueryResult<i64> {
    transfers::table.filter(transfers::state.eq_any([LedgerState::Queued, LedgerState::Reserved])).count().get_result(conn)
}

/// Everything whose time has come becomes what it was going to be; money moves here.
pub(super) fn settle_due(conn: &mut SqliteConnection, now: Instant) -> QueryResult<Vec<LedgerRow>> {
    diesel::sql_query(
        "UPDATE transfers SET state = outcome, executions = executions + (outcome IN ('COMMITTED', 'SETTLED'))
         WHERE state IN ('QUEUED', 'RESERVED') AND due_at <= $1 RETURNING *",
    )
    .bind::<BigInt, _>(now)
    .load(conn)
}

pub(super) fn all(conn: &mut SqliteConnection) -> QueryResult<Vec<LedgerRow>> {
    transfers::table.order((transfers::received_at, transfers::transfer_id)).select(LedgerRow::as_select()).load(conn)
}
