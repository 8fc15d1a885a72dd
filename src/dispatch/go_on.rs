//! A paused batch goes on: where its approval still stands, and its account may pay.

use super::finish;
use super::pause::{PauseReason, stand_still};
use super::store::{self, BatchMove, BatchRow};
use crate::approvals::{self, Stands};
use crate::audit::{self, ActorKind, By, Event, What};
use crate::batches::State;
use crate::db::{self, WriteTx};
use crate::funding::{self, AccountState};

/// What became of a batch that was to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// It is paid, or begins in a moment.
    On,
    /// It had not begun, and its day has not come.
    ToItsDay,
    /// Whoever approved it lost the right to: somebody has to approve it again.
    NeedsApprovalAgain,
    /// Its funding account was stopped meanwhile: it goes on when an operator opens that.
    AccountStopped,
}

/// Lets a paused batch go on. One that had begun is paid further; one that had not begins as it would have, its seal verified first.
pub(super) fn go_on(tx: &mut WriteTx<'_>, by: &By, batch: &BatchRow) -> db::Result<Went> {
    let now = tx.now();
    if approvals::still_stands(tx, &batch.id, now)? != Stands::Yes {
        stand_still(tx, batch, PauseReason::NeedsApprovalAgain, None)?;
        return Ok(Went::NeedsApprovalAgain);
    }
    let account = funding::find_account(tx, &batch.funding_account_id)?.ok_or(db::Error::Conflict)?;
    if account.state == AccountState::Stopped {
        stand_still(tx, batch, PauseReason::AccountStopped, account.stopped_code)?;
        return Ok(Went::AccountStopped);
    }
    let (to, went) = match (batch.started_at, batch.pay_at) {
        (Some(_), _) => (State::Processing, Went::On),
        (None, Some(day)) if day > now => (State::Scheduled, Went::ToItsDay),
        (None, _) => (State::Approved, Went::On),
    };
    // Whoever says "go on now" has looked for money: what is waited for then is waited for anew.
    let pauses = if by.kind == ActorKind::System { batch.pauses } else { 0 };
    let one = BatchMove { id: &batch.id, from: State::Paused, to, reason: None, code: None, resume_at: None, pauses };
    store::move_batch(tx, &one)?;
    audit::record(tx, &Event::of_batch(by.clone(), What::BatchResumed, &batch.id, &batch.branch_id))?;
    finish::finish(tx, std::iter::once(&batch.id))?;
    Ok(went)
}
