//! How fast the simulator answers, by the machine's clock.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::sleep;

use crate::clock::{Clock as _, SystemClock};
use crate::simulator::Settings;
use crate::simulator::payees::lock;

pub(super) struct Pace {
    delay: Duration,
    /// Between two transfers, where their rate is limited.
    step: Option<Duration>,
    /// When the next transfer may pass.
    next_slot: Mutex<Duration>,
    machine: SystemClock,
}

impl Pace {
    pub fn of(settings: &Settings) -> Self {
        let step = settings.per_second.and_then(|rate| Duration::from_secs(1).checked_div(rate));
        Self { delay: settings.delay, step, next_slot: Mutex::default(), machine: SystemClock::new() }
    }

    /// What every call takes at least.
    pub async fn latency(&self) {
        if !self.delay.is_zero() {
            sleep(self.delay).await;
        }
    }

    /// Waits for a turn where transfers per second are limited.
    pub async fn turn(&self) {
        let Some(step) = self.step else { return };
        let now = self.machine.monotonic();
        let slot = {
            let mut next = lock(&self.next_slot);
            let slot = (*next).max(now);
            *next = slot.saturating_add(step);
            slot
        };
        sleep(slot.saturating_sub(now)).await;
    }
}
