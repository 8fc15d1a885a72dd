//! One thing that was found.

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Fine,
    /// Worth knowing; payments work all the same.
    Note,
    /// Payments would fail, or what they say would come late.
    Wrong,
}

/// A sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub grade: Grade,
    pub said: String,
}

impl Remark {
    pub(super) fn fine(said: String) -> Self {
        Self { grade: Grade::Fine, said }
    }

    pub(super) fn note(said: String) -> Self {
        Self { grade: Grade::Note, said }
    }

    pub(super) fn wrong(said: String) -> Self {
        Self { grade: Grade::Wrong, said }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let grade = match self.grade {
            Grade::Fine => "fine",
            Grade::Note => "note",
            Grade::Wrong => "WRONG",
        };
        write!(f, "{grade:<6} {}", self.said)
    }
}
