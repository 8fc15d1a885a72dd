//! What a code of the network means for the row that met it (CONTRACT 4).

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Trying again would meet the same answer.
    Permanent,
    /// It passes by itself.
    Retry,
    /// It may pass: few tries.
    RetryLimited,
    /// The payer's own liquidity or cap (4001, 4200).
    WaitForLiquidity,
    /// The payer may not pay at all (4300, 4400): nothing goes out of this account until an operator looks.
    StopAccount,
    /// It says nothing about what happened.
    Unknown,
}

/// An error with its code and what it means at the stage it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// FSPIOP's four digits; `None` where nobody gave one.
    pub code: Option<String>,
    pub class: Class,
}

impl Fault {
    pub fn new(code: &str, class: Class) -> Self {
        Self { code: Some(code.to_owned()), class }
    }

    /// No answer, or none that names a code.
    pub fn silent() -> Self {
        Self { code: None, class: Class::Retry }
    }

    /// Found by our own checks.
    pub fn ours() -> Self {
        Self { code: None, class: Class::Permanent }
    }
}
