//! The ledger: what money was moved. Other processes may read the file while the simulator writes it.

use std::path::Path;

use diesel::sqlite::SqliteConnection;
use serde::Serialize;

use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::TransferId;
use crate::money::Minor;
use crate::simulator::store::{self, transfers};

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
#[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::QueryableByName, diesel::Selectable, diesel::Insertable, Serialize)]
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
        store::connect(path, "PRAGMA query_only = ON;").map(Self)
    }

    /// Every transfer the hub has met, in order of arrival.
    pub fn rows(&mut self) -> Result<Vec<LedgerRow>, NotALedger> {
        Ok(store::all(&mut self.0)?)
    }

    pub fn row(&mut self, id: &TransferId) -> Result<Option<LedgerRow>, NotALedger> {
        Ok(store::find(&mut self.0, id.as_str())?)
    }
}
