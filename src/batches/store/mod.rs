//! The tables of batches: here the batch itself, its makers and its state.

pub(super) mod bulk;
pub(super) mod files;
pub(super) mod findings;
pub(super) mod rows;
pub(super) mod sighting;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::batch::{Batch, Counts, Tally};
use super::create::NewBatch;
use super::file::{Profile, Summary};
use super::{Channel, PaymentType, State};
use crate::clock::Instant;
use crate::db::schema::{batch_makers, batches};
use crate::db::{Conn, Error, Question, Result, WriteTx};
use crate::ids::{BatchId, BranchId, FspId, FundingAccountId, Reference, UserId};
use crate::money::{Currency, Minor};
use crate::people::Actor;
use crate::privileges::Rights;

/// How far a person's drafts are counted.
const DRAFTS_COUNTED_MAX: i64 = 999;

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
    pay_at: Option<Instant>,
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
        pay_at: row.pay_at,
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

/// The batch that was made from a rejected one, unless it was deleted.
pub(super) fn correction_of(conn: &mut Conn, rejected: &BatchId) -> Result<Option<BatchId>> {
    let made = batches::table.filter(batches::corrects_batch_id.eq(rejected)).filter(batches::state.ne(State::Deleted));
    Ok(made.order(batches::created_at).select(batches::id).first(conn).optional()?)
}

/// Links a batch to the rejected one that it corrects, and makes everybody who made a part of that a maker of it.
pub(super) fn link_correction(tx: &mut WriteTx<'_>, id: &BatchId, rejected: &BatchId) -> Result<()> {
    one(diesel::update(batches::table.find(id)).set(batches::corrects_batch_id.eq(rejected)).execute(&mut **tx)?)?;
    let makers: Vec<UserId> =
        batch_makers::table.filter(batch_makers::batch_id.eq(rejected)).select(batch_makers::user_id).load(&mut **tx)?;
    makers.iter().try_for_each(|user| add_maker(tx, id, user))
}

pub(super) struct NewRow<'a> {
    pub id: &'a BatchId,
    pub new: &'a NewBatch,
    pub name: &'a str,
    pub currency: Currency,
    pub read: &'a Summary,
    pub content_seen: i64,
    pub created_by: &'a UserId,
}

/// Tries for a reference that no batch has: of 4,294,967,296, so one is enough unless chance repeats itself.
const REFERENCE_TRIES: u32 = 8;

fn free_reference(conn: &mut Conn) -> Result<Reference> {
    for _ in 0..REFERENCE_TRIES {
        let reference = Reference::random();
        let taken = batches::table.filter(batches::reference.eq(&reference)).select(batches::id);
        if !diesel::select(exists(taken)).get_result::<bool>(conn)? {
            return Ok(reference);
        }
    }
    Err(Error::Conflict)
}

