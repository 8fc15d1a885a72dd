//! What the checks of a batch found, and what its makers said to it.

use diesel::dsl::{count, count_star};
use diesel::prelude::*;

use crate::batches::{Finding, FindingKind, Severity};
use crate::clock::Instant;
use crate::db::schema::{acknowledgements, findings, users};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{BatchId, UserId};

pub(in crate::batches) fn forget_acknowledgements(tx: &mut WriteTx<'_>, batch: &BatchId) -> Result<()> {
    diesel::delete(acknowledgements::table.filter(acknowledgements::batch_id.eq(batch))).execute(&mut **tx)?;
    Ok(())
}

/// How many findings of one kind there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfKind {
    pub kind: FindingKind,
    pub severity: Severity,
    pub count: i64,
}

/// Findings by kind: errors, then warnings, then notes; in each the most frequent first.
///
/// # Errors
/// The database's.
pub fn findings_by_kind(conn: &mut Conn, batch: &BatchId) -> Result<Vec<OfKind>> {
    let groups: Vec<(FindingKind, Severity, i64)> = findings::table
        .filter(findings::batch_id.eq(batch))
        .group_by((findings::kind, findings::severity))
        .select((findings::kind, findings::severity, count_star()))
        .load(conn)?;
    let mut kinds: Vec<OfKind> = groups.into_iter().map(|(kind, severity, count)| OfKind { kind, severity, count }).collect();
    kinds.sort_by_key(|of| (of.severity, -of.count, of.kind));
    Ok(kinds)
}

/// Rows that have a finding of that severity.
pub(in crate::batches) fn lines_with(conn: &mut Conn, batch: &BatchId, severity: Severity) -> Result<i64> {
    Ok(findings::table
        .filter(findings::batch_id.eq(batch))
        .filter(findings::severity.eq(severity))
        .select(count(findings::line).aggregate_distinct())
        .get_result(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = findings)]
struct Row {
    position: i64,
    line: i64,
    column_name: Option<String>,
    severity: Severity,
    kind: FindingKind,
    value: Option<String>,
    details: String,
}

fn finding(row: Row) -> (i64, Finding) {
    let details = serde_json::from_str(&row.details).unwrap_or_default();
    let finding = Finding { line: row.line, column: row.column_name, severity: row.severity, kind: row.kind, value: row.value, details };
    (row.position, finding)
}

/// The first findings of one kind, in the file's order, each with its position.
///
/// # Errors
/// The database's.
pub fn first_of(conn: &mut Conn, batch: &BatchId, of: &OfKind, limit: i64) -> Result<Vec<(i64, Finding)>> {
    let rows: Vec<Row> = findings::table
        .filter(findings::batch_id.eq(batch))
        .filter(findings::severity.eq(of.severity))
        .filter(findings::kind.eq(of.kind))
        .order(findings::position)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(finding).collect())
}

/// The findings after a position, each with its own.
pub(in crate::batches) fn findings_after(conn: &mut Conn, batch: &BatchId, position: i64, limit: i64) -> Result<Vec<(i64, Finding)>> {
    let rows: Vec<Row> = findings::table
        .filter(findings::batch_id.eq(batch))
        .filter(findings::position.gt(position))
        .order(findings::position)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(finding).collect())
}

/// Why a maker waved the warnings of a kind through.
#[derive(Debug, Clone)]
pub struct Acknowledgement {
    pub kind: FindingKind,
    pub reason: String,
    pub by: String,
    pub at: Instant,
}

/// What makers said to the batch's warnings, oldest first.
///
/// # Errors
/// The database's.
pub fn acknowledgements(conn: &mut Conn, batch: &BatchId) -> Result<Vec<Acknowledgement>> {
    let rows: Vec<(FindingKind, String, String, Instant)> = acknowledgements::table
        .inner_join(users::table.on(users::id.eq(acknowledgements::user_id)))
        .filter(acknowledgements::batch_id.eq(batch))
        .order((acknowledgements::at, acknowledgements::kind))
        .select((acknowledgements::kind, acknowledgements::reason, users::full_name, acknowledgements::at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(kind, reason, by, at)| Acknowledgement { kind, reason, by, at }).collect())
}

/// Kinds of warnings that nobody has acknowledged yet, with how many there are.
///
/// # Errors
/// The database's.
pub fn unacknowledged(conn: &mut Conn, batch: &BatchId) -> Result<Vec<OfKind>> {
    let known = acknowledgements(conn, batch)?;
    let kinds = findings_by_kind(conn, batch)?.into_iter();
    Ok(kinds.filter(|of| of.severity == Severity::Warning && !known.iter().any(|known| known.kind == of.kind)).collect())
}

pub(in crate::batches) fn insert_acknowledgement(
    tx: &mut WriteTx<'_>,
    batch: &BatchId,
    kind: FindingKind,
    reason: &str,
    user: &UserId,
) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(acknowledgements::table)
        .values((
            acknowledgements::batch_id.eq(batch),
            acknowledgements::kind.eq(kind),
            acknowledgements::reason.eq(reason),
            acknowledgements::user_id.eq(user),
            acknowledgements::at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
