//! What dispatch reads and changes of batches: which are at work, and their counts.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::given::Given;
use crate::batches::{PaymentType, State};
use crate::clock::Instant;
use crate::db::schema::{batches, decisions, funding_accounts};
use crate::db::{Conn, Error, Result, WriteTx};
use crate::dispatch::{Count, PauseReason, TransferState};
use crate::funding::AccountState;
use crate::ids::{BatchId, BranchId, FundingAccountId};
use crate::money::Minor;

/// A batch as dispatch sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = batches)]
pub(in crate::dispatch) struct BatchRow {
    pub id: BatchId,
    pub reference: String,
    pub branch_id: BranchId,
    pub payment_type: PaymentType,
    pub funding_account_id: FundingAccountId,
    pub state: State,
    pub state_at: Instant,
    pub pause_reason: Option<String>,
    pub resume_at: Option<Instant>,
    pub pauses: i32,
    pub waiting: i64,
    pub paying: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub in_doubt: i64,
    pub needs_attention: i64,
    pub cancelled: i64,
    /// When it is to be paid, where it is not at once.
    pub pay_at: Option<Instant>,
    pub started_at: Option<Instant>,
}

impl BatchRow {
    /// Why it is paused, if it is.
    pub fn pause(&self) -> Option<PauseReason> {
        self.pause_reason.as_deref().filter(|_| self.state == State::Paused).and_then(|reason| reason.parse().ok())
    }
}

/// A batch that may have work, and whether its account may pay.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct AtWork {
    pub batch: BatchRow,
    pub account: AccountState,
}

pub(in crate::dispatch) fn batch(conn: &mut Conn, id: &BatchId) -> Result<Option<BatchRow>> {
    Ok(batches::table.find(id).select(BatchRow::as_select()).first(conn).optional()?)
}

/// The batches that may have work now: approved, processing, paused or being cancelled, and those whose day has come.
pub(in crate::dispatch) fn at_work(conn: &mut Conn, now: Instant) -> Result<Vec<AtWork>> {
    let states = [State::Approved, State::Processing, State::Paused, State::Cancelling];
    let is_due = batches::state.eq(State::Scheduled).and(batches::pay_at.assume_not_null().le(now));
    let query = batches::table.inner_join(funding_accounts::table).filter(batches::state.eq_any(states).or(is_due));
    let query = query.order((batches::submitted_at, batches::id)).select((BatchRow::as_select(), funding_accounts::state));
    let rows: Vec<(BatchRow, AccountState)> = query.load(conn)?;
    Ok(rows.into_iter().map(|(batch, account)| AtWork { batch, account }).collect())
}

/// The batches of an open account with rows to pay, oldest first.
pub(in crate::dispatch) fn waiting_batches(conn: &mut Conn, account: &FundingAccountId) -> Result<Vec<BatchId>> {
    Ok(batches::table
        .inner_join(funding_accounts::table)
        .filter(funding_accounts::state.eq(AccountState::Open))
        .filter(batches::state.eq(State::Processing))
        .filter(batches::funding_account_id.eq(account))
        .filter(batches::waiting.gt(0))
        .order((batches::submitted_at, batches::id))
        .select(batches::id)
        .load(conn)?)
}

#[derive(QueryableByName)]
struct DueAccount {
    #[diesel(sql_type = Text)]
    account: FundingAccountId,
}

/// Transfers that are asked about, in the words of the partial index, or neither engine would use it.
const ASKED_ABOUT: &str = "(transfers.state = 'in_doubt' OR transfers.state = 'needs_attention')";

/// Of a batch with such transfers, whether one is due: one step into the index for each state, however many there are.
pub(super) const HAS_DUE: &str = "(batches.in_doubt > 0 OR batches.needs_attention > 0) \
    AND (EXISTS (SELECT 1 FROM transfers WHERE transfers.batch_id = batches.id AND transfers.state = 'in_doubt' AND transfers.next_at <= $1) \
    OR EXISTS (SELECT 1 FROM transfers WHERE transfers.batch_id = batches.id AND transfers.state = 'needs_attention' \
    AND transfers.next_at <= $1))";

/// The accounts with transfers that are due to be asked about.
pub(in crate::dispatch) fn accounts_to_ask(conn: &mut Conn, now: Instant) -> Result<Vec<FundingAccountId>> {
    let sql = format!("SELECT DISTINCT batches.funding_account_id AS account FROM batches WHERE {HAS_DUE}");
    let due: Vec<DueAccount> = diesel::sql_query(sql).bind::<BigInt, _>(now).load(conn)?;
    Ok(due.into_iter().map(|due| due.account).collect())
}

