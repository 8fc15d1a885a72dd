//! An institution with an approved batch, the simulated network, and the engine between them. The clock stands still until the story
//! moves it, for all three.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use outlay::audit::By;
use outlay::batches::{SealedBatch, SealedRow, Sealer, row_digest};
use outlay::branches;
use outlay::clock::{Clock as _, Instant, ManualClock};
use outlay::db::schema::{batches, replies, transfers};
use outlay::db::{self, DatabaseUrl, Db};
use outlay::dispatch::{self, Count, Engine, EpochFile, Setup, TransferState};
use outlay::funding::{self, NewFundingAccount};
use outlay::ids::{BatchId, BranchId, FspId, FundingAccountId, HomeTransactionId, InstitutionId, TransferId, UserId};
use outlay::institutions::{self, Mode};
use outlay::money::{Currency, Minor};
use outlay::payees::PartyIdType;
use outlay::people::{self, Actor};
use outlay::sdk::SdkSettings;
use outlay::simulator::{self, Ledger, LedgerRow, Running};

use crate::support::cast::{self, Person};
use crate::support::database::TestDatabase;
use crate::support::portal::morning;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3_600);
const FEE_LIMIT: i64 = 50_000;

/// A payee to be paid: phone and amount in kyat.
pub type Payee<'a> = (&'a str, i64);

/// A row as a page would show it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Row {
    pub line: i64,
    pub home: HomeTransactionId,
    pub state: TransferState,
    pub n: i32,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub transfer_id: Option<TransferId>,
    pub payee_fsp: Option<FspId>,
    pub next_at: Option<Instant>,
}

impl Row {
    /// The reason in words.
    pub fn why(&self) -> String {
        dispatch::why::Why::from_text(self.reason.as_deref().unwrap_or_default()).map(|why| why.said().english()).unwrap_or_default()
    }
}

pub struct Desk {
    pub clock: Arc<ManualClock>,
    pub database: TestDatabase,
    pub db: Db,
    pub house: InstitutionId,
    pub account: FundingAccountId,
    pub simulator: Running,
    pub sdk: SdkSettings,
    pub folder: tempfile::TempDir,
    pub branch: BranchId,
    /// Ma Thiri, who makes the batches, and Daw Hla Hla, who approves them.
    pub maker: UserId,
    pub checker: UserId,
    batches: std::cell::Cell<i64>,
}

impl Desk {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut simulator::Settings)) -> Self {
        let clock = Arc::new(ManualClock::at(morning()));
        let folder = tempfile::tempdir().unwrap();
        let mut settings = simulator::Settings::new(folder.path().join("ledger.sqlite3"));
        settings.sdk_timeout = Duration::from_millis(40);
        settings.slow = Duration::from_millis(60);
        settings.clock = clock.clone();
        change(&mut settings);
        let simulator = simulator::start(settings, std::net::TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let sdk = SdkSettings::new("main", &simulator.url(), FspId::from("upendo"));
        let database = TestDatabase::new();
        let db = database.db(clock.clone());
        let (house, account, branch, [maker, checker]) = db.write(set_up).await.unwrap();
        Self { clock, database, db, house, account, simulator, sdk, folder, branch, maker, checker, batches: 0.into() }
    }

    /// The institution's database is replaced by a copy of an earlier day.
    pub fn put_back(&mut self, copy: crate::support::database::Copy) {
        self.database = copy.restored();
        self.db = self.database.db(self.clock.clone());
    }

    pub fn setup(&self) -> Setup {
        Setup {
            house: self.house.clone(),
            name: "Upendo Microfinance".to_owned(),
            sdks: vec![self.sdk.clone()],
            epoch_file: self.epoch_file(),
            concurrency: dispatch::CONCURRENCY,
        }
    }

    pub fn epoch_file(&self) -> EpochFile {
        let is_shared = matches!(self.db.url(), DatabaseUrl::Postgres(_));
        EpochFile { path: self.epoch_path(), house: self.house.clone(), is_shared }
    }

    pub fn epoch_path(&self) -> PathBuf {
        self.folder.path().join("epoch.json")
    }

    pub fn engine(&self) -> Engine {
        Engine::new(self.db.clone(), self.setup()).unwrap()
    }

