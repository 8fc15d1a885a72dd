//! The tables of reports, and what reports are made of: each figure by one question over an index, none row by row.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use jiff::civil::Date;

use super::day::{Last, Period};
use super::figures::{DayReport, Figures, InState, NAMED_MAX, Paused, Settled, Unresolved, UnresolvedRow};
use super::reason::KIND_CHARS;
use crate::batches::State;
use crate::clock::Instant;
use crate::db::schema::{cut_off_mails, day_reports};
use crate::db::{Conn, Error, Question, Result, WriteTx, on};
use crate::dispatch::TransferState;
use crate::dispatch::why::Why;
use crate::ids::{BatchId, BranchId, RowId, UserId};
use crate::search::Scope;

/// Transfers whose end nobody knows, in the words of the partial index, or neither engine would use it.
const UNRESOLVED: &str = "(t.state = 'in_doubt' OR t.state = 'needs_attention')";
/// Ids that are asked about at once.
const IDS_AT_ONCE: usize = 500;

/// Asks what is written with its parameters.
fn asked<T>(conn: &mut Conn, sql: impl FnOnce(&mut Question) -> String) -> Result<Vec<T>>
where
    T: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
{
    let mut question = Question::default();
    let sql = sql(&mut question);
    question.load(conn, &sql)
}

/// What was settled in a period: one pass over the rows of the index on `settled_at`, put together by batch first, so that each batch is
/// looked up once.
pub(super) fn settled(conn: &mut Conn, period: &Period) -> Result<Vec<Settled>> {
    asked(conn, |question| settled_sql(question, period))
}

fn settled_sql(question: &mut Question, period: &Period) -> String {
    let (from, until) = (question.number(period.from.micros()), question.number(period.until.micros()));
    format!(
        "SELECT b.branch_id AS branch, b.payment_type, g.outcome, g.fsp, g.reason, g.code, g.currency, \
         CAST(SUM(g.count) AS BIGINT) AS count, CAST(SUM(g.sum) AS BIGINT) AS sum FROM \
         (SELECT t.batch_id, CASE WHEN t.state = 'succeeded' THEN 'paid' ELSE 'failed' END AS outcome, \
         COALESCE(t.payee_fsp, t.to_fsp) AS fsp, CASE WHEN t.state = 'succeeded' THEN NULL ELSE substr(t.reason, 1, {KIND_CHARS}) END AS reason, \
         CASE WHEN t.state = 'succeeded' THEN NULL ELSE t.code END AS code, t.currency, COUNT(*) AS count, \
         CAST(SUM(t.amount) AS BIGINT) AS sum FROM transfers t WHERE t.settled_at >= {from} AND t.settled_at < {until} \
         AND t.state IN ('succeeded', 'failed', 'superseded') GROUP BY 1, 2, 3, 4, 5, 6) AS g \
         JOIN batches b ON b.id = g.batch_id GROUP BY 1, 2, 3, 4, 5, 6, 7 \
         ORDER BY b.branch_id, b.payment_type, g.outcome, COALESCE(g.fsp, ''), COALESCE(g.code, ''), COALESCE(g.reason, ''), g.currency"
    )
}

/// Unresolved payments, put together. `before`: without passing doubts, so those in need of a person, or in doubt since before then. Put
/// together by branch at once: by batch first, SQLite would walk the index of all transfers instead of that of the unresolved ones.
pub(super) fn unresolved(conn: &mut Conn, before: Option<Instant>) -> Result<Vec<Unresolved>> {
    asked(conn, |question| unresolved_sql(question, before))
}

