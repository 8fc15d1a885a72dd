//! Time, injected: nothing in the house asks the operating system for it except [`SystemClock`].

use std::sync::Mutex;
use std::time::Duration;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;

/// A moment: microseconds since 1970-01-01T00:00:00Z, as the database keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Instant(i64);

crate::db::big_int_type!(Instant);

impl Instant {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The moment `wait` later; stops at the end of time instead of wrapping.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(micros(wait)))
    }

    pub fn before(self, wait: Duration) -> Self {
        Self(self.0.saturating_sub(micros(wait)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// For printing and calendars.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }

    /// FSPIOP `DateTime`: ISO 8601 with milliseconds and Z (CONTRACT 8).
    pub fn fspiop(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }
}

fn micros(wait: Duration) -> i64 {
    i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)
}

/// Where time comes from. Wall time names moments; monotonic time measures waits.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Instant;
    /// Time since some fixed point of this process, never going back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    #[expect(clippy::new_without_default, reason = "reading a clock is not a default value")]
    pub fn new() -> Self {
        Self { started: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant(jiff::Timestamp::now().as_microsecond())
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until it is told to move: what tests wait on.
pub struct ManualClock {
    at: Mutex<(Instant, Duration)>,
}

impl ManualClock {
    pub fn at(now: Instant) -> Self {
        Self { at: Mutex::new((now, Duration::ZERO)) }
    }

    pub fn advance(&self, by: Duration) {
        let mut at = self.lock();
        *at = (at.0.after(by), at.1.saturating_add(by));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Instant, Duration)> {
        self.at.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.lock().0
    }

    fn monotonic(&self) -> Duration {
        self.lock().1
    }
}

/// The machine's clocks, so many times as fast since a moment that several processes agree on: for tests in which minutes have to
/// pass between processes that live and die. Written `MICROSECONDS:TIMES`.
#[cfg(feature = "crash-points")]
pub struct HurriedClock {
    machine: SystemClock,
    from: Instant,
    times: u32,
}

#[cfg(feature = "crash-points")]
impl HurriedClock {
    /// Shows the machine's time now, and hurries from here on.
    pub fn from_now(times: u32) -> Self {
        let machine = SystemClock::new();
        Self { from: machine.now(), machine, times }
    }
}

#[cfg(feature = "crash-points")]
impl std::fmt::Display for HurriedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.from.micros(), self.times)
    }
}

#[cfg(feature = "crash-points")]
impl std::str::FromStr for HurriedClock {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, times) = text.split_once(':').unwrap_or((text, "1"));
        Ok(Self { machine: SystemClock::new(), from: Instant(from.parse()?), times: times.parse()? })
    }
}

#[cfg(feature = "crash-points")]
impl Clock for HurriedClock {
    fn now(&self) -> Instant {
        self.from.after(self.machine.now().since(self.from).saturating_mul(self.times))
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic().saturating_mul(self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_as_the_network_wants_it() {
        assert_eq!(Instant::from_micros(1_763_684_738_111_999).fspiop(), "2025-11-21T00:25:38.111Z");
    }

    #[test]
    fn a_moment_that_lies_ahead_is_no_time_ago() {
        let now = Instant::from_micros(10);
        assert_eq!(now.since(now.after(Duration::from_secs(1))), Duration::ZERO);
    }
}
