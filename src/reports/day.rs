//! When a day ends, and which stretch of time its report is about. Pure: dates, a zone and moments, no database.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::clock::Instant;

/// A day's report is made so long after its end: by then everything that was settled before the end stands in the database.
pub const RUN_AFTER: Duration = Duration::from_secs(60);
/// Days that are made up at most, where Outlay did not run: the newest. The oldest of them begins where the last report ended, so
/// nothing is left out.
pub const MADE_UP_MAX: usize = 7;
/// Days that are looked over for those.
const DAYS_BACK: i64 = 10;

/// When an institution's days end.
#[derive(Debug, Clone)]
pub struct Rhythm {
    pub at: Time,
    pub zone: TimeZone,
}

/// The last report there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    pub day: Date,
    pub until: Instant,
}

/// What one report is about: from a moment on, and up to another that is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub day: Date,
    pub from: Instant,
    pub until: Instant,
}

impl Period {
    /// Whether a report that is made now is late, because Outlay did not run or somebody changed when days end.
    pub fn is_made_up(&self, now: Instant) -> bool {
        now >= self.until.after(RUN_AFTER).after(Duration::from_secs(3_600))
    }
}

impl Rhythm {
    pub fn date(&self, at: Instant) -> Date {
        at.timestamp().to_zoned(self.zone.clone()).date()
    }

    /// When a day ends. Where clocks are put forward over that time, as much later; where it comes twice, the first time.
    pub fn end_of(&self, day: Date) -> Option<Instant> {
        let end = day.to_datetime(self.at).to_zoned(self.zone.clone()).ok()?;
        Some(Instant::from_micros(end.timestamp().as_microsecond()))
    }

    /// The reports that should be there by now and are not, oldest first. Each begins where the one before it ends.
    pub fn due(&self, last: Option<Last>, founded: Instant, now: Instant) -> Vec<Period> {
        let closed = now.before(RUN_AFTER);
        let ended: Vec<_> = self.days_after(last, now).filter(|(_, end)| *end <= closed && *end > founded).collect();
        let newest = ended.get(ended.len().saturating_sub(MADE_UP_MAX)..).unwrap_or_default();
        let mut from = last.map(|last| last.until);
        let mut due = Vec::new();
        for (day, until) in newest {
            // The very first one begins at the end of the day before.
            let begin = from.or_else(|| day.yesterday().ok().and_then(|before| self.end_of(before)));
            if let Some(begin) = begin.filter(|begin| begin < until) {
                due.push(Period { day: *day, from: begin, until: *until });
                from = Some(*until);
            }
        }
        due
    }

    /// When the next report is to be made that cannot be made yet.
    pub fn next(&self, last: Option<Last>, now: Instant) -> Option<Instant> {
        self.days_after(last, now).map(|(_, end)| end.after(RUN_AFTER)).find(|run| *run > now)
    }

