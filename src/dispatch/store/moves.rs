//! Moving transfers from one standing to another, many at once.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::given::Given;
use crate::clock::Instant;
use crate::db::{Result, WriteTx};
use crate::dispatch::TransferState;
use crate::dispatch::core::{Fault, Standing};
use crate::ids::{AttemptId, FspId, RowId, TransferId};

/// What a transfer must still be for a move to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dispatch) struct Key {
    pub attempt: Option<AttemptId>,
    pub state: TransferState,
    pub n: i32,
    pub recorded_by: Option<AttemptId>,
}

impl Key {
    pub fn of(standing: &Standing, attempt: Option<&AttemptId>) -> Self {
        Self {
            attempt: attempt.cloned(),
            state: standing.state,
            n: standing.n,
            recorded_by: standing.recorded.as_ref().map(|recorded| recorded.by.clone()),
        }
    }
}

/// What was agreed with the payee's FSP; kept on the row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dispatch) struct Landed {
    pub payee_fsp: Option<FspId>,
    pub resolved_name: Option<String>,
    pub looked_up_at: Option<i64>,
    pub fee: Option<i64>,
}

/// One transfer's move, flat as the statement reads it.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Move {
    row_key: RowId,
    key_attempt: String,
    key_state: TransferState,
    key_n: i32,
    key_recorded: String,
    to_attempt: Option<AttemptId>,
    to_state: TransferState,
    to_n: i32,
    to_tries: i32,
    to_tries_limited: i32,
    to_asks: i32,
    to_next: Option<i64>,
    to_refused: bool,
    to_recorded_by: Option<AttemptId>,
    to_recorded_expires: Option<i64>,
    to_recorded_until: Option<i64>,
    to_doubt: Option<i64>,
    to_unshown: Option<i64>,
    to_unshown_count: i32,
    to_code: Option<String>,
    to_reason: Option<String>,
    to_settled: Option<i64>,
    to_payee_fsp: Option<FspId>,
    to_resolved_name: Option<String>,
    to_looked_up: Option<i64>,
    to_fee: Option<i64>,
    to_transfer: Option<TransferId>,
    digest: Option<String>,
}

/// What every move sets.
const SET: &str = "attempt_id = given.to_attempt, state = given.to_state, n = given.to_n, tries = given.to_tries, \
    tries_limited = given.to_tries_limited, asks = given.to_asks, next_at = given.to_next, refused = given.to_refused, \
    recorded_by = given.to_recorded_by, recorded_expires_at = given.to_recorded_expires, \
    recorded_until = given.to_recorded_until, doubt_since = given.to_doubt, unshown_since = given.to_unshown, \
    unshown_count = given.to_unshown_count, code = given.to_code, reason = given.to_reason, settled_at = given.to_settled";

/// What only an agreement brings.
const SET_AGREED: &str = "payee_fsp = given.to_payee_fsp, resolved_name = given.to_resolved_name, \
    looked_up_at = given.to_looked_up, fee = given.to_fee, transfer_id = given.to_transfer";

const STILL_THE_SAME: &str = "transfers.id = given.row_key AND COALESCE(transfers.attempt_id, '') = given.key_attempt \
    AND transfers.state = given.key_state AND transfers.n = given.key_n AND COALESCE(transfers.recorded_by, '') = given.key_recorded";

