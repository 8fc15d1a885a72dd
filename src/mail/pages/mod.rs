//! My mails, and mail that could not be delivered.

mod choices;
mod undelivered;

pub use self::choices::{choices, save};
pub use self::undelivered::{again, drop_letter, list};
use super::{LetterKind, NoticeKind, Refusal};
use crate::say;
use crate::web::ErrorPage;
use crate::words::Said;

impl NoticeKind {
    /// What a person ticks.
    fn label(self) -> Said {
        match self {
            Self::BatchWaits => say!("A batch waits for my decision"),
            Self::BatchDecided => say!("My batch was approved or rejected"),
            Self::BatchFinished => say!("A batch I made or approved is processed"),
            Self::NeedsAttention => say!("A batch needs attention"),
            Self::EndOfDay => say!("The day's report"),
            Self::CutOff => say!("Payments are unresolved before the settlement cut-off"),
        }
    }

    fn hint(self) -> Said {
        match self {
            Self::BatchWaits => say!("As soon as a maker submits it."),
            Self::BatchDecided => say!("With the reason the checker wrote."),
            Self::BatchFinished => say!("With how many payments succeeded and failed."),
            Self::NeedsAttention => say!("When it stands still, or when the network does not say how a payment ended."),
            Self::EndOfDay => say!("Once a day, to those with Resolve Payment: what was paid, what failed, what is unresolved."),
            Self::CutOff => say!("At most once a day, to those with Resolve Payment."),
        }
    }
}

impl LetterKind {
    /// What the list of undelivered mail calls it.
    pub(super) fn label(self) -> Said {
        match self {
            Self::Invitation => say!("Invitation"),
            Self::PasswordReset => say!("Password reset"),
            Self::Account => say!("About their account"),
            Self::Administration => say!("For account managers"),
            Self::Gathered => say!("About batches"),
            Self::Operations => say!("About payments without an outcome"),
            Self::Report => say!("Report"),
            Self::Test => say!("Test"),
        }
    }
}

impl From<Refusal> for ErrorPage {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchLetter => {
                Self::Conflict { what: say!("This mail is not undelivered any more. Look at the list again."), typed: Vec::new() }
            }
            Refusal::TooLate => {
                Self::Conflict { what: say!("Its link has ended. Make a new one on the page of the person."), typed: Vec::new() }
            }
            Refusal::NotAllowed(refusal) => refusal.into(),
            Refusal::Db(error) => error.into(),
        }
    }
}
