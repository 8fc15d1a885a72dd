//! From one day to another, in the institution's zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Instant;

/// From a moment, up to but without another; either end may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub from: Option<Instant>,
    pub until: Option<Instant>,
}

impl Span {
    /// Whole days, both named ones within.
    pub fn of_days(from: Option<Date>, to: Option<Date>, zone: &TimeZone) -> Self {
        Self { from: from.and_then(|day| begin(day, zone)), until: to.and_then(|day| day.tomorrow().ok()).and_then(|day| begin(day, zone)) }
    }
}

fn begin(day: Date, zone: &TimeZone) -> Option<Instant> {
    let zoned = day.to_zoned(zone.clone()).ok()?;
    Some(Instant::from_micros(zoned.timestamp().as_microsecond()))
}

/// A day as a browser's date field sends it, `2022-10-20`, or as people write it, `20/10/2022` and `20.10.2022`.
pub fn read_date(typed: &str) -> Option<Date> {
    if let Ok(day) = typed.parse::<Date>() {
        return Some(day);
    }
    let mut parts = typed.split(['/', '.', '-']).map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_where_the_institution_is() {
        let zone = TimeZone::get("Asia/Yangon").unwrap();
        let span = Span::of_days(read_date("2022-10-20"), read_date("20/10/2022"), &zone);
        assert_eq!(span.from.unwrap().fspiop(), "2022-10-19T17:30:00.000Z");
        assert_eq!(span.until.unwrap().fspiop(), "2022-10-20T17:30:00.000Z");
    }

    #[test]
    fn what_is_no_day_is_no_day() {
        for typed in ["", "yesterday", "2022-13-01", "31/02/2022", "1/2/22"] {
            assert_eq!(read_date(typed), None, "{typed}");
        }
    }
}
