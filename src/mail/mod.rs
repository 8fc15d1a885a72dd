//! Mail: a verb writes what is to be sent in its own transaction, the worker sends it.
//!
//! [`send`] puts one letter into the outbox (an invitation, a reset, what somebody has to know at once); [`notify`] keeps something for
//! a person's next gathered mail, of which each gets at most one in ten minutes and may turn each [`NoticeKind`] off.
//! An institution without mail settings keeps neither.

mod letter;
mod notify;
mod send;
mod settings;
mod store;

pub use self::letter::{Letter, LetterKind, LetterText};
pub use self::notify::{Notice, NoticeKind, notify};
pub use self::send::send;
pub use self::settings::{MailSettings, Tls};
