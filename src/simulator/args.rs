//! `outlay simulate`: the simulator as a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::ArgPredicate;

use crate::clock::Clock;
use crate::simulator::{Fault, Inbound, Script, SdkVersion, Settings, start, start_hub};

/// Run a simulated Mojaloop SDK, or the hub of a real one, with a ledger of its own. Never point a live institution at it.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulateArgs {
    /// Be the hub of a real SDK instead, whose inbound API (INBOUND_LISTEN_PORT) is at this address, as in http://127.0.0.1:4000.
    #[arg(long, value_name = "SDK_INBOUND_URL", conflicts_with_all = ["sdk_version", "sdk_timeout"])]
    pub hub: Option<Inbound>,
    /// Where to listen. As a hub 127.0.0.1:4010 unless given: the SDK's PEER_ENDPOINT.
    #[arg(long, default_value = "127.0.0.1:4001", default_value_if("hub", ArgPredicate::IsPresent, "127.0.0.1:4010"))]
    pub listen: SocketAddr,
    /// The ledger's SQLite file; made if it is not there.
    #[arg(long, default_value = "simulator.sqlite")]
    pub ledger: PathBuf,
    /// Whose bodies and messages to write.
    #[arg(long, value_enum, default_value = "24")]
    pub sdk_version: SdkVersion,
    /// How long every call takes at least, for example 20ms.
    #[arg(long, default_value = "0s", value_parser = duration)]
    pub delay: Duration,
    /// Transfers taken per second at most; as many as come if not given.
    #[arg(long)]
    pub per_second: Option<u32>,
    /// How long it waits for the hub before it says Timeout.
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub sdk_timeout: Duration,
    /// How much later than its prepare a late commit happens; later than the prepare's expiry, it is aborted.
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub late_after: Duration,
    /// How long a transfer stays reserved, where that is its fault.
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub reserved_for: Duration,
    /// How long a slow answer takes.
    #[arg(long, default_value = "3s", value_parser = duration)]
    pub slow: Duration,
    /// The payee's fee in hundredths of a percent of the amount.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub fee_basis_points: u32,
    /// Faults drawn by payee from a seed, in percent: seed=7,callback-lost=2,late-commit=0.5
    #[arg(long, default_value = "")]
    pub script: Script,
    /// Let anyone who reaches it read the ledger at /simulator/ledger and /simulator/stats.
    #[arg(long)]
    pub control: bool,
    /// Let the ledger forget its last seconds in a power cut. For benchmarks only.
    #[arg(long)]
    pub forgetful: bool,
    /// Print the last four digits of a payee that choose a fault, and end.
    #[arg(long)]
    pub faults: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let read: jiff::SignedDuration = text.parse().map_err(|_| "write it as 30s, 20ms or 1m".to_owned())?;
    Duration::try_from(read).map_err(|_| "it must not be negative".to_owned())
}

impl SimulateArgs {
    /// `clock`: what the hub goes by.
    pub fn settings(&self, clock: Arc<dyn Clock>) -> Settings {
        Settings {
            clock,
            version: self.sdk_version,
            delay: self.delay,
            per_second: self.per_second.filter(|rate| *rate > 0),
            sdk_timeout: self.sdk_timeout,
            late_after: self.late_after,
            reserved_for: self.reserved_for,
            slow: self.slow,
            fee_basis_points: self.fee_basis_points,
            script: self.script.clone(),
            control: self.control,
            forgetful: self.forgetful,
            ..Settings::new(self.ledger.clone())
        }
    }
}

/// Runs until it is interrupted; its hub goes by `clock`. Prints the table of faults and ends, where asked to.
pub async fn simulate(args: SimulateArgs, clock: Arc<dyn Clock>) -> anyhow::Result<ExitCode> {
    use std::io::Write as _;
    if args.faults {
        write!(std::io::stdout(), "{}", Fault::table())?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_hub = args.hub.is_some();
    let (settings, listener) = (args.settings(clock), TcpListener::bind(args.listen)?);
    let running = match args.hub {
        None => start(settings, listener)?,
        Some(inbound) => {
            writeln!(std::io::stderr(), "Answers go to the SDK at {inbound}")?;
            start_hub(settings, inbound, listener)?
        }
    };
    let what = if is_hub { "hub" } else { "SDK" };
    writeln!(std::io::stderr(), "Simulated {what} on {}, ledger in {}", running.url(), running.ledger().display())?;
    let handle = running.handle();
    tokio::spawn(async move {
        interrupted().await;
        handle.stop(true).await;
    });
    running.join().await?;
    Ok(ExitCode::SUCCESS)
}

async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use clap::Parser as _;

    fn settings(line: &[&str]) -> Settings {
        Line::try_parse_from(line).unwrap().args.settings(Arc::new(SystemClock::new()))
    }

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    #[test]
    fn without_arguments_it_is_the_recorded_version_24_without_trouble() {
        let settings = settings(&["simulate"]);
        let plain = Settings::new("simulator.sqlite");
        assert_eq!((settings.version, settings.sdk_timeout, settings.delay), (plain.version, plain.sdk_timeout, plain.delay));
        assert_eq!((settings.late_after, settings.reserved_for, settings.slow), (plain.late_after, plain.reserved_for, plain.slow));
        assert_eq!((settings.script, settings.control, settings.per_second), (plain.script, false, None));
    }

    #[test]
    fn a_mistake_in_an_argument_is_named() {
        for wrong in [["--delay", "soon"], ["--script", "late=1"], ["--sdk-version", "19"], ["--fee-basis-points", "10001"]] {
            assert!(Line::try_parse_from([&["simulate"], wrong.as_slice()].concat()).is_err(), "{wrong:?}");
        }
        let line = ["simulate", "--delay", "20ms", "--sdk-version", "18", "--script", "seed=1,slow=2"];
        let settings = settings(&line);
        assert_eq!((settings.delay, settings.version), (Duration::from_millis(20), SdkVersion::V18));
    }

    #[test]
    fn a_hub_listens_elsewhere_than_the_sdk_it_serves() {
        let listen = |line: &[&str]| Line::try_parse_from([&["simulate"], line].concat()).unwrap().args.listen.to_string();
        assert_eq!(listen(&[]), "127.0.0.1:4001");
        assert_eq!(listen(&["--hub", "http://127.0.0.1:4000"]), "127.0.0.1:4010");
        assert_eq!(listen(&["--hub", "http://127.0.0.1:4000", "--listen", "0.0.0.0:80"]), "0.0.0.0:80");
        for wrong in [["--hub", "127.0.0.1"].as_slice(), &["--hub", "http://sdk:4000", "--sdk-version", "18"]] {
            assert!(Line::try_parse_from([&["simulate"], wrong].concat()).is_err(), "{wrong:?}");
        }
    }
}
