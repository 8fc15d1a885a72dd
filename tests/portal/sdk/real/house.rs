//! An institution with an approved batch, and the real programs that pay it. Time goes by ten times as fast for Outlay and the hub,
//! so that margins of minutes take seconds. An SDK of ours only says so in its answers; with one that is there already nothing hurries.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use outlay::approvals::{self, Decision, DecisionForm};
use outlay::batches::{self, PaymentType, State};
use outlay::clock::HurriedClock;
use outlay::ids::BatchId;
use outlay::simulator::{Fault, Ledger, LedgerRow};

use super::machine::{Part, Ports, Running, free_port, hub, redis, sdk};
use super::{GLANCE, number};
use crate::support::batches::{File, actor, drafted, find, submit};
use crate::support::cast::{HLA, THIRI};
use crate::support::portal::{OWN_FSP, Portal, SDK};
use crate::support::process::outlay;
use crate::support::registry::registry;

/// Times as fast as the machine's clock, with an SDK of ours.
const HURRY: u32 = 10;
/// How long the SDK waits for the hub, in seconds of the machine.
const SDK_WAITS: u32 = 4;
/// How long a program may take until it answers.
const UP_WITHIN: Duration = Duration::from_secs(60);
/// An SDK that ends by itself so often does not work at all.
const FALLS_MAX: u32 = 20;
/// Payees without liquidity: each makes the whole batch wait.
const WITHOUT_LIQUIDITY: usize = 1;

pub struct House {
    pub portal: Portal,
    pub batch: BatchId,
    clock: Arc<HurriedClock>,
    /// `None` where an SDK is there already.
    package: Option<PathBuf>,
    ports: Ports,
    outbound: String,
    inbound: String,
    registry: tempfile::TempDir,
    folder: tempfile::TempDir,
    running: Vec<(Part, Running)>,
    /// How often the SDK ended by itself: see [`sdk`].
    pub fell: u32,
    _hub: Running,
}

impl House {
    /// With an approved batch of so many rows, faults mixed among them; all but Outlay itself is up.
    pub async fn open(rows: usize) -> Self {
        let package = std::env::var_os("OUTLAY_SDK_TEST_PACKAGE").map(PathBuf::from);
        let clock = Arc::new(HurriedClock::from_now(if package.is_some() { HURRY } else { 1 }));
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports { inbound: free_port(), outbound: free_port(), metrics: free_port(), redis: free_port(), hub: free_port() };
        let given = |name: &str| std::env::var(name).ok();
        let outbound = given("OUTLAY_SDK_TEST_OUTBOUND").unwrap_or_else(|| format!("http://127.0.0.1:{}", ports.outbound));
        let inbound = given("OUTLAY_SDK_TEST_INBOUND").unwrap_or_else(|| format!("http://127.0.0.1:{}", ports.inbound));
        let listen = given("OUTLAY_SDK_TEST_HUB").unwrap_or_else(|| format!("127.0.0.1:{}", ports.hub));
        let ledger = folder.path().join("ledger.sqlite3");
        let hub = Running::start(&mut hub(&inbound, &listen, &ledger, &clock.to_string()), folder.path(), "hub");
        let portal = Portal::open_with(clock.clone(), &outbound).await;
        let registry = registry(&portal, &sdks(&outbound, &inbound));
        let batch = approved(&portal, rows).await;
        let mut house =
            Self { portal, batch, clock, package, ports, outbound, inbound, registry, folder, running: Vec::new(), fell: 0, _hub: hub };
        house.start_the_sdk().await;
        house
    }

