//! FSPIOP error codes: what each means for the payment, and in words (CONTRACT 4).

use crate::say;
use crate::words::Said;

/// An FSPIOP error code: four digits, the first not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an error code of four digits")]
pub struct NotACode;

/// Where in a payment the code was met. Before the prepare is sent no money can move; after it, only `GET` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Lookup and quote.
    Agree,
    /// From the first send of the prepare on.
    Transfer,
}

/// What to do about a code. At [`Stage::Transfer`] it says what to do *after* `GET` said ABORTED or certainly not known; it is
/// never itself the proof that nothing was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Trying again changes nothing: the row fails, and people may correct or retry it.
    Permanent,
    /// Passes by itself: try again after a while, within the limits of attempts.
    Retry,
    /// May pass, may be a defect: try again a few times only.
    RetryLimited,
    /// Our own money at the hub ran out or met its cap: the whole batch waits.
    WaitForLiquidity,
    /// Nothing of this funding account can be paid until somebody has changed something: stop it and tell the operator.
    StopAccount,
    /// Says nothing about the payment: ask by `GET`.
    Unknown,
}

use Class::{Permanent, Retry, RetryLimited, StopAccount, Unknown, WaitForLiquidity};

impl Code {
    /// Also what a prepare gets that arrives after its expiry.
    pub const NOT_VALID: Self = Self(3100);
    pub const MODIFIED_REQUEST: Self = Self(3106);
    pub const TRANSFER_NOT_FOUND: Self = Self(3208);

    /// `None` where the number has not four digits.
    pub const fn new(number: u16) -> Option<Self> {
        if matches!(number, 1000..=9999) { Some(Self(number)) } else { None }
    }

    pub const fn number(self) -> u16 {
        self.0
    }

    /// CONTRACT 4, row by row; codes it does not name go by their first digit.
    pub const fn class(self, stage: Stage) -> Class {
        match stage {
            Stage::Agree => self.class_in_agree(),
            Stage::Transfer => self.class_in_transfer(),
        }
    }

    const fn class_in_agree(self) -> Class {
        match self.0 {
            2000 | 2001 => RetryLimited,
            2002 => Permanent,
            1000..=2999 => Retry,
            3001 | 3002 | 3105 | 3202 | 4300 | 4400 => StopAccount,
            3106 | 3201 | 3205..=3210 => RetryLimited,
            3300..=3303 | 5001 => Retry,
            4001 | 4200 => WaitForLiquidity,
            _ => Permanent,
        }
    }

    const fn class_in_transfer(self) -> Class {
        match self.0 {
            // Even "not implemented": a server that failed may have failed after it had passed the prepare on.
            1000..=2999 | 3106 | 3208 => Unknown,
            3001 | 3002 | 3105 | 3202 | 4300 | 4400 => StopAccount,
            // 3100 is also what a prepare gets that arrives after its expiry; 33xx are expiries by name. Each costs a whole
            // expiry to settle, so a few times only.
            3100 | 3201 | 3205..=3207 | 3209 | 3210 | 3300..=3303 => RetryLimited,
            4001 | 4200 => WaitForLiquidity,
            5001 => Retry,
            _ => Permanent,
        }
    }

    /// Whether the cause lies in how we are set up or stand with the scheme, so that the operator should hear of it.
    pub const fn is_for_the_operator(self) -> bool {
        matches!(self.0, 2002 | 3000..=3003 | 3105 | 3202 | 4000..=4999 | 6000..=9999)
    }

    /// The reason in plain words, for the page of the payment.
    pub fn reason(self) -> Said {
        match self.0 {
            1000 | 1001 => say!("The payment network could not be reached"),
            2002 => say!("The payment network or the wallet cannot do this kind of payment"),
            2003 => say!("The payment network is not available at the moment"),
            2004 => say!("The payment network took too long"),
            2005 => say!("The payment network is busy"),
            2000..=2999 => say!("The payment network had a fault"),
            3001 | 3002 => say!("The payment connection is not set up as the network expects"),
            3105 => say!("The payment network did not accept our signature"),
            3106 => say!("The payment network already knows this payment with other details"),
            3100..=3199 => say!("The payment network refused the request as not valid"),
            3201 | 3203 => say!("The payee's wallet or bank is not on the payment network"),
            3202 => say!("The payment network does not know our own institution"),
            3204 => say!("The number or account has no wallet"),
            3205 => say!("The wallet no longer knows the agreed fee"),
            3208 => say!("The payment network does not know this payment"),
            3302 => say!("The agreed fee expired before the payment was made"),
            3300..=3303 => say!("The payment took too long and was cancelled"),
            3000..=3999 => say!("The payment network could not use the request"),
            4001 => say!("Our money at the payment network is used up"),
            4200 => say!("Our limit at the payment network is reached"),
            4100..=4199 => say!("Our own account refused the payment"),
            4300 => say!("Our account may not make this payment"),
            4400 => say!("Our account is blocked at the payment network"),
            4000..=4999 => say!("Our own account could not make the payment"),
            5001 => say!("The payee's wallet or bank is short of money at the moment"),
            5101 | 5103 => say!("The payee's wallet or bank refused the terms"),
            5102 => say!("The payee's wallet or bank does not take this kind of payment"),
            5106 => say!("The payee's wallet or bank does not take this currency"),
            5107 => say!("The payee's number or account is no longer valid"),
            5100..=5199 => say!("The payee's wallet or bank refused the payment"),
            5200..=5299 => say!("The payee's wallet limit is reached"),
            5300..=5399 => say!("The payee's account may not receive this payment"),
            5400..=5499 => say!("The payee's account is blocked"),
            5000..=5999 => say!("The payee's wallet or bank could not take the payment"),
            6000..=6999 => say!("The payment network had a problem with settlement"),
            _ => say!("The payment network answered with a code we do not know"),
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::str::FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        if text.len() != 4 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotACode);
        }
        text.parse().ok().and_then(Self::new).ok_or(NotACode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u16) -> Code {
        Code::new(number).unwrap()
    }

