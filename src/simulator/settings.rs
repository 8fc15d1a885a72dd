//! How the simulated SDK behaves when nothing goes wrong, and how long its faults last.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::simulator::Script;

/// Whose bodies and messages it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SdkVersion {
    /// 18.0.2
    #[value(name = "18")]
    V18,
    /// 24.19.4
    #[value(name = "24")]
    V24,
}

#[derive(Clone)]
pub struct Settings {
    /// The ledger's SQLite file; made if it is not there.
    pub ledger: PathBuf,
    pub version: SdkVersion,
    /// How long every call takes at least. Default nothing.
    pub delay: Duration,
    /// Transfers taken per second at most; `None` for as many as come.
    pub per_second: Option<u32>,
    /// How long the SDK waits for the hub before it says "Timeout". Default 30 s, as the real one.
    pub sdk_timeout: Duration,
    /// The payee's fee, in hundredths of a percent of the amount. Default 0.
    pub fee_basis_points: u32,
    /// How much later than its prepare a late commit happens. Default 5 s; one that lies after the prepare's expiry is ABORTED.
    pub late_after: Duration,
    /// How long a transfer stays RESERVED. Default 10 s.
    pub reserved_for: Duration,
    /// How long a slow answer takes. Default 3 s.
    pub slow: Duration,
    pub script: Script,
    /// Whether `GET /simulator/ledger` and `/simulator/stats` answer. Off by default: they show everybody's payments.
    pub control: bool,
    /// Whether what was answered may be forgotten by a power cut: for benchmarks, which are not about the other side's disk. Default no.
    pub forgetful: bool,
    /// Worker threads of the server. Default 1.
    pub workers: usize,
    /// The hub's clock: expiry and delayed commits go by it. Waiting for replies goes by the machine's.
    pub clock: Arc<dyn Clock>,
}

impl Settings {
    pub fn new(ledger: impl Into<PathBuf>) -> Self {
        Self {
            ledger: ledger.into(),
            version: SdkVersion::V24,
            delay: Duration::ZERO,
            per_second: None,
            sdk_timeout: Duration::from_secs(30),
            fee_basis_points: 0,
            late_after: Duration::from_secs(5),
            reserved_for: Duration::from_secs(10),
            slow: Duration::from_secs(3),
            script: Script::default(),
            control: false,
            forgetful: false,
            workers: 1,
            clock: Arc::new(SystemClock::new()),
        }
    }
}
