//! Why a verb on a batch that is there was refused.

use super::sealing::CannotSeal;
use super::{CannotSchedule, FindingKind, State};
use crate::db::{self, Failure};
use crate::privileges::NotAllowed;

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it is none of theirs.
    #[error("there is no such batch")]
    NotFound,
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// Only a maker of it may.
    #[error("only a maker of the batch may do this")]
    NotAMaker,
    /// It stands where this cannot be done; mostly because somebody else was first.
    #[error("not while the batch is {}", .0.as_str())]
    NotNow(State),
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason is longer than {0} characters")]
    ReasonTooLong(usize),
    #[error("nothing was chosen")]
    NothingChosen,
    /// Warnings nobody has acknowledged.
    #[error("there are warnings to acknowledge: {}", .0.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))]
    Unacknowledged(Vec<FindingKind>),
    #[error("the batch has no payments")]
    NoPayments,
    /// When it is to be paid has passed, or lies too far ahead.
    #[error(transparent)]
    PayOn(#[from] CannotSchedule),
    /// What was looked at is not what stands there now.
    #[error("the batch changed since it was looked at")]
    Changed,
    #[error("the rows are not those the batch counts: {0}")]
    Broken(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for Refusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<CannotSeal> for Refusal {
    fn from(error: CannotSeal) -> Self {
        match error {
            CannotSeal::Db(error) => Self::Db(error),
            CannotSeal::Rows(error) => Self::Broken(error.to_string()),
        }
    }
}
