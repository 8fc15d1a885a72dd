//! The pauses dispatch makes itself: waiting for liquidity ends by itself, a closed account by an operator, a lapsed approval by another
//! one, and what is not what was approved by nobody. How a batch goes on stands in `go_on`.

use super::core::{Fault, Oddity, liquidity_wait};
use super::go_on::go_on;
use super::store::{self, AtWork, BatchMove, BatchRow};
use crate::audit::{self, By, Event, What};
use crate::batches::State;
use crate::db::{self, WriteTx, text_enum};
use crate::funding;
use crate::ids::{BatchId, FundingAccountId};
use crate::mail;
use crate::say;
use crate::words::Said;

text_enum! {
    /// Why a batch is paused.
    pub enum PauseReason {
        WaitingForLiquidity = "waiting_for_liquidity",
        AccountStopped = "account_stopped",
        /// The same, because answer after answer made no sense.
        NoSense = "no_sense",
        /// The same, because our clock and the network's differ.
        ClocksDiffer = "clocks_differ",
        /// What would be paid is not what was approved.
        SealMismatch = "seal_mismatch",
        NeedsApprovalAgain = "needs_approval_again",
        ByPerson = "by_person",
    }
}

impl PauseReason {
    /// What people read on the batch's page.
    pub fn said(self) -> Said {
        match self {
            Self::WaitingForLiquidity => {
                say!("Waiting for money: your account at the network is used up or at its limit. It goes on by itself.")
            }
            Self::AccountStopped => say!("The funding account is stopped. An operator opens it again."),
            Self::NoSense => say!(
                "The funding account is stopped: the payment connection's answers cannot be understood. An operator looks into it and opens the account again."
            ),
            Self::ClocksDiffer => say!(
                "The funding account is stopped: the clocks here and at the payment connection differ too much. An operator sets them right and opens the account again."
            ),
            Self::SealMismatch => say!("Stopped: the payments are not what was approved. Nothing is paid. Tell the operator."),
            Self::NeedsApprovalAgain => say!("It must be approved again before it goes on."),
            Self::ByPerson => say!("Paused by a person."),
        }
    }
}

impl PauseReason {
    /// Whether the batch goes on when an operator opens the account again.
    fn is_of_account(self) -> bool {
        matches!(self, Self::AccountStopped | Self::NoSense | Self::ClocksDiffer)
    }
}

fn code_of(fault: Fault) -> Option<String> {
    fault.code.map(|code| code.to_string())
}

/// Pauses a batch that is being paid; one that is not is left as it is.
fn pause(tx: &mut WriteTx<'_>, batch: &BatchRow, reason: PauseReason, code: Option<String>) -> db::Result<()> {
    let waits = reason == PauseReason::WaitingForLiquidity;
    let resume_at = waits.then(|| tx.now().after(liquidity_wait(batch.pauses)));
    let pauses = if waits { batch.pauses.saturating_add(1) } else { batch.pauses };
    let one = BatchMove {
        id: &batch.id,
        from: batch.state,
        to: State::Paused,
        reason: Some(reason.as_str()),
        code: code.clone(),
        resume_at,
        pauses,
    };
    store::move_batch(tx, &one)?;
    let event = Event::of_batch(By::system(), What::BatchPaused, &batch.id, &batch.branch_id)
        .because(reason.as_str())
        .changing(serde_json::json!({ "code": code, "resume_at": resume_at.map(crate::clock::Instant::micros) }));
    audit::record(tx, &event)?;
    // Waiting for money is told once, not at every look whether there is some.
    if !waits || batch.pauses == 0 {
        mail::tell::paused(tx, &batch.id, &batch.branch_id, reason)?;
    }
    tracing::warn!(batch.reference = %batch.reference, reason = reason.as_str(), code, "dispatch.pause: paused");
    Ok(())
}

/// 4001, 4200: the batch stands still and tries again later, each time after twice the wait.
pub(super) fn wait_for_liquidity(tx: &mut WriteTx<'_>, batch: &BatchId, fault: Fault) -> db::Result<()> {
    match store::batch(tx, batch)? {
        Some(batch) if batch.state == State::Processing => pause(tx, &batch, PauseReason::WaitingForLiquidity, code_of(fault)),
        _ => Ok(()),
    }
}

