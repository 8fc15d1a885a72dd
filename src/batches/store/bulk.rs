//! Many rows at once: how a file's pieces, rows and findings go into the database, and out again.
//!
//! Every write begins with a heartbeat: a compare-and-swap of the batch's `state_at`, which only its one reader knows. A reader
//! that was given up (see `sweep.rs`) finds another value there and can write no more.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::one;
use crate::batches::batch::Tally;
use crate::batches::file::{self, Profile};
use crate::batches::seal::{SealedRow, row_digest};
use crate::batches::{Finding, FindingKind, Severity, State};
use crate::clock::Instant;
use crate::db::schema::{batch_file_pieces, batch_files, batches, findings, transfers};
use crate::db::{Conn, Error, Result, WriteTx, on};
use crate::dispatch::TransferState;
use crate::ids::{BatchId, BranchId, FileId, FspId, HomeTransactionId, InstitutionId, RowId};
use crate::money::{Currency, Minor};
use crate::payees::{PartyIdType, fold_name};

/// Rows in one INSERT on SQLite, which takes 32,766 values in a statement: 22 columns each.
const ROWS_A_STATEMENT: usize = 1_000;
/// Rows taken out in one transaction.
const PURGED_AT_ONCE: i64 = 5_000;

/// A transfer as it is born.
#[derive(Insertable)]
#[diesel(table_name = transfers, treat_none_as_default_value = false)]
pub(in crate::batches) struct NewTransfer {
    id: RowId,
    home_transaction_id: HomeTransactionId,
    batch_id: BatchId,
    line: i64,
    branch_id: BranchId,
    reference: String,
    payee_name: String,
    payee_name_folded: String,
    id_type: PartyIdType,
    id_value: String,
    sub_id: Option<String>,
    to_fsp: Option<FspId>,
    amount: Minor,
    currency: Currency,
    note: String,
    /// Columns that are shown and not used: a JSON array of [column, value].
    extra: String,
    row_digest: String,
    state: TransferState,
    n: i32,
    tries: i32,
    asks: i32,
    unshown_count: i32,
}

/// What a row takes from its batch.
pub(in crate::batches) struct OfBatch {
    pub institution: InstitutionId,
    pub batch: BatchId,
    pub branch: BranchId,
    pub currency: Currency,
    pub content_digest: String,
    pub content_seen: i64,
    pub at: Instant,
}

impl NewTransfer {
    pub(in crate::batches) fn of(row: file::Row, of: &OfBatch) -> Self {
        let home = HomeTransactionId::derive(&of.institution, &of.content_digest, of.content_seen, row.line);
        let digest = row_digest(&SealedRow {
            line: row.line,
            home: &home,
            id_type: row.party.id_type,
            id_value: &row.party.value,
            sub_id: row.party.sub_id.as_deref(),
            to_fsp: row.to_fsp.as_ref(),
            amount: row.amount,
            currency: of.currency,
            note: &row.note,
        });
        Self {
            id: RowId::new(of.at),
            home_transaction_id: home,
            batch_id: of.batch.clone(),
            line: row.line,
            branch_id: row.branch.unwrap_or_else(|| of.branch.clone()),
            reference: row.reference,
            payee_name_folded: fold_name(&row.payee_name),
            payee_name: row.payee_name,
            id_type: row.party.id_type,
            id_value: row.party.value,
            sub_id: row.party.sub_id,
            to_fsp: row.to_fsp,
            amount: row.amount,
            currency: of.currency,
            note: row.note,
            extra: serde_json::json!(row.extra).to_string(),
            row_digest: digest,
            state: TransferState::Pending,
            n: 0,
            tries: 0,
            asks: 0,
            unshown_count: 0,
        }
    }
}

/// A finding as it is kept.
#[derive(Insertable)]
#[diesel(table_name = findings, treat_none_as_default_value = false)]
pub(in crate::batches) struct NewFinding {
    batch_id: BatchId,
    position: i64,
    line: i64,
    column_name: Option<String>,
    severity: Severity,
    kind: FindingKind,
    value: Option<String>,
    details: String,
}

impl NewFinding {
    pub(in crate::batches) fn of(finding: Finding, batch: &BatchId, position: i64) -> Self {
        Self {
            batch_id: batch.clone(),
            position,
            line: finding.line,
            column_name: finding.column,
            severity: finding.severity,
            kind: finding.kind,
            value: finding.value,
            details: serde_json::json!(finding.details).to_string(),
        }
    }
}

/// A piece of the file as it came.
#[derive(Insertable)]
#[diesel(table_name = batch_file_pieces)]
pub(in crate::batches) struct NewPiece {
    pub file_id: FileId,
    pub position: i32,
    pub bytes: Vec<u8>,
}

/// Says that the batch's reader is alive, as the only one that may write.
///
/// # Errors
/// [`Error::Conflict`]: the reader was given up.
pub(in crate::batches) fn beat(tx: &mut WriteTx<'_>, batch: &BatchId, last: Instant) -> Result<Instant> {
    // Always later than the beat before, even on a clock that stands still.
    let next = tx.now().max(Instant::from_micros(last.micros() + 1));
    let mine = batches::table.find(batch).filter(batches::state.eq(State::Checking)).filter(batches::state_at.eq(last));
    one(diesel::update(mine).set(batches::state_at.eq(next)).execute(&mut **tx)?)?;
    Ok(next)
}

