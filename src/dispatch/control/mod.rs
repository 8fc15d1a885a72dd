//! What people do to a batch that was approved: pause it, let it go on, cancel what is left of it.
//!
//! Who holds Approve Payment in the batch's branch, sees it and made no part of it does all three; its makers may pause it and nothing
//! more. Each verb moves the batch's own row, which every recording takes first: what is on Record's side by then is sent and settled,
//! the rest is not, exactly.

mod cancel;
mod end;
mod leave;
mod pause;
mod resume;

pub use cancel::cancel_batch;
pub(super) use end::sweep;
pub use leave::{pause_left, wait_for_approval};
pub use pause::pause_batch;
pub use resume::{approved_again, resume_batch};

use super::PauseReason;
use super::store::{self, BatchRow};
use crate::audit::What;
use crate::batches::{self, State};
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::ids::BatchId;
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

/// Characters of a reason, at most.
pub const REASON_CHARS_MAX: usize = 500;

/// Why a batch was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum ControlRefusal {
    /// It does not exist, or the person may not know that it does.
    #[error("there is no such batch")]
    NoSuchBatch,
    #[error("the person does not hold {} in this branch", .0.label())]
    NotAllowed(Action),
    #[error("the person made a part of this batch, so somebody else does this")]
    OwnBatch,
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("the reason is longer than {REASON_CHARS_MAX} characters")]
    ReasonTooLong,
    #[error("not while the batch is {}", .0.state.as_str())]
    NotNow(Stood),
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Where the batch stood instead, since when, and who brought it there, where a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    pub state: State,
    pub pause: Option<PauseReason>,
    pub by: Option<String>,
    pub at: Instant,
}

impl Failure for ControlRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// What is going to be paid, or waits for something that ends by itself, can be paused.
pub fn can_be_paused(state: State, pause: Option<PauseReason>) -> bool {
    match state {
        State::Approved | State::Scheduled | State::Processing => true,
        State::Paused => matches!(pause, Some(PauseReason::WaitingForLiquidity | PauseReason::AccountStopped)),
        _ => false,
    }
}

/// What a person paused goes on when a person says so, and so does what waits for money. A stopped account is opened by an operator, a
/// lapsed approval is given again, and what is not what was approved never goes on.
pub fn can_be_resumed(state: State, pause: Option<PauseReason>) -> bool {
    state == State::Paused && matches!(pause, Some(PauseReason::ByPerson | PauseReason::WaitingForLiquidity))
}

/// Until it is processed.
pub fn can_be_cancelled(state: State) -> bool {
    state.may_become(State::Cancelling)
}

/// The batch, for one of its makers, or for one who may approve in its branch and sees it.
fn as_maker_or_checker(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId) -> Result<BatchRow, ControlRefusal> {
    let batch = store::batch(tx, id)?.ok_or(ControlRefusal::NoSuchBatch)?;
    if batches::is_maker(tx, id, &actor.id)? {
        return Ok(batch);
    }
    may_approve(tx, actor, &batch)?;
    Ok(batch)
}

/// The batch, for one who may approve in its branch, sees it and made no part of it.
fn as_checker(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId) -> Result<BatchRow, ControlRefusal> {
    let batch = store::batch(tx, id)?.ok_or(ControlRefusal::NoSuchBatch)?;
    if batches::is_maker(tx, id, &actor.id)? {
        return Err(ControlRefusal::OwnBatch);
    }
    may_approve(tx, actor, &batch)?;
    Ok(batch)
}

/// Who has not even the View does not learn that the batch is there.
fn may_approve(tx: &mut WriteTx<'_>, actor: &Actor, batch: &BatchRow) -> Result<(), ControlRefusal> {
    match tx.authorise(&actor.id, batch.payment_type.view(), &batch.branch_id) {
        Ok(_) => {}
        Err(NotAllowed::Db(error)) => return Err(error.into()),
        Err(_) => return Err(ControlRefusal::NoSuchBatch),
    }
    match tx.authorise(&actor.id, Action::ApprovePayment, &batch.branch_id) {
        Ok(_) => Ok(()),
        Err(NotAllowed::Db(error)) => Err(error.into()),
        Err(_) => Err(ControlRefusal::NotAllowed(Action::ApprovePayment)),
    }
}

fn not_now(tx: &mut WriteTx<'_>, batch: &BatchRow) -> db::Result<ControlRefusal> {
    let what = match batch.state {
        State::Paused if batch.pause() == Some(PauseReason::ByPerson) => Some(What::BatchPaused),
        State::Approved | State::Scheduled | State::Processing => Some(What::BatchResumed),
        State::Cancelling | State::Cancelled => Some(What::BatchCancelling),
        _ => None,
    };
    let by = match what {
        Some(what) => crate::audit::last_by(tx, &batch.id, what)?,
        None => None,
    };
    Ok(ControlRefusal::NotNow(Stood { state: batch.state, pause: batch.pause(), by, at: batch.state_at }))
}

/// What the person wrote, if anything.
fn reason(typed: &str) -> Result<Option<&str>, ControlRefusal> {
    let reason = typed.trim();
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(ControlRefusal::ReasonTooLong);
    }
    Ok(Some(reason).filter(|reason| !reason.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_done_is_what_the_allow_table_allows() {
        for state in State::ALL {
            for pause in PauseReason::ALL.iter().copied().map(Some).chain([None]) {
                let pause = pause.filter(|_| *state == State::Paused);
                if can_be_paused(*state, pause) {
                    assert!(*state == State::Paused || state.may_become(State::Paused), "{state:?}");
                    assert!(can_be_cancelled(*state), "{state:?}: what can be paused can be cancelled");
                }
                assert!(!can_be_resumed(*state, pause) || state.may_become(State::Processing), "{state:?}");
            }
        }
    }

    #[test]
    fn a_pause_that_people_have_to_end_elsewhere_does_not_end_here() {
        let ends = |reason| can_be_resumed(State::Paused, Some(reason));
        let ended: Vec<_> = PauseReason::ALL.iter().copied().filter(|reason| ends(*reason)).collect();
        assert_eq!(ended, [PauseReason::WaitingForLiquidity, PauseReason::ByPerson]);
        assert!(!can_be_paused(State::Paused, Some(PauseReason::ByPerson)), "twice");
        assert!(!can_be_cancelled(State::Processed) && !can_be_cancelled(State::Cancelling));
    }
}
