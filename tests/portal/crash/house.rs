//! An institution with two funding accounts and approved batches, wires that can be cut to the simulated network and to the database,
//! and a disk that can be full. Time goes by faster for all of them, so that a dead process's lease ends while one waits.

use std::path::PathBuf;
use std::sync::Arc;

use outlay::approvals::{self, Decision, DecisionForm};
use outlay::audit::{self, By};
use outlay::batches::{self, PaymentType, State};
use outlay::clock::HurriedClock;
use outlay::db::{self, DatabaseUrl};
use outlay::funding::{self, NewFundingAccount};
use outlay::ids::{BatchId, FspId, FundingAccountId};
use outlay::money::{Currency, Minor};
use outlay::simulator::{Ledger, LedgerRow};

use super::wire::Wire;
use crate::support::batches::{File, account, actor, drafted_from, find, submit};
use crate::support::cast::{self, HLA, THIRI};
use crate::support::database::Engine;
use crate::support::portal::{HOST, OWN_FSP, Portal, SDK};
use crate::support::process::outlay;

/// Nobody listens there: where a wire leads before its end is known.
const NOWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

pub struct House {
    pub portal: Portal,
    pub accounts: [FundingAccountId; 2],
    /// Between the portal and the SDK.
    pub sdk: Wire,
    /// Between the portal's processes and PostgreSQL.
    pub database: Option<Wire>,
    pub folder: tempfile::TempDir,
    clock: Arc<HurriedClock>,
}

impl House {
    /// Without a batch and without a process. `hurry`: times as fast as the machine's clock; `concurrency`: calls in flight for an account.
    pub async fn open(hurry: u32, concurrency: usize) -> Self {
        let clock = Arc::new(HurriedClock::from_now(hurry));
        let sdk = Wire::to(NOWHERE.into());
        let portal = Portal::open_with(clock.clone(), &format!("http://{}", sdk.address)).await;
        let accounts = [account(&portal).await, second_account(&portal).await];
        let folder = tempfile::tempdir().unwrap();
        let (url, database) = wired(portal.database().url_text());
        std::fs::write(folder.path().join("upendo.toml"), registry_file(&portal, &url, &sdk, concurrency)).unwrap();
        prepare_to_fill(&portal);
        Self { portal, accounts, sdk, database, folder, clock }
    }

    /// What works on this database at the same time.
    pub fn roles(&self) -> &'static [&'static str] {
        match Engine::under_test() {
            Engine::Sqlite => &["serve"],
            Engine::Postgres => &["work", "work", "work"],
        }
    }

    /// The real program. `crash`: the point at which it dies, and at which passage.
    pub fn portal_process(&self, role: &str, crash: Option<&str>) -> std::process::Command {
        let listen: &[&str] = if role == "serve" { &["--listen", "127.0.0.1:0"] } else { &[] };
        let mut command = outlay([role, "--registry", "."].iter().chain(listen));
        command.env("OUTLAY_REHEARSAL_CLOCK", self.clock.to_string()).env("OUTLAY_REHEARSAL_FORGETS", "yes");
        command.env("OUTLAY_REHEARSAL_FULL", self.full());
        command.envs(crash.map(|crash| ("OUTLAY_CRASH_AT", crash)));
        command
    }

    /// The simulated network; `delay`: how long it takes for a call.
    pub fn network_process(&self, delay: &str) -> std::process::Command {
        let mut command = outlay(["simulate", "--listen", "127.0.0.1:0", "--delay", delay, "--sdk-timeout", "60ms", "--slow", "120ms"]);
        command.args(["--late-after", "60s", "--reserved-for", "90s", "--ledger"]).arg(self.ledger_file());
        command.env("OUTLAY_REHEARSAL_CLOCK", self.clock.to_string());
        command
    }

    fn ledger_file(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite3")
    }

    /// Every transfer that the network ever took, paid or not.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        Ledger::open(&self.ledger_file()).and_then(|mut ledger| ledger.rows()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// While this file is there, an embedded database may not grow.
    fn full(&self) -> PathBuf {
        self.folder.path().join("full")
    }

    /// The disk under the database is full: what would need more room is refused.
    pub fn fill(&self) {
        match Engine::under_test() {
            Engine::Sqlite => std::fs::write(self.full(), []).unwrap(),
            Engine::Postgres => run_sql(&self.portal, &room(false)),
        }
    }

    pub fn make_room(&self) {
        match Engine::under_test() {
            Engine::Sqlite => drop(std::fs::remove_file(self.full())),
            Engine::Postgres => run_sql(&self.portal, &room(true)),
        }
    }

    /// Uploaded, submitted and approved by the verbs that the pages use.
    pub async fn approve(&self, name: &str, account: &FundingAccountId, phones: &[String]) -> BatchId {
        let line = |(nth, phone): (usize, &String)| format!("P-{nth},Daw Mya,MSISDN,{phone},,{},MMK,October,", 1_000 + nth);
        let lines: Vec<_> = phones.iter().enumerate().map(line).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let file = File { name, payment_type: PaymentType::Payroll, lines: &lines };
        let portal = &self.portal;
        let batch = drafted_from(portal, &THIRI, &file, account.clone()).await;
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

    pub async fn is_processed(&self, batches: &[BatchId]) -> bool {
        for batch in batches {
            if find(&self.portal, batch).await.state != State::Processed {
                return false;
            }
        }
        true
    }

    /// Audit events that wait for their seal.
    pub async fn unsealed(&self) -> i64 {
        let key = self.portal.institution.keys.audit();
        self.portal.institution.db.read(move |conn| audit::verify(conn, &key, None)).await.unwrap().waiting
    }
}

