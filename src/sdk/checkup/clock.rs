//! How far two clocks differ. A `Date` header names a whole second, so one look knows the difference to a second and more; every
//! further look, at another part of the second, narrows it.

use std::time::Duration;

use super::remark::Remark;
use super::seconds;
use crate::clock::Instant;
use crate::sdk::SdkSettings;

/// Worth setting right, though nothing breaks.
const NOTICEABLE: Duration = Duration::from_secs(1);
const SECOND: i64 = 1_000_000;

/// An answer's `Date`, and when it was asked for by our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glimpse {
    pub asked_at: Instant,
    pub took: Duration,
    /// To the whole second, as the header has it; `None` where there was none.
    pub date: Option<Instant>,
}

/// How far the SDK's clock is ahead of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    /// In microseconds; negative where it is behind.
    pub ahead: i64,
    /// It may be as much more or less.
    pub within: Duration,
}

impl Skew {
    /// What all looks together allow; `None` where there was no date, or they contradict each other.
    pub fn between(glimpses: &[Glimpse]) -> Option<Self> {
        let mut bounds: Option<(i64, i64)> = None;
        for glimpse in glimpses {
            let Some(date) = glimpse.date else { continue };
            // Somewhere between our asking and its answer it was between this second and the next.
            let answered = glimpse.asked_at.after(glimpse.took);
            let least = date.micros().saturating_sub(answered.micros());
            let most = date.micros().saturating_add(SECOND).saturating_sub(glimpse.asked_at.micros());
            bounds = Some(bounds.map_or((least, most), |(low, high)| (low.max(least), high.min(most))));
        }
        let (low, high) = bounds.filter(|(low, high)| low <= high)?;
        let width = high.saturating_sub(low);
        Some(Self { ahead: low.saturating_add(width / 2), within: Duration::from_micros(u64::try_from(width / 2).unwrap_or(0)) })
    }

    fn apart(self) -> Duration {
        Duration::from_micros(self.ahead.unsigned_abs())
    }

    /// The least it can be.
    fn surely(self) -> Duration {
        self.apart().saturating_sub(self.within)
    }
}

/// A prepare says when it expires by our clock, and the hub goes by its own: the SDK's stands for it here.
pub(super) fn judge(settings: &SdkSettings, skew: Option<Skew>) -> Remark {
    let Some(skew) = skew else {
        return Remark::note("The clocks could not be compared: the answers have no Date header, or one that jumps".to_owned());
    };
    let which = if skew.ahead < 0 { "ahead of" } else { "behind" };
    let measured = format!("Our clock is {} {which} the SDK's (± {})", seconds(skew.apart()), seconds(skew.within));
    // Ahead of the hub, our prepares live longer there than we think; behind, shorter.
    if skew.ahead < 0 && skew.surely() > settings.settle_margin / 2 {
        return Remark::wrong(format!(
            "{measured}, more than half of settle_margin ({}): «not paid» could be said too early. Set the clocks by NTP, or raise it",
            seconds(settings.settle_margin)
        ));
    }
    if skew.ahead >= 0 && skew.surely() > settings.expiry / 2 {
        return Remark::wrong(format!(
            "{measured}, more than half of expiry ({}): prepares would expire before they are handled. Set the clocks by NTP",
            seconds(settings.expiry)
        ));
    }
    if skew.surely() > NOTICEABLE {
        return Remark::note(format!("{measured}. Outlay allows for that; still, let NTP set both"));
    }
    Remark::fine(measured)
}

#[cfg(test)]
mod tests {
    use super::super::{Grade, usual};
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_795_228_848_400_000;

    fn glimpse(asked_at: i64, took: i64, ahead: i64) -> Glimpse {
        let there = asked_at + took / 2 + ahead;
        let date = there - there.rem_euclid(SECOND);
        Glimpse {
            asked_at: Instant::from_micros(asked_at),
            took: Duration::from_micros(u64::try_from(took).unwrap()),
            date: Some(Instant::from_micros(date)),
        }
    }

    #[test]
    fn looks_at_other_parts_of_the_second_narrow_it() {
        let one = Skew::between(&[glimpse(NOW, 2_000, 90_000_000)]).unwrap();
        assert!(one.within >= Duration::from_millis(500), "{one:?}");
        let looks: Vec<_> = (0..28).map(|look| glimpse(NOW + look * 42_000, 2_000, 90_000_000)).collect();
        let all = Skew::between(&looks).unwrap();
        assert!(all.within < Duration::from_millis(40) && (all.ahead - 90_000_000).abs() < 40_000, "{all:?}");
    }

    #[test]
    fn without_a_date_or_with_one_that_jumps_nothing_is_known() {
        let blind = Glimpse { date: None, ..glimpse(NOW, 2_000, 0) };
        assert_eq!(Skew::between(&[blind]), None);
        assert_eq!(Skew::between(&[glimpse(NOW, 2_000, 0), glimpse(NOW, 2_000, 30_000_000)]), None);
        assert_eq!(judge(&usual(), None).grade, Grade::Note);
    }

    #[test]
    fn what_the_margins_permit_is_no_trouble() {
        let grade = |seconds: i64| judge(&usual(), Some(Skew { ahead: seconds * SECOND, within: Duration::from_millis(20) })).grade;
        // The expiry is 30 s and the margin 10 min.
        assert_eq!((grade(0), grade(-1), grade(1)), (Grade::Fine, Grade::Fine, Grade::Fine));
        assert_eq!((grade(14), grade(16)), (Grade::Note, Grade::Wrong));
        assert_eq!((grade(-299), grade(-301)), (Grade::Note, Grade::Wrong));
        let ahead = judge(&usual(), Some(Skew { ahead: -301 * SECOND, within: Duration::from_millis(20) }));
        assert!(ahead.said.contains("Our clock is 301.0 s ahead of the SDK's") && ahead.said.contains("600.0 s"), "{ahead}");
    }

    proptest! {
        #[test]
        fn the_truth_lies_within_what_is_said(
            ahead in -400_000_000_i64..400_000_000, looks in prop::collection::vec((0_i64..3_000_000, 0_i64..200_000), 1..40),
        ) {
            let looks: Vec<_> = looks.into_iter().map(|(at, took)| glimpse(NOW + at, took, ahead)).collect();
            let skew = Skew::between(&looks).unwrap();
            let off = Duration::from_micros((skew.ahead - ahead).unsigned_abs());
            prop_assert!(off <= skew.within + Duration::from_micros(1), "{skew:?}");
        }
    }
}