fn unresolved_sql(question: &mut Question, before: Option<Instant>) -> String {
    let probably = question.text(Why::ProbablyPaid.to_text());
    let lasting = before.map_or_else(String::new, |before| {
        let before = question.number(before.micros());
        format!("AND (t.state = 'needs_attention' OR COALESCE(t.doubt_since, 0) <= {before}) ")
    });
    format!(
        "SELECT b.branch_id AS branch, t.state, t.currency, COUNT(*) AS count, CAST(SUM(t.amount) AS BIGINT) AS sum, \
         CAST(SUM(CASE WHEN t.reason = {probably} THEN 1 ELSE 0 END) AS BIGINT) AS probably_paid, MIN(t.doubt_since) AS oldest \
         FROM transfers t JOIN batches b ON b.id = t.batch_id WHERE {UNRESOLVED} {lasting}GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
}

/// The oldest of them in each branch, oldest first.
pub(super) fn unresolved_named(conn: &mut Conn) -> Result<Vec<UnresolvedRow>> {
    asked(conn, unresolved_named_sql)
}

fn unresolved_named_sql(question: &mut Question) -> String {
    let most = question.number(NAMED_MAX);
    format!(
        "SELECT * FROM (SELECT t.id AS row_id, t.batch_id AS batch, b.reference, t.line, b.branch_id AS branch, \
         COALESCE(t.payee_fsp, t.to_fsp) AS fsp, t.amount, t.currency, t.state, substr(t.reason, 1, {KIND_CHARS}) AS reason, t.code, \
         t.doubt_since AS since, ROW_NUMBER() OVER (PARTITION BY b.branch_id ORDER BY COALESCE(t.doubt_since, 0), t.id) AS place \
         FROM transfers t JOIN batches b ON b.id = t.batch_id WHERE {UNRESOLVED}) AS named WHERE place <= {most} \
         ORDER BY COALESCE(since, 0), row_id"
    )
}

/// Batches that stand still, the longest in each branch.
pub(super) fn paused(conn: &mut Conn) -> Result<Vec<Paused>> {
    asked(conn, paused_sql)
}

fn paused_sql(question: &mut Question) -> String {
    let most = question.number(NAMED_MAX);
    format!(
        "SELECT * FROM (SELECT b.id AS batch, b.reference, b.branch_id AS branch, b.pause_reason AS reason, b.state_at AS since, b.waiting, \
         b.sum_waiting AS sum, b.currency, ROW_NUMBER() OVER (PARTITION BY b.branch_id ORDER BY b.state_at, b.id) AS place \
         FROM batches b WHERE b.state = 'paused') AS named WHERE place <= {most} ORDER BY since, batch"
    )
}

/// Batches that can still change, and those that came to an end in the period: these by the index on when (COALESCE keeps SQLite from
/// walking all that ever ended).
pub(super) fn batches(conn: &mut Conn, period: &Period) -> Result<Vec<InState>> {
    asked(conn, |question| batches_sql(question, period))
}

fn batches_sql(question: &mut Question, period: &Period) -> String {
    let (from, until) = (question.number(period.from.micros()), question.number(period.until.micros()));
    let ended = [State::Processed, State::Cancelled, State::Rejected];
    let open = State::ALL.iter().filter(|state| !ended.contains(state) && **state != State::Deleted);
    let open = question.texts(open.map(|state| state.as_str()));
    let ended = question.texts(ended.iter().map(|state| state.as_str()));
    format!(
        "SELECT branch, state, CAST(SUM(count) AS BIGINT) AS count FROM \
         (SELECT b.branch_id AS branch, b.state, COUNT(*) AS count FROM batches b WHERE b.state IN ({open}) GROUP BY 1, 2 \
         UNION ALL SELECT b.branch_id, b.state, COUNT(*) FROM batches b WHERE b.state_at >= {from} AND b.state_at < {until} \
         AND COALESCE(b.state, '') IN ({ended}) GROUP BY 1, 2) AS counted GROUP BY 1, 2 ORDER BY 1, 2"
    )
}

/// Unresolved payments of a branch, by the counters of its batches.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(super) struct Counted {
    #[diesel(sql_type = BigInt)]
    pub in_doubt: i64,
    #[diesel(sql_type = BigInt)]
    pub needs_attention: i64,
}