    /// The days round now that have no report, with their ends. A zone or a time that was changed may put an end before the last report's:
    /// such a day has none.
    fn days_after(&self, last: Option<Last>, now: Instant) -> impl Iterator<Item = (Date, Instant)> + '_ {
        let today = self.date(now);
        (-DAYS_BACK..=3).filter_map(move |days| {
            let day = today.checked_add(jiff::Span::new().days(days)).ok()?;
            let end = self.end_of(day)?;
            last.is_none_or(|last| day > last.day && end > last.until).then_some((day, end))
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn rhythm(at: &str, zone: &str) -> Rhythm {
        Rhythm { at: at.parse().unwrap(), zone: TimeZone::get(zone).unwrap() }
    }

    fn moment(text: &str) -> Instant {
        Instant::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    const LONG_AGO: Instant = Instant::from_micros(0);

    #[test]
    fn a_day_is_due_a_minute_after_its_end_and_not_before() {
        let yangon = rhythm("18:00", "Asia/Yangon");
        let last = Some(Last { day: date(2025, 11, 20), until: moment("2025-11-20T11:30:00Z") });
        assert_eq!(yangon.due(last, LONG_AGO, moment("2025-11-21T11:30:59Z")), []);
        assert_eq!(yangon.next(last, moment("2025-11-21T11:30:59Z")), Some(moment("2025-11-21T11:31:00Z")));
        let due = yangon.due(last, LONG_AGO, moment("2025-11-21T11:31:00Z"));
        let period = Period { day: date(2025, 11, 21), from: moment("2025-11-20T11:30:00Z"), until: moment("2025-11-21T11:30:00Z") };
        assert_eq!(due, [period]);
        assert!(!period.is_made_up(moment("2025-11-21T11:31:00Z")) && period.is_made_up(moment("2025-11-21T12:31:00Z")));
    }

    #[test]
    fn an_institution_that_was_made_today_has_no_day_before_it() {
        let yangon = rhythm("18:00", "Asia/Yangon");
        let founded = moment("2025-11-21T00:25:00Z");
        assert_eq!(yangon.due(None, founded, moment("2025-11-21T11:00:00Z")), []);
        let due = yangon.due(None, founded, moment("2025-11-21T23:00:00Z"));
        assert_eq!(due.iter().map(|period| period.day).collect::<Vec<_>>(), [date(2025, 11, 21)]);
    }

    #[test]
    fn what_was_missed_is_made_up_and_nothing_is_left_out() {
        let yangon = rhythm("18:00", "Asia/Yangon");
        let last = Last { day: date(2025, 11, 1), until: moment("2025-11-01T11:30:00Z") };
        let due = yangon.due(Some(last), LONG_AGO, moment("2025-11-21T12:00:00Z"));
        assert_eq!(due.len(), MADE_UP_MAX);
        assert_eq!((due[0].day, due[0].from), (date(2025, 11, 15), last.until), "the oldest covers what lies before it");
        assert_eq!(due[6].day, date(2025, 11, 21));
        assert!(due.windows(2).all(|two| two[0].until == two[1].from));
    }

    #[test]
    fn clocks_that_are_put_forward_or_back_make_no_day_twice_or_never() {
        // 02:30 is no time on 29 March 2026, and comes twice on 25 October.
        let paris = rhythm("02:30", "Europe/Paris");
        assert_eq!(paris.end_of(date(2026, 3, 29)), Some(moment("2026-03-29T01:30:00Z")));
        assert_eq!(paris.end_of(date(2026, 10, 25)), Some(moment("2026-10-25T00:30:00Z")));
        for (start, hours) in [("2026-03-27T12:00:00Z", 5 * 24), ("2026-10-23T12:00:00Z", 5 * 24)] {
            let mut last = None;
            let mut days = Vec::new();
            for hour in 0..hours {
                let now = moment(start).after(Duration::from_secs(hour * 3_600));
                for period in paris.due(last, moment(start), now) {
                    assert!(last.is_none_or(|last: Last| last.until == period.from));
                    days.push(period.day);
                    last = Some(Last { day: period.day, until: period.until });
                }
            }
            assert_eq!(days.len(), 5, "{days:?}");
            assert!(days.windows(2).all(|two| two[0].tomorrow().unwrap() == two[1]), "{days:?}");
        }
    }

    #[test]
    fn a_changed_time_makes_neither_a_gap_nor_an_overlap() {
        let last = Last { day: date(2025, 11, 20), until: moment("2025-11-20T11:30:00Z") };
        // At 17:00 the end of day is put to 16:00: it has passed already, so the report is made at once.
        let due = rhythm("16:00", "Asia/Yangon").due(Some(last), LONG_AGO, moment("2025-11-21T10:30:00Z"));
        assert_eq!(due, [Period { day: date(2025, 11, 21), from: last.until, until: moment("2025-11-21T09:30:00Z") }]);
        // After today's report it is put later: the day is not told a second time.
        let last = Last { day: date(2025, 11, 21), until: moment("2025-11-21T11:30:00Z") };
        let later = rhythm("20:00", "Asia/Yangon");
        assert_eq!(later.due(Some(last), LONG_AGO, moment("2025-11-21T15:00:00Z")), []);
        let due = later.due(Some(last), LONG_AGO, moment("2025-11-22T14:00:00Z"));
        assert_eq!(due, [Period { day: date(2025, 11, 22), from: last.until, until: moment("2025-11-22T13:30:00Z") }]);
        // Another zone, in which the next day's end lies before the last report's: that day has none.
        let last = Last { day: date(2025, 11, 20), until: moment("2025-11-21T04:00:00Z") };
        let due = rhythm("00:30", "Asia/Yangon").due(Some(last), LONG_AGO, moment("2025-11-22T00:00:00Z"));
        assert_eq!(due, [Period { day: date(2025, 11, 22), from: last.until, until: moment("2025-11-21T18:00:00Z") }]);
    }

    proptest! {
        /// However often time, zone and the moment of looking change: periods are in order, touch each other, and no day comes twice.
        #[test]
        fn reports_form_one_unbroken_line(looks in proptest::collection::vec((0_u8..24, 0_usize..4, 1_u64..200), 1..40)) {
            let zones = ["Asia/Yangon", "Europe/Paris", "America/New_York", "Pacific/Auckland"];
            let (mut last, mut now) = (None::<Last>, moment("2026-03-20T00:00:00Z"));
            for (hour, zone, hours) in looks {
                now = now.after(Duration::from_secs(hours * 3_600));
                let rhythm = rhythm(&format!("{hour:02}:30"), zones[zone]);
                for period in rhythm.due(last, LONG_AGO, now) {
                    prop_assert!(period.from < period.until && period.until <= now);
                    if let Some(last) = last {
                        prop_assert!(period.from == last.until && period.day > last.day);
                    }
                    last = Some(Last { day: period.day, until: period.until });
                }
                prop_assert!(rhythm.due(last, LONG_AGO, now).is_empty());
                prop_assert!(rhythm.next(last, now).is_some_and(|next| next > now));
            }
        }
    }
}
