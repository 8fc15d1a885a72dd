//! Releasing a restored copy: before it pays anything, the network is asked about every approved row that is not paid in it.

use std::time::Duration;

use super::TransferState::{self, Agreeing, Cancelled, Failed, InDoubt, NeedsAttention, Ready, Sending};
use super::core;
use super::core::limits::ID_MEMORY;
use super::epoch::{self, EpochError, EpochFile};
use super::store::{self, BatchMove, Deltas, Held, Key, Move};
use super::why::Why;
use crate::audit::{self, By, Event, Subject, What};
use crate::batches::State;
use crate::clock::Instant;
use crate::db::{self, Db, Turn, WriteTx};
use crate::ids::{BatchId, InstitutionId, RowId};

/// Longer than any prepare of the other writer could still be executed, beyond the settle margin.
const AFTER_LAST_EXPIRY: Duration = Duration::from_secs(30);
/// Rows looked at in one transaction.
const PAGE: i64 = 1_000;
/// Batches in which a row may have been paid, or may be.
const APPROVED: &[State] =
    &[State::Approved, State::Scheduled, State::Processing, State::Paused, State::Processed, State::Cancelling, State::Cancelled];

/// What a release did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Released {
    /// Rows the network will be asked about.
    pub asked: usize,
    /// Rows approved so long ago that the network may have forgotten them: a person must look.
    pub too_old: usize,
    pub epoch: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum ReleaseRefusal {
    #[error("wait until {} (UTC): what the other copy sent last may still be executed until then", .0.timestamp())]
    TooSoon(Instant),
    #[error(transparent)]
    Epoch(#[from] EpochError),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl db::Failure for ReleaseRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::Epoch(EpochError::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// Puts every approved row that is not paid in this copy into doubt, and lets dispatch go on. `other_stopped_at`: when the last other
/// writer of this institution stopped. `settle_margin`: the longest of the institution's SDKs. Can be run again after a crash.
///
/// # Errors
/// [`ReleaseRefusal`].
pub async fn release(
    db: &Db,
    file: &EpochFile,
    by: By,
    house: InstitutionId,
    other_stopped_at: Instant,
    settle_margin: Duration,
) -> Result<Released, ReleaseRefusal> {
    let from = other_stopped_at.after(settle_margin).after(AFTER_LAST_EXPIRY);
    if db.clock().now() < from {
        return Err(ReleaseRefusal::TooSoon(from));
    }
    let mut released = Released::default();
    for batch in db.read(|conn| store::batches_in(conn, APPROVED)).await? {
        let mut after = RowId::from("");
        loop {
            let (id, start) = (batch.id.clone(), after.clone());
            let page = db.write_as(Turn::Worker, db::Isolation::Serializable, move |tx| doubt_page(tx, &id, &start)).await?;
            released.asked += page.asked;
            released.too_old += page.too_old;
            match page.last {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    released.epoch = epoch::begin_above(db, file).await?;
    let told = serde_json::json!({ "asked": released.asked, "too_old": released.too_old, "epoch": released.epoch });
    let record = move |tx: &mut WriteTx<'_>| {
        let event = Event::new(by.clone(), What::DispatchReleased, Subject::new("institution", &house)).changing(told.clone());
        audit::record(tx, &event)
    };
    db.write(record).await?;
    Ok(released)
}

#[derive(Default)]
struct Page {
    asked: usize,
    too_old: usize,
    last: Option<RowId>,
}

fn doubt_page(tx: &mut WriteTx<'_>, batch: &BatchId, after: &RowId) -> db::Result<Page> {
    const OPEN: &[TransferState] = &[Ready, Agreeing, Sending, InDoubt, NeedsAttention, Failed, Cancelled];
    let now = tx.now();
    let rows = store::held(tx, batch, OPEN, None, after, PAGE)?;
    let Some(last) = rows.last().map(|row| row.id.clone()) else { return Ok(Page::default()) };
    let approved_at = store::approved_at(tx, batch)?;
    let is_too_old = approved_at.is_some_and(|at| now.since(at) > ID_MEMORY);
    let mut page = Page { last: Some(last), ..Page::default() };
    let mut doubted = Vec::new();
    for row in rows {
        let Some(standing) = core::release(row.standing.clone(), now) else { continue };
        doubted.push((row, standing));
    }
    wake_batch(tx, batch, !doubted.is_empty())?;
    apply(tx, &doubted)?;
    if is_too_old {
        // A second step along the allow-table: in doubt, and nobody left to ask but a person.
        let told: Vec<_> =
            doubted.iter().filter(|(_, standing)| standing.state == InDoubt).map(|(row, standing)| needs_person(row, standing)).collect();
        apply(tx, &told)?;
        page.too_old = told.len();
    }
    page.asked = doubted.len() - page.too_old;
    Ok(page)
}

fn needs_person(row: &Held, doubt: &core::Standing) -> (Held, core::Standing) {
    let told = core::Standing { state: NeedsAttention, why: Some(Why::TooOld), refused: false, ..doubt.clone() };
    (Held { standing: doubt.clone(), attempt: None, ..row.clone() }, told)
}

fn apply(tx: &mut WriteTx<'_>, rows: &[(Held, core::Standing)]) -> db::Result<()> {
    let (mut moves, mut deltas) = (Vec::with_capacity(rows.len()), Deltas::default());
    for (row, to) in rows {
        moves.push(Move::new(&row.id, &Key::of(&row.standing, row.attempt.as_ref()), to, None));
        deltas.moved(&row.batch, row.amount, row.standing.state, to.state);
    }
    if store::move_rows(tx, &moves)?.len() != moves.len() {
        return Err(db::Error::Conflict);
    }
    store::add_deltas(tx, &deltas)
}

/// A batch with rows in doubt is not processed.
fn wake_batch(tx: &mut WriteTx<'_>, id: &BatchId, has_doubts: bool) -> db::Result<()> {
    let Some(batch) = store::batch(tx, id)? else { return Ok(()) };
    if !has_doubts || batch.state != State::Processed {
        return Ok(());
    }
    let one =
        BatchMove { id, from: State::Processed, to: State::Processing, reason: None, code: None, resume_at: None, pauses: batch.pauses };
    store::move_batch(tx, &one)?;
    audit::record(tx, &Event::of_batch(By::system(), What::BatchResumed, id, &batch.branch_id).because("restored"))
}
