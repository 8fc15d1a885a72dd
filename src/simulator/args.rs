//! `outlay simulate`: the simulator as a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::simulator::{Fault, Script, SdkVersion, Settings, start};

/// Run a simulated Mojaloop SDK with a ledger of its own. Never point a live institution at it.
#[derive(Debug, Clone, clap::Args)]
pub struct SimulateArgs {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:4001")]
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
    pub fn settings(&self) -> Settings {
        Settings {
            version: self.sdk_version,
            delay: self.delay,
            per_second: self.per_second.filter(|rate| *rate > 0),
            sdk_timeout: self.sdk_timeout,
            fee_basis_points: self.fee_basis_points,
            script: self.script.clone(),
            control: self.control,
            forgetful: self.forgetful,
            ..Settings::new(self.ledger.clone())
        }
    }
}

/// Runs until it is interrupted. Prints the table of faults and ends, where asked to.
pub async fn simulate(args: SimulateArgs) -> anyhow::Result<ExitCode> {
    use std::io::Write as _;
    if args.faults {
        write!(std::io::stdout(), "{}", Fault::table())?;
        return Ok(ExitCode::SUCCESS);
    }
    let running = start(args.settings(), TcpListener::bind(args.listen)?)?;
    writeln!(std::io::stderr(), "Simulated SDK on {}, ledger in {}", running.url(), running.ledger().display())?;
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
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    #[test]
    fn without_arguments_it_is_the_recorded_version_24_without_trouble() {
        let settings = Line::try_parse_from(["simulate"]).unwrap().args.settings();
        let plain = Settings::new("simulator.sqlite");
        assert_eq!((settings.version, settings.sdk_timeout, settings.delay), (plain.version, plain.sdk_timeout, plain.delay));
        assert_eq!((settings.script, settings.control, settings.per_second), (plain.script, false, None));
    }

    #[test]
    fn a_mistake_in_an_argument_is_named() {
        for wrong in [["--delay", "soon"], ["--script", "late=1"], ["--sdk-version", "19"], ["--fee-basis-points", "10001"]] {
            assert!(Line::try_parse_from([&["simulate"], wrong.as_slice()].concat()).is_err(), "{wrong:?}");
        }
        let line = ["simulate", "--delay", "20ms", "--sdk-version", "18", "--script", "seed=1,slow=2"];
        let settings = Line::try_parse_from(line).unwrap().args.settings();
        assert_eq!((settings.delay, settings.version), (Duration::from_millis(20), SdkVersion::V18));
    }
}
