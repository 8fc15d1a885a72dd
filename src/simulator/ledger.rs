//! The ledger: what money was moved. Other processes may read the file while the simulator writes it.

use std::path::Path;

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use serde::Serialize;

use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::TransferId;
use crate::money::Minor;

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

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS transfers (
        transfer_id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, outcome TEXT NOT NULL, currency TEXT NOT NULL,
        amount BIGINT NOT NULL, payee_type TEXT NOT NULL, payee TEXT NOT NULL, payee_fsp TEXT NOT NULL, body_hash TEXT NOT NULL,
        code INTEGER, fulfilment TEXT NOT NULL, executions INTEGER NOT NULL, received_at BIGINT NOT NULL, due_at BIGINT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS transfers_due ON transfers (due_at) WHERE state IN ('QUEUED', 'RESERVED');
    CREATE INDEX IF NOT EXISTS transfers_short ON transfers (payee) WHERE code = 4001;
    CREATE TABLE IF NOT EXISTS lost (transfer_id TEXT NOT NULL PRIMARY KEY, body_hash TEXT NOT NULL) WITHOUT ROWID;";

text_enum! {
    /// Where a transfer stands at the hub.
    pub enum LedgerState {
        /// In the hub's queue, not looked at yet: `GET` says 3208.
        Queued = "QUEUED",
        Reserved = "RESERVED",
        Committed = "COMMITTED",
        Aborted = "ABORTED",
        /// Committed, and settled between the FSPs.
        Settled = "SETTLED",
    }
}

impl LedgerState {
    /// Whether the payee has the money.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Committed | Self::Settled)
    }

    pub const fn is_final(self) -> bool {
        matches!(self, Self::Committed | Self::Aborted | Self::Settled)
    }
}

/// One transfer as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable, Serialize)]
#[diesel(table_name = transfers)]
pub struct LedgerRow {
    pub transfer_id: TransferId,
    pub state: LedgerState,
    /// What it will be once `due_at` has come.
    pub outcome: LedgerState,
    pub currency: String,
    /// What leaves the payer, fee included.
    pub amount: Minor,
    pub payee_type: String,
    pub payee: String,
    pub payee_fsp: String,
    /// SHA-256 of the request's bytes, in hexadecimal.
    pub body_hash: String,
    /// Why it was aborted.
    pub code: Option<i32>,
    pub fulfilment: String,
    /// How many times the money moved: 1 for a paid transfer, and more only if the simulator itself were wrong.
    pub executions: i32,
    #[serde(serialize_with = "micros")]
    pub received_at: Instant,
    #[serde(serialize_with = "micros")]
    pub due_at: Instant,
}

fn micros<S: serde::Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(at.micros())
}

#[derive(Debug, thiserror::Error)]
pub enum NotALedger {
    #[error("the ledger {path} cannot be opened: {why}")]
    Open { path: String, why: String },
    #[error("the ledger cannot be read or written: {0}")]
    Database(#[from] diesel::result::Error),
}

/// The ledger, to read.
pub struct Ledger(SqliteConnection);

impl Ledger {
    /// Opens a ledger that a simulator made.
    ///
    /// # Errors
    /// [`NotALedger::Open`] where there is none: looking does not make one.
    pub fn open(path: &Path) -> Result<Self, NotALedger> {
        if !path.is_file() {
            return Err(NotALedger::Open { path: path.display().to_string(), why: "there is no such file".to_owned() });
        }
        let mut conn = connect(path)?;
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "PRAGMA query_only = ON;")?;
        Ok(Self(conn))
    }

    /// Every transfer the hub has met, in order of arrival.
    pub fn rows(&mut self) -> Result<Vec<LedgerRow>, NotALedger> {
        Ok(transfers::table.order((transfers::received_at, transfers::transfer_id)).select(LedgerRow::as_select()).load(&mut self.0)?)
    }

    pub fn row(&mut self, id: &TransferId) -> Result<Option<LedgerRow>, NotALedger> {
        Ok(transfers::table.find(id).select(LedgerRow::as_select()).first(&mut self.0).optional()?)
    }
}

/// Opens or makes the file. WAL with FULL: what was answered survives a power cut.
pub(super) fn connect(path: &Path) -> Result<SqliteConnection, NotALedger> {
    let open = |why: String| NotALedger::Open { path: path.display().to_string(), why };
    let name = path.to_str().ok_or_else(|| open("its name is not UTF-8".to_owned()))?;
    let mut conn = SqliteConnection::establish(name).map_err(|error| open(error.to_string()))?;
    let pragmas = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
    diesel::connection::SimpleConnection::batch_execute(&mut conn, pragmas).map_err(|error| open(error.to_string()))?;
    Ok(conn)
}