/// Over these branches: asked on every page before the cut-off, so it reads counters and no transfer.
pub(super) fn counted(conn: &mut Conn, branches: &[&BranchId]) -> Result<Counted> {
    let found: Vec<Counted> = asked(conn, |question| counted_sql(question, branches))?;
    Ok(found.into_iter().next().unwrap_or(Counted { in_doubt: 0, needs_attention: 0 }))
}

fn counted_sql(question: &mut Question, branches: &[&BranchId]) -> String {
    let branches = question.texts(branches.iter().map(|branch| branch.as_str()));
    format!(
        "SELECT CAST(COALESCE(SUM(b.in_doubt), 0) AS BIGINT) AS in_doubt, CAST(COALESCE(SUM(b.needs_attention), 0) AS BIGINT) \
         AS needs_attention FROM batches b WHERE (b.in_doubt > 0 OR b.needs_attention > 0) AND b.branch_id IN ({branches})"
    )
}

/// Who was told of that day's cut-off.
pub(super) fn told(conn: &mut Conn, day: Date) -> Result<BTreeSet<UserId>> {
    let told: Vec<UserId> =
        cut_off_mails::table.filter(cut_off_mails::day.eq(day.to_string())).select(cut_off_mails::user_id).load(conn)?;
    Ok(told.into_iter().collect())
}

pub(super) fn remember_told(tx: &mut WriteTx<'_>, day: Date, people: &[&UserId]) -> Result<()> {
    let (now, day) = (tx.now(), day.to_string());
    let row =
        |person: &&UserId| (cut_off_mails::day.eq(day.clone()), cut_off_mails::user_id.eq((*person).clone()), cut_off_mails::at.eq(now));
    let rows: Vec<_> = people.iter().map(row).collect();
    on!(&mut **tx, conn => diesel::insert_into(cut_off_mails::table).values(&rows).execute(conn))?;
    Ok(())
}

/// The last report.
pub(super) fn last(conn: &mut Conn) -> Result<Option<Last>> {
    let last: Option<(String, Instant)> =
        day_reports::table.order(day_reports::until_at.desc()).select((day_reports::day, day_reports::until_at)).first(conn).optional()?;
    Ok(last.and_then(|(day, until)| day.parse().ok().map(|day| Last { day, until })))
}

/// The day's row is the proof that it was made: the key refuses a second one.
pub(super) fn insert(tx: &mut WriteTx<'_>, period: &Period, made_by: &str, content: &str) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(day_reports::table)
        .values((
            day_reports::day.eq(period.day.to_string()),
            day_reports::from_at.eq(period.from),
            day_reports::until_at.eq(period.until),
            day_reports::made_at.eq(now),
            day_reports::made_by.eq(made_by),
            day_reports::content.eq(content),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether what could not be written is there already.
pub(super) fn is_there(error: &Error) -> bool {
    ["day", "from_at", "until_at"].iter().any(|column| error.is_unique("day_reports", &[*column]))
        || error.is_unique("cut_off_mails", &["day", "user_id"])
}

type Row = (String, Instant, Instant, Instant, String, String);

/// `None` for a day nobody could have written.
fn report((day, from, until, made_at, made_by, content): Row) -> Option<DayReport> {
    let figures: Figures = serde_json::from_str(&content).ok()?;
    Some(DayReport { day: day.parse().ok()?, from, until, made_at, made_by, figures })
}

/// The report of a day.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, day: Date) -> Result<Option<DayReport>> {
    let row: Option<Row> = day_reports::table.find(day.to_string()).select(day_reports::all_columns).first(conn).optional()?;
    Ok(row.and_then(report))
}

/// Reports, the newest first, and how many there are.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, offset: i64, limit: i64) -> Result<(Vec<DayReport>, i64)> {
    let rows: Vec<Row> =
        day_reports::table.order(day_reports::day.desc()).offset(offset).limit(limit).select(day_reports::all_columns).load(conn)?;
    let counted = day_reports::table.count().get_result(conn)?;
    Ok((rows.into_iter().filter_map(report).collect(), counted))
}

/// A payment of a report as it stands now.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Standing {
    #[diesel(sql_type = Text)]
    pub row_id: RowId,
    #[diesel(sql_type = Text)]
    pub state: TransferState,
}