pub(in crate::batches) fn insert_pieces(tx: &mut WriteTx<'_>, pieces: &[NewPiece]) -> Result<()> {
    on!(&mut **tx, c => diesel::insert_into(batch_file_pieces::table).values(pieces).execute(c))?;
    Ok(())
}

/// Puts rows in, and their number and sum into the batch's counts.
pub(in crate::batches) fn insert_rows(tx: &mut WriteTx<'_>, batch: &BatchId, rows: &[NewTransfer]) -> Result<()> {
    match &mut **tx {
        Conn::Sqlite(c) => {
            for rows in rows.chunks(ROWS_A_STATEMENT) {
                diesel::insert_into(transfers::table).values(rows).execute(c)?;
            }
        }
        // COPY: nearly twice as fast as INSERT of many rows.
        Conn::Pg(c) => {
            diesel::copy_from(transfers::table).from_insertable(rows).execute(c)?;
        }
    }
    let sum = rows.iter().try_fold(Minor::ZERO, |sum, row| sum.plus(row.amount)).ok_or(Error::Conflict)?;
    count(tx, batch, &Tally { count: i64::try_from(rows.len()).unwrap_or(i64::MAX), sum })
}

pub(in crate::batches) fn insert_findings(tx: &mut WriteTx<'_>, rows: &[NewFinding]) -> Result<()> {
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        on!(&mut **tx, c => diesel::insert_into(findings::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Adds rows to a batch's total and to what waits in it (or takes them out, where the tally is below zero).
fn count(tx: &mut WriteTx<'_>, batch: &BatchId, added: &Tally) -> Result<()> {
    let updated = diesel::update(batches::table.find(batch))
        .set((
            batches::total.eq(batches::total + added.count),
            batches::waiting.eq(batches::waiting + added.count),
            batches::sum_total.eq(batches::sum_total + added.sum.units()),
            batches::sum_waiting.eq(batches::sum_waiting + added.sum.units()),
        ))
        .execute(&mut **tx)?;
    one(updated)
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = BigInt)]
    amount: i64,
}

/// Takes some rows and findings of a batch out again; `true` when nothing is left.
pub(in crate::batches) fn purge(tx: &mut WriteTx<'_>, batch: &BatchId) -> Result<bool> {
    let taken: Vec<Taken> = diesel::sql_query(
        "DELETE FROM transfers WHERE id IN (SELECT id FROM transfers WHERE batch_id = $1 ORDER BY line LIMIT $2) RETURNING amount",
    )
    .bind::<Text, _>(batch)
    .bind::<BigInt, _>(PURGED_AT_ONCE)
    .load(&mut **tx)?;
    let sum = taken.iter().try_fold(0_i64, |sum, row| sum.checked_sub(row.amount)).ok_or(Error::Conflict)?;
    let rows = i64::try_from(taken.len()).unwrap_or(i64::MAX);
    count(tx, batch, &Tally { count: -rows, sum: Minor::new(sum) })?;
    let findings = diesel::sql_query(
        "DELETE FROM findings WHERE batch_id = $1 \
         AND position IN (SELECT position FROM findings WHERE batch_id = $1 ORDER BY position LIMIT $2)",
    )
    .bind::<Text, _>(batch)
    .bind::<BigInt, _>(PURGED_AT_ONCE)
    .execute(&mut **tx)?;
    Ok(rows == 0 && findings == 0)
}

/// Takes a file out, with its pieces.
pub(in crate::batches) fn remove_file(tx: &mut WriteTx<'_>, file: &FileId) -> Result<()> {
    diesel::delete(batch_file_pieces::table.filter(batch_file_pieces::file_id.eq(file))).execute(&mut **tx)?;
    diesel::delete(batch_files::table.find(file)).execute(&mut **tx)?;
    Ok(())
}

/// What the whole file came to.
pub(in crate::batches) struct Found {
    pub state: State,
    pub profile: Profile,
    pub good: i64,
    pub sum: Minor,
    pub errors: i64,
    pub warnings: i64,
    pub notes: i64,
}

/// The end of `checking`, where every row has arrived.
///
/// # Errors
/// [`Error::Conflict`]: the reader was given up, or rows are missing.
pub(in crate::batches) fn settle(tx: &mut WriteTx<'_>, batch: &BatchId, last: Instant, found: &Found) -> Result<()> {
    if !State::Checking.may_become(found.state) {
        return Err(Error::Conflict);
    }
    let now = tx.now();
    let mine = batches::table
        .find(batch)
        .filter(batches::state.eq(State::Checking))
        .filter(batches::state_at.eq(last))
        .filter(batches::total.eq(found.good))
        .filter(batches::sum_total.eq(found.sum));
    let updated = diesel::update(mine)
        .set((
            batches::state.eq(found.state),
            batches::state_at.eq(now),
            batches::profile.eq(found.profile),
            batches::errors.eq(found.errors),
            batches::warnings.eq(found.warnings),
            batches::notes.eq(found.notes),
        ))
        .execute(&mut **tx)?;
    one(updated)
}
