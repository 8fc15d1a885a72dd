//! Reading transfers that somebody must look at.

use diesel::prelude::*;

use crate::batches::State;
use crate::clock::Instant;
use crate::db::schema::{attempts, batches, funding_accounts, transfers};
use crate::db::{Conn, Result};
use crate::dispatch::TransferState;
use crate::dispatch::core::{Fault, Recorded, Standing, Tries, Unshown};
use crate::dispatch::why::Why;
use crate::funding::AccountState;
use crate::ids::{AttemptId, BatchId, FspId, HomeTransactionId, RowId};
use crate::money::{Currency, Minor};
use crate::payees::PartyIdType;
use crate::sdk::{Code, Stage};

/// The columns a decision is made from.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = transfers)]
struct StandingColumns {
    state: TransferState,
    n: i32,
    attempt_id: Option<AttemptId>,
    tries: i32,
    tries_limited: i32,
    asks: i32,
    next_at: Option<Instant>,
    refused: bool,
    recorded_by: Option<AttemptId>,
    recorded_expires_at: Option<Instant>,
    recorded_until: Option<Instant>,
    doubt_since: Option<Instant>,
    unshown_since: Option<Instant>,
    unshown_count: i32,
    code: Option<String>,
    reason: Option<String>,
    settled_at: Option<Instant>,
}

impl StandingColumns {
    fn standing(self) -> (Standing, Option<AttemptId>) {
        let recorded = match (self.recorded_by, self.recorded_expires_at, self.recorded_until) {
            (Some(by), Some(expires_at), Some(until)) => Some(Recorded { by, expires_at, until }),
            _ => None,
        };
        let standing = Standing {
            state: self.state,
            n: self.n,
            recorded,
            tries: Tries { passing: self.tries, limited: self.tries_limited },
            asks: self.asks,
            next_at: self.next_at,
            refused: self.refused,
            fault: self.code.and_then(|code| code.parse::<Code>().ok()).map(|code| Fault::of(code, Stage::Transfer)),
            why: self.reason.as_deref().and_then(Why::from_text),
            doubt_since: self.doubt_since,
            unshown: self.unshown_since.map(|since| Unshown { since, times: self.unshown_count }),
            settled_at: self.settled_at,
        };
        (standing, self.attempt_id)
    }
}

/// What is paid, to whom: sealed, so it never changes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = transfers)]
pub(in crate::dispatch) struct Claimable {
    pub id: RowId,
    pub home_transaction_id: HomeTransactionId,
    pub batch_id: BatchId,
    pub line: i64,
    pub id_type: PartyIdType,
    pub id_value: String,
    pub sub_id: Option<String>,
    pub to_fsp: Option<FspId>,
    pub amount: Minor,
    pub currency: Currency,
    pub note: String,
    pub row_digest: String,
    pub payee_fsp: Option<FspId>,
    pub resolved_name: Option<String>,
    pub looked_up_at: Option<Instant>,
}

impl Claimable {
    /// The FSP that will have to answer, as far as it is known before the lookup.
    pub fn fsp(&self) -> Option<&FspId> {
        self.payee_fsp.as_ref().or(self.to_fsp.as_ref())
    }
}

/// What of its batch a payment needs.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = batches)]
pub(in crate::dispatch) struct OfBatch {
    pub state: State,
    pub fee_limit: Minor,
}

/// A transfer with how it stands, ready to be claimed.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Claimed {
    pub row: Claimable,
    pub batch: OfBatch,
    pub account: AccountState,
    pub standing: Standing,
    /// The attempt that held it last.
    pub attempt: Option<AttemptId>,
    /// The bytes recorded under its id, where it may have to repeat them or check a fulfilment.
    pub prepare: Option<String>,
}

type Loaded = (Claimable, StandingColumns, OfBatch, AccountState, Option<String>);

fn claimed((row, columns, batch, account, prepare): Loaded) -> Claimed {
    let (standing, attempt) = columns.standing();
    Claimed { row, batch, account, standing, attempt, prepare }
}

/// Rows of one batch that wait to be paid, in the order of the file.
pub(in crate::dispatch) fn claimable(conn: &mut Conn, batch: &BatchId, now: Instant, limit: i64) -> Result<Vec<Claimed>> {
    waiting_in(conn, batch, TransferState::Ready, now, limit)
}

/// Rows of a batch that are due to be asked about, longest waiting first; those in doubt before those that need attention.
pub(in crate::dispatch) fn doubtful(conn: &mut Conn, batch: &BatchId, now: Instant, limit: i64) -> Result<Vec<Claimed>> {
    let mut rows = waiting_in(conn, batch, TransferState::InDoubt, now, limit)?;
    let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(limit));
    if left > 0 {
        rows.extend(waiting_in(conn, batch, TransferState::NeedsAttention, now, left)?);
    }
    Ok(rows)
}

