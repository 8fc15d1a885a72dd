//! What a person may do, as their matrix; Add Permission and Copy Permission with their check page; roles; Why; segregation of duties;
//! who can do what.

pub mod check;
pub mod copy;
pub mod form;
pub mod matrix;
pub mod report;
pub mod roles;
pub mod segregation;
pub mod why;

use super::{Action, CannotWrite, ChangeRefusal, NotAllowed, RoleRefusal};
use crate::clock::Instant;
use crate::ids::UserId;
use crate::people::User;
use crate::say;
use crate::search::Span;
use crate::web::{ErrorPage, Page};
use crate::words::Said;

/// Whose privileges a page is about.
#[derive(Debug, Clone)]
struct Person {
    id: UserId,
    name: String,
    is_active: bool,
    is_account_manager: bool,
}

impl Person {
    fn of(user: User) -> Self {
        Self { id: user.id, name: user.full_name, is_active: user.is_active, is_account_manager: user.is_account_manager }
    }

    /// Where their matrix is.
    fn path(&self) -> String {
        format!("/users/{}/privileges", self.id)
    }
}

/// An action as the matrix shows it.
#[derive(Debug, Clone)]
struct Shown {
    word: &'static str,
    until: Option<Instant>,
    /// Somebody has to confirm it first.
    waits: bool,
}

/// The moment at which a day ends where the institution is.
fn end_of(day: jiff::civil::Date, page: &Page) -> Option<Instant> {
    Span::of_days(None, Some(day), &page.zone).until
}

/// A moment within the last day, for printing its date.
fn within_last_day(until: Instant) -> Instant {
    until.before(std::time::Duration::from_micros(1))
}

fn labels(actions: impl IntoIterator<Item = Action>) -> Vec<Said> {
    actions.into_iter().map(|action| Said::new(action.label())).collect()
}

impl From<ChangeRefusal> for ErrorPage {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::NotAllowed(refusal) => refusal.into(),
            ChangeRefusal::NoSuchUser => Self::NotFound,
            ChangeRefusal::Db(error) => error.into(),
            other => Self::Forbidden(other.said(&crate::words::Language::english()).unwrap_or_else(|| say!("You may not do this"))),
        }
    }
}

impl From<RoleRefusal> for ErrorPage {
    fn from(refusal: RoleRefusal) -> Self {
        match refusal {
            RoleRefusal::NotAllowed(refusal) => refusal.into(),
            RoleRefusal::Db(error) => error.into(),
            _ => Self::NotFound,
        }
    }
}

impl From<CannotWrite> for ErrorPage {
    fn from(error: CannotWrite) -> Self {
        match error {
            CannotWrite::NotAllowed(NotAllowed::Db(error)) | CannotWrite::Db(error) => error.into(),
            CannotWrite::NotAllowed(_) => Self::NotFound,
            CannotWrite::Io(error) => {
                tracing::error!(%error, "a file to take away could not be made");
                Self::Broken
            }
        }
    }
}
