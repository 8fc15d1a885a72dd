//! The ledger's file: its own database, beside no institution's.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

use crate::clock::Instant;
use crate::simulator::ledger::{LedgerRow, LedgerState, NotALedger};

diesel::table! {
    transfers (transfer_id) {
        transfer_id -> Text,
        state -> Text,
        /// What it will be once `due_at` has come.
        outcome -> Text,
        currency -> Text,
        /// Minor units that leave the payer, fee included.
        amount -> BigInt,
        payee_type -> Text,
        payee -> Text,
        payee_fsp -> Text,
        body_hash -> Text,
        code -> Nullable<Integer>,
        fulfilment -> Text,
        executions -> Integer,
        received_at -> BigInt,
        due_at -> BigInt,
    }
}

diesel::table! {
    /// Bytes that never reached the hub.
    lost (transfer_id) {
        transfer_id -> Text,
        body_hash -> Text,
    }
}

/// Run at every start; it makes what is missing.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS transfers (
        transfer_id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, outcome TEXT NOT NULL, currency TEXT NOT NULL,
        amount BIGINT NOT NULL, payee_type TEXT NOT NULL, payee TEXT NOT NULL, payee_fsp TEXT NOT NULL, body_hash TEXT NOT NULL,
        code INTEGER, fulfilment TEXT NOT NULL, executions INTEGER NOT NULL, received_at BIGINT NOT NULL, due_at BIGINT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS transfers_due ON transfers (due_at) WHERE state IN ('QUEUED', 'RESERVED');
    CREATE INDEX IF NOT EXISTS transfers_short ON transfers (payee) WHERE code = 4001;
    CREATE TABLE IF NOT EXISTS lost (transfer_id TEXT NOT NULL PRIMARY KEY, body_hash TEXT NOT NULL) WITHOUT ROWID;";

/// Opens or makes the file. WAL with FULL: what was answered survives a power cut. `then` is run after that.
pub(super) fn connect(path: &Path, then: &str) -> Result<SqliteConnection, NotALedger> {
    let open = |why: String| NotALedger::Open { path: path.display().to_string(), why };
    let name = path.to_str().ok_or_else(|| open("its name is not UTF-8".to_owned()))?;
    let mut conn = SqliteConnection::establish(name).map_err(|error| open(error.to_string()))?;
    let durable = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    conn.batch_execute(durable).and_then(|()| conn.batch_execute(then)).map_err(|error| open(error.to_string()))?;
    Ok(conn)
}

/// Leaves it to the operating system when what is committed reaches the disk.
pub(super) fn forget_in_a_power_cut(conn: &mut SqliteConnection, path: &Path) -> Result<(), NotALedger> {
    let open = |error: diesel::result::Error| NotALedger::Open { path: path.display().to_string(), why: error.to_string() };
    conn.batch_execute("PRAGMA synchronous = OFF").map_err(open)
}

/// The proof that a write stands inside a transaction: [`in_one_transaction`] alone makes it.
pub(super) struct WriteTx<'a>(&'a mut SqliteConnection);

/// All of `work` or nothing of it, durable when this returns.
pub(super) fn in_one_transaction<T>(conn: &mut SqliteConnection, work: impl FnOnce(&mut WriteTx<'_>) -> QueryResult<T>) -> QueryResult<T> {
    conn.immediate_transaction(|conn| work(&mut WriteTx(conn)))
}

impl WriteTx<'_> {
    /// To read in the middle of it.
    pub fn conn(&mut self) -> &mut SqliteConnection {
        self.0
    }
}

pub(super) fn find(conn: &mut SqliteConnection, id: &str) -> QueryResult<Option<LedgerRow>> {
    transfers::table.find(id).select(LedgerRow::as_select()).first(conn).optional()
}

pub(super) fn all(conn: &mut SqliteConnection) -> QueryResult<Vec<LedgerRow>> {
    transfers::table.order((transfers::received_at, transfers::transfer_id)).select(LedgerRow::as_select()).load(conn)
}

/// How many transfers are under way.
pub(super) fn pending(conn: &mut SqliteConnection) -> QueryResult<i64> {
    transfers::table.filter(transfers::state.eq_any([LedgerState::Queued, LedgerState::Reserved])).count().get_result(conn)
}

/// How many transfers to this payee ended for want of liquidity.
pub(super) fn times_short(conn: &mut SqliteConnection, payee: &str) -> QueryResult<i64> {
    transfers::table.filter(transfers::payee.eq(payee)).filter(transfers::code.eq(4001)).count().get_result(conn)
}

/// The hash of the bytes that were lost under this id first.
pub(super) fn lost_hash(conn: &mut SqliteConnection, id: &str) -> QueryResult<Option<String>> {
    lost::table.find(id).select(lost::body_hash).first(conn).optional()
}

pub(super) fn lose(tx: &mut WriteTx<'_>, id: &str, hash: &str) -> QueryResult<()> {
    diesel::insert_into(lost::table).values((lost::transfer_id.eq(id), lost::body_hash.eq(hash))).execute(tx.0).map(drop)
}

pub(super) fn insert(tx: &mut WriteTx<'_>, row: &LedgerRow) -> QueryResult<()> {
    diesel::insert_into(transfers::table).values(row).execute(tx.0).map(drop)
}

/// Everything whose time has come becomes what it was going to be; money moves here.
pub(super) fn settle_due(tx: &mut WriteTx<'_>, now: Instant) -> QueryResult<Vec<LedgerRow>> {
    diesel::sql_query(
        "UPDATE transfers SET state = outcome, executions = executions + (outcome IN ('COMMITTED', 'SETTLED'))
         WHERE state IN ('QUEUED', 'RESERVED') AND due_at <= $1 RETURNING *",
    )
    .bind::<BigInt, _>(now)
    .load(tx.0)
}
