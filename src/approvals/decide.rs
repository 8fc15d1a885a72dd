//! Approves or rejects a batch.

use super::{Decision, REASON_CHARS_MAX, store};
use crate::audit::{self, By, Event, What};
use crate::batches::{self, Batch, State};
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::dispatch::{self, Went};
use crate::ids::{BatchId, BranchId, Reference};
use crate::mail;
use crate::money::{Currency, Minor};
use crate::people::Actor;
use crate::people::second_factor::{self, AsksForCode, CodeRefusal, Vault};
use crate::privileges::{Action, Authorise, NotAllowed};

/// What the checker sends.
#[derive(Debug, Clone)]
pub struct DecisionForm {
    pub batch: BatchId,
    pub decision: Decision,
    /// Required to reject; at most [`REASON_CHARS_MAX`] characters.
    pub reason: String,
    /// The seal of what the checker was shown.
    pub seal: String,
}

/// A decision that stands.
#[derive(Debug, Clone)]
pub struct Decided {
    pub batch: BatchId,
    pub reference: Reference,
    pub branch: BranchId,
    pub decision: Decision,
    /// Payments it is about, and their sum.
    pub payments: i64,
    pub sum: Minor,
    pub currency: Currency,
    /// What came of it, where it is another approval of what was approved before.
    pub again: Option<Went>,
}

/// The batch does not wait for this decision any more.
#[derive(Debug, Clone)]
pub struct Moved {
    pub how: MovedHow,
    /// Who did it, where that is known.
    pub by: Option<String>,
    pub at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedHow {
    Decided(Decision),
    /// A maker took it back.
    Withdrawn,
    Deleted,
    /// It waits again, but for a decision on other content than was shown.
    Changed,
}

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It does not exist, or the person may not know that it does.
    #[error("there is no such batch")]
    NoSuchBatch,
    #[error("the person does not hold {} in this branch", .0.label())]
    NotAllowed(Action),
    #[error("the person made a part of this batch, so somebody else decides on it")]
    OwnBatch,
    #[error("what was approved before is approved again or cancelled, not rejected")]
    OnlyApprove,
    #[error("a rejection needs a reason")]
    ReasonMissing,
    #[error("the reason is longer than {REASON_CHARS_MAX} characters")]
    ReasonTooLong,
    #[error("the batch does not wait for this decision any more")]
    Moved(Moved),
    /// About the code of their app, which an approval asks for where the institution wants it.
    #[error(transparent)]
    Code(#[from] CodeRefusal),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for Refusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) => Some(error),
            Self::Code(refusal) => refusal.database(),
            _ => None,
        }
    }
}

impl AsksForCode for Refusal {
    fn code(&self) -> Option<&CodeRefusal> {
        if let Self::Code(refusal) = self { Some(refusal) } else { None }
    }
}

/// Decides where no code is asked for; refuses an approval where one is.
///
/// # Errors
/// [`Refusal`]; nothing is decided then.
pub fn decide(tx: &mut WriteTx<'_>, actor: &Actor, form: &DecisionForm) -> Result<Decided, Refusal> {
    decide_with_code(tx, actor, form, None)
}

/// Decides on a batch that waits. Approving makes all its pending payments ready to be paid, in this very transaction, in which the code
/// of the checker's app is used up too, where one is asked for.
///
/// # Errors
/// [`Refusal`]; nothing is decided then.
pub fn decide_with_code(
    tx: &mut WriteTx<'_>,
    actor: &Actor,
    form: &DecisionForm,
    code: Option<(&Vault, &str)>,
) -> Result<Decided, Refusal> {
    let batch = batches::find(tx, &form.batch)?.ok_or(Refusal::NoSuchBatch)?;
    allowed(tx, actor, &batch, form.decision)?;
    if batches::is_maker(tx, &batch.id, &actor.id)? || batch.created_by == actor.id {
        return Err(Refusal::OwnBatch);
    }
    let reason = form.reason.trim();
    if form.decision == Decision::Rejected && reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refusal::ReasonTooLong);
    }
    if batch.needs_approval_again() && form.decision != Decision::Approved {
        return Err(Refusal::OnlyApprove);
    }
    if let Some(moved) = moved(tx, &batch, &form.seal)? {
        return Err(Refusal::Moved(moved));
    }
    if form.decision == Decision::Approved {
        second_factor::step_up(tx, &actor.id, code)?;
    }
    let note = Some(reason).filter(|reason| !reason.is_empty());
    if batch.needs_approval_again() {
        store::insert_again(tx, &batch, &actor.id, note)?;
        record(tx, actor, &batch, What::BatchApprovedAgain, reason)?;
        mail::tell::decided(tx, &batch, form.decision, &actor.full_name, reason)?;
        let went = dispatch::approved_again(tx, &actor.by(), &batch.id)?;
        return Ok(decided(batch, form.decision, Some(went)));
    }
    let next = match form.decision {
        Decision::Approved => State::Approved,
        Decision::Rejected => State::Rejected,
    };
    batches::swap_state(tx, &batch.id, State::PendingApproval, next)?;
    store::insert_decision(tx, &batch, &actor.id, form.decision, note)?;
    if form.decision == Decision::Approved && store::make_ready(tx, &batch.id)? != batch.counts.waiting.count {
        // The counts are not those of the rows: nothing of this is paid before somebody has looked.
        return Err(Refusal::Db(db::Error::Conflict));
    }
    let what = match form.decision {
        Decision::Approved => What::BatchApproved,
        Decision::Rejected => What::BatchRejected,
    };
    record(tx, actor, &batch, what, reason)?;
    mail::tell::decided(tx, &batch, form.decision, &actor.full_name, reason)?;
    if form.decision == Decision::Approved {
        await_its_day(tx, &batch)?;
    }
    Ok(decided(batch, form.decision, None))
}

