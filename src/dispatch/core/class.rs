//! An error as the core sees it: its code, and what the SDK's room says it means at the stage where it was met.

use crate::sdk::{Class, Code, Stage};

/// An error with what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// `None` where nobody gave one.
    pub code: Option<Code>,
    pub class: Class,
}

impl Fault {
    pub const fn of(code: Code, stage: Stage) -> Self {
        Self { code: Some(code), class: code.class(stage) }
    }

    /// No answer before anything was sent, or none that names a code.
    pub const fn silent() -> Self {
        Self { code: None, class: Class::Retry }
    }

    /// Found by our own checks, or refused in a way that trying again does not change.
    pub const fn ours() -> Self {
        Self { code: None, class: Class::Permanent }
    }
}
