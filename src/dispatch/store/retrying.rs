//! Failed rows by why they failed, and many of them made ready again at once.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::given::Given;
use crate::db::{Conn, Question, Result, WriteTx};
use crate::ids::{BatchId, RowId};
use crate::money::Minor;

/// Failed rows of a batch with one reason.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::dispatch) struct Failures {
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    /// The reason of one of them.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// 1 where the network says that they were paid under an earlier id.
    #[diesel(sql_type = Integer)]
    pub paid_before: i32,
}

/// Reasons without a code, as they stand in the column; all others share one key.
const REASONS: &[&str] = &[
    "said_not_paid",
    "no_answer",
    "not_a_request",
    "no_fsp",
    "other_fsp",
    "moved_fsp",
    "other_currency",
    "other_amount",
    "fee_above_limit",
    "unreadable_quote",
    "aborted",
    "never_arrived",
    "paid_before",
];

/// What groups failed rows of `transfers`: the network's code, or the name of the reason.
fn key() -> String {
    let reasons = REASONS.iter().map(|reason| format!("WHEN transfers.reason LIKE '{{\"why\":\"{reason}\"%' THEN '{reason}'"));
    format!("CASE WHEN transfers.code IS NOT NULL THEN transfers.code {} ELSE '' END", reasons.collect::<Vec<_>>().join(" "))
}

/// The network says that an id of the row, once given up, was paid: it is never paid again.
const PAID_BEFORE: &str = "EXISTS (SELECT 1 FROM alarms WHERE alarms.row_id = transfers.id AND alarms.kind = 'possible_double_payment')";

/// The failed rows of a batch, or of these of its rows, by reason, the most frequent first.
pub(in crate::dispatch) fn failures(conn: &mut Conn, batch: &BatchId, chosen: &[RowId]) -> Result<Vec<Failures>> {
    let mut question = Question::default();
    let batch = question.text(batch.as_str());
    let among = if chosen.is_empty() {
        String::new()
    } else {
        format!("AND transfers.id IN ({})", question.texts(chosen.iter().map(RowId::as_str)))
    };
    let sql = format!(
        "SELECT key, COUNT(*) AS count, CAST(SUM(amount) AS BIGINT) AS sum, MIN(reason) AS reason, paid_before FROM \
         (SELECT {} AS key, transfers.amount, transfers.reason, CASE WHEN {PAID_BEFORE} THEN 1 ELSE 0 END AS paid_before \
         FROM transfers WHERE transfers.batch_id = {batch} AND transfers.state = 'failed' {among}) AS failures \
         GROUP BY key, paid_before ORDER BY count DESC, key",
        key()
    );
    question.load(conn, &sql)
}

/// Makes failed rows with these keys ready again, as `core::retry` has it: the id and what was recorded under it stay. Returns how many.
pub(in crate::dispatch) fn ready_again(tx: &mut WriteTx<'_>, batch: &BatchId, keys: &[&str], chosen: &[RowId]) -> Result<i64> {
    let now = tx.now().micros();
    let rows: Vec<_> = if chosen.is_empty() { vec![""] } else { chosen.iter().map(RowId::as_str).collect() };
    let wanted: Vec<_> = keys.iter().flat_map(|key| rows.iter().map(move |row| (*key, *row))).collect();
    let given = Given::of(&wanted)
        .text("batch", |_| batch.as_str())
        .text("key", |(key, _)| *key)
        .text("row_key", |(_, row)| *row)
        .bigint("at_now", |_| now);
    let among = if chosen.is_empty() { "" } else { "AND transfers.id = given.row_key" };
    let retry = |given: &str| {
        format!(
            "UPDATE transfers SET state = 'ready', attempt_id = NULL, tries = 0, tries_limited = 0, asks = 0, next_at = given.at_now, \
             refused = FALSE, doubt_since = NULL, unshown_since = NULL, unshown_count = 0, code = NULL, reason = NULL, settled_at = NULL \
             FROM {given} WHERE transfers.batch_id = given.batch AND transfers.state = 'failed' AND {} = given.key {among} \
             AND NOT {PAID_BEFORE}",
            key()
        )
    };
    Ok(i64::try_from(given.execute(tx, retry)?).unwrap_or(i64::MAX))
}