impl Move {
    pub fn new(row: &RowId, key: &Key, to: &Standing, attempt: Option<&AttemptId>) -> Self {
        let recorded = to.recorded.as_ref();
        Self {
            row_key: row.clone(),
            key_attempt: key.attempt.as_ref().map(ToString::to_string).unwrap_or_default(),
            key_state: key.state,
            key_n: key.n,
            key_recorded: key.recorded_by.as_ref().map(ToString::to_string).unwrap_or_default(),
            to_attempt: attempt.cloned(),
            to_state: to.state,
            to_n: to.n,
            to_tries: to.tries.passing,
            to_tries_limited: to.tries.limited,
            to_asks: to.asks,
            to_next: to.next_at.map(Instant::micros),
            to_refused: to.refused,
            to_recorded_by: recorded.map(|recorded| recorded.by.clone()),
            to_recorded_expires: recorded.map(|recorded| recorded.expires_at.micros()),
            to_recorded_until: recorded.map(|recorded| recorded.until.micros()),
            to_doubt: to.doubt_since.map(Instant::micros),
            to_unshown: to.unshown.map(|unshown| unshown.since.micros()),
            to_unshown_count: to.unshown.map_or(0, |unshown| unshown.times),
            to_code: to.fault.and_then(|Fault { code, .. }| code).map(|code| code.to_string()),
            to_reason: to.why.as_ref().map(crate::dispatch::why::Why::to_text),
            to_settled: to.settled_at.map(Instant::micros),
            to_payee_fsp: None,
            to_resolved_name: None,
            to_looked_up: None,
            to_fee: None,
            to_transfer: None,
            digest: None,
        }
    }

    /// Where it settles the row, this is when, unless it was later.
    #[must_use]
    pub fn not_settled_before(mut self, now: Instant) -> Self {
        self.to_settled = self.to_settled.map(|at| at.max(now.micros()));
        self
    }

    /// What recording needs beside: what was agreed, the id, and the digest the row must have.
    #[must_use]
    pub fn recording(mut self, landed: Landed, transfer: TransferId, digest: String) -> Self {
        self.to_payee_fsp = landed.payee_fsp;
        self.to_resolved_name = landed.resolved_name;
        self.to_looked_up = landed.looked_up_at;
        self.to_fee = landed.fee;
        self.to_transfer = Some(transfer);
        self.digest = Some(digest);
        self
    }
}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = Text)]
    id: RowId,
}

fn given(moves: &[Move]) -> Given<'_, Move> {
    Given::of(moves)
        .text("row_key", |one| one.row_key.as_str())
        .text("key_attempt", |one| one.key_attempt.as_str())
        .text("key_state", |one| one.key_state.as_str())
        .integer("key_n", |one| one.key_n)
        .text("key_recorded", |one| one.key_recorded.as_str())
        .text("to_attempt", |one| one.to_attempt.as_ref().map(AttemptId::as_str))
        .text("to_state", |one| one.to_state.as_str())
        .integer("to_n", |one| one.to_n)
        .integer("to_tries", |one| one.to_tries)
        .integer("to_tries_limited", |one| one.to_tries_limited)
        .integer("to_asks", |one| one.to_asks)
        .bigint("to_next", |one| one.to_next)
        .boolean("to_refused", |one| one.to_refused)
        .text("to_recorded_by", |one| one.to_recorded_by.as_ref().map(AttemptId::as_str))
        .bigint("to_recorded_expires", |one| one.to_recorded_expires)
        .bigint("to_recorded_until", |one| one.to_recorded_until)
        .bigint("to_doubt", |one| one.to_doubt)
        .bigint("to_unshown", |one| one.to_unshown)
        .integer("to_unshown_count", |one| one.to_unshown_count)
        .text("to_code", |one| one.to_code.as_deref())
        .text("to_reason", |one| one.to_reason.as_deref())
        .bigint("to_settled", |one| one.to_settled)
        .text("to_payee_fsp", |one| one.to_payee_fsp.as_ref().map(FspId::as_str))
        .text("to_resolved_name", |one| one.to_resolved_name.as_deref())
        .bigint("to_looked_up", |one| one.to_looked_up)
        .bigint("to_fee", |one| one.to_fee)
        .text("to_transfer", |one| one.to_transfer.as_ref().map(TransferId::as_str))
        .text("digest", |one| one.digest.as_deref())
}

fn run(tx: &mut WriteTx<'_>, moves: &[Move], sql: impl Fn(&str) -> String) -> Result<Vec<RowId>> {
    let moved: Vec<Moved> = given(moves).load(tx, sql)?;
    Ok(moved.into_iter().map(|moved| moved.id).collect())
}

