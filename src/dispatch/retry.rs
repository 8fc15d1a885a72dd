//! Tries failed rows again under the approval that the batch has: each under the same id, or the one after ABORTED (`core::retry`).
//!
//! Whoever may approve the batch may do it, if they made no part of it: it lets money out. Within 7 days of the approval; where that does
//! not stand any more, the batch waits for another one before anything is paid.

use super::retryable::{self, ROWS_CHOSEN_MAX, Retryable, Which};
use super::store::{self, BatchMove, Deltas};
use super::{TransferState, control, retry_until};
use crate::approvals::{self, Stands};
use crate::audit::{self, Event, What};
use crate::batches::{self, Batch, State};
use crate::clock::Instant;
use crate::db::{self, Conn, Failure, WriteTx};
use crate::ids::{BatchId, RowId};
use crate::money::{Currency, Minor};
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

/// What a checker sends.
#[derive(Debug, Clone)]
pub struct RetryForm {
    pub batch: BatchId,
    pub which: Which,
    /// Only these rows; none: all failed rows of the batch.
    pub chosen: Vec<RowId>,
    /// What they were shown.
    pub count: i64,
    pub sum: Minor,
}

/// What is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retried {
    pub payments: i64,
    pub sum: Minor,
    pub currency: Currency,
}

#[derive(Debug, thiserror::Error)]
pub enum RetryRefusal {
    /// It does not exist, or the person may not know that it does.
    #[error("there is no such batch")]
    NoSuchBatch,
    #[error("the person does not hold {} in this branch", .0.label())]
    NotAllowed(Action),
    #[error("the person made a part of this batch, so somebody else tries it again")]
    OwnBatch,
    #[error("failed payments of a batch that is {} are not tried again", .0.as_str())]
    WrongState(State),
    #[error("the approval is too old")]
    TooLate(Instant),
    #[error("more than {ROWS_CHOSEN_MAX} rows were chosen")]
    TooMany,
    #[error("there is nothing to try again")]
    Nothing,
    /// What failed is not what the person was shown.
    #[error("something else failed meanwhile")]
    Changed,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for RetryRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// [`RetryRefusal`]; nothing is tried again then.
pub fn retry(tx: &mut WriteTx<'_>, actor: &Actor, form: &RetryForm) -> Result<Retried, RetryRefusal> {
    let batch = batches::find(tx, &form.batch)?.ok_or(RetryRefusal::NoSuchBatch)?;
    allowed(tx, actor, &batch)?;
    let now = tx.now();
    open_to_retry(tx, actor, &batch, now)?;
    let retryable = chosen(tx, form)?;
    let retried = Retried { payments: retryable.count(), sum: retryable.sum(), currency: batch.currency };
    if retried.payments == 0 {
        return Err(RetryRefusal::Nothing);
    }
    if (retried.payments, retried.sum) != (form.count, form.sum) {
        return Err(RetryRefusal::Changed);
    }
    let keys: Vec<&str> = retryable.tried.iter().map(|kind| kind.key.as_str()).collect();
    if store::ready_again(tx, &batch.id, &keys, &form.chosen)? != retried.payments {
        return Err(db::Error::Conflict.into());
    }
    let mut deltas = Deltas::default();
    deltas.moved_many(&batch.id, (retried.payments, retried.sum), TransferState::Failed, TransferState::Ready);
    store::add_deltas(tx, &deltas)?;
    wake(tx, &batch)?;
    let skipped: i64 = retryable.skipped.iter().map(|kind| kind.count).sum();
    let changes = serde_json::json!({
        "payments": retried.payments,
        "sum": retried.sum.units(),
        "currency": retried.currency.code(),
        "left_out": skipped,
        "of": if form.chosen.is_empty() { form.which.as_str() } else { "chosen" },
    });
    audit::record(tx, &Event::of_batch(actor.by(), What::BatchRetried, &batch.id, &batch.branch).changing(changes))?;
    tracing::info!(batch.reference = %batch.reference, retried.payments, "dispatch.retry: tried again");
    if approvals::still_stands(tx, &batch.id, now)? != Stands::Yes {
        control::wait_for_approval(tx, &batch.id)?;
    }
    Ok(retried)
}

/// Whether this batch's failed rows may be tried again by this person now, but for their right to approve in its branch.
///
/// # Errors
/// [`RetryRefusal`], why not.
pub fn open_to_retry(conn: &mut Conn, actor: &Actor, batch: &Batch, now: Instant) -> Result<(), RetryRefusal> {
    if batches::is_maker(conn, &batch.id, &actor.id)? || batch.created_by == actor.id {
        return Err(RetryRefusal::OwnBatch);
    }
    if !matches!(batch.state, State::Processed | State::Processing) {
        return Err(RetryRefusal::WrongState(batch.state));
    }
    let until = retry_until(conn, &batch.id)?.ok_or(RetryRefusal::WrongState(batch.state))?;
    if now > until {
        return Err(RetryRefusal::TooLate(until));
    }
    Ok(())
}

fn chosen(tx: &mut WriteTx<'_>, form: &RetryForm) -> Result<Retryable, RetryRefusal> {
    if form.chosen.len() > ROWS_CHOSEN_MAX {
        return Err(RetryRefusal::TooMany);
    }
    Ok(retryable::retryable(tx, &form.batch, form.which, &form.chosen)?)
}

/// Its checker's right, in a batch they may see.
fn allowed(tx: &mut WriteTx<'_>, actor: &Actor, batch: &Batch) -> Result<(), RetryRefusal> {
    let not_allowed = |refusal| match refusal {
        NotAllowed::NoGrant(action) => RetryRefusal::NotAllowed(action),
        NotAllowed::NotAccountManager => RetryRefusal::NoSuchBatch,
        NotAllowed::Db(error) => RetryRefusal::Db(error),
    };
    match tx.authorise(&actor.id, batch.payment_type.view(), &batch.branch) {
        Err(NotAllowed::NoGrant(_)) if !batches::is_maker(tx, &batch.id, &actor.id)? => return Err(RetryRefusal::NoSuchBatch),
        Err(NotAllowed::NoGrant(_)) | Ok(_) => {}
        Err(refusal) => return Err(not_allowed(refusal)),
    }
    tx.authorise(&actor.id, Action::ApprovePayment, &batch.branch).map_err(not_allowed)?;
    Ok(())
}

/// A batch in which something is paid again is not done.
fn wake(tx: &mut WriteTx<'_>, batch: &Batch) -> db::Result<()> {
    if batch.state != State::Processed {
        return Ok(());
    }
    let pauses = store::batch(tx, &batch.id)?.map_or(0, |batch| batch.pauses);
    let one = BatchMove { id: &batch.id, from: State::Processed, to: State::Processing, reason: None, code: None, resume_at: None, pauses };
    store::move_batch(tx, &one)
}
