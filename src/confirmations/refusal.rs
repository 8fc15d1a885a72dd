//! Why a confirmation is not decided as somebody wants it.

use super::{Decided, State};
use crate::db::{self, Failure};

/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such confirmation")]
    NoSuchConfirmation,
    #[error("only an account manager may do this")]
    NotAccountManager,
    #[error("you asked for this yourself: somebody else has to confirm it")]
    OwnRequest,
    #[error("this is about yourself: somebody else has to confirm it")]
    AboutYourself,
    #[error("{} can decide on this, so the operator does not", .0.join(" and "))]
    OthersCan(Vec<String>),
    #[error("only who asked for it may take it back")]
    NotTheAsker,
    #[error("it does not wait any more: {} by {}", .0.as_str(), .1.by)]
    AlreadyDecided(State, Decided),
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("the reason is longer than {REASON_CHARS_MAX} characters")]
    ReasonTooLong,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for Refusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}
