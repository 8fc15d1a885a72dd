//! How an approved batch is paid (ARCHITECTURE.md, "A batch is paid, step by step").
//!
//! [`core`] decides, and nothing else does: a pure function of how a transfer stands, what was heard, and the time. Around it:
//! `start` verifies the seal and begins a batch, `claim` takes rows, `agree` looks up and quotes, `record` makes the exact bytes durable,
//! `send` sends them, `settle` (in `job`) writes what the core decided, `reconcile` asks about what is in doubt, `recorder` puts the
//! writes of many rows into few transactions, `recover` finds what a dead worker left, `pause`, `go_on` and `finish` move batches, `control`
//! is what people do to them, `retry` and `by_people` what they do to their payments; `closed` asks about what they closed, and `late`
//! looks at replies that came too late; `epoch` and `release` keep a restored copy from talking nonsense, `slots` bounds calls in flight,
//! `breakers` keeps payments from where nobody answers. The [`Engine`] drives them all.
//!
//! The whole of safety is one sentence: **a transfer's next id exists only after the network said ABORTED for the one before.**

mod account;
mod agree;
pub mod breakers;
mod by_people;
mod claim;
mod closed;
mod control;
pub mod core;
mod crash;
mod engine;
mod epoch;
mod finish;
mod go_on;
mod job;
mod late;
mod lease;
mod look;
pub mod pages;
mod pause;
mod reconcile;
mod record;
mod recorder;
mod recover;
mod release;
mod replies;
mod retry;
mod retryable;
mod sealed;
mod send;
mod shared;
#[cfg(test)]
mod simulation;
mod slots;
mod start;
mod state;
mod store;
mod verify_counts;
pub mod why;

pub use by_people::{Closed, ask_again, close, id_in_use};
pub use claim::ROW_LEASE;
pub use control::{
    ControlRefusal, REASON_CHARS_MAX, Stood, approved_again, can_be_cancelled, can_be_paused, can_be_resumed, cancel_batch, pause_batch,
    pause_left, resume_batch, wait_for_approval,
};
pub use core::{AlarmKind, Ending};
pub use crash::POINTS as CRASH_POINTS;
pub use engine::{CONCURRENCY, Engine, QUIET_POLL, Setup};
pub use epoch::{EPOCH_EVERY, EpochError, EpochFile, Held, check as check_epoch};
pub use go_on::Went;
pub use lease::LEASE_FOR;
pub use pause::{PauseReason, reopen_account};
pub use release::{ReleaseRefusal, Released, release};
pub use replies::Call;
pub use retry::{Retried, RetryForm, RetryRefusal, open_to_retry, retry};
pub use retryable::{Kind, ROWS_CHOSEN_MAX, Retryable, Which, retry_until, retryable};
pub use state::{Count, MOVES, TransferState};
pub use verify_counts::{Miscount, Verified, verify_counts};
