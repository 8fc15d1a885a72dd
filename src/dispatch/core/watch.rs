//! Watches what a whole account hears: answers that make no sense, and clocks that do not agree. Neither can cost money by itself, since
//! ids are what keep us safe; but what is said of payments would be worth little, so the account stops until an operator has looked.

use std::time::Duration;

use super::Rules;
use super::limits::{EARLY_EXPIRIES_MAX, NO_SENSE_MAX, SKEW_LEAST, SKEWED_MAX};
use crate::clock::Instant;

/// What the SDK's own clock says is a second old at most when it is written, and cut to whole seconds.
const DATE_IS_GOOD_FOR: Duration = Duration::from_secs(2);

/// Which of the four calls an answer is to: one that works says nothing of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Lookup,
    Quote,
    Send,
    Question,
}

/// What one answer shows beside what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    pub about: About,
    /// `None` where nothing came, or where it can be read either way.
    pub makes_sense: Option<bool>,
    /// How far the SDK's clock is ahead of ours at least, in seconds; negative where it is behind.
    pub skew_s: Option<i64>,
    /// Whether the network called bytes expired that by our clock are not; `Some(false)` where it took them.
    pub expired_early: Option<bool>,
}

/// Why an account cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Answer after answer is none.
    NoSense,
    /// The SDK's clock, in seconds ahead of ours where it tells.
    ClocksDiffer { ahead_s: Option<i64> },
}

/// How far apart the clocks are at least, from when we asked, when the answer came, and what date it bears.
pub fn skew_s(sent_at: Instant, heard_at: Instant, date: Instant) -> i64 {
    let (earliest, latest) = (date, date.after(DATE_IS_GOOD_FOR));
    let seconds = |wait: Duration| i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
    if earliest > heard_at {
        seconds(earliest.since(heard_at))
    } else if latest < sent_at {
        seconds(sent_at.since(latest)).saturating_neg()
    } else {
        0
    }
}

/// So many oddities of each kind in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watch {
    lookups: u32,
    quotes: u32,
    sends: u32,
    questions: u32,
    skewed: u32,
    expired_early: u32,
}

/// Counts what is odd in a row; says whether this one is one too many.
fn one_too_many(count: &mut u32, is_odd: Option<bool>, most: u32) -> bool {
    let Some(is_odd) = is_odd else { return false };
    *count = if is_odd { count.saturating_add(1) } else { 0 };
    is_odd && *count >= most
}

