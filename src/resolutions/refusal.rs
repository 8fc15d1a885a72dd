//! Why a verb of this room was refused.

use super::{EVIDENCE_CHARS_MAX, NOTE_CHARS_MAX, State};
use crate::clock::Instant;
use crate::db::{self, Failure};
use crate::dispatch::TransferState;
use crate::people::second_factor::{AsksForCode, CodeRefusal};
use crate::privileges::{Action, NotAllowed};

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It does not exist, or the person may not know that it does.
    #[error("there is nothing here")]
    NotHere,
    #[error("the person does not hold {} in this branch", .0.label())]
    NotAllowed(Action),
    #[error("the person made a part of this batch, so others say how it ended")]
    Maker,
    #[error("a payment that is {} is not closed by people", .0.as_str())]
    WrongState(TransferState),
    #[error("the network was asked within the last minute")]
    JustAsked,
    #[error("a proposal waits already")]
    AlreadyProposed,
    #[error("the person proposed this, so somebody else has to decide")]
    OwnProposal,
    #[error("somebody else proposed this")]
    NotTheProposer,
    #[error("who proposed this may not resolve payments any more")]
    ProposerGone,
    /// By whom and when, where it was a person.
    #[error("it does not wait any more")]
    AlreadyDecided { state: State, by: Option<String>, at: Option<Instant> },
    #[error("the alarm was acknowledged already")]
    AlreadyAcknowledged { by: Option<String>, at: Option<Instant> },
    #[error("a note is needed")]
    NoteMissing,
    #[error("the note is longer than {NOTE_CHARS_MAX} characters")]
    NoteTooLong,
    #[error("the evidence is needed")]
    EvidenceMissing,
    #[error("the evidence is longer than {EVIDENCE_CHARS_MAX} characters")]
    EvidenceTooLong,
    /// About the code of their app, which closing as not paid asks for where the institution wants it.
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

impl From<NotAllowed> for Refusal {
    fn from(refusal: NotAllowed) -> Self {
        match refusal {
            NotAllowed::NoGrant(action) => Self::NotAllowed(action),
            NotAllowed::NotAccountManager => Self::NotHere,
            NotAllowed::Db(error) => Self::Db(error),
        }
    }
}

/// A text that has to be there and may not be too long.
pub(super) fn checked(text: &str, most: usize, missing: Refusal, too_long: Refusal) -> Result<String, Refusal> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(missing),
        count if count > most => Err(too_long),
        _ => Ok(text.to_owned()),
    }
}
