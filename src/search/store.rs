//! The questions. Each is put within a scope, and reads tables of other rooms, as only this room and reports may.

use super::transfers::{AttemptOf, FoundTransfer, ReplyOf, Transfer, TransferCriteria};
use super::{BatchCriteria, FoundBatch, Scope};
use crate::db::{Conn, Question, Result};
use crate::ids::{BatchId, BranchId, Reference, RowId, UserId};

/// Attempts and replies of one transaction that its page shows, at most; the newest.
const ATTEMPTS_SHOWN_MAX: i64 = 50;
const REPLIES_SHOWN_MAX: i64 = 200;
/// Characters of a reply that its page shows, at most.
const BODY_CHARS_MAX: i64 = 4_000;
/// People and branches one can choose among in a filter, at most.
const CHOICES_MAX: i64 = 500;

/// A part of a list, and how many entries it has in all, counted no further than `most` + 1.
pub struct Part<T> {
    pub rows: Vec<T>,
    pub counted: i64,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    pub offset: i64,
    pub limit: i64,
    /// Entries that are counted, at most.
    pub most: i64,
}

/// A list as SQL: what it counts, and what it loads of that.
struct Asked {
    question: Question,
    from: String,
    part: String,
}

impl Asked {
    fn load<R>(&self, conn: &mut Conn, slice: Slice) -> Result<Part<R>>
    where
        R: diesel::QueryableByName<diesel::pg::Pg> + diesel::QueryableByName<diesel::sqlite::Sqlite> + 'static,
    {
        let counted = self.question.count(conn, &self.from, slice.most)?;
        Ok(Part { rows: self.question.load(conn, &self.part)?, counted })
    }
}

/// Batches that fit, newest first.
///
/// # Errors
/// The database's.
pub fn batches(conn: &mut Conn, scope: &Scope, criteria: &BatchCriteria, slice: Slice) -> Result<Part<FoundBatch>> {
    ask_batches(scope, criteria, slice).load(conn, slice)
}

fn ask_batches(scope: &Scope, criteria: &BatchCriteria, Slice { offset, limit, .. }: Slice) -> Asked {
    let mut question = Question::default();
    let mut conditions = criteria.conditions(&mut question);
    conditions.push(scope.of_batches(&mut question));
    let from = format!("FROM batches b WHERE {}", conditions.join(" AND "));
    let part = format!(
        "SELECT b.id, b.reference, b.name, u.full_name AS created_by, b.created_at, r.name AS branch, b.payment_type, b.state, b.total, \
         b.sum_total AS sum, b.currency, b.succeeded, b.failed, b.pay_at \
         FROM (SELECT b.* {from} ORDER BY b.created_at DESC, b.id DESC LIMIT {limit} OFFSET {offset}) b \
         JOIN users u ON u.id = b.created_by JOIN branches r ON r.id = b.branch_id ORDER BY b.created_at DESC, b.id DESC"
    );
    Asked { question, from, part }
}

/// Transactions that fit.
///
/// # Errors
/// The database's.
pub fn transfers(conn: &mut Conn, scope: &Scope, criteria: &TransferCriteria, slice: Slice) -> Result<Part<FoundTransfer>> {
    ask_transfers(scope, criteria, slice).load(conn, slice)
}

fn ask_transfers(scope: &Scope, criteria: &TransferCriteria, Slice { offset, limit, .. }: Slice) -> Asked {
    let mut question = Question::default();
    let mut conditions = criteria.conditions(&mut question);
    conditions.push(scope.of_transfers(&mut question));
    let way = criteria.way();
    let from = format!("{} AND {}", way.from(), conditions.join(" AND "));
    let part = format!(
        "SELECT t.id, t.reference, t.payee_name, t.id_type, t.id_value, \
         (SELECT f.name FROM fsps f WHERE f.id = COALESCE(t.payee_fsp, t.to_fsp)) AS fsp, t.amount, t.currency, t.state, t.code, \
         b.reference AS batch, b.payment_type, b.created_at \
         {from} ORDER BY {} LIMIT {limit} OFFSET {offset}",
        way.order()
    );
    Asked { question, from, part }
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: BatchId,
}

/// The batch with a reference, or a client reference, that the person may see.
///
/// # Errors
/// The database's.
pub fn batch_of_reference(conn: &mut Conn, scope: &Scope, typed: &str) -> Result<Option<BatchId>> {
    let mut question = Question::default();
    let reference = question.text(typed.replace(' ', "").to_lowercase());
    let client = question.text(typed);
    let within = scope.of_batches(&mut question);
    let sql = format!(
        "SELECT b.id FROM batches b WHERE b.state <> 'deleted' AND (b.reference = {reference} OR b.client_reference = {client}) AND {within} \
         ORDER BY b.created_at LIMIT 1"
    );
    let found: Vec<Found> = question.load(conn, &sql)?;
    Ok(found.into_iter().next().map(|found| found.id))
}