    /// An approved batch of these payments, its rows ready, as the approval leaves it.
    pub fn approved(&self, payees: &[Payee<'_>]) -> BatchId {
        self.approved_to(payees, None)
    }

    /// The same, where the file names the FSP.
    pub fn approved_to(&self, payees: &[Payee<'_>], to_fsp: Option<&str>) -> BatchId {
        self.approved_for(payees, to_fsp, None)
    }

    /// An approved batch that is to be paid later, as the approval leaves it.
    pub fn scheduled(&self, payees: &[Payee<'_>], day: Instant) -> BatchId {
        self.approved_for(payees, None, Some(day))
    }

    fn approved_for(&self, payees: &[Payee<'_>], to_fsp: Option<&str>, day: Option<Instant>) -> BatchId {
        let nth = self.batches.get() + 1;
        self.batches.set(nth);
        let id = BatchId::from(format!("batch-{nth}"));
        let now = self.clock.now().micros();
        let (state, pay_at) = day.map_or(("approved", "NULL".to_owned()), |day| ("scheduled", day.micros().to_string()));
        let (count, sum) = (payees.len(), payees.iter().map(|(_, amount)| amount * 100).sum::<i64>());
        let mut sql = format!(
            "INSERT INTO batches (id, reference, name, branch_id, payment_type, channel, funding_account_id, currency, profile, \
             content_digest, content_seen, state, state_at, pauses, seal, fee_limit, errors, warnings, notes, total, waiting, paying, \
             succeeded, failed, in_doubt, needs_attention, cancelled, excluded, sum_total, sum_waiting, sum_paying, sum_succeeded, \
             sum_failed, sum_in_doubt, sum_needs_attention, sum_cancelled, sum_excluded, created_by, created_at, submitted_by, \
             submitted_at, pay_at) VALUES ('{id}', 'ref{nth:05}', 'November', '{}', 'payroll', 'mojaloop', '{}', 'MMK', 'outlay', 'c{nth}', 1, \
             '{state}', {now}, 0, 'SEAL', {FEE_LIMIT}, 0, 0, 0, {count}, {count}, 0, 0, 0, 0, 0, 0, 0, {sum}, {sum}, 0, 0, 0, 0, 0, \
             0, 0, '{}', {now}, '{}', {now}, {pay_at}); INSERT INTO batch_makers (batch_id, user_id) VALUES ('{id}', '{}');",
            self.branch, self.account, self.maker, self.maker, self.maker
        );
        let mut sealer = Sealer::new(&SealedBatch {
            batch: &id,
            branch: &self.branch,
            payment_type: outlay::batches::PaymentType::Payroll,
            channel: outlay::batches::Channel::Mojaloop,
            funding_account: &self.account,
            fee_limit: Minor::new(FEE_LIMIT),
            schedule: day,
            rows: u64::try_from(count).unwrap(),
        });
        for (index, (phone, amount)) in payees.iter().enumerate() {
            let line = i64::try_from(index).unwrap() + 2;
            let home = HomeTransactionId::derive(&self.house, &format!("c{nth}"), 1, line);
            let digest = row_digest(&SealedRow {
                line,
                home: &home,
                id_type: PartyIdType::Msisdn,
                id_value: phone,
                sub_id: None,
                to_fsp: to_fsp.map(FspId::from).as_ref(),
                amount: Minor::new(amount * 100),
                currency: Currency::MMK,
                note: "Nov pay",
            });
            sealer.row(line, &digest).unwrap();
            let to_fsp = to_fsp.map_or("NULL".to_owned(), |fsp| format!("'{fsp}'"));
            sql.push_str(&format!(
                "INSERT INTO transfers (id, home_transaction_id, batch_id, line, branch_id, reference, payee_name, payee_name_folded, \
                 id_type, id_value, to_fsp, amount, currency, note, extra, row_digest, state, n, tries, asks, unshown_count) VALUES \
                 ('{id}-{line:06}', '{home}', '{id}', {line}, '{}', '', 'Daw Hla', 'daw hla', 'MSISDN', '{phone}', {to_fsp}, {}, 'MMK', \
                 'Nov pay', '{{}}', '{digest}', 'ready', 0, 0, 0, 0);",
                self.branch,
                amount * 100
            ));
        }
        let seal = sealer.finish().unwrap();
        sql = sql.replace("'SEAL'", &format!("'{seal}'"));
        sql.push_str(&format!(
            "INSERT INTO decisions (batch_id, decision, user_id, at, seal, row_count, excluded_lines, sum, currency) VALUES \
             ('{id}', 'approved', '{}', {now}, '{seal}', {count}, '[]', {sum}, 'MMK');",
            self.checker
        ));
        self.run_sql(&format!("BEGIN;{sql}COMMIT;"));
        id
    }

    /// Somebody of the cast, as one who acts.
    pub fn actor(&self, person: &cast::Person) -> Actor {
        let conn = &mut self.database.conn();
        let user = people::find_by_name(conn, person.user_name).unwrap().unwrap();
        people::actor(conn, &user.id).unwrap().unwrap()
    }

    /// Somebody in the batches' branch, with their actions there.
    pub async fn arrives(&self, person: &Person) -> Actor {
        self.arrives_at(person, self.branch.clone()).await
    }

    /// The same in another branch.
    pub async fn arrives_elsewhere(&self, person: &Person) -> Actor {
        use outlay::db::schema::branches;
        let other = branches::table.filter(branches::id.ne(self.branch.as_str())).select(branches::id);
        self.arrives_at(person, other.first(&mut self.database.conn()).unwrap()).await
    }

    async fn arrives_at(&self, person: &Person, branch: BranchId) -> Actor {
        let person = *person;
        self.db.write(move |tx| cast::add_person(tx, &By::operator("a test"), &person, &branch)).await.unwrap();
        let find = move |conn: &mut db::Conn| {
            let user = people::find_by_name(conn, person.user_name)?.unwrap();
            Ok::<_, db::Error>(people::actor(conn, &user.id)?.unwrap())
        };
        self.db.read(find).await.unwrap()
    }

    /// What people did to batches and payments, in order.
    pub fn audit_of_people(&self) -> Vec<String> {
        use outlay::db::schema::audit_events::dsl;
        let people = dsl::audit_events.filter(dsl::actor_kind.eq("user")).filter(dsl::batch_id.is_not_null());
        people.order(dsl::id).select(dsl::action).load(&mut self.database.conn()).unwrap()
    }

    pub fn run_sql(&self, sql: &str) {
        db::batch_execute(&mut self.database.conn(), sql).unwrap();
    }

    /// Works, and moves the clock to whatever is due next, until the batch is in `state` or `within` has passed.
    pub async fn until(&self, engine: &mut Engine, batch: &BatchId, state: &str, within: Duration) {
        let end = self.clock.now().after(within);
        loop {
            engine.until_idle().await.unwrap();
            self.assert_counts_add_up();
            if self.state(batch) == state {
                return;
            }
            let due = engine.next_due().await.unwrap();
            let next = due.unwrap_or_else(|| panic!("{}: nothing is due; rows {:#?}", self.state(batch), self.rows(batch)));
            assert!(next <= end, "{} after {within:?}: {:#?}", self.state(batch), self.rows(batch));
            self.clock.advance(next.since(self.clock.now()) + Duration::from_millis(1));
        }
    }

    /// Works and waits until the batch is processed, within a day.
    pub async fn pay(&self, engine: &mut Engine, batch: &BatchId) {
        self.until(engine, batch, "processed", HOUR * 24).await;
    }

    pub fn state(&self, batch: &BatchId) -> String {
        batches::table.find(batch.as_str()).select(batches::state).first(&mut self.database.conn()).unwrap()
    }

    pub fn pause(&self, batch: &BatchId) -> (Option<String>, Option<String>) {
        batches::table.find(batch.as_str()).select((batches::pause_reason, batches::pause_code)).first(&mut self.database.conn()).unwrap()
    }

    /// How long a paused batch waits.
    pub fn wait(&self, batch: &BatchId) -> Duration {
        let times: (Instant, Option<Instant>) =
            batches::table.find(batch.as_str()).select((batches::state_at, batches::resume_at)).first(&mut self.database.conn()).unwrap();
        times.1.unwrap().since(times.0)
    }

    pub fn rows(&self, batch: &BatchId) -> Vec<Row> {
        transfers::table
            .filter(transfers::batch_id.eq(batch.as_str()))
            .order(transfers::line)
            .select((
                transfers::line,
                transfers::home_transaction_id,
                transfers::state,
                transfers::n,
                transfers::code,
                transfers::reason,
                transfers::transfer_id,
                transfers::payee_fsp,
                transfers::next_at,
            ))
            .load(&mut self.database.conn())
            .unwrap()
    }

    pub fn row(&self, batch: &BatchId) -> Row {
        let [row] = self.rows(batch).try_into().unwrap();
        row
    }

    /// Every count of every batch is that of its rows.
    pub fn assert_counts_add_up(&self) {
        let verified = dispatch::verify_counts(&mut self.database.conn()).unwrap();
        assert_eq!(verified.miscounts, []);
        assert!(verified.batches > 0);
    }

    pub fn count(&self, batch: &BatchId, count: Count) -> usize {
        self.rows(batch).iter().filter(|row| Count::of(row.state) == count).count()
    }

    /// What the network's ledger says.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        Ledger::open(self.simulator.ledger()).unwrap().rows().unwrap()
    }

    /// Money really moved, by payee, in minor units.
    pub fn paid(&self) -> BTreeMap<String, i64> {
        let mut paid = BTreeMap::new();
        for row in self.ledger().into_iter().filter(|row| row.state.is_paid()) {
            assert_eq!(row.executions, 1, "{row:?}");
            *paid.entry(row.payee).or_insert(0) += row.amount.units();
        }
        paid
    }

    /// Portal and ledger agree row by row: paid once where it says succeeded, and only there.
    pub fn assert_agrees_with_the_ledger(&self, batch: &BatchId) {
        let ledger: BTreeMap<_, _> = self.ledger().into_iter().map(|row| (row.transfer_id.clone(), row)).collect();
        for row in self.rows(batch) {
            let paid = (0..=row.n + 1)
                .map(|n| TransferId::derive(&self.house, &row.home, n))
                .filter(|id| ledger.get(id).is_some_and(|row| row.state.is_paid()))
                .collect::<Vec<_>>();
            match row.state {
                TransferState::Succeeded => assert_eq!(paid, [row.transfer_id.clone().unwrap()], "{row:?}"),
                TransferState::Failed => assert_eq!(paid, [], "{row:?}"),
                state => assert!(paid.len() <= 1, "{state:?}"),
            }
        }
    }

    /// The calls of a row's attempts, with what each told.
    pub fn replies(&self, call: &str) -> Vec<String> {
        replies::table
            .filter(replies::call.eq(call))
            .order((replies::attempt_id, replies::position))
            .select(replies::verdict)
            .load(&mut self.database.conn())
            .unwrap()
    }

    /// What happened to batches, the account and dispatch itself, in order of name.
    pub fn audit(&self) -> Vec<String> {
        use outlay::db::schema::audit_events::dsl;
        let system = dsl::audit_events.filter(dsl::actor_kind.eq("system")).order(dsl::action).select(dsl::action);
        system.load(&mut self.database.conn()).unwrap()
    }
}

fn set_up(tx: &mut db::WriteTx<'_>) -> Result<(InstitutionId, FundingAccountId, BranchId, [UserId; 2]), cast::NotSetUp> {
    let by = By::operator("a test");
    let house = institutions::create(tx, &by, Mode::Training).map_err(cast::refused)?;
    cast::arrive(tx, &by)?;
    for (id, name) in simulator::FSPS {
        funding::add_fsp(tx, &by, id, name).map_err(cast::refused)?;
    }
    let new = NewFundingAccount {
        name: "Main".to_owned(),
        sdk: "main".to_owned(),
        fsp: FspId::from("kbzpay"),
        currency: Currency::MMK,
        payer_id_type: "MSISDN".to_owned(),
        payer_id_value: "959700000001".to_owned(),
        fee_limit: Minor::new(FEE_LIMIT),
    };
    let account = funding::add_funding_account(tx, &by, &new).map_err(cast::refused)?;
    let branch = branches::find_by_code(tx, cast::HLAING.code)?.unwrap().id;
    let [maker, checker] = [cast::THIRI, cast::HLA].map(|person| people::find_by_name(tx, person.user_name).unwrap().unwrap().id);
    Ok((house, account, branch, [maker, checker]))
}