/// Those of these payments that the person may see, as they stand now.
pub(super) fn in_sight(conn: &mut Conn, scope: &Scope, rows: &[&RowId]) -> Result<Vec<Standing>> {
    let mut found = Vec::new();
    for some in rows.chunks(IDS_AT_ONCE) {
        let mut question = Question::default();
        let (seen, ids) = (scope.of_transfers(&mut question), question.texts(some.iter().map(|row| row.as_str())));
        let sql =
            format!("SELECT t.id AS row_id, t.state FROM transfers t JOIN batches b ON b.id = t.batch_id WHERE t.id IN ({ids}) AND {seen}");
        found.extend(question.load::<Standing>(conn, &sql)?);
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct Seen {
    #[diesel(sql_type = Text)]
    batch: BatchId,
}

/// Those of these batches that the person may see.
pub(super) fn batches_in_sight(conn: &mut Conn, scope: &Scope, batches: &[&BatchId]) -> Result<BTreeSet<BatchId>> {
    let mut found = BTreeSet::new();
    for some in batches.chunks(IDS_AT_ONCE) {
        let mut question = Question::default();
        let (seen, ids) = (scope.of_batches(&mut question), question.texts(some.iter().map(|batch| batch.as_str())));
        let sql = format!("SELECT b.id AS batch FROM batches b WHERE b.id IN ({ids}) AND {seen}");
        found.extend(question.load::<Seen>(conn, &sql)?.into_iter().map(|seen| seen.batch));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Access, DatabaseUrl, bring_up};

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// SQLite says how it will read: payments and batches are found by an index of what the report is about, however many there ever were.
    #[test]
    fn a_report_reads_what_it_is_about_and_nothing_of_the_years_before() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("db"));
        bring_up(&url).unwrap();
        let mut conn = Conn::open(&url, Access::Read).unwrap();
        let at = Instant::from_micros;
        let (period, branch) = (Period { day: Date::constant(2025, 11, 21), from: at(1), until: at(2) }, BranchId::from("b"));
        let mut plan = |sql: &dyn Fn(&mut Question) -> String| {
            let steps: Vec<Step> = asked(&mut conn, |question| format!("EXPLAIN QUERY PLAN {}", sql(question))).unwrap();
            steps.into_iter().map(|step| step.detail).collect::<Vec<_>>()
        };
        for (plan, indexes) in [
            (plan(&|question| settled_sql(question, &period)), ["transfers_by_settled"].as_slice()),
            (plan(&|question| unresolved_sql(question, None)), &["transfers_unresolved"]),
            (plan(&|question| unresolved_sql(question, Some(at(1)))), &["transfers_unresolved"]),
            (plan(&unresolved_named_sql), &["transfers_unresolved"]),
            (plan(&paused_sql), &["batches_by_state"]),
            (plan(&|question| batches_sql(question, &period)), &["batches_by_state", "batches_by_state_at"]),
            (plan(&|question| counted_sql(question, &[&branch])), &["batches_unresolved"]),
        ] {
            for index in indexes {
                assert!(plan.iter().any(|step| step.contains(&format!("{index} ")) || step.ends_with(index)), "{index}: {plan:#?}");
            }
            let scans = plan.iter().filter(|step| step.starts_with("SCAN t") || step.starts_with("SCAN b"));
            // An index of nothing but what is unresolved may be read from end to end.
            let long: Vec<_> = scans.filter(|step| !step.contains("_unresolved")).collect();
            assert!(long.is_empty(), "{plan:#?}");
        }
    }
}
