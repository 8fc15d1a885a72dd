//! The decisions table, and what a decision reads and moves of a batch and its rows.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Decision;
use super::history::{HistoryCriteria, HistoryEntry};
use super::tasks::{Checker, Task, TaskCriteria, Waiting};
use crate::audit::What;
use crate::batches::{Batch, PaymentType, State};
use crate::clock::Instant;
use crate::db::schema::{approvals_again, decisions, transfers};
use crate::db::{Conn, Question, Result, WriteTx};
use crate::dispatch::TransferState;
use crate::ids::{BatchId, BranchId, Reference, UserId};
use crate::money::{Currency, Minor};
use crate::payees::PartyIdType;
use crate::search::{Part, Scope, Slice};

/// A batch as its checker has to know it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Case {
    #[diesel(sql_type = Text)]
    pub id: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub client_reference: Option<String>,
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub branch_name: String,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = Text)]
    pub account: String,
    #[diesel(sql_type = Text)]
    pub from_fsp: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub to_fsp: Option<String>,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = BigInt)]
    pub state_at: Instant,
    #[diesel(sql_type = Nullable<Text>)]
    pub seal: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub fee_limit: Minor,
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = BigInt)]
    pub excluded: i64,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub created_by: String,
    #[diesel(sql_type = BigInt)]
    pub created_at: Instant,
    #[diesel(sql_type = Nullable<Text>)]
    pub submitted_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub submitted_at: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub pay_at: Option<Instant>,
}

impl Case {
    /// It was approved before, by somebody who lost the right to.
    pub fn is_again(&self) -> bool {
        self.state == State::Paused
    }

    /// Payments that its page lists: those that would be paid; of what was approved before, all that were.
    pub fn listed(&self) -> i64 {
        if self.is_again() { self.total.saturating_sub(self.excluded) } else { self.waiting }
    }
}

pub(super) fn find(conn: &mut Conn, id: &BatchId) -> Result<Option<Case>> {
    let mut question = Question::default();
    let id = question.text(id.as_str());
    let sql = format!(
        "SELECT b.id, b.reference, b.name, b.client_reference, b.branch_id AS branch, r.name AS branch_name, b.payment_type, \
         a.name AS account, af.name AS from_fsp, tf.name AS to_fsp, b.currency, b.state, b.state_at, b.seal, b.fee_limit, b.waiting, \
         b.excluded, b.total, b.sum_waiting AS sum, cu.full_name AS created_by, b.created_at, su.full_name AS submitted_by, \
         b.submitted_at, b.pay_at FROM batches b JOIN branches r ON r.id = b.branch_id JOIN funding_accounts a ON a.id = b.funding_account_id \
         JOIN fsps af ON af.id = a.fsp_id LEFT JOIN fsps tf ON tf.id = b.to_fsp JOIN users cu ON cu.id = b.created_by \
         LEFT JOIN users su ON su.id = b.submitted_by WHERE b.id = {id}"
    );
    Ok(question.load(conn, &sql)?.into_iter().next())
}

/// A decision as it stands.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Standing {
    #[diesel(sql_type = Text)]
    pub decision: Decision,
    #[diesel(sql_type = Text)]
    pub user_id: UserId,
    #[diesel(sql_type = Text)]
    pub by: String,
    #[diesel(sql_type = BigInt)]
    pub at: Instant,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
}

pub(super) fn decision(conn: &mut Conn, batch: &BatchId) -> Result<Option<Standing>> {
    let mut question = Question::default();
    let batch = question.text(batch.as_str());
    let sql = format!(
        "SELECT d.decision, d.user_id, u.full_name AS by, d.at, d.reason FROM decisions d JOIN users u ON u.id = d.user_id \
         WHERE d.batch_id = {batch}"
    );
    Ok(question.load(conn, &sql)?.into_iter().next())
}

/// The approval of a batch that counts: the newest.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Approval {
    #[diesel(sql_type = Text)]
    pub user_id: UserId,
    #[diesel(sql_type = Text)]
    pub by: String,
    #[diesel(sql_type = BigInt)]
    pub at: Instant,
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
}