/// The batches of an account with transfers that are due to be asked about, at most so many.
pub(in crate::dispatch) fn batches_to_ask(conn: &mut Conn, account: &FundingAccountId, now: Instant, most: i64) -> Result<Vec<BatchId>> {
    let sql = format!("SELECT batches.id FROM batches WHERE {HAS_DUE} AND batches.funding_account_id = $2 ORDER BY batches.id LIMIT $3");
    let query = diesel::sql_query(sql).bind::<BigInt, _>(now).bind::<Text, _>(account).bind::<BigInt, _>(most);
    let due: Vec<Touched> = query.load(conn)?;
    Ok(due.into_iter().map(|due| due.id).collect())
}

#[derive(QueryableByName)]
struct Earliest {
    #[diesel(sql_type = Nullable<BigInt>)]
    at: Option<Instant>,
}

/// When the next transfer wants to be asked about, tried again, or its batch goes on or begins.
pub(in crate::dispatch) fn next_due(conn: &mut Conn) -> Result<Option<Instant>> {
    let sql = format!(
        "SELECT MIN(at) AS at FROM (SELECT MIN(next_at) AS at FROM transfers WHERE {ASKED_ABOUT} \
         UNION ALL SELECT MIN(next_at) AS at FROM resolutions WHERE next_at IS NOT NULL \
         UNION ALL SELECT MIN(resume_at) AS at FROM batches WHERE state = 'paused' \
         UNION ALL SELECT MIN(pay_at) AS at FROM batches WHERE state = 'scheduled' \
         UNION ALL SELECT MIN(transfers.next_at) AS at FROM batches JOIN transfers ON transfers.batch_id = batches.id \
         WHERE batches.state = 'processing' AND transfers.state IN ('ready', 'agreeing', 'sending')) AS due"
    );
    let earliest: Option<Earliest> = diesel::sql_query(sql).get_result(conn).optional()?;
    Ok(earliest.and_then(|earliest| earliest.at))
}

#[derive(QueryableByName)]
struct Touched {
    #[diesel(sql_type = Text)]
    id: BatchId,
}

/// Makes a recording and a pause of the same batch wait for each other: both update its row.
pub(in crate::dispatch) fn lock_paying<'a>(tx: &mut WriteTx<'_>, ids: impl Iterator<Item = &'a BatchId>) -> Result<()> {
    let ids: Vec<_> = ids.collect();
    let given = Given::of(&ids).text("batch", |id| id.as_str());
    given.execute(tx, |given| format!("UPDATE batches SET paying = batches.paying FROM {given} WHERE batches.id = given.batch")).map(drop)
}

/// How the counts and sums of batches change; one entry a batch.
#[derive(Debug, Default)]
pub(in crate::dispatch) struct Deltas(BTreeMap<BatchId, BTreeMap<Count, (i64, i64)>>);

impl Deltas {
    /// A transfer of this amount goes from one count to another.
    pub fn moved(&mut self, batch: &BatchId, amount: Minor, from: TransferState, to: TransferState) {
        let (from, to) = (Count::of(from), Count::of(to));
        if from == to {
            return;
        }
        let counts = self.0.entry(batch.clone()).or_default();
        for (count, sign) in [(from, -1), (to, 1)] {
            let entry = counts.entry(count).or_default();
            entry.0 = entry.0.saturating_add(sign);
            entry.1 = entry.1.saturating_add(amount.units().saturating_mul(sign));
        }
    }

    /// The same for many transfers of one batch: their number and sum.
    pub fn moved_many(&mut self, batch: &BatchId, (count, sum): (i64, Minor), from: TransferState, to: TransferState) {
        let counts = self.0.entry(batch.clone()).or_default();
        for (of, sign) in [(Count::of(from), -1), (Count::of(to), 1)] {
            let entry = counts.entry(of).or_default();
            entry.0 = entry.0.saturating_add(count.saturating_mul(sign));
            entry.1 = entry.1.saturating_add(sum.units().saturating_mul(sign));
        }
    }

    pub fn batches(&self) -> impl Iterator<Item = &BatchId> {
        self.0.keys()
    }
}

