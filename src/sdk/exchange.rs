//! One call and what came of it.

use std::time::Duration;

use crate::clock::Instant;
use crate::ids::FspId;
use crate::say;
use crate::sdk::{Code, NotARequest, Quote};
use crate::words::Said;

/// How much of a reply is kept on the attempt's record, in bytes.
pub const RECORDED_BODY: usize = 4096;

/// A call to the SDK, answered or not.
#[derive(Clone, PartialEq, Eq)]
pub struct Exchange<T> {
    pub answer: T,
    /// `None` where no reply came.
    pub http_status: Option<u16>,
    /// The FSPIOP code in the reply, wherever it stood.
    pub code: Option<Code>,
    /// The reply's body for the attempt's record: at most [`RECORDED_BODY`] bytes, no NUL (PostgreSQL refuses it in a text).
    pub body: String,
    pub took: Duration,
    /// The SDK's clock when it answered, in whole seconds, from the reply's `Date`.
    pub date: Option<Instant>,
}

/// A body holds a payee's name, which has no place in a log.
impl<T: std::fmt::Debug> std::fmt::Debug for Exchange<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("answer", &self.answer)
            .field("http_status", &self.http_status)
            .field("code", &self.code)
            .field("body_bytes", &self.body.len())
            .field("took", &self.took)
            .finish()
    }
}

/// Why an answer says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// No connection: the request never left.
    NotReached,
    /// The connection broke after the request may have left.
    BrokenOff,
    /// Our own time ran out.
    NoReply,
    /// The SDK waited for the hub in vain (500 "Timeout", 504).
    Silent,
    /// The reply is longer than [`super::REPLY_CAP`].
    TooLong,
    /// An error without a code we could read.
    WithoutCode,
    /// An error whose code does not tell what became of the request.
    Code,
    /// It is over, and the SDK passes on nothing of how: 18.0.2 says so of a number without a wallet.
    Untold,
    /// A reply that is not in the shape the SDK uses for this call.
    NotTheShape,
    /// A reply about another party or another transfer than the one asked for.
    AboutAnother,
    /// The SDK refused the request as not valid (HTTP 400): nothing was passed on.
    Invalid,
}

impl Why {
    pub fn said(self) -> Said {
        match self {
            Self::NotReached => say!("The payment connection could not be reached"),
            Self::BrokenOff => say!("The connection broke before an answer came"),
            Self::NoReply | Self::Silent => say!("No answer came in time"),
            Self::TooLong | Self::NotTheShape => say!("The answer could not be read"),
            Self::WithoutCode | Self::Code | Self::Untold => say!("The payment connection reported a fault"),
            Self::AboutAnother => say!("The answer was about something else"),
            Self::Invalid => say!("The payment connection refused the request as not valid"),
        }
    }
}

/// What `GET /parties` told.
#[derive(Clone, PartialEq, Eq)]
pub enum PartyAnswer {
    Found {
        fsp: FspId,
        /// As the FSP writes it; not every FSP shows names.
        name: Option<String>,
        /// What the account takes; empty where the FSP does not say.
        currencies: Vec<String>,
    },
    /// A definite error: see its class in [`super::Stage::Agree`].
    Refused { code: Code },
    /// Asked again later; no money is at stake.
    Unclear { code: Option<Code>, why: Why },
    /// Not a question the network takes; it will not become one.
    NotAsked(NotARequest),
}

/// A payee's name has no place in a log.
impl std::fmt::Debug for PartyAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found { fsp, currencies, .. } => write!(f, "Found {{ {fsp}, {currencies:?}, … }}"),
            Self::Refused { code } => write!(f, "Refused({code})"),
            Self::Unclear { code, why } => write!(f, "Unclear({why:?}, {code:?})"),
            Self::NotAsked(why) => write!(f, "NotAsked({why:?})"),
        }
    }
}

/// What `POST /quotes` told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "answers are read one at a time and never stored in bulk")]
pub enum QuoteAnswer {
    Quoted(Quote),
    /// A definite error: see its class in [`super::Stage::Agree`].
    Refused {
        code: Code,
    },
    /// Asked again later; no money is at stake.
    Unclear {
        code: Option<Code>,
        why: Why,
    },
    /// Not a question the network takes; it will not become one.
    NotAsked(NotARequest),
}

/// What `POST /simpleTransfers` or `GET /transfers/{id}` told. Only `Committed` and `Aborted` say anything about money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferAnswer {
    /// Executed. In a reply to a send it counts only with a fulfilment that fits the condition ([`super::fulfils`]).
    Committed { fulfilment: Option<String> },
    /// Final: this id will never be executed.
    Aborted { code: Option<Code> },
    /// The money is set aside; it may still be committed or aborted.
    Reserved,
    /// The hub has it and has not looked at it yet.
    Received,
    /// 3208 to a `GET`: the hub does not know the id, at this moment.
    NotFound,
    /// The SDK's own timeout: 500 "Timeout", or 504 to a `GET` (SETTLED looks so, for ever).
    Silent,
    /// A definite error, to be confirmed by `GET`.
    Refused { code: Code },
    /// 3106: the id is known with other bytes; this request was not executed.
    Modified,
    /// Nobody knows.
    Unclear { why: Why },
}

/// At most `most` bytes, cut between characters, without NUL.
pub(super) fn recorded(mut body: String, most: usize) -> String {
    let mut end = most.min(body.len());
    while !body.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    body.truncate(end);
    if body.contains('\0') { body.replace('\0', " ") } else { body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_between_characters() {
        assert_eq!(recorded("abc".to_owned(), 10), "abc");
        assert_eq!(recorded("ဒေါ်".to_owned(), 4), "ဒ");
        assert_eq!(recorded("a\0b".to_owned(), 10), "a b");
    }

    #[test]
    fn a_payees_name_is_not_printed_in_logs() {
        let answer = PartyAnswer::Found { fsp: FspId::from("kbzpay"), name: Some("Daw Hla".to_owned()), currencies: Vec::new() };
        let exchange =
            Exchange { answer, http_status: Some(200), code: None, body: "Daw Hla".to_owned(), took: Duration::ZERO, date: None };
        assert!(!format!("{exchange:?}").contains("Hla"));
    }
}
