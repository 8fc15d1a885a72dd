//! Payments without an outcome.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::batches::PaymentType;
use crate::clock::Instant;
use crate::db::{Conn, Question, Result};
use crate::dispatch::TransferState;
use crate::ids::{BatchId, BranchId, Reference, RowId};
use crate::money::{Currency, Minor};
use crate::resolutions::{Criteria, Resolver, Unresolved};

/// A payment as the verbs of this room need it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Case {
    #[diesel(sql_type = Text)]
    pub row_id: RowId,
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub batch_name: String,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    /// The batch's.
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub branch_name: String,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    #[diesel(sql_type = Text)]
    pub payee_name: String,
    #[diesel(sql_type = Text)]
    pub id_value: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub fsp: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Text)]
    pub state: TransferState,
}

/// # Errors
/// The database's.
pub fn case(conn: &mut Conn, row: &RowId) -> Result<Option<Case>> {
    let mut question = Question::default();
    let row = question.text(row.as_str());
    let sql = format!(
        "SELECT t.id AS row_id, b.id AS batch, b.name AS batch_name, b.reference, b.branch_id AS branch, r.name AS branch_name, \
         b.payment_type, t.line, t.payee_name, t.id_value, \
         (SELECT f.name FROM fsps f WHERE f.id = COALESCE(t.payee_fsp, t.to_fsp)) AS fsp, t.amount, t.currency, t.state \
         FROM transfers t JOIN batches b ON b.id = t.batch_id JOIN branches r ON r.id = b.branch_id \
         WHERE t.id = {row} AND b.state <> 'deleted'"
    );
    Ok(question.load::<Case>(conn, &sql)?.into_iter().next())
}

/// The payments of one state that the person may resolve. The state stands in the text, as the partial index has it.
fn within(question: &mut Question, resolver: &Resolver, state: TransferState) -> String {
    let within = resolver.of_batches(question);
    // SQLite reads the tables in this order: few payments stand so, however many batches there are.
    format!("FROM transfers t CROSS JOIN batches b WHERE b.id = t.batch_id AND t.state = '{}' AND {within}", state.as_str())
}

/// The oldest that fit, and how many fit in all, counted no further than `most` + 1.
///
/// # Errors
/// The database's.
pub fn unresolved(conn: &mut Conn, resolver: &Resolver, criteria: &Criteria, limit: i64, most: i64) -> Result<(Vec<Unresolved>, i64)> {
    let mut question = Question::default();
    let mut from = within(&mut question, resolver, criteria.state);
    if let Some(branch) = &criteria.branch {
        from.push_str(&format!(" AND b.branch_id = {}", question.text(branch.as_str())));
    }
    if let Some(fsp) = &criteria.fsp {
        from.push_str(&format!(" AND COALESCE(t.payee_fsp, t.to_fsp) = {}", question.text(fsp.as_str())));
    }
    if let Some(batch) = &criteria.batch {
        from.push_str(&format!(" AND b.reference = {}", question.text(batch.as_str())));
    }
    let counted = question.count(conn, &from, most)?;
    if let Some(after) = &criteria.after {
        let (since, row) = (question.number(after.since.micros()), question.text(after.row.as_str()));
        from.push_str(&format!(" AND (t.doubt_since, t.id) > ({since}, {row})"));
    }
    let limit = question.number(limit);
    let sql = format!(
        "SELECT t.id, t.payee_name, t.id_value, (SELECT f.name FROM fsps f WHERE f.id = COALESCE(t.payee_fsp, t.to_fsp)) AS fsp, t.amount, \
         t.currency, t.state, t.reason, t.code, t.doubt_since, t.next_at, b.reference AS batch, b.name AS batch_name, \
         (SELECT r.name FROM branches r WHERE r.id = b.branch_id) AS branch, \
         (SELECT p.id FROM resolutions p WHERE p.row_id = t.id AND p.state = 'proposed') AS proposal \
         {from} ORDER BY t.doubt_since, t.id LIMIT {limit}"
    );
    Ok((question.load(conn, &sql)?, counted))
}

/// How many need attention that the person may resolve, counted no further than `most` + 1.
///
/// # Errors
/// The database's.
pub fn waiting_for(conn: &mut Conn, resolver: &Resolver, most: i64) -> Result<i64> {
    if resolver.resolves_nothing() {
        return Ok(0);
    }
    let mut question = Question::default();
    let from = within(&mut question, resolver, TransferState::NeedsAttention);
    question.count(conn, &from, most)
}

#[derive(QueryableByName)]
struct Since {
    #[diesel(sql_type = Nullable<BigInt>)]
    since: Option<Instant>,
}

/// How many payments stand so, and since when the oldest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oldest {
    pub count: i64,
    pub since: Option<Instant>,
}

/// # Errors
/// The database's.
pub fn oldest_unresolved(conn: &mut Conn, resolver: &Resolver, state: TransferState, most: i64) -> Result<Option<Oldest>> {
    if resolver.resolves_nothing() {
        return Ok(None);
    }
    let mut question = Question::default();
    let from = within(&mut question, resolver, state);
    let count = question.count(conn, &from, most)?;
    if count == 0 {
        return Ok(None);
    }
    let oldest: Vec<Since> = question.load(conn, &format!("SELECT t.doubt_since AS since {from} ORDER BY t.doubt_since, t.id LIMIT 1"))?;
    Ok(Some(Oldest { count, since: oldest.first().and_then(|oldest| oldest.since) }))
}
