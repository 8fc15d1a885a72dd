//! True time is the simulation's; each machine has a wall clock that is off, and jumps, and a monotonic one that is not and does not.

use std::time::Duration;

use super::SKEW_S;
use crate::clock::Instant;
use crate::dispatch::core::limits::{PREPARE_GOOD_FOR, SETTLE_MARGIN};

const SECOND: i64 = 1_000_000;

#[derive(Debug, Clone)]
pub(super) struct Clock {
    /// Ahead of true time by so much, in microseconds.
    off: i64,
    /// When its machine started, in true time.
    started: Instant,
    /// When it jumped to where nobody may rely on it, in true time.
    jumped_at: Option<Instant>,
}

impl Clock {
    pub fn new(now: Instant, ahead_s: i64) -> Self {
        Self { off: ahead_s * SECOND, started: now, jumped_at: None }
    }

    pub fn wall(&self, now: Instant) -> Instant {
        Instant::from_micros(now.micros() + self.off)
    }

    pub fn monotonic(&self, now: Instant) -> Duration {
        now.since(self.started)
    }

    pub fn jump(&mut self, now: Instant, by_s: i64) {
        self.off += by_s * SECOND;
        self.jumped_at = (self.off.abs() > SKEW_S * SECOND).then_some(now);
    }

    /// Somebody (NTP) sets it right again, before a jump outlasts what the dispatcher sits out.
    pub fn keep_right(&mut self, now: Instant) {
        let sat_out = SETTLE_MARGIN.saturating_add(PREPARE_GOOD_FOR).saturating_sub(Duration::from_secs(60));
        if self.jumped_at.is_some_and(|at| now.since(at) >= sat_out) {
            self.set_right();
        }
    }

    pub fn set_right(&mut self) {
        self.off = self.off.clamp(-SKEW_S * SECOND, SKEW_S * SECOND);
        self.jumped_at = None;
    }

    /// How far from true time, in seconds.
    pub fn off_s(&self) -> i64 {
        self.off / SECOND
    }
}
