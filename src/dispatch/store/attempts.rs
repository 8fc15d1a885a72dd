//! Attempts and the replies they got.

use super::given::Given;
use crate::db::{Result, WriteTx};
use crate::ids::{AttemptId, RowId, TransferId};

/// A claim, as it begins.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Attempt {
    pub id: AttemptId,
    pub row_key: RowId,
    pub purpose: &'static str,
    pub n: i32,
    pub transfer: TransferId,
    pub worker: String,
    pub at: i64,
}

pub(in crate::dispatch) fn begin_attempts(tx: &mut WriteTx<'_>, attempts: &[Attempt]) -> Result<()> {
    let given = Given::of(attempts)
        .text("id", |attempt| attempt.id.as_str())
        .text("row_key", |attempt| attempt.row_key.as_str())
        .text("purpose", |attempt| attempt.purpose)
        .integer("n", |attempt| attempt.n)
        .text("transfer", |attempt| attempt.transfer.as_str())
        .text("worker", |attempt| attempt.worker.as_str())
        .bigint("at", |attempt| attempt.at);
    let begin = |given: &str| {
        format!(
            "INSERT INTO attempts (id, row_id, purpose, n, transfer_id, worker, claimed_at) \
             SELECT id, row_key, purpose, n, transfer, worker, at FROM {given}"
        )
    };
    given.execute(tx, begin).map(drop)
}

/// The exact bytes an attempt may send.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct RecordedBytes {
    pub id: AttemptId,
    pub prepare: String,
    pub expires: i64,
    pub at: i64,
}

pub(in crate::dispatch) fn record_bytes(tx: &mut WriteTx<'_>, bytes: &[RecordedBytes]) -> Result<()> {
    let given = Given::of(bytes)
        .text("id", |one| one.id.as_str())
        .text("prepare", |one| one.prepare.as_str())
        .bigint("expires", |one| one.expires)
        .bigint("at", |one| one.at);
    let record = |given: &str| {
        format!(
            "UPDATE attempts SET prepare = given.prepare, prepare_expires_at = given.expires, recorded_at = given.at \
             FROM {given} WHERE attempts.id = given.id"
        )
    };
    given.execute(tx, record).map(drop)
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Ended {
    pub id: AttemptId,
    pub outcome: &'static str,
    pub code: Option<String>,
    pub at: i64,
}

pub(in crate::dispatch) fn end_attempts(tx: &mut WriteTx<'_>, ended: &[Ended]) -> Result<()> {
    let given = Given::of(ended)
        .text("id", |one| one.id.as_str())
        .text("outcome", |one| one.outcome)
        .text("code", |one| one.code.as_deref())
        .bigint("at", |one| one.at);
    let end = |given: &str| {
        format!(
            "UPDATE attempts SET ended_at = given.at, outcome = given.outcome, code = given.code FROM {given} WHERE attempts.id = given.id"
        )
    };
    given.execute(tx, end).map(drop)
}

/// A reply of the network, as it is kept.
#[derive(Debug, Clone)]
pub(in crate::dispatch) struct Reply {
    pub attempt: AttemptId,
    pub position: i32,
    pub call: &'static str,
    pub transfer: Option<TransferId>,
    pub sent: i64,
    pub took: i64,
    pub status: Option<i32>,
    pub verdict: &'static str,
    pub code: Option<String>,
    pub body: String,
}

/// A reply that is kept already stays as it is.
pub(in crate::dispatch) fn keep_replies(tx: &mut WriteTx<'_>, replies: &[&Reply]) -> Result<()> {
    let given = Given::of(replies)
        .text("attempt", |reply| reply.attempt.as_str())
        .integer("position", |reply| reply.position)
        .text("call", |reply| reply.call)
        .text("transfer", |reply| reply.transfer.as_ref().map(TransferId::as_str))
        .bigint("sent", |reply| reply.sent)
        .bigint("took", |reply| reply.took)
        .integer("status", |reply| reply.status)
        .text("verdict", |reply| reply.verdict)
        .text("code", |reply| reply.code.as_deref())
        .text("body", |reply| reply.body.as_str());
    // "WHERE TRUE": without it SQLite takes ON for a join's.
    let keep = |given: &str| {
        format!(
            "INSERT INTO replies (attempt_id, position, call, transfer_id, sent_at, took_us, http_status, verdict, code, body) \
             SELECT attempt, position, call, transfer, sent, took, status, verdict, code, body FROM {given} WHERE TRUE \
             ON CONFLICT (attempt_id, position) DO NOTHING"
        )
    };
    given.execute(tx, keep).map(drop)
}