    async fn start_the_sdk(&mut self) {
        if self.package.is_some() {
            self.start(Part::Redis);
            self.start(Part::Sdk);
        }
        let (outbound, inbound) = (self.outbound.clone(), self.inbound.clone());
        let began = Instant::now();
        while !(answers(&outbound).await && answers(&inbound).await) {
            self.tend();
            assert!(began.elapsed() < UP_WITHIN, "no SDK answers at {outbound} and {inbound}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    pub fn registry(&self) -> &Path {
        self.registry.path()
    }

    /// Whether time goes by faster here than on the machine.
    pub fn hurries(&self) -> bool {
        self.package.is_some()
    }

    /// What is ours to kill.
    pub fn mortal(&self) -> Vec<Part> {
        if self.package.is_some() { vec![Part::Sdk, Part::Redis, Part::Outlay] } else { vec![Part::Outlay] }
    }

    pub fn start(&mut self, part: Part) {
        let mut command = match (part, &self.package) {
            (Part::Redis, _) => redis(self.ports.redis),
            (Part::Sdk, Some(package)) => sdk(package, &self.ports, OWN_FSP, SDK_WAITS, &self.clock.to_string()),
            (Part::Sdk, None) => unreachable!("it is not ours"),
            (Part::Outlay, _) => {
                let mut command = outlay(["--log", "error", "serve", "--listen", "127.0.0.1:0", "--registry"]);
                let hurried = [("OUTLAY_REHEARSAL_CLOCK", self.clock.to_string()), ("OUTLAY_REHEARSAL_FORGETS", "yes".to_owned())];
                command.arg(self.registry.path()).envs(hurried);
                command
            }
        };
        let running = Running::start(&mut command, self.folder.path(), &format!("{part:?}"));
        self.running.push((part, running));
    }

    pub fn kill(&mut self, part: Part) {
        for (_, running) in self.running.iter_mut().filter(|(running, _)| *running == part) {
            running.kill();
        }
        self.running.retain(|(running, _)| *running != part);
    }

    /// As a supervisor does: an SDK that ended by itself is started again. Nothing else may end by itself.
    fn tend(&mut self) {
        let ended = self.running.iter_mut().find_map(|(part, running)| Some((*part, running.ended()?)));
        let Some((part, said)) = ended else { return };
        assert_eq!(part, Part::Sdk, "{said}");
        self.fell += 1;
        assert!(self.fell < FALLS_MAX, "{said}");
        self.kill(part);
        self.start(part);
    }

    pub async fn is_processed(&self) -> bool {
        find(&self.portal, &self.batch).await.state == State::Processed
    }

    /// Lets a while pass, as long as everything lives.
    pub async fn glance_for(&mut self, time: Duration) {
        let began = Instant::now();
        while began.elapsed() < time {
            self.tend();
            tokio::time::sleep(GLANCE.min(time)).await;
        }
    }

    pub async fn pay_the_rest(&mut self, within: Duration) {
        let began = Instant::now();
        while !self.is_processed().await {
            self.tend();
            assert!(began.elapsed() < within, "after {within:?}: {:#?}", find(&self.portal, &self.batch).await);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Every transfer the hub ever took.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        let mut ledger = Ledger::open(&self.folder.path().join("ledger.sqlite3")).unwrap_or_else(|error| panic!("{error}"));
        ledger.rows().unwrap_or_else(|error| panic!("{error}"))
    }
}

async fn answers(url: &str) -> bool {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new().get(url).send().await.is_ok()
}

/// One call at a time: 18.0.2 hands callbacks that come at the same time to each other's waiters (docs/sdk.md).
/// The SDK, and the address of its inbound API as if somebody had mistaken one for the other.
fn sdks(outbound: &str, inbound: &str) -> String {
    let sdk = |name: &str, url: &str| {
        format!("[[sdk]]\nname = '{name}'\nurl = '{url}'\ndfsp_id = '{OWN_FSP}'\nexpiry = '2m'\nsettle_margin = '60s'\n")
    };
    format!("concurrency = {}\n{}{}", number("OUTLAY_SDK_TEST_CALLS", 1), sdk(SDK, outbound), sdk("inbound", inbound))
}

/// Every fault of the network in turn, several times, among people whom nothing happens to.
fn phones(rows: usize) -> Vec<String> {
    let of_each = (rows / 60).max(1);
    let mut faulty = Vec::new();
    for nth in 0..of_each {
        for (fault, digits, ..) in Fault::ALL {
            if *fault != Fault::NoLiquidity || nth < WITHOUT_LIQUIDITY {
                faulty.push(format!("0977{nth:03}{digits}"));
            }
        }
    }
    let every = (rows / faulty.len()).max(1);
    let mut faulty = faulty.into_iter();
    (0..rows).map(|row| if row % every == 0 { faulty.next() } else { None }.unwrap_or_else(|| format!("09781{row:06}"))).collect()
}

/// Uploaded, submitted and approved by the verbs that the pages use.
async fn approved(portal: &Portal, rows: usize) -> BatchId {
    let line = |(nth, phone): (usize, &String)| format!("P-{nth},Daw Mya,MSISDN,{phone},,{},MMK,October,", 1_000 + nth);
    let mut lines: Vec<_> = phones(rows).iter().enumerate().map(line).collect();
    // Ids with a slash in them, which travel percent-encoded through SDK and hub.
    lines.extend((0..5).map(|nth| format!("N-{nth},U Ba,NRC,12/OUKAMA(N)12345{nth},,{},MMK,October,", 2_000 + nth)));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let file = File { name: "payroll-oct.csv", payment_type: PaymentType::Payroll, lines: &lines };
    let batch = drafted(portal, &THIRI, &file).await;
    let id = batch.clone();
    let found = portal.institution.db.read(move |conn| batches::findings_by_kind(conn, &id)).await.unwrap();
    assert!(found.is_empty(), "{found:#?}");
    submit(portal, &THIRI, &batch).await;
    let seal = find(portal, &batch).await.seal.unwrap();
    let form = DecisionForm { batch: batch.clone(), decision: Decision::Approved, reason: String::new(), seal };
    let checker = actor(portal, &HLA).await;
    let decided = portal.institution.db.write(move |tx| approvals::decide(tx, &checker, &form)).await;
    decided.unwrap_or_else(|error| panic!("{error}"));
    batch
}
