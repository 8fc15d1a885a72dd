//! Mail: a verb writes what is to be sent in its own transaction, the worker sends it.
//!
//! [`send`] puts one letter into the outbox (an invitation, a reset, what somebody has to know at once); [`notify`] keeps something for
//! a person's next gathered mail, of which each gets at most one in ten minutes and may turn each [`NoticeKind`] off. Who is told of
//! what stands in [`tell`].
//!
//! The [`Postman`] claims a letter first, then sends it, then marks it: two processes never send one twice but for one case, a crash
//! between the mail server's yes and the mark. Then it goes out again with the same Message-ID, by which mail programs know that they
//! have it already. What a letter said is forgotten once it is sent, because its link may open an account.
//!
//! An institution without mail settings sends nothing: its letters are dropped, its notices deleted, and pages print what else
//! would be mailed.

mod again;
mod choose;
mod deliver;
mod discard;
mod forget;
mod gather;
mod letter;
mod message;
mod notify;
pub mod pages;
mod postman;
mod send;
mod server;
mod settings;
mod store;
pub mod tell;
mod test_mail;
mod trouble;
mod words;

pub use self::again::send_again;
pub use self::choose::choose;
pub use self::discard::discard;
pub use self::forget::forget;
pub use self::gather::GATHER_FOR;
pub use self::letter::{Letter, LetterKind, LetterText};
pub use self::notify::{Notice, NoticeKind, notify};
pub use self::postman::Postman;
pub use self::send::{send, send_if_wanted};
pub use self::server::NoMailServer;
pub use self::settings::{MailSettings, Tls};
pub use self::store::outbox::undelivered_count;
pub use self::test_mail::{TestFailed, test_mail};
pub use self::trouble::{Trouble, TroubleKind};
use crate::db::{self, Failure, text_enum};
use crate::privileges::NotAllowed;

text_enum! {
    /// Where a letter stands.
    pub enum MailState {
        /// To be sent, or sent again.
        Waiting = "waiting",
        Sent = "sent",
        /// Nobody tries any more until an account manager says so.
        Undelivered = "undelivered",
        /// Never to be sent.
        Dropped = "dropped",
    }
}

/// Why nothing is done about an undelivered letter.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("there is no such letter among the undelivered ones")]
    NoSuchLetter,
    /// What it linked to is over.
    #[error("the letter's link has ended")]
    TooLate,
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
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