    /// CONTRACT 4 as a table: code, before the prepare, after it.
    const TABLE: &[(u16, Class, Class)] = &[
        (1000, Retry, Unknown),
        (1001, Retry, Unknown),
        (2000, RetryLimited, Unknown),
        (2001, RetryLimited, Unknown),
        (2002, Permanent, Unknown),
        (2003, Retry, Unknown),
        (2004, Retry, Unknown),
        (2005, Retry, Unknown),
        (3000, Permanent, Permanent),
        (3001, StopAccount, StopAccount),
        (3002, StopAccount, StopAccount),
        (3003, Permanent, Permanent),
        (3100, Permanent, RetryLimited),
        (3101, Permanent, Permanent),
        (3104, Permanent, Permanent),
        (3105, StopAccount, StopAccount),
        (3106, RetryLimited, Unknown),
        (3107, Permanent, Permanent),
        (3200, Permanent, Permanent),
        (3201, RetryLimited, RetryLimited),
        (3202, StopAccount, StopAccount),
        (3203, Permanent, Permanent),
        (3204, Permanent, Permanent),
        (3205, RetryLimited, RetryLimited),
        (3207, RetryLimited, RetryLimited),
        (3208, RetryLimited, Unknown),
        (3209, RetryLimited, RetryLimited),
        (3210, RetryLimited, RetryLimited),
        (3300, Retry, RetryLimited),
        (3302, Retry, RetryLimited),
        (3303, Retry, RetryLimited),
        (4000, Permanent, Permanent),
        (4001, WaitForLiquidity, WaitForLiquidity),
        (4100, Permanent, Permanent),
        (4103, Permanent, Permanent),
        (4200, WaitForLiquidity, WaitForLiquidity),
        (4300, StopAccount, StopAccount),
        (4400, StopAccount, StopAccount),
        (5000, Permanent, Permanent),
        (5001, Retry, Retry),
        (5100, Permanent, Permanent),
        (5104, Permanent, Permanent),
        (5107, Permanent, Permanent),
        (5200, Permanent, Permanent),
        (5299, Permanent, Permanent),
        (5300, Permanent, Permanent),
        (5400, Permanent, Permanent),
        (6000, Permanent, Permanent),
        // By the first digit.
        (1234, Retry, Unknown),
        (2999, Retry, Unknown),
        (3999, Permanent, Permanent),
        (4999, Permanent, Permanent),
        (5999, Permanent, Permanent),
        (9999, Permanent, Permanent),
    ];

    #[test]
    fn each_code_has_its_class_before_and_after_the_prepare() {
        for (number, agree, transfer) in TABLE {
            assert_eq!(code(*number).class(Stage::Agree), *agree, "{number} before");
            assert_eq!(code(*number).class(Stage::Transfer), *transfer, "{number} after");
        }
    }

    #[test]
    fn a_server_fault_after_the_prepare_is_never_taken_for_a_refusal() {
        for number in 1000..3000 {
            assert_eq!(code(number).class(Stage::Transfer), Unknown);
        }
    }

    #[test]
    fn every_code_has_a_reason_in_words() {
        assert_eq!(code(3204).reason().english(), "The number or account has no wallet");
        for number in 1000..=9999 {
            assert!(!code(number).reason().english().is_empty());
        }
    }

    #[test]
    fn only_four_digits_are_a_code() {
        assert_eq!("3208".parse(), Ok(code(3208)));
        for text in ["500", "504", "0320", "32081", "+320", "", "३२०८"] {
            assert_eq!(text.parse::<Code>(), Err(NotACode), "{text}");
        }
    }
}