/// Whether the person may see the batch itself, and not only a row of it.
///
/// # Errors
/// The database's.
pub fn may_see_batch(conn: &mut Conn, scope: &Scope, batch: &BatchId) -> Result<bool> {
    let mut question = Question::default();
    let id = question.text(batch.as_str());
    let within = scope.of_batches(&mut question);
    Ok(question.count(conn, &format!("FROM batches b WHERE b.id = {id} AND b.state <> 'deleted' AND {within}"), 1)? > 0)
}

/// A transaction with its attempts and their replies, newest attempt first.
pub struct Told {
    pub transfer: Transfer,
    pub attempts: Vec<(AttemptOf, Vec<ReplyOf>)>,
    pub may_see_batch: bool,
}

/// The transaction that the person may see by this id of its row.
///
/// # Errors
/// The database's.
pub fn transfer(conn: &mut Conn, scope: &Scope, id: &RowId) -> Result<Option<Told>> {
    let mut question = Question::default();
    let id = question.text(id.as_str());
    let within = scope.of_transfers(&mut question);
    let sql = format!(
        "SELECT t.id, t.home_transaction_id AS home, t.line, t.reference, t.payee_name, t.id_type, t.id_value, \
         (SELECT f.name FROM fsps f WHERE f.id = t.to_fsp) AS asked_fsp, \
         COALESCE((SELECT f.name FROM fsps f WHERE f.id = t.payee_fsp), t.payee_fsp) AS found_fsp, \
         t.resolved_name, t.amount, t.currency, t.fee, t.note, t.extra, t.state, t.transfer_id, t.code, t.reason, t.doubt_since, t.settled_at, \
         rb.name AS row_branch, b.id AS batch_id, b.reference AS batch, b.name AS batch_name, b.state AS batch_state, b.payment_type, \
         a.name AS account, af.name AS from_fsp, b.created_at, cu.full_name AS created_by, b.submitted_at, \
         su.full_name AS submitted_by, d.decision, d.at AS decided_at, du.full_name AS decided_by, d.reason AS decision_reason \
         FROM transfers t JOIN batches b ON b.id = t.batch_id JOIN branches rb ON rb.id = t.branch_id \
         JOIN funding_accounts a ON a.id = b.funding_account_id JOIN fsps af ON af.id = a.fsp_id \
         JOIN users cu ON cu.id = b.created_by LEFT JOIN users su ON su.id = b.submitted_by \
         LEFT JOIN decisions d ON d.batch_id = b.id LEFT JOIN users du ON du.id = d.user_id \
         WHERE t.id = {id} AND b.state <> 'deleted' AND {within}"
    );
    let Some(transfer) = question.load::<Transfer>(conn, &sql)?.into_iter().next() else { return Ok(None) };
    let attempts = attempts(conn, &transfer.id)?;
    let may_see_batch = may_see_batch(conn, scope, &transfer.batch_id)?;
    Ok(Some(Told { transfer, attempts, may_see_batch }))
}

