//! Audit log: who did what, when; old and new values; and how far the chain is verified.

mod download;
mod list;

pub use self::download::download;
pub use self::list::list;
use super::{AuditCriteria, Cursor, Entry, Line, Names, Printer, changed};
use crate::ids::EventId;
use crate::say;
use crate::search::{Span, read_date};
use crate::web::filters::printed_time;
use crate::web::page::Problem;
use crate::web::{List, Page};

/// Filters of the log, in the order of their form.
const FILTERS: [(&str, &str); 5] = [("person", "Person"), ("action", "Action"), ("subject", "About"), ("from", "From"), ("to", "To")];

/// What the address asks for. What is no day is a problem of its field.
fn criteria(list: &List, page: &mut Page) -> AuditCriteria {
    let mut day = |name: &str| {
        let typed = list.get(name);
        let day = read_date(typed);
        if day.is_none() && !typed.is_empty() {
            page.problems.push(Problem::new(name, say!("Write a date such as 20/10/2022")));
        }
        day
    };
    let (from, to) = (day("from"), day("to"));
    let text = |name: &str| Some(list.get(name)).filter(|typed| !typed.is_empty()).map(str::to_owned);
    AuditCriteria {
        person: text("person"),
        what: list.get("action").parse().ok(),
        subject: text("subject"),
        span: Span::of_days(from, to, &page.zone),
    }
}

fn cursor(list: &List) -> Cursor {
    match (list.get("before"), list.get("after")) {
        ("", "") => Cursor::Newest,
        ("", after) => Cursor::After(EventId::from(after)),
        (before, _) => Cursor::Before(EventId::from(before)),
    }
}

/// The list with its filters alone, from its newest event.
fn filtered(path: &str, list: &List) -> List {
    FILTERS.iter().filter(|(name, _)| !list.get(name).is_empty()).fold(List::first(path), |new, (name, _)| new.with(name, list.get(name)))
}

/// An event as its reader reads it.
struct Told {
    entry: Entry,
    sentence: String,
    lines: Vec<Line>,
}

impl Told {
    fn new(entry: Entry, names: &Names, page: &Page) -> Self {
        let time = |at| printed_time(at, &page.zone, &page.language);
        let printer = Printer { language: &page.language, names, time: &time };
        let sentence = entry.sentence(names, &page.language).in_language(&page.language);
        Self { sentence, lines: changed(&entry.changes(), &printer), entry }
    }
}