/// Moves the counts. A batch that pays again forgets how often it waited for liquidity.
pub(in crate::dispatch) fn add_deltas(tx: &mut WriteTx<'_>, deltas: &Deltas) -> Result<()> {
    let rows: Vec<_> = deltas.0.iter().collect();
    let mut given = Given::of(&rows).text("batch", |(batch, _)| batch.as_str());
    let of = |counts: &BTreeMap<_, _>, count| counts.get(count).copied().unwrap_or_default();
    for count in Count::ALL {
        let name = count.as_str();
        given = given
            .bigint(format!("d_{name}"), |(_, counts)| of(counts, count).0)
            .bigint(format!("s_{name}"), |(_, counts)| of(counts, count).1);
    }
    let add = |count: &Count| {
        let name = count.as_str();
        format!("{name} = batches.{name} + given.d_{name}, sum_{name} = batches.sum_{name} + given.s_{name}")
    };
    let set: Vec<_> = Count::ALL.iter().map(add).collect();
    let move_counts = |given: &str| {
        format!(
            "UPDATE batches SET {}, pauses = CASE WHEN given.d_succeeded > 0 THEN 0 ELSE batches.pauses END FROM {given} \
             WHERE batches.id = given.batch",
            set.join(", ")
        )
    };
    given.execute(tx, move_counts).map(drop)
}

/// Of these batches, those in which nothing is left to pay or to learn become `processed`.
pub(in crate::dispatch) fn finish_idle<'a>(tx: &mut WriteTx<'_>, ids: impl Iterator<Item = &'a BatchId>) -> Result<Vec<BatchId>> {
    let at_now = tx.now().micros();
    let ids: Vec<_> = ids.collect();
    let given = Given::of(&ids).text("batch", |id| id.as_str()).bigint("at_now", |_| at_now);
    let finish = |given: &str| {
        format!(
            "UPDATE batches SET state = 'processed', state_at = given.at_now, processed_at = given.at_now FROM {given} \
             WHERE batches.id = given.batch AND state = 'processing' AND waiting = 0 AND paying = 0 AND in_doubt = 0 RETURNING id"
        )
    };
    let done: Vec<Touched> = given.load(tx, finish)?;
    Ok(done.into_iter().map(|done| done.id).collect())
}

/// A batch's own move; exactly one row or Conflict.
pub(in crate::dispatch) struct BatchMove<'a> {
    pub id: &'a BatchId,
    pub from: State,
    pub to: State,
    pub reason: Option<&'a str>,
    pub code: Option<String>,
    pub resume_at: Option<Instant>,
    pub pauses: i32,
}

pub(in crate::dispatch) fn move_batch(tx: &mut WriteTx<'_>, one: &BatchMove<'_>) -> Result<()> {
    if !one.from.may_become(one.to) {
        return Err(Error::Conflict);
    }
    let now = tx.now();
    let moved = diesel::update(batches::table.filter(batches::id.eq(one.id)).filter(batches::state.eq(one.from)))
        .set((
            batches::state.eq(one.to),
            batches::state_at.eq(now),
            batches::pause_reason.eq(one.reason),
            batches::pause_code.eq(one.code.as_deref()),
            batches::resume_at.eq(one.resume_at),
            batches::pauses.eq(one.pauses),
        ))
        .execute(&mut **tx)?;
    if moved == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// A paused batch stands still for another reason now; exactly one row or Conflict.
pub(in crate::dispatch) fn pause_otherwise(tx: &mut WriteTx<'_>, batch: &BatchRow, reason: &str, code: Option<&str>) -> Result<()> {
    let now = tx.now();
    let seen = batches::table.filter(batches::id.eq(&batch.id)).filter(batches::state.eq(State::Paused));
    let moved = diesel::update(seen.filter(batches::pause_reason.eq(&batch.pause_reason)))
        .set((
            batches::state_at.eq(now),
            batches::pause_reason.eq(reason),
            batches::pause_code.eq(code),
            batches::resume_at.eq(None::<Instant>),
        ))
        .execute(&mut **tx)?;
    if moved == 1 { Ok(()) } else { Err(Error::Conflict) }
}

pub(in crate::dispatch) fn mark_started(tx: &mut WriteTx<'_>, id: &BatchId) -> Result<()> {
    let now = tx.now();
    diesel::update(batches::table.filter(batches::id.eq(id)).filter(batches::started_at.is_null()))
        .set(batches::started_at.eq(now))
        .execute(&mut **tx)?;
    Ok(())
}

/// The batches in these states.
pub(in crate::dispatch) fn batches_in(conn: &mut Conn, states: &[State]) -> Result<Vec<BatchRow>> {
    Ok(batches::table.filter(batches::state.eq_any(states.to_vec())).order(batches::id).select(BatchRow::as_select()).load(conn)?)
}

/// When a batch was approved.
pub(in crate::dispatch) fn approved_at(conn: &mut Conn, id: &BatchId) -> Result<Option<Instant>> {
    let at: Option<Instant> = decisions::table
        .filter(decisions::batch_id.eq(id))
        .filter(decisions::decision.eq("approved"))
        .select(decisions::at)
        .first(conn)
        .optional()?;
    Ok(at)
}
