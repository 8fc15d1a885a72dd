//! Why a branch stays as it is.

use super::{Branch, Open, Wrong};
use crate::db::{self, Failure};
use crate::privileges::NotAllowed;

#[derive(Debug, thiserror::Error)]
pub enum BranchRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("there is no such branch")]
    NoSuchBranch,
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Wrong(Vec<Wrong>),
    #[error("{} has the code {} already", .0.full_name(), .0.code)]
    CodeTaken(Box<Branch>),
    /// It was deactivated, or activated again, before.
    #[error("it is so already")]
    AlreadySo(Box<Branch>),
    #[error("something is open in the branch")]
    StillOpen(Box<Open>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for BranchRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}