/// A batch in `checking`, all its counts zero.
pub(super) fn insert(tx: &mut WriteTx<'_>, row: &NewRow<'_>) -> Result<()> {
    let (now, choices, reference) = (tx.now(), &row.new.choices, free_reference(tx)?);
    let nothing = (
        (batches::errors.eq(0_i64), batches::warnings.eq(0_i64), batches::notes.eq(0_i64), batches::pauses.eq(0)),
        (
            (batches::total.eq(0_i64), batches::waiting.eq(0_i64), batches::paying.eq(0_i64), batches::succeeded.eq(0_i64)),
            (batches::failed.eq(0_i64), batches::in_doubt.eq(0_i64), batches::needs_attention.eq(0_i64)),
            (batches::cancelled.eq(0_i64), batches::excluded.eq(0_i64)),
        ),
        (
            (batches::sum_total.eq(0_i64), batches::sum_waiting.eq(0_i64), batches::sum_paying.eq(0_i64)),
            (batches::sum_succeeded.eq(0_i64), batches::sum_failed.eq(0_i64), batches::sum_in_doubt.eq(0_i64)),
            (batches::sum_needs_attention.eq(0_i64), batches::sum_cancelled.eq(0_i64), batches::sum_excluded.eq(0_i64)),
        ),
    );
    diesel::insert_into(batches::table)
        .values((
            batches::id.eq(row.id),
            batches::reference.eq(reference),
            batches::name.eq(row.name),
            batches::client_reference.eq(&row.new.client_reference),
            batches::branch_id.eq(&choices.branch),
            batches::payment_type.eq(choices.payment_type),
            batches::channel.eq(choices.channel),
            batches::funding_account_id.eq(&choices.funding_account),
            batches::to_fsp.eq(&choices.to_fsp),
            batches::currency.eq(row.currency),
            batches::profile.eq(row.read.profile),
            (batches::content_digest.eq(&row.read.content_digest), batches::content_seen.eq(row.content_seen)),
            (batches::state.eq(State::Checking), batches::state_at.eq(now)),
            (batches::fee_limit.eq(0_i64), batches::created_by.eq(row.created_by), batches::created_at.eq(now)),
            nothing,
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// A batch that never came to be.
pub(super) fn remove(tx: &mut WriteTx<'_>, id: &BatchId) -> Result<()> {
    diesel::delete(batch_makers::table.filter(batch_makers::batch_id.eq(id))).execute(&mut **tx)?;
    one(diesel::delete(batches::table.find(id)).execute(&mut **tx)?)
}

pub(super) fn set_content(tx: &mut WriteTx<'_>, id: &BatchId, digest: &str, seen: i64) -> Result<()> {
    one(diesel::update(batches::table.find(id))
        .set((batches::content_digest.eq(digest), batches::content_seen.eq(seen)))
        .execute(&mut **tx)?)
}

/// Batches whose reader was last heard of before then, each with when.
pub(super) fn silent(conn: &mut Conn, before: Instant) -> Result<Vec<(BatchId, Instant)>> {
    Ok(batches::table
        .filter(batches::state.eq(State::Checking))
        .filter(batches::state_at.lt(before))
        .select((batches::id, batches::state_at))
        .load(conn)?)
}

pub(super) fn find_by_client_reference(conn: &mut Conn, reference: &str) -> Result<Option<Batch>> {
    let theirs = batches::table.filter(batches::client_reference.eq(reference)).filter(batches::state.ne(State::Deleted));
    Ok(theirs.select(Row::as_select()).first::<Row>(conn).optional()?.map(batch))
}

/// The first batch, not deleted, whose file has that content; one left aside.
pub(super) fn first_of_content(conn: &mut Conn, digest: &str, aside: Option<&BatchId>) -> Result<Option<Batch>> {
    let mut same = batches::table.filter(batches::content_digest.eq(digest)).filter(batches::state.ne(State::Deleted)).into_boxed();
    if let Some(aside) = aside {
        same = same.filter(batches::id.ne(aside));
    }
    Ok(same.order(batches::created_at).select(Row::as_select()).first::<Row>(conn).optional()?.map(batch))
}

/// A maker's last batches, newest first, deleted ones left out.
pub(super) fn last_of_maker(conn: &mut Conn, user: &UserId, limit: i64) -> Result<Vec<Batch>> {
    let rows: Vec<Row> = batches::table
        .filter(batches::created_by.eq(user))
        .filter(batches::state.ne(State::Deleted))
        .order((batches::created_at.desc(), batches::id.desc()))
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(batch).collect())
}

/// How many batches that the person made a part of, or took over, are not submitted yet.
///
/// # Errors
/// The database's.
pub fn drafts_of(conn: &mut Conn, user: &UserId) -> Result<i64> {
    let mut question = Question::default();
    let user = question.text(user.as_str());
    // The few batches in these states first (CROSS JOIN keeps that order on SQLite): this number is on every page.
    let from = format!(
        "FROM batches b CROSS JOIN batch_makers m WHERE m.batch_id = b.id AND m.user_id = {user} \
         AND b.state IN ('needs_correction', 'draft')"
    );
    question.count(conn, &from, DRAFTS_COUNTED_MAX)
}

/// What stands on a batch from its submission on.
pub(super) struct Submission<'a> {
    pub seal: &'a str,
    pub fee_limit: Minor,
    pub by: &'a UserId,
}

/// `draft` → `pending_approval`, with its seal.
pub(super) fn submit(tx: &mut WriteTx<'_>, id: &BatchId, submission: &Submission<'_>) -> Result<()> {
    swap_state(tx, id, State::Draft, State::PendingApproval)?;
    let now = tx.now();
    one(diesel::update(batches::table.find(id))
        .set((
            batches::seal.eq(submission.seal),
            batches::fee_limit.eq(submission.fee_limit),
            batches::submitted_by.eq(submission.by),
            batches::submitted_at.eq(now),
        ))
        .execute(&mut **tx)?)
}

/// When it is to be paid; before it is submitted.
pub(super) fn set_pay_at(tx: &mut WriteTx<'_>, id: &BatchId, pay_at: Option<Instant>) -> Result<()> {
    let open = batches::table.find(id).filter(batches::state.eq_any([State::Checking, State::Draft]));
    one(diesel::update(open).set(batches::pay_at.eq(pay_at)).execute(&mut **tx)?)
}

/// `pending_approval` → `draft`, as if it had not been submitted.
pub(super) fn withdraw(tx: &mut WriteTx<'_>, id: &BatchId) -> Result<()> {
    swap_state(tx, id, State::PendingApproval, State::Draft)?;
    let nobody: Option<UserId> = None;
    one(diesel::update(batches::table.find(id))
        .set((
            batches::seal.eq(None::<String>),
            batches::fee_limit.eq(Minor::ZERO),
            batches::submitted_by.eq(nobody),
            batches::submitted_at.eq(None::<Instant>),
        ))
        .execute(&mut **tx)?)
}
