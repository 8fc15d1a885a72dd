//! Why a transfer stands as it does, as a closed list; and each reason as a sentence for people.

use serde::{Deserialize, Serialize};

use crate::say;
use crate::sdk::Code;
use crate::words::Said;

/// Kept with the row as JSON, so that a page can say it in any language. Amounts are already printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// The network refused it with a code.
    Network {
        code: String,
    },
    /// Nobody answered, or in a way nobody understands.
    NoAnswer,
    /// Not a request the network takes, so it was not asked.
    NotARequest,
    /// The lookup named no provider.
    NoFsp,
    /// The account is at another provider than the file says.
    OtherFsp {
        asked: String,
        found: String,
    },
    /// The provider that answered the quote is not the one that was looked up.
    MovedFsp {
        looked_up: String,
        answered: String,
    },
    /// Paying into another currency is not offered on this rail yet.
    OtherCurrency {
        currency: String,
    },
    /// The quote is for another amount than was approved.
    OtherAmount {
        approved: String,
        quoted: String,
    },
    FeeAboveLimit {
        fee: String,
        limit: String,
    },
    /// The quote lacks something a payment needs, or holds something that cannot be read.
    UnreadableQuote,
    /// The network aborted it and named no reason.
    Aborted,
    /// It never reached the network, though we tried again and again.
    NeverArrived,
    /// On its way; the network has not said the end of it.
    OnItsWay,
    /// In doubt for longer than it should be.
    NoWord,
    /// The network knows it but cannot show how it ended; settled transfers look so.
    ProbablyPaid,
    /// Approved so long ago that the network may have forgotten its ids.
    TooOld,
    /// The batch was cancelled before it was sent.
    BatchEnded,
    /// This copy of the database was restored: the network is asked what happened since.
    Restored,
    /// Two people said that it was paid; the network did not tell.
    SaidPaid,
    /// Two people said that it was not paid; the network did not tell.
    SaidNotPaid,
    /// It turned out that it was paid under an id that had been given up.
    PaidBefore,
}

impl Why {
    /// As the column `reason` keeps it.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `None` for a text this program did not write.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What a person should read.
    pub fn said(&self) -> Said {
        match self {
            Self::Network { code } => network_said(code),
            Self::NoAnswer => say!("The payee's provider did not answer"),
            Self::NotARequest => say!("The payment network does not take this payee's id as it is written"),
            Self::NoFsp => say!("The network found the payee but not their provider"),
            Self::OtherFsp { asked, found } => say!("The file says {asked}, but this account is at {found}", asked = asked, found = found),
            Self::MovedFsp { looked_up, answered } => {
                say!("The account moved from {from} to {to} while it was being paid", from = looked_up, to = answered)
            }
            Self::OtherCurrency { currency } => say!("The payee's account does not take {currency}", currency = currency),
            Self::OtherAmount { approved, quoted } => {
                say!("The provider offered {quoted} instead of {approved}", quoted = quoted, approved = approved)
            }
            Self::FeeAboveLimit { fee, limit } => say!("The fee of {fee} is above the limit of {limit}", fee = fee, limit = limit),
            Self::UnreadableQuote => say!("The provider's offer could not be read"),
            Self::Aborted => say!("The network cancelled this payment and gave no reason"),
            Self::NeverArrived => say!("The payment could not be handed to the network"),
            Self::OnItsWay => say!("On its way: the network has not said yet how it ended"),
            Self::NoWord => say!("The network has not said for a long time how this payment ended; we keep asking"),
            Self::ProbablyPaid => say!("Probably paid: the network knows this payment but does not show how it ended"),
            Self::TooOld => say!("Approved too long ago for the network to remember; ask the payee's provider"),
            Self::BatchEnded => say!("The batch was cancelled before this payment was sent"),
            Self::SaidPaid => say!("Two people closed it as paid, because the network did not tell"),
            Self::SaidNotPaid => say!("Two people closed it as not paid, because the network did not tell"),
            Self::PaidBefore => say!("Not paid again: the network says that it was paid before, under an earlier transfer ID"),
            Self::Restored => say!("The system was restored from a copy: the network is asked whether this was paid"),
        }
    }
}

/// The SDK's room knows what each code means.
fn network_said(code: &str) -> Said {
    code.parse::<Code>().map_or_else(|_| say!("The network refused this payment (code {code})", code = code), Code::reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_survives_the_database_and_can_be_said() {
        let why = Why::FeeAboveLimit { fee: "7 MMK".to_owned(), limit: "5 MMK".to_owned() };
        let back = Why::from_text(&why.to_text()).unwrap();
        assert_eq!(back, why);
        assert_eq!(back.said().english(), "The fee of 7 MMK is above the limit of 5 MMK");
        assert_eq!(Why::from_text("hello"), None);
    }

    #[test]
    fn every_code_has_words() {
        assert_eq!(Why::Network { code: "3204".to_owned() }.said().english(), "The number or account has no wallet");
        assert_eq!(Why::Network { code: "x".to_owned() }.said().english(), "The network refused this payment (code x)");
    }
}