pub(super) fn approval(conn: &mut Conn, batch: &BatchId) -> Result<Option<Approval>> {
    let mut question = Question::default();
    let batch = question.text(batch.as_str());
    let sql = format!(
        "SELECT d.user_id, u.full_name AS by, d.at, b.branch_id AS branch FROM \
         (SELECT user_id, at FROM decisions WHERE batch_id = {batch} AND decision = 'approved' \
         UNION ALL SELECT user_id, at FROM approvals_again WHERE batch_id = {batch}) d \
         JOIN users u ON u.id = d.user_id JOIN batches b ON b.id = {batch} ORDER BY d.at DESC LIMIT 1"
    );
    Ok(question.load(conn, &sql)?.into_iter().next())
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Who did this to the batch last.
pub(super) fn last_to(conn: &mut Conn, batch: &BatchId, what: What) -> Result<Option<String>> {
    let mut question = Question::default();
    let (batch, what) = (question.text(batch.as_str()), question.text(what.as_str()));
    let sql = format!("SELECT actor_name AS name FROM audit_events WHERE batch_id = {batch} AND action = {what} ORDER BY id DESC LIMIT 1");
    Ok(question.load::<Named>(conn, &sql)?.into_iter().next().map(|named| named.name))
}

/// Lines of a file made ready by one statement: SQLite keeps what a statement changed in memory until it ends.
const LINES_AT_ONCE: i64 = 20_000;

/// Every pending row of the batch becomes ready; how many there were.
pub(super) fn make_ready(tx: &mut WriteTx<'_>, batch: &BatchId) -> Result<i64> {
    // With its time, so that the start of a large batch need not touch every row again.
    let now = tx.now();
    let last: Option<i64> =
        transfers::table.filter(transfers::batch_id.eq(batch)).select(diesel::dsl::max(transfers::line)).first(&mut **tx)?;
    let (mut moved, mut after) = (0, -1);
    while last.is_some_and(|last| after < last) {
        let until = after.saturating_add(LINES_AT_ONCE);
        let pending = transfers::table
            .filter(transfers::batch_id.eq(batch))
            .filter(transfers::line.gt(after))
            .filter(transfers::line.le(until))
            .filter(transfers::state.eq(TransferState::Pending));
        let ready = (transfers::state.eq(TransferState::Ready), transfers::next_at.eq(Some(now)));
        moved += diesel::update(pending).set(ready).execute(&mut **tx)?;
        after = until;
    }
    Ok(i64::try_from(moved).unwrap_or(i64::MAX))
}

pub(super) fn insert_decision(tx: &mut WriteTx<'_>, batch: &Batch, user: &UserId, decision: Decision, reason: Option<&str>) -> Result<()> {
    let now = tx.now();
    let excluded: Vec<i64> = transfers::table
        .filter(transfers::batch_id.eq(&batch.id))
        .filter(transfers::state.eq(TransferState::Excluded))
        .order(transfers::line)
        .select(transfers::line)
        .load(&mut **tx)?;
    diesel::insert_into(decisions::table)
        .values((
            decisions::batch_id.eq(&batch.id),
            decisions::decision.eq(decision),
            decisions::reason.eq(reason),
            decisions::user_id.eq(user),
            decisions::at.eq(now),
            decisions::seal.eq(batch.seal.as_deref().unwrap_or_default()),
            decisions::row_count.eq(batch.counts.waiting.count),
            decisions::excluded_lines.eq(serde_json::json!(excluded).to_string()),
            decisions::sum.eq(batch.counts.waiting.sum),
            decisions::currency.eq(batch.currency),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Another approval of what was approved before, under the same seal.
pub(super) fn insert_again(tx: &mut WriteTx<'_>, batch: &Batch, user: &UserId, reason: Option<&str>) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(approvals_again::table)
        .values((
            approvals_again::batch_id.eq(&batch.id),
            approvals_again::at.eq(now),
            approvals_again::user_id.eq(user),
            approvals_again::seal.eq(batch.seal.as_deref().unwrap_or_default()),
            approvals_again::reason.eq(reason),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Batches that wait for this checker, the longest wait first.
pub(super) fn tasks(conn: &mut Conn, checker: &Checker, criteria: &TaskCriteria, slice: Slice) -> Result<Part<Task>> {
    let mut question = Question::default();
    let mut conditions = vec![checker.tasks(&mut question)];
    if let Some(branch) = &criteria.branch {
        let branch = question.text(branch.as_str());
        conditions.push(format!("b.branch_id = {branch}"));
    }
    if let Some(kind) = criteria.payment_type {
        let kind = question.text(kind.as_str());
        conditions.push(format!("b.payment_type = {kind}"));
    }
    let from = format!("FROM batches b WHERE {}", conditions.join(" AND "));
    let counted = question.count(conn, &from, slice.most)?;
    let (limit, offset) = (question.number(slice.limit), question.number(slice.offset));
    let sql = format!(
        "SELECT b.id, b.reference, b.name, u.full_name AS created_by, b.created_at, r.name AS branch, b.payment_type, b.waiting AS total, \
         b.sum_waiting AS sum, b.currency, b.warnings, b.submitted_at, b.state, b.pay_at \
         FROM (SELECT b.* {from} ORDER BY b.submitted_at, b.id LIMIT {limit} OFFSET {offset}) b \
         JOIN users u ON u.id = b.created_by JOIN branches r ON r.id = b.branch_id ORDER BY b.submitted_at, b.id"
    );
    Ok(Part { rows: question.load(conn, &sql)?, counted })
}

/// How many batches wait for this checker, counted no further than `most` + 1.
///
/// # Errors
/// The database's.
pub fn tasks_waiting(conn: &mut Conn, checker: &Checker, most: i64) -> Result<i64> {
    if checker.decides_nothing() {
        return Ok(0);
    }
    let mut question = Question::default();
    let tasks = checker.tasks(&mut question);
    question.count(conn, &format!("FROM batches b WHERE {tasks}"), most)
}

/// What waits for this checker, by currency.
///
/// # Errors
/// The database's.
pub fn waiting_sums(conn: &mut Conn, checker: &Checker) -> Result<Vec<Waiting>> {
    if checker.decides_nothing() {
        return Ok(Vec::new());
    }
    let mut question = Question::default();
    let tasks = checker.tasks(&mut question);
    let sql = format!(
        "SELECT b.currency, COUNT(*) AS batches, CAST(SUM(b.sum_waiting) AS BIGINT) AS sum, MIN(b.submitted_at) AS oldest FROM batches b \
         WHERE {tasks} GROUP BY b.currency ORDER BY b.currency"
    );
    question.load(conn, &sql)
}

/// How many batches the person made a part of wait for others.
pub(super) fn waiting_of(conn: &mut Conn, user: &UserId, most: i64) -> Result<i64> {
    let mut question = Question::default();
    let user = question.text(user.as_str());
    let from = format!(
        "FROM batches b WHERE b.state = 'pending_approval' \
         AND EXISTS (SELECT 1 FROM batch_makers m WHERE m.batch_id = b.id AND m.user_id = {user})"
    );
    question.count(conn, &from, most)
}

/// How many decisions the person made since a moment.
pub(super) fn decided_since(conn: &mut Conn, user: &UserId, since: Instant) -> Result<i64> {
    Ok(decisions::table.filter(decisions::user_id.eq(user)).filter(decisions::at.ge(since)).count().get_result(conn)?)
}

/// A payment as its checker looks at it.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    #[diesel(sql_type = Text)]
    pub payee_name: String,
    #[diesel(sql_type = Text)]
    pub id_type: PartyIdType,
    #[diesel(sql_type = Text)]
    pub id_value: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub fsp: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount: Minor,
    #[diesel(sql_type = Text)]
    pub note: String,
}

/// Rows of a batch that would be paid, by line or the biggest first.
pub(super) fn rows(conn: &mut Conn, batch: &BatchId, biggest_first: bool, offset: i64, limit: i64) -> Result<Vec<Row>> {
    let mut question = Question::default();
    let batch = question.text(batch.as_str());
    let (limit, offset) = (question.number(limit), question.number(offset));
    let order = if biggest_first { "t.amount DESC, t.line" } else { "t.line" };
    let sql = format!(
        "SELECT t.line, t.payee_name, t.id_type, t.id_value, (SELECT f.name FROM fsps f WHERE f.id = t.to_fsp) AS fsp, t.amount, t.note \
         FROM transfers t WHERE t.batch_id = {batch} AND t.state <> 'excluded' ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    );
    question.load(conn, &sql)
}

/// Actions on batches that the person may see, newest first.
pub(super) fn history(conn: &mut Conn, scope: &Scope, criteria: &HistoryCriteria, slice: Slice) -> Result<Part<HistoryEntry>> {
    let mut question = Question::default();
    let mut conditions = vec!["e.batch_id IS NOT NULL".to_owned(), "b.id = e.batch_id".to_owned()];
    if let Some(person) = &criteria.person {
        let person = question.text(person.as_str());
        conditions.push(format!("e.actor_id = {person}"));
    }
    if let Some(what) = criteria.what {
        let what = question.text(what.as_str());
        conditions.push(format!("e.action = {what}"));
    }
    if let Some(from) = criteria.span.from {
        let from = question.number(from.micros());
        conditions.push(format!("e.at >= {from}"));
    }
    if let Some(until) = criteria.span.until {
        let until = question.number(until.micros());
        conditions.push(format!("e.at < {until}"));
    }
    conditions.push(scope.of_batches(&mut question));
    // SQLite reads the tables in this order (CROSS JOIN keeps it): the newest events first, by their index.
    let from = format!("FROM audit_events e CROSS JOIN batches b WHERE {}", conditions.join(" AND "));
    let counted = question.count(conn, &from, slice.most)?;
    let (limit, offset) = (question.number(slice.limit), question.number(slice.offset));
    let sql = format!(
        "SELECT e.at, e.actor_name AS name, e.action, e.reason, e.changes, b.id AS batch, b.reference, b.name AS batch_name, b.state \
         {from} ORDER BY e.at DESC, e.id DESC LIMIT {limit} OFFSET {offset}"
    );
    Ok(Part { rows: question.load(conn, &sql)?, counted })
}
