//! Search → Batch, Search → Transaction, the box on top of every page, and the page of one transaction.

mod batches;
mod find;
mod transaction;
mod transfers;

pub use self::batches::batches;
pub use self::transaction::transaction;
pub use self::transfers::transfers;
use super::{Slice, Span, read_date};
use crate::batches::{PaymentType, State};
use crate::ids::{BatchId, BranchId, RowId, UserId};
use crate::say;
use crate::web::page::{Applied, Choice, Problem};
use crate::web::{COUNTED_MAX, List, PAGE_ROWS, Page};
use crate::words::Said;

/// The batch's own page.
fn path_of_batch(batch: &BatchId) -> String {
    format!("/batches/{batch}")
}

fn path_of_transfer(row: &RowId) -> String {
    format!("/transfers/{row}")
}

fn slice(list: &List) -> Slice {
    Slice { offset: list.offset(), limit: PAGE_ROWS, most: COUNTED_MAX }
}

/// A filter in use, as text.
fn text(list: &List, name: &str) -> Option<String> {
    Some(list.get(name)).filter(|typed| !typed.is_empty()).map(str::to_owned)
}

/// `from` and `to`, as days in the institution's zone. What is no day is a problem of its field.
fn days(list: &List, page: &mut Page) -> Span {
    let mut day = |name: &str| {
        let typed = list.get(name);
        let day = read_date(typed);
        if day.is_none() && !typed.is_empty() {
            page.problems.push(Problem::new(name, say!("Write a date such as 20/10/2022")));
        }
        day
    };
    let (from, to) = (day("from"), day("to"));
    Span::of_days(from, to, &page.zone)
}

/// What one can choose among in both searches.
struct Choices {
    branches: Vec<Choice>,
    people: Vec<Choice>,
    types: Vec<Choice>,
}

impl Choices {
    fn new(branches: Vec<(BranchId, String)>, people: Vec<(UserId, String)>) -> Self {
        Self {
            branches: branches.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
            people: people.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
            types: PaymentType::ALL.iter().map(|kind| Choice::new(kind.as_str(), Said::new(kind.label()))).collect(),
        }
    }
}

/// A filter's name and label, and what one chose among, where one chooses.
type Filter<'a> = (&'static str, &'static str, Option<&'a [Choice]>);

/// The filters in use, each with the words its form has for it.
fn applied(list: &List, filters: &[Filter<'_>]) -> Vec<Applied> {
    let mut applied = Vec::new();
    for (name, label, choices) in filters {
        let typed = list.get(name);
        if typed.is_empty() {
            continue;
        }
        let chosen = choices.and_then(|choices| choices.iter().find(|choice| choice.value == typed)).map(|choice| choice.label.clone());
        applied.push(Applied { label, value: chosen.unwrap_or_else(|| typed.to_owned().into()), without: list.without(name) });
    }
    applied
}

/// As the tag of a batch says it.
fn words_of(state: State) -> Said {
    match state {
        State::Checking => say!("Checking"),
        State::NeedsCorrection => say!("Needs correction"),
        State::Draft => say!("Draft"),
        State::PendingApproval => say!("Waiting for approval"),
        State::Approved => say!("Approved"),
        State::Scheduled => say!("Scheduled"),
        State::Processing => say!("Processing"),
        State::Paused => say!("Paused"),
        State::Processed => say!("Processed"),
        State::Cancelling => say!("Cancelling"),
        State::Cancelled => say!("Cancelled"),
        State::Rejected => say!("Rejected"),
        State::Deleted => say!("Deleted"),
    }
}
