//! Watches the wall clock against the monotonic one. A wall clock that jumps ahead makes an unexpired prepare look expired,
//! so after such a jump nothing is called certain until everything recorded before it has expired by the monotonic clock too.

use std::time::Duration;

use super::Rules;
use crate::clock::Instant;

/// Ahead by more than this against the monotonic clock is a jump, not drift between two readings.
const JUMP: Duration = Duration::from_secs(5);

/// The last reading of both clocks, and until when (monotonic) nothing is certain.
#[derive(Debug, Clone, Copy)]
pub struct Steady {
    wall: Instant,
    monotonic: Duration,
    uncertain_until: Option<Duration>,
}

impl Steady {
    pub fn new(wall: Instant, monotonic: Duration) -> Self {
        Self { wall, monotonic, uncertain_until: None }
    }

    /// Takes a reading of both clocks; says whether certainty may be judged by the wall clock now.
    pub fn reading(&mut self, wall: Instant, monotonic: Duration, rules: &Rules) -> bool {
        let expected = self.wall.after(monotonic.saturating_sub(self.monotonic));
        if wall.since(expected) > JUMP {
            self.uncertain_until = Some(monotonic.saturating_add(rules.settle_margin).saturating_add(rules.expiry));
        }
        self.wall = wall;
        self.monotonic = monotonic;
        self.uncertain_until.is_none_or(|until| monotonic > until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::core::limits::SETTLE_MARGIN;

    #[test]
    fn a_clock_put_forward_makes_nothing_certain_for_a_while() {
        let rules = Rules { settle_margin: SETTLE_MARGIN, expiry: Duration::from_secs(30) };
        let start = Instant::from_micros(1_000_000_000);
        let minute = Duration::from_secs(60);
        let mut steady = Steady::new(start, Duration::ZERO);
        assert!(steady.reading(start.after(minute), minute, &rules));
        let jumped = start.after(Duration::from_secs(86_400));
        assert!(!steady.reading(jumped, minute * 2, &rules), "a day in a minute");
        assert!(!steady.reading(jumped.after(minute * 5), minute * 7, &rules));
        assert!(steady.reading(jumped.after(minute * 11), minute * 13, &rules), "10 min and 30 s later by the monotonic clock");
        assert!(steady.reading(jumped, minute * 14, &rules), "a clock put back only makes us wait");
    }
}
