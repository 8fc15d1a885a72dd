//! An institution with a large approved batch, the simulated network in the test's own process, and the real program between them.
//! Time goes by a hundred times as fast for all of them, so that a dead process's lease ends while one waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use outlay::approvals::{self, Decision, DecisionForm};
use outlay::audit;
use outlay::batches::{self, PaymentType, State};
use outlay::clock::HurriedClock;
use outlay::db::DatabaseUrl;
use outlay::ids::BatchId;
use outlay::simulator::Fault;

use crate::support::batches::{File, actor, drafted, find, submit};
use crate::support::cast::{HLA, THIRI};
use crate::support::database::Engine;
use crate::support::network::Network;
use crate::support::portal::{HOST, OWN_FSP, Portal, SDK};
use crate::support::process::{Process, outlay};

/// Times as fast as the machine's clock.
const HURRY: u32 = 100;
/// How long the network takes for a call, so that the batch lasts for every round.
const DELAY: Duration = Duration::from_millis(15);
/// Payees of each fault. Of those without liquidity there are few: each makes the whole batch wait.
const OF_EACH_FAULT: usize = 6;
const WITHOUT_LIQUIDITY: usize = 2;
const GLANCE: Duration = Duration::from_millis(50);

pub struct House {
    pub portal: Portal,
    pub network: Network,
    pub batch: BatchId,
    clock: Arc<HurriedClock>,
    registry: tempfile::TempDir,
}

impl House {
    /// With an approved batch of so many rows, faults mixed among them, and no process that pays it yet.
    pub async fn open(rows: usize) -> Self {
        let clock = Arc::new(HurriedClock::from_now(HURRY));
        let network = Network::open(clock.clone(), |settings| {
            settings.delay = DELAY;
            settings.late_after = Duration::from_secs(60);
            settings.reserved_for = Duration::from_secs(90);
        });
        let portal = Portal::open_with(clock.clone(), &network.url()).await;
        let registry = tempfile::tempdir().unwrap();
        std::fs::write(registry.path().join("upendo.toml"), registry_file(&portal, &network)).unwrap();
        let batch = approved(&portal, rows).await;
        Self { portal, network, batch, clock, registry }
    }

    /// What may work on this database at the same time.
    pub fn roles(&self) -> &'static [&'static str] {
        match Engine::under_test() {
            Engine::Sqlite => &["serve"],
            Engine::Postgres => &["serve", "work"],
        }
    }

    pub fn role_of_round(&self, round: u32) -> &'static str {
        let roles = self.roles();
        roles[usize::try_from(round).unwrap() % roles.len()]
    }

    /// The real program. `crash`: the point at which it dies, and at which passage.
    pub fn start(&self, role: &str, crash: Option<&str>) -> Process {
        let listen: &[&str] = if role == "serve" { &["--listen", "127.0.0.1:0"] } else { &[] };
        let mut command = outlay([role, "--registry", &self.registry.path().display().to_string()].iter().chain(listen));
        command.env("OUTLAY_REHEARSAL_CLOCK", self.clock.to_string()).env("OUTLAY_REHEARSAL_FORGETS", "yes");
        command.envs(crash.map(|crash| ("OUTLAY_CRASH_AT", crash)));
        Process::start(&mut command, self.registry.path())
    }

    pub async fn is_processed(&self) -> bool {
        find(&self.portal, &self.batch).await.state == State::Processed
    }

    /// Without any more deaths, until the batch is processed and every audit event is sealed.
    pub async fn pay_the_rest(&self, within: Duration) {
        let mut processes: Vec<_> = self.roles().iter().map(|role| self.start(role, None)).collect();
        let began = Instant::now();
        while !self.is_processed().await || self.unsealed().await > 0 {
            for process in &mut processes {
                assert_eq!(process.has_ended(), None, "{}", process.said());
            }
            assert!(
                began.elapsed() < within,
                "after {within:?}: {:#?}\n{}",
                find(&self.portal, &self.batch).await,
                processes.iter_mut().map(Process::said).collect::<String>()
            );
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Audit events that wait for their seal.
    async fn unsealed(&self) -> i64 {
        let key = self.portal.institution.keys.audit();
        self.portal.institution.db.read(move |conn| audit::verify(conn, &key, None)).await.unwrap().waiting
    }
}

fn registry_file(portal: &Portal, network: &Network) -> String {
    let settings = &portal.institution.settings;
    let database = match &settings.database {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    format!(
        "name = 'Upendo Microfinance'
        mode = 'training'
        hosts = ['{HOST}']
        public_url = 'http://{HOST}'
        database = '{database}'
        key_file = '{}'
        epoch_file = 'epoch'
        concurrency = 4
        [[sdk]]
        name = '{SDK}'
        url = '{}'
        dfsp_id = '{OWN_FSP}'
        expiry = '5m'
        settle_margin = '500ms'",
        settings.key_file.display(),
        network.url()
    )
}

/// The payees' phone numbers: every fault of the network in turn among people whom nothing happens to.
fn phones(rows: usize) -> Vec<String> {
    let mut faulty = Vec::new();
    for nth in 0..OF_EACH_FAULT {
        for (fault, digits, ..) in Fault::ALL {
            if *fault != Fault::NoLiquidity || nth < WITHOUT_LIQUIDITY {
                faulty.push(format!("097713{nth}{digits}"));
            }
        }
    }
    let every = rows / faulty.len();
    let mut faulty = faulty.into_iter();
    (0..rows).map(|row| if row % every == 0 { faulty.next() } else { None }.unwrap_or_else(|| format!("097712{row:05}"))).collect()
}

/// Uploaded, submitted and approved by the verbs that the pages use.
async fn approved(portal: &Portal, rows: usize) -> BatchId {
    let phones = phones(rows);
    let line = |(nth, phone): (usize, &String)| format!("P-{nth},Daw Mya,MSISDN,{phone},,{},MMK,October,", 1_000 + nth);
    let lines: Vec<_> = phones.iter().enumerate().map(line).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let file = File { name: "payroll-oct.csv", payment_type: PaymentType::Payroll, lines: &lines };
    let batch = drafted(portal, &THIRI, &file).await;
    let id = batch.clone();
    let errors = portal.institution.db.read(move |conn| batches::findings_by_kind(conn, &id)).await.unwrap();
    assert!(errors.is_empty(), "{errors:#?}");
    submit(portal, &THIRI, &batch).await;
    let seal = find(portal, &batch).await.seal.unwrap();
    let form = DecisionForm { batch: batch.clone(), decision: Decision::Approved, reason: String::new(), seal };
    let checker = actor(portal, &HLA).await;
    let decided = portal.institution.db.write(move |tx| approvals::decide(tx, &checker, &form)).await;
    decided.unwrap_or_else(|error| panic!("{error}"));
    batch
}