fn attempts(conn: &mut Conn, row: &RowId) -> Result<Vec<(AttemptOf, Vec<ReplyOf>)>> {
    let mut question = Question::default();
    let id = question.text(row.as_str());
    let newest = format!("FROM attempts a WHERE a.row_id = {id} ORDER BY a.claimed_at DESC, a.id DESC LIMIT {ATTEMPTS_SHOWN_MAX}");
    let columns = "a.id, a.purpose, a.transfer_id, a.claimed_at, a.recorded_at, a.ended_at, a.outcome, a.code";
    let attempts: Vec<AttemptOf> = question.load(conn, &format!("SELECT {columns} {newest}"))?;
    let sql = format!(
        "SELECT r.attempt_id, r.call, r.sent_at, r.took_us, r.http_status, r.verdict, r.code, \
         substr(r.body, 1, {BODY_CHARS_MAX}) AS body FROM replies r WHERE r.attempt_id IN (SELECT a.id {newest}) \
         ORDER BY r.sent_at DESC, r.position DESC LIMIT {REPLIES_SHOWN_MAX}"
    );
    let mut replies: Vec<ReplyOf> = question.load(conn, &sql)?;
    replies.reverse();
    let of = |attempt: &AttemptOf| replies.iter().filter(|reply| reply.attempt_id == attempt.id).cloned().collect();
    Ok(attempts
        .into_iter()
        .map(|attempt| {
            let replies = of(&attempt);
            (attempt, replies)
        })
        .collect())
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Everybody, in order of name: to filter by who made or did something.
///
/// # Errors
/// The database's.
pub fn people(conn: &mut Conn) -> Result<Vec<(UserId, String)>> {
    let sql = format!("SELECT id, full_name AS name FROM users ORDER BY full_name, id LIMIT {CHOICES_MAX}");
    let named: Vec<Named> = Question::default().load(conn, &sql)?;
    Ok(named.into_iter().map(|named| (UserId::from(named.id), named.name)).collect())
}

/// The branches in which the person may see something or has made something, in order of code.
///
/// # Errors
/// The database's.
pub fn branches_of(conn: &mut Conn, scope: &Scope, user: &UserId) -> Result<Vec<(BranchId, String)>> {
    let mut question = Question::default();
    let seen = question.texts(scope.branches().iter().map(BranchId::as_str));
    let user = question.text(user.as_str());
    let sql = format!(
        "SELECT r.id, r.name FROM branches r WHERE r.id IN ({seen}) OR r.id IN (SELECT b.branch_id FROM batch_makers m \
         JOIN batches b ON b.id = m.batch_id WHERE m.user_id = {user}) ORDER BY r.code LIMIT {CHOICES_MAX}"
    );
    let named: Vec<Named> = question.load(conn, &sql)?;
    Ok(named.into_iter().map(|named| (BranchId::from(named.id), named.name)).collect())
}

/// The rows of a batch that have this reference's transactions, if the person may see exactly one: to go straight there.
///
/// # Errors
/// The database's.
pub fn only_transfer(conn: &mut Conn, scope: &Scope, criteria: &TransferCriteria) -> Result<Option<RowId>> {
    let part = transfers(conn, scope, criteria, Slice { offset: 0, limit: 2, most: 1 })?;
    Ok(match part.rows.as_slice() {
        [only] => Some(only.id.clone()),
        _ => None,
    })
}

/// The batch that a reference names, for people who know it only by that.
pub fn reference_of(typed: &str) -> Option<Reference> {
    let short = typed.replace(' ', "").to_lowercase();
    (short.len() == 8 && short.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Reference::from(short))
}

#[cfg(test)]
mod tests {
    use super::super::PayeeRead;
    use super::*;
    use crate::db::{Access, DatabaseUrl, bring_up, create_sqlite};
    use crate::dispatch::Count;
    use crate::money::Minor;
    use crate::privileges::Rights;

    #[derive(diesel::QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }

    fn plan(conn: &mut Conn, asked: &Asked, sql: &str) -> String {
        let steps: Vec<Step> = asked.question.load(conn, &format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n")
    }

    /// SQLite says how it will read: every search goes into the rows by an index of what was typed, never through all of them.
    #[test]
    fn each_way_to_search_payments_has_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("outlay.sqlite3"));
        create_sqlite(&folder.path().join("outlay.sqlite3")).unwrap();
        bring_up(&url).unwrap();
        let mut conn = Conn::open(&url, Access::Read).unwrap();
        let scope = Scope::of(&UserId::from("u"), &Rights::default());
        let some = |text: &str| Some(text.to_owned());
        let payee = PayeeRead { beginnings: vec!["9597701".to_owned(), "097701".to_owned()], ..PayeeRead::default() };
        let nothing = TransferCriteria::default;
        for (criteria, index) in [
            (TransferCriteria { id: some("x"), ..nothing() }, "transfers_one_live_row"),
            (TransferCriteria { id: some("x"), ..nothing() }, "transfers_by_transfer_id"),
            (TransferCriteria { reference: some("P-1"), ..nothing() }, "transfers_by_reference"),
            (TransferCriteria { payee: Some(payee), ..nothing() }, "transfers_by_payee"),
            (TransferCriteria { name: some("daw"), ..nothing() }, "transfers_by_name"),
            (TransferCriteria { amount: Some(Minor::new(1)), ..nothing() }, "transfers_by_amount"),
            (TransferCriteria { batch: Some(Reference::from("d03bdc40")), ..nothing() }, "transfers_line"),
            (TransferCriteria { count: Some(Count::Failed), ..nothing() }, "transfers_by_state"),
            (nothing(), "transfers_line"),
            (nothing(), "batches_by_created"),
        ] {
            let asked = ask_transfers(&scope, &criteria, Slice { offset: 25, limit: 25, most: 10_000 });
            let (part, counted) = (plan(&mut conn, &asked, &asked.part), plan(&mut conn, &asked, &format!("SELECT 1 {}", asked.from)));
            assert!(part.contains(index), "{index}: {part}");
            assert!(!part.contains("SCAN t") && !counted.contains("SCAN t"), "{part}\n{counted}");
        }
        let asked = ask_batches(&scope, &BatchCriteria::default(), Slice { offset: 0, limit: 25, most: 10_000 });
        let plan = plan(&mut conn, &asked, &asked.part);
        assert!(plan.contains("batches_by_created"), "{plan}");
    }
}
