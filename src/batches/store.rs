//! The tables of batches: one batch, its makers, its rows, its state.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::batch::{Batch, Counts, Tally};
use super::file::Profile;
use super::{Channel, PaymentType, State};
use crate::clock::Instant;
use crate::db::schema::{batch_makers, batches};
use crate::db::{Conn, Error, Result, WriteTx};
use crate::ids::{BatchId, BranchId, FspId, FundingAccountId, Reference, UserId};
use crate::money::{Currency, Minor};
use crate::people::Actor;
use crate::privileges::Rights;

#[derive(Queryable, Selectable)]
#[diesel(table_name = batches)]
struct Row {
    id: BatchId,
    reference: Reference,
    name: String,
    client_reference: Option<String>,
    branch_id: BranchId,
    payment_type: PaymentType,
    channel: Channel,
    funding_account_id: FundingAccountId,
    to_fsp: Option<FspId>,
    currency: Currency,
    profile: Profile,
    content_digest: String,
    content_seen: i64,
    corrects_batch_id: Option<BatchId>,
    state: State,
    state_at: Instant,
    pause_reason: Option<String>,
    pause_code: Option<String>,
    resume_at: Option<Instant>,
    seal: Option<String>,
    fee_limit: Minor,
    errors: i64,
    warnings: i64,
    notes: i64,
    #[diesel(embed)]
    counts: CountsRow,
    created_by: UserId,
    created_at: Instant,
    submitted_by: Option<UserId>,
    submitted_at: Option<Instant>,
    started_at: Option<Instant>,
    processed_at: Option<Instant>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = batches)]
struct CountsRow {
    total: i64,
    waiting: i64,
    paying: i64,
    succeeded: i64,
    failed: i64,
    in_doubt: i64,
    needs_attention: i64,
    cancelled: i64,
    excluded: i64,
    sum_total: Minor,
    sum_waiting: Minor,
    sum_paying: Minor,
    sum_succeeded: Minor,
    sum_failed: Minor,
    sum_in_doubt: Minor,
    sum_needs_attention: Minor,
    sum_cancelled: Minor,
    sum_excluded: Minor,
}

fn counts(row: &CountsRow) -> Counts {
    let tally = |count, sum| Tally { count, sum };
    Counts {
        total: row.total,
        sum: row.sum_total,
        waiting: tally(row.waiting, row.sum_waiting),
        paying: tally(row.paying, row.sum_paying),
        succeeded: tally(row.succeeded, row.sum_succeeded),
        failed: tally(row.failed, row.sum_failed),
        in_doubt: tally(row.in_doubt, row.sum_in_doubt),
        needs_attention: tally(row.needs_attention, row.sum_needs_attention),
        cancelled: tally(row.cancelled, row.sum_cancelled),
        excluded: tally(row.excluded, row.sum_excluded),
    }
}

fn batch(row: Row) -> Batch {
    Batch {
        counts: counts(&row.counts),
        id: row.id,
        reference: row.reference,
        name: row.name,
        client_reference: row.client_reference,
        branch: row.branch_id,
        payment_type: row.payment_type,
        channel: row.channel,
        funding_account: row.funding_account_id,
        to_fsp: row.to_fsp,
        currency: row.currency,
        profile: row.profile,
        content_digest: row.content_digest,
        content_seen: row.content_seen,
        corrects: row.corrects_batch_id,
        state: row.state,
        state_at: row.state_at,
        pause_reason: row.pause_reason,
        pause_code: row.pause_code,
        resume_at: row.resume_at,
        seal: row.seal,
        fee_limit: row.fee_limit,
        errors: row.errors,
        warnings: row.warnings,
        notes: row.notes,
        created_by: row.created_by,
        created_at: row.created_at,
        submitted_by: row.submitted_by,
        submitted_at: row.submitted_at,
        started_at: row.started_at,
        processed_at: row.processed_at,
    }
}

/// A batch by its id, whoever asks.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &BatchId) -> Result<Option<Batch>> {
    Ok(batches::table.find(id).select(Row::as_select()).first::<Row>(conn).optional()?.map(batch))
}

/// A batch that this person may see: with View of its type in its branch, or as a maker of it.
///
/// # Errors
/// The database's; what may not be seen is `Ok(None)`, like what does not exist.
pub fn find_visible(conn: &mut Conn, actor: &Actor, rights: &Rights, id: &BatchId) -> Result<Option<Batch>> {
    let Some(batch) = find(conn, id)? else { return Ok(None) };
    let visible = rights.has(batch.payment_type.view(), &batch.branch) || is_maker(conn, id, &actor.id)?;
    Ok(visible.then_some(batch))
}

/// Moves a batch along the allow-table, if it still stands where the caller saw it.
///
/// # Errors
/// [`Error::Conflict`] where it stands elsewhere, or where the table has no such move.
pub fn swap_state(tx: &mut WriteTx<'_>, id: &BatchId, from: State, to: State) -> Result<()> {
    if !from.may_become(to) {
        return Err(Error::Conflict);
    }
    let now = tx.now();
    let seen = batches::table.find(id).filter(batches::state.eq(from));
    one(diesel::update(seen).set((batches::state.eq(to), batches::state_at.eq(now))).execute(&mut **tx)?)
}

/// A compare-and-swap hits exactly one row.
pub(super) fn one(rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// Remembers that the person made a part of the batch: they will never decide on it.
///
/// # Errors
/// The database's.
pub fn add_maker(tx: &mut WriteTx<'_>, batch: &BatchId, user: &UserId) -> Result<()> {
    if is_maker(tx, batch, user)? {
        return Ok(());
    }
    diesel::insert_into(batch_makers::table)
        .values((batch_makers::batch_id.eq(batch), batch_makers::user_id.eq(user)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether the person uploaded, edited, acknowledged or submitted any part of it.
///
/// # Errors
/// The database's.
pub fn is_maker(conn: &mut Conn, batch: &BatchId, user: &UserId) -> Result<bool> {
    let maker = batch_makers::table.find((batch, user)).select(batch_makers::user_id);
    Ok(diesel::select(exists(maker)).get_result(conn)?)
}
