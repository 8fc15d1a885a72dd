//! What the first page counts and names.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use crate::batches::State;
use crate::clock::Instant;
use crate::db::{Conn, Question, Result};
use crate::ids::UserId;
use crate::people::home::{Administration, HomeBatch};
use crate::people::search::locked;
use crate::search::Scope;

const COLUMNS: &str = "b.id, b.reference, b.name, r.name AS branch, b.state, b.state_at, b.total, b.sum_total AS sum, b.currency, \
     b.succeeded, b.failed, b.needs_attention, b.pay_at";

/// SQLite reads the tables in this order (CROSS JOIN keeps it): few batches stand in such states, however many a person has made.
const OF_MAKER: &str = "FROM batches b CROSS JOIN batch_makers m CROSS JOIN branches r WHERE m.batch_id = b.id AND r.id = b.branch_id";

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    qr_requests: i64,
    #[diesel(sql_type = BigInt)]
    confirmations: i64,
    #[diesel(sql_type = BigInt)]
    undelivered: i64,
    #[diesel(sql_type = BigInt)]
    locked: i64,
}

/// Each counted no further than `most`.
pub(in crate::people) fn administration(conn: &mut Conn, user: &UserId, now: Instant, most: i64) -> Result<Administration> {
    let mut question = Question::default();
    let (user, now) = (question.text(user.as_str()), question.number(now.micros()));
    let count = |from: &str| format!("(SELECT COUNT(*) FROM (SELECT 1 AS one FROM {from} LIMIT {most}) AS counted)");
    let sql = format!(
        "SELECT {} AS qr_requests, {} AS confirmations, {} AS undelivered, {} AS locked",
        count(&format!("second_factor_requests WHERE state = 'waiting' AND user_id <> {user}")),
        count(&format!("confirmations WHERE state = 'waiting' AND asked_by <> {user} AND (user_id IS NULL OR user_id <> {user})")),
        count("outbox WHERE state = 'undelivered'"),
        count(&format!("users u WHERE u.is_active AND {}", locked(&now))),
    );
    let counts: Vec<Counts> = question.load(conn, &sql)?;
    Ok(counts.first().map_or_else(Administration::default, |counts| Administration {
        qr_requests: counts.qr_requests,
        confirmations: counts.confirmations,
        undelivered: counts.undelivered,
        locked: counts.locked,
    }))
}

/// Batches of the person that were rejected since then and that nobody has corrected yet, the last ones first.
pub(in crate::people) fn rejected_of(conn: &mut Conn, user: &UserId, since: Instant, most: i64) -> Result<Vec<HomeBatch>> {
    let mut question = Question::default();
    let (user, since, most) = (question.text(user.as_str()), question.number(since.micros()), question.number(most));
    let sql = format!(
        "SELECT {COLUMNS} {OF_MAKER} \
         AND m.user_id = {user} AND b.state = 'rejected' AND b.state_at >= {since} AND NOT EXISTS (SELECT 1 FROM batches c \
         WHERE c.corrects_batch_id = b.id AND c.state <> 'deleted') ORDER BY b.state_at DESC, b.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

/// Batches that the person made a part of, in these states, the longest so first.
pub(in crate::people) fn in_states_of(conn: &mut Conn, user: &UserId, states: &[State], most: i64) -> Result<Vec<HomeBatch>> {
    let mut question = Question::default();
    let (user, most) = (question.text(user.as_str()), question.number(most));
    let states = question.texts(states.iter().map(|state| state.as_str()));
    let sql = format!(
        "SELECT {COLUMNS} {OF_MAKER} \
         AND m.user_id = {user} AND b.state IN ({states}) ORDER BY b.state_at, b.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

/// Batches in sight that were paid today, or are being paid, with something failed or to be looked at.
pub(in crate::people) fn troubled(conn: &mut Conn, scope: &Scope, today: Instant, most: i64) -> Result<Vec<HomeBatch>> {
    let mut question = Question::default();
    let (today, most) = (question.number(today.micros()), question.number(most));
    let within = scope.of_batches(&mut question);
    let sql = format!(
        "SELECT {COLUMNS} FROM batches b JOIN branches r ON r.id = b.branch_id WHERE b.state IN ('processing', 'paused', 'processed') \
         AND b.state_at >= {today} AND (b.failed > 0 OR b.needs_attention > 0) AND {within} ORDER BY b.state_at, b.id LIMIT {most}"
    );
    question.load(conn, &sql)
}
