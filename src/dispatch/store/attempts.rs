//! Attempts and the replies they got.

use diesel::prelude::*;
use serde::Serialize;

use super::given::{Kind, given, statement};
use super::moves::json;
use crate::db::{Result, WriteTx};
use crate::ids::{AttemptId, RowId, TransferId};

/// A claim, as it begins.
#[derive(Debug, Clone, Serialize)]
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
    if attempts.is_empty() {
        return Ok(());
    }
    let columns = &[
        ("id", Kind::Text),
        ("row_key", Kind::Text),
        ("purpose", Kind::Text),
        ("n", Kind::Integer),
        ("transfer", Kind::Text),
        ("worker", Kind::Text),
        ("at", Kind::Bigint),
    ];
    let sql = format!(
        "INSERT INTO attempts (id, row_id, purpose, n, transfer_id, worker, claimed_at) \
         SELECT id, row_key, purpose, n, transfer, worker, at FROM {}",
        given(tx, columns)
    );
    statement(sql, json(attempts)).execute(&mut **tx)?;
    Ok(())
}

/// The exact bytes an attempt may send.
#[derive(Debug, Clone, Serialize)]
pub(in crate::dispatch) struct RecordedBytes {
    pub id: AttemptId,
    pub prepare: String,
    pub expires: i64,
    pub at: i64,
}

pub(in crate::dispatch) fn record_bytes(tx: &mut WriteTx<'_>, bytes: &[RecordedBytes]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let columns = &[("id", Kind::Text), ("prepare", Kind::Text), ("expires", Kind::Bigint), ("at", Kind::Bigint)];
    let sql = format!(
        "UPDATE attempts SET prepare = given.prepare, prepare_expires_at = given.expires, recorded_at = given.at \
         FROM {} WHERE attempts.id = given.id",
        given(tx, columns)
    );
    statement(sql, json(bytes)).execute(&mut **tx)?;
    Ok(())
}

/// How an attempt ended.
#[derive(Debug, Clone, Serialize)]
pub(in crate::dispatch) struct Ended {
    pub id: AttemptId,
    pub outcome: &'static str,
    pub code: Option<String>,
    pub at: i64,
}

pub(in crate::dispatch) fn end_attempts(tx: &mut WriteTx<'_>, ended: &[Ended]) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let columns = &[("id", Kind::Text), ("outcome", Kind::Text), ("code", Kind::Text), ("at", Kind::Bigint)];
    let sql = format!(
        "UPDATE attempts SET ended_at = given.at, outcome = given.outcome, code = given.code FROM {} WHERE attempts.id = given.id",
        given(tx, columns)
    );
    statement(sql, json(ended)).execute(&mut **tx)?;
    Ok(())
}

/// A reply of the network, as it is kept.
#[derive(Debug, Clone, Serialize)]
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

pub(in crate::dispatch) fn keep_replies(tx: &mut WriteTx<'_>, replies: &[&Reply]) -> Result<()> {
    if replies.is_empty() {
        return Ok(());
    }
    let columns = &[
        ("attempt", Kind::Text),
        ("position", Kind::Integer),
        ("call", Kind::Text),
        ("transfer", Kind::Text),
        ("sent", Kind::Bigint),
        ("took", Kind::Bigint),
        ("status", Kind::Integer),
        ("verdict", Kind::Text),
        ("code", Kind::Text),
        ("body", Kind::Text),
    ];
    let sql = format!(
        "INSERT INTO replies (attempt_id, position, call, transfer_id, sent_at, took_us, http_status, verdict, code, body) \
         SELECT given.attempt, given.position, given.call, given.transfer, given.sent, given.took, given.status, given.verdict, \
         given.code, given.body FROM {} WHERE NOT EXISTS \
         (SELECT 1 FROM replies AS kept WHERE kept.attempt_id = given.attempt AND kept.position = given.position)",
        given(tx, columns)
    );
    statement(sql, json(replies)).execute(&mut **tx)?;
    Ok(())
}