impl Watch {
    /// Takes one answer; says where it is one too many.
    pub fn see(&mut self, sight: &Sight, rules: &Rules) -> Option<Oddity> {
        let without_sense = match sight.about {
            About::Lookup => &mut self.lookups,
            About::Quote => &mut self.quotes,
            About::Send => &mut self.sends,
            About::Question => &mut self.questions,
        };
        let no_sense = one_too_many(without_sense, sight.makes_sense.map(|sense| !sense), NO_SENSE_MAX);
        let limit = i64::try_from((rules.expiry / 2).max(SKEW_LEAST).as_secs()).unwrap_or(i64::MAX);
        let is_skewed = sight.skew_s.map(|skew| skew.saturating_abs() > limit);
        let skewed = one_too_many(&mut self.skewed, is_skewed, SKEWED_MAX);
        let early = one_too_many(&mut self.expired_early, sight.expired_early, EARLY_EXPIRIES_MAX);
        if skewed {
            return Some(Oddity::ClocksDiffer { ahead_s: sight.skew_s });
        }
        if early {
            return Some(Oddity::ClocksDiffer { ahead_s: None });
        }
        no_sense.then_some(Oddity::NoSense)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dispatch::core::limits::{PREPARE_GOOD_FOR, SETTLE_MARGIN};

    const RULES: Rules = Rules { settle_margin: SETTLE_MARGIN, expiry: PREPARE_GOOD_FOR };
    const PLAIN: Sight = Sight { about: About::Quote, makes_sense: Some(true), skew_s: Some(0), expired_early: None };

    fn at(millis: u64) -> Instant {
        Instant::from_micros(1_000_000_000_000).after(Duration::from_millis(millis))
    }

    fn first(sight: Sight, times: u32) -> Option<(u32, Oddity)> {
        let mut watch = Watch::default();
        (1..=times).find_map(|nth| watch.see(&sight, &RULES).map(|oddity| (nth, oddity)))
    }

    #[test]
    fn a_date_in_whole_seconds_proves_only_so_much() {
        assert_eq!(skew_s(at(10_900), at(11_100), at(10_000)), 0, "cut to the second");
        assert_eq!(skew_s(at(11_900), at(12_100), at(10_000)), 0, "and a second old");
        assert_eq!(skew_s(at(10_000), at(50_000), at(30_000)), 0, "anywhere while the answer took its time");
        assert_eq!(skew_s(at(10_000), at(10_100), at(40_100)), 30);
        assert_eq!(skew_s(at(42_000), at(42_100), at(10_000)), -30);
    }

    #[test]
    fn answers_that_make_no_sense_stop_it_when_they_come_in_a_row() {
        let odd = Sight { makes_sense: Some(false), ..PLAIN };
        assert_eq!(first(odd, 100), Some((NO_SENSE_MAX, Oddity::NoSense)));
        assert_eq!(first(Sight { makes_sense: None, ..PLAIN }, 100), None);
        let mut watch = Watch::default();
        for nth in 0..100 {
            let sight = if nth % NO_SENSE_MAX == NO_SENSE_MAX - 1 { PLAIN } else { odd };
            assert_eq!(watch.see(&sight, &RULES), None);
        }
    }

    #[test]
    fn a_lookup_that_works_does_not_excuse_quotes_that_do_not() {
        let (mut watch, odd) = (Watch::default(), Sight { makes_sense: Some(false), ..PLAIN });
        let lookup = Sight { about: About::Lookup, ..PLAIN };
        let nth = (1..100).find(|_| watch.see(&lookup, &RULES).or(watch.see(&odd, &RULES)).is_some());
        assert_eq!(nth, i32::try_from(NO_SENSE_MAX).ok());
    }

    #[test]
    fn what_was_odd_before_does_not_stop_it_again_once_it_is_mended() {
        let mut watch = Watch::default();
        let early = Sight { expired_early: Some(true), ..PLAIN };
        assert!((0..EARLY_EXPIRIES_MAX).filter_map(|_| watch.see(&early, &RULES)).next().is_some());
        assert_eq!(watch.see(&PLAIN, &RULES), None);
    }

    #[test]
    fn clocks_may_differ_by_half_of_what_a_prepare_lives() {
        let skewed = |skew_s| Sight { skew_s: Some(skew_s), ..PLAIN };
        assert_eq!(first(skewed(15), 100), None);
        assert_eq!(first(skewed(16), 100), Some((SKEWED_MAX, Oddity::ClocksDiffer { ahead_s: Some(16) })));
        assert_eq!(first(skewed(-16), 100), Some((SKEWED_MAX, Oddity::ClocksDiffer { ahead_s: Some(-16) })));
        let hasty = Rules { expiry: Duration::from_secs(1), ..RULES };
        assert_eq!(Watch::default().see(&skewed(5), &hasty), None, "never less than a few seconds");
    }

    #[test]
    fn bytes_that_expire_before_their_time_tell_of_a_clock_that_nobody_shows() {
        let early = Sight { expired_early: Some(true), skew_s: None, ..PLAIN };
        assert_eq!(first(early, 100), Some((EARLY_EXPIRIES_MAX, Oddity::ClocksDiffer { ahead_s: None })));
        let mut watch = Watch::default();
        for nth in 0..100 {
            let taken = Sight { expired_early: Some(nth % EARLY_EXPIRIES_MAX != 0), ..early };
            assert_eq!(watch.see(&taken, &RULES), None, "where others pass in between it is something else");
        }
    }

    proptest! {
        /// It never stops an account that hears a plain answer at least once in any run of the shortest limit.
        #[test]
        fn a_plain_answer_now_and_then_is_enough(odd in proptest::collection::vec((any::<bool>(), -100_i64..100, any::<bool>()), 0..300)) {
            let shortest = NO_SENSE_MAX.min(SKEWED_MAX).min(EARLY_EXPIRIES_MAX);
            let (mut watch, mut nth) = (Watch::default(), 0);
            for (sense, skew, early) in odd {
                nth += 1;
                let sight = Sight { about: About::Quote, makes_sense: Some(sense), skew_s: Some(skew), expired_early: Some(early) };
                let plain = Sight { expired_early: Some(false), ..PLAIN };
                prop_assert_eq!(watch.see(if nth % shortest == 0 { &plain } else { &sight }, &RULES), None);
            }
        }
    }
}
