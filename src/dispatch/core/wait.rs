//! How long to wait: doubling, capped, spread.

use std::time::Duration;

use super::Moment;
use super::limits::{
    ASK_WAIT_MAX, FIRST_ASK_AFTER, FIRST_RETRY_AFTER, JITTER_PERCENT, LIQUIDITY_FIRST_WAIT, LIQUIDITY_WAIT_MAX, RETRY_WAIT_MAX,
};
use crate::clock::Instant;

/// `first`, doubled `times`, at most `max`.
pub(super) fn doubling(first: Duration, times: i32, max: Duration) -> Duration {
    let times = u32::try_from(times).unwrap_or(0).min(31);
    first.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX)).min(max)
}

/// Longer by up to [`JITTER_PERCENT`].
fn spread(wait: Duration, jitter: u16) -> Duration {
    let share = u32::from(jitter.min(1_000)).saturating_mul(JITTER_PERCENT);
    wait.saturating_add(wait.saturating_mul(share) / 100_000)
}

/// When to ask again after `asks` questions.
pub(super) fn next_ask(asks: i32, at: Moment) -> Instant {
    at.now.after(spread(doubling(FIRST_ASK_AFTER, asks, ASK_WAIT_MAX), at.jitter))
}

/// When to try to agree again after `tries` failures of a kind.
pub(super) fn next_try(tries: i32, at: Moment) -> Instant {
    at.now.after(spread(doubling(FIRST_RETRY_AFTER, tries.saturating_sub(1), RETRY_WAIT_MAX), at.jitter))
}

/// How long a batch waits for liquidity after so many such pauses in a row.
pub fn liquidity_wait(pauses: i32) -> Duration {
    doubling(LIQUIDITY_FIRST_WAIT, pauses, LIQUIDITY_WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(jitter: u16) -> Moment {
        Moment { now: Instant::from_micros(0), jitter }
    }

    #[test]
    fn questions_double_from_a_second_to_a_quarter_of_an_hour() {
        let waits: Vec<_> = (0..12).map(|asks| next_ask(asks, at(0)).micros() / 1_000_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(next_ask(0, at(1_000)).micros(), 1_250_000);
        assert_eq!(next_ask(i32::MAX, at(0)).micros(), 900_000_000);
    }

    #[test]
    fn a_batch_waits_longer_for_liquidity_each_time_but_never_over_an_hour() {
        let waits: Vec<_> = (0..8).map(|pauses| liquidity_wait(pauses).as_secs() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