/// What is to be paid later waits for its day; what was to be paid earlier is paid at once.
fn await_its_day(tx: &mut WriteTx<'_>, batch: &Batch) -> db::Result<()> {
    let Some(day) = batch.pay_at.filter(|day| *day > tx.now()) else { return Ok(()) };
    batches::swap_state(tx, &batch.id, State::Approved, State::Scheduled)?;
    let event = Event::of_batch(By::system(), What::BatchScheduled, &batch.id, &batch.branch);
    audit::record(tx, &event.changing(serde_json::json!({ "pay_at": day.micros() })))
}

fn decided(batch: Batch, decision: Decision, again: Option<Went>) -> Decided {
    Decided {
        batch: batch.id,
        reference: batch.reference,
        branch: batch.branch,
        decision,
        payments: batch.counts.waiting.count,
        sum: batch.counts.waiting.sum,
        currency: batch.currency,
        again,
    }
}

/// The decision's own privilege and the type's View. Who has not even the View does not learn that the batch is there.
fn allowed(tx: &mut WriteTx<'_>, actor: &Actor, batch: &Batch, decision: Decision) -> Result<(), Refusal> {
    let not_allowed = |refusal| match refusal {
        NotAllowed::NoGrant(action) => Refusal::NotAllowed(action),
        NotAllowed::NotAccountManager => Refusal::NoSuchBatch,
        NotAllowed::Db(error) => Refusal::Db(error),
    };
    match tx.authorise(&actor.id, batch.payment_type.view(), &batch.branch) {
        Err(NotAllowed::NoGrant(_)) if !batches::is_maker(tx, &batch.id, &actor.id)? => return Err(Refusal::NoSuchBatch),
        seen => seen.map_err(not_allowed)?,
    };
    tx.authorise(&actor.id, decision.needs(), &batch.branch).map_err(not_allowed)?;
    Ok(())
}

/// What became of the batch, where it does not wait with this seal any more.
///
/// # Errors
/// The database's.
pub(super) fn moved(conn: &mut db::Conn, batch: &Batch, seal: &str) -> db::Result<Option<Moved>> {
    if batch.state == State::PendingApproval || batch.needs_approval_again() {
        if batch.seal.as_deref() == Some(seal) {
            return Ok(None);
        }
        let by = store::last_to(conn, &batch.id, What::BatchSubmitted)?;
        return Ok(Some(Moved { how: MovedHow::Changed, by, at: batch.submitted_at.unwrap_or(batch.state_at) }));
    }
    if let Some(decided) = store::decision(conn, &batch.id)? {
        return Ok(Some(Moved { how: MovedHow::Decided(decided.decision), by: Some(decided.by), at: decided.at }));
    }
    let (how, what) = match batch.state {
        State::Deleted => (MovedHow::Deleted, What::BatchDeleted),
        _ => (MovedHow::Withdrawn, What::BatchWithdrawn),
    };
    let by = store::last_to(conn, &batch.id, what)?;
    Ok(Some(Moved { how, by, at: batch.state_at }))
}

fn record(tx: &mut WriteTx<'_>, actor: &Actor, batch: &Batch, what: What, reason: &str) -> db::Result<()> {
    let mut event = Event::of_batch(actor.by(), what, &batch.id, &batch.branch).changing(serde_json::json!({
        "payments": batch.counts.waiting.count,
        "sum": batch.counts.waiting.sum,
        "currency": batch.currency,
        "seal": batch.seal,
    }));
    if !reason.is_empty() {
        event = event.because(reason);
    }
    audit::record(tx, &event)
}
