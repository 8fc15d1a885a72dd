//! Reports: which there are, the list of days, and one day.

mod day;
mod days;
mod index;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use self::day::{download, show};
pub use self::days::list;
pub use self::index::index;
use crate::clock::Instant;
use crate::ids::BranchId;
use crate::privileges::{Action, Rights};
use crate::web::{ErrorPage, Page, filters};

/// Where the list of days is, and below it each day.
const DAYS: &str = "/reports/days";

/// The branches whose lines the person reads.
fn branches_read(rights: &Rights) -> BTreeSet<BranchId> {
    rights.branches(Action::ViewReports).cloned().collect()
}

/// `21 Nov 2025`: the date itself, in no zone.
fn printed_day(day: Date, page: &Page) -> String {
    let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(0, |noon| noon.timestamp().as_microsecond());
    filters::printed_date_of(Instant::from_micros(noon), &TimeZone::UTC, &page.language)
}

/// A date as addresses write it, and in no other way.
fn read_day(text: &str) -> Result<Date, ErrorPage> {
    let day: Date = text.parse().map_err(|_| ErrorPage::NotFound)?;
    if day.to_string() == text { Ok(day) } else { Err(ErrorPage::NotFound) }
}