/// Rows of one batch in a state whose time has come. One state at a time, or the index would not give them in order.
fn waiting_in(conn: &mut Conn, batch: &BatchId, state: TransferState, now: Instant, limit: i64) -> Result<Vec<Claimed>> {
    let rows: Vec<Loaded> = transfers::table
        .inner_join(batches::table.inner_join(funding_accounts::table))
        .left_join(attempts::table.on(attempts::id.nullable().eq(transfers::recorded_by)))
        .filter(transfers::batch_id.eq(batch))
        .filter(transfers::state.eq(state))
        .filter(transfers::next_at.le(now))
        .order((transfers::next_at, transfers::line))
        .limit(limit)
        .select((
            Claimable::as_select(),
            StandingColumns::as_select(),
            OfBatch::as_select(),
            funding_accounts::state,
            attempts::prepare.nullable(),
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(claimed).collect())
}

/// A row somebody holds, or held.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Held {
    pub id: RowId,
    pub batch: BatchId,
    pub amount: Minor,
    pub standing: Standing,
    pub attempt: Option<AttemptId>,
}

/// Rows of a batch that is being cancelled which nobody may pay any more, at most `limit`: those that wait, those that are being agreed
/// on with nothing recorded, those that failed. No order: whatever is moved is not found again.
pub(in crate::dispatch) fn to_cancel(conn: &mut Conn, batch: &BatchId, limit: i64) -> Result<Vec<Held>> {
    let mut found = Vec::new();
    for state in [TransferState::Agreeing, TransferState::Ready, TransferState::Failed] {
        let left = limit.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
        if left <= 0 {
            break;
        }
        let mut query = transfers::table
            .filter(transfers::batch_id.eq(batch))
            .filter(transfers::state.eq(state))
            .limit(left)
            .select((transfers::id, transfers::amount, StandingColumns::as_select()))
            .into_boxed();
        if state == TransferState::Agreeing {
            query = query.filter(transfers::recorded_by.is_null());
        }
        let rows: Vec<(RowId, Minor, StandingColumns)> = query.load(conn)?;
        found.extend(rows.into_iter().map(|(id, amount, columns)| {
            let (standing, attempt) = columns.standing();
            Held { id, batch: batch.clone(), amount, standing, attempt }
        }));
    }
    Ok(found)
}

/// Rows of a batch in these states whose time came, in order of id after `after`.
pub(in crate::dispatch) fn held(
    conn: &mut Conn,
    batch: &BatchId,
    states: &[TransferState],
    due: Option<Instant>,
    after: &RowId,
    limit: i64,
) -> Result<Vec<Held>> {
    let mut query = transfers::table
        .filter(transfers::batch_id.eq(batch))
        .filter(transfers::state.eq_any(states.to_vec()))
        .filter(transfers::id.gt(after))
        .order(transfers::id)
        .limit(limit)
        .select((transfers::id, transfers::amount, StandingColumns::as_select()))
        .into_boxed();
    if let Some(now) = due {
        query = query.filter(transfers::next_at.le(now));
    }
    let rows: Vec<(RowId, Minor, StandingColumns)> = query.load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, amount, columns)| {
            let (standing, attempt) = columns.standing();
            Held { id, batch: batch.clone(), amount, standing, attempt }
        })
        .collect())
}

/// One row, and its chain.
pub(in crate::dispatch) fn find_row(conn: &mut Conn, row: &RowId) -> Result<Option<(Held, HomeTransactionId)>> {
    let found: Option<(BatchId, Minor, HomeTransactionId, StandingColumns)> = transfers::table
        .find(row)
        .select((transfers::batch_id, transfers::amount, transfers::home_transaction_id, StandingColumns::as_select()))
        .first(conn)
        .optional()?;
    Ok(found.map(|(batch, amount, home, columns)| {
        let (standing, attempt) = columns.standing();
        (Held { id: row.clone(), batch, amount, standing, attempt }, home)
    }))
}

/// When the network was asked about a row last, or anything else was begun with it.
pub(in crate::dispatch) fn last_attempt_at(conn: &mut Conn, row: &RowId) -> Result<Option<Instant>> {
    Ok(attempts::table
        .filter(attempts::row_id.eq(row))
        .order(attempts::claimed_at.desc())
        .select(attempts::claimed_at)
        .first(conn)
        .optional()?)
}