/// Moves rows that are still what their keys say; returns those that moved.
pub(in crate::dispatch) fn move_rows(tx: &mut WriteTx<'_>, moves: &[Move]) -> Result<Vec<RowId>> {
    run(tx, moves, |given| format!("UPDATE transfers SET {SET} FROM {given} WHERE {STILL_THE_SAME} RETURNING id"))
}

/// Moves rows to `sending` before their bytes go out: only in a batch that is being paid, from an account that is open, and where the
/// row is exactly what was sealed; and not while the operator has suspended the institution.
pub(in crate::dispatch) fn record_rows(tx: &mut WriteTx<'_>, moves: &[Move]) -> Result<Vec<RowId>> {
    let record = |given: &str| {
        format!(
            "UPDATE transfers SET {SET}, {SET_AGREED} FROM {given} WHERE {STILL_THE_SAME} AND transfers.row_digest = given.digest \
             AND EXISTS (SELECT 1 FROM batches JOIN funding_accounts ON funding_accounts.id = batches.funding_account_id \
             WHERE batches.id = transfers.batch_id AND batches.state = 'processing' AND funding_accounts.state = 'open') \
             AND NOT EXISTS (SELECT 1 FROM institution WHERE suspended_at IS NOT NULL) RETURNING id"
        )
    };
    run(tx, moves, record)
}

/// What was learned of a row without recording anything: its lookup, or an id that a copy of this database used.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Learned {
    pub row_key: RowId,
    pub transfer: Option<TransferId>,
    pub fsp: Option<FspId>,
    pub name: Option<String>,
    pub looked_up: Option<i64>,
}

pub(in crate::dispatch) fn keep_learned(tx: &mut WriteTx<'_>, learned: &[&Learned]) -> Result<()> {
    let given = Given::of(learned)
        .text("row_key", |one| one.row_key.as_str())
        .text("transfer", |one| one.transfer.as_ref().map(TransferId::as_str))
        .text("fsp", |one| one.fsp.as_ref().map(FspId::as_str))
        .text("name", |one| one.name.as_deref())
        .bigint("looked_up", |one| one.looked_up);
    let keep = |given: &str| {
        format!(
            "UPDATE transfers SET transfer_id = COALESCE(given.transfer, transfers.transfer_id), \
             payee_fsp = COALESCE(given.fsp, transfers.payee_fsp), resolved_name = COALESCE(given.name, transfers.resolved_name), \
             looked_up_at = given.looked_up FROM {given} WHERE transfers.id = given.row_key"
        )
    };
    given.execute(tx, keep).map(drop)
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Text)]
    id: RowId,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    attempt_id: Option<AttemptId>,
    #[diesel(sql_type = Text)]
    state: TransferState,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    n: i32,
    #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
    recorded_by: Option<AttemptId>,
    #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
    next_at: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    asks: i32,
}

/// After a commit whose outcome is unknown: which of these moves stand in the database.
pub(in crate::dispatch) fn land(conn: &mut crate::db::Conn, moves: &[Move]) -> Result<Vec<RowId>> {
    let given = Given::of(moves).text("row_key", |one| one.row_key.as_str());
    let look = |given: &str| {
        format!(
            "SELECT transfers.id, attempt_id, state, n, recorded_by, next_at, asks FROM transfers JOIN {given} ON transfers.id = given.row_key"
        )
    };
    let now: Vec<Now> = given.load(conn, look)?;
    let stands = |one: &&Move| {
        now.iter().any(|now| {
            now.id == one.row_key
                && now.attempt_id == one.to_attempt
                && now.state == one.to_state
                && now.n == one.to_n
                && now.recorded_by == one.to_recorded_by
                && now.next_at == one.to_next
                && now.asks == one.to_asks
        })
    };
    Ok(moves.iter().filter(stands).map(|one| one.row_key.clone()).collect())
}