async fn second_account(portal: &Portal) -> FundingAccountId {
    let new = NewFundingAccount {
        name: "Second kyat account".to_owned(),
        sdk: SDK.to_owned(),
        fsp: FspId::from(OWN_FSP),
        currency: Currency::MMK,
        payer_id_type: "BUSINESS".to_owned(),
        payer_id_value: "upendo-2".to_owned(),
        fee_limit: Minor::new(100_000),
    };
    let add = move |tx: &mut db::WriteTx<'_>| funding::add_funding_account(tx, &By::operator("a test"), &new).map_err(cast::refused);
    portal.institution.db.write(add).await.unwrap()
}

/// The database as the portal's processes reach it: over a wire where there is one.
fn wired(url: String) -> (String, Option<Wire>) {
    let Some((who, place)) = url.strip_prefix("postgres://").and_then(|rest| rest.rsplit_once('@')) else { return (url, None) };
    let (server, name) = place.split_once('/').unwrap();
    let address = std::net::ToSocketAddrs::to_socket_addrs(server).unwrap().next().unwrap();
    let wire = Wire::to(address);
    (format!("postgres://{who}@{}/{name}", wire.address), Some(wire))
}

fn registry_file(portal: &Portal, database: &str, sdk: &Wire, concurrency: usize) -> String {
    let settings = &portal.institution.settings;
    if let DatabaseUrl::Sqlite(path) = &settings.database {
        assert!(path.is_absolute());
    }
    format!(
        "name = 'Upendo Microfinance'
        mode = 'training'
        hosts = ['{HOST}']
        public_url = 'http://{HOST}'
        database = '{database}'
        key_file = '{}'
        epoch_file = 'epoch'
        concurrency = {concurrency}
        [[sdk]]
        name = '{SDK}'
        url = 'http://{}'
        dfsp_id = '{OWN_FSP}'
        expiry = '5m'
        settle_margin = '500ms'",
        settings.key_file.display(),
        sdk.address
    )
}

/// What PostgreSQL says when the disk is full.
const NO_SPACE: &str = "could not extend file: No space left on device";

/// On PostgreSQL every row that is added to these asks whether there is room.
fn prepare_to_fill(portal: &Portal) {
    if Engine::under_test() == Engine::Postgres {
        let trigger = |table: &str| format!("CREATE TRIGGER room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION room();");
        let triggers = ["attempts", "replies", "audit_unsealed"].map(trigger).concat();
        run_sql(portal, &(room(true) + &triggers));
    }
}

fn room(is_there: bool) -> String {
    let body = if is_there { "RETURN NEW;".to_owned() } else { format!("RAISE EXCEPTION '{NO_SPACE}' USING ERRCODE = 'disk_full';") };
    format!("CREATE OR REPLACE FUNCTION room() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {} END';", body.replace('\'', "''"))
}

fn run_sql(portal: &Portal, sql: &str) {
    db::batch_execute(&mut portal.database().conn(), sql).unwrap();
}

/// How often a process said that the database had no room.
pub fn refusals_for_want_of_room(words: &str) -> usize {
    words.lines().filter(|line| line.contains(NO_SPACE) || line.contains("database or disk is full")).count()
}