/// A batch stands still for a reason that only people end; one that stands still already, for this reason from now on.
pub(super) fn stand_still(tx: &mut WriteTx<'_>, batch: &BatchRow, reason: PauseReason, code: Option<String>) -> db::Result<()> {
    if batch.state != State::Paused {
        return pause(tx, batch, reason, code);
    }
    if batch.pause() == Some(reason) {
        return Ok(());
    }
    store::pause_otherwise(tx, batch, reason.as_str(), code.as_deref())?;
    let event = Event::of_batch(By::system(), What::BatchPaused, &batch.id, &batch.branch_id)
        .because(reason.as_str())
        .changing(serde_json::json!({ "instead_of": batch.pause_reason, "code": code }));
    audit::record(tx, &event)?;
    mail::tell::paused(tx, &batch.id, &batch.branch_id, reason)
}

/// The payer may not pay: nothing more leaves this account until an operator looks.
pub(super) fn close_account(tx: &mut WriteTx<'_>, account: &FundingAccountId, fault: Fault) -> db::Result<()> {
    stop_account(tx, account, PauseReason::AccountStopped, code_of(fault), None)
}

/// What comes from the network cannot be trusted: nothing more leaves this account until an operator looks.
pub(super) fn distrust_account(tx: &mut WriteTx<'_>, account: &FundingAccountId, oddity: Oddity) -> db::Result<()> {
    let (reason, ahead_s) = match oddity {
        Oddity::NoSense => (PauseReason::NoSense, None),
        Oddity::ClocksDiffer { ahead_s } => (PauseReason::ClocksDiffer, ahead_s),
    };
    stop_account(tx, account, reason, None, ahead_s)
}

fn stop_account(
    tx: &mut WriteTx<'_>,
    account: &FundingAccountId,
    reason: PauseReason,
    code: Option<String>,
    ahead_s: Option<i64>,
) -> db::Result<()> {
    let why = funding::WhyStopped { reason: reason.as_str(), code: code.as_deref(), clock_ahead_s: ahead_s };
    if !funding::stop(tx, &By::system(), account, &why)? {
        return Ok(());
    }
    let now = tx.now();
    for AtWork { batch, .. } in store::at_work(tx, now)? {
        if batch.funding_account_id == *account && batch.state == State::Processing {
            pause(tx, &batch, reason, code.clone())?;
        }
    }
    Ok(())
}

/// The rows of a batch are not what was approved.
pub(super) fn stop_altered(tx: &mut WriteTx<'_>, batch: &BatchId, why: &str) -> db::Result<()> {
    let Some(batch) = store::batch(tx, batch)? else { return Ok(()) };
    if !batch.state.may_become(State::Paused) {
        return Ok(());
    }
    tracing::error!(batch.reference = %batch.reference, why, "dispatch.seal: a batch is not what was approved, nothing of it is paid");
    audit::record(tx, &Event::of_batch(By::system(), What::SealMismatch, &batch.id, &batch.branch_id).because(why))?;
    pause(tx, &batch, PauseReason::SealMismatch, None)
}

/// Batches whose wait for liquidity is over go on. Returns how many.
pub(super) fn resume_due(tx: &mut WriteTx<'_>) -> db::Result<usize> {
    let now = tx.now();
    let due: Vec<_> = store::at_work(tx, now)?
        .into_iter()
        .map(|at_work| at_work.batch)
        .filter(|batch| batch.state == State::Paused && batch.resume_at.is_some_and(|at| at <= now))
        .collect();
    for batch in &due {
        go_on(tx, &By::system(), batch)?;
    }
    Ok(due.len())
}

/// An operator opens an account again, and the batches that stood still for it go on.
///
/// # Errors
/// The database's; `Conflict` where the account is not stopped.
pub fn reopen_account(tx: &mut WriteTx<'_>, by: &By, account: &FundingAccountId) -> db::Result<()> {
    funding::reopen(tx, by, account)?;
    let now = tx.now();
    for AtWork { batch, .. } in store::at_work(tx, now)? {
        if batch.funding_account_id == *account && batch.pause().is_some_and(PauseReason::is_of_account) {
            go_on(tx, by, &batch)?;
        }
    }
    Ok(())
}
