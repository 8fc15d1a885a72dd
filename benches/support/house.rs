//! An institution with a maker, a checker and its worker, paid through by the same verbs as the pages.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use outlay::approvals::{self, Decision, DecisionForm};
use outlay::audit::By;
use outlay::batches::{self, Arrived, Batch, Channel, Choices, NewBatch, PaymentType, State};
use outlay::branches::{self, NewBranch};
use outlay::clock::SystemClock;
use outlay::db::{self, DatabaseUrl, Db};
use outlay::dispatch;
use outlay::funding::{self, NewFundingAccount};
use outlay::ids::{BatchId, FspId};
use outlay::institutions::{Institution, Keys, Limits, Mode, SessionLimits, Settings, create};
use outlay::money::{Currency, Minor};
use outlay::people::{self, Actor, Details, NewUser, PasswordHash};
use outlay::privileges::{self, Action, NewGrant};
use outlay::sdk::SdkSettings;
use outlay::simulator;
use outlay::worker::Workers;
use secrecy::SecretString;

use super::machine::{forget_peak, peak_memory_mb};

pub const OWN_FSP: &str = "mfi";
pub const PAYER: (&str, &str) = ("BUSINESS", "upendo");

pub struct House {
    pub institution: Arc<Institution>,
    maker: Actor,
    checker: Actor,
    workers: Option<Workers>,
    folder: tempfile::TempDir,
}

/// A part of a batch's way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Step {
    pub seconds: f64,
    /// Megabytes of memory, this process's.
    pub peak_mb: f64,
}

impl Step {
    /// Measures from here until its end is told.
    fn begin() -> impl FnOnce() -> Self {
        forget_peak();
        let began = Instant::now();
        move || Self { seconds: began.elapsed().as_secs_f64(), peak_mb: peak_memory_mb() }
    }
}

/// A batch that was paid, and what its parts took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Paid {
    pub upload: Step,
    pub submit: Step,
    pub approve: Step,
    /// From the approval to the first claim, in seconds: the seal is verified.
    pub start: f64,
    /// From there until the batch is Processed, in seconds.
    pub paying: f64,
    /// Megabytes of memory in these two.
    pub peak_mb: f64,
}

impl House {
    /// `None`: SQLite in the house's own folder.
    pub async fn open(database: Option<DatabaseUrl>, sdk_url: &str, in_flight: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = database.unwrap_or_else(|| DatabaseUrl::Sqlite(folder.path().join("outlay.sqlite3")));
        let settings = settings(folder.path(), database, sdk_url, in_flight);
        Keys::create_if_missing(&settings.key_file)?;
        let url = settings.database.clone();
        tokio::task::spawn_blocking(move || db::bring_up(&url)).await??;
        let password = PasswordHash::of_new(&SecretString::from("Mingalaba-1"), "")?;
        let database = Db::new(settings.database.clone(), Arc::new(SystemClock::new()))?;
        database.write(move |tx| set_up(tx, &password).map_err(|error| Trouble(format!("{error:#}")))).await?;
        let institution = Arc::new(Institution::open(settings, Arc::new(SystemClock::new()), true).await?);
        let (maker, checker) = (actor(&institution, "maker").await?, actor(&institution, "checker").await?);
        let workers = Some(Workers::start(std::slice::from_ref(&institution))?);
        Ok(Self { institution, maker, checker, workers, folder })
    }

    pub async fn close(mut self) {
        if let Some(workers) = self.workers.take() {
            workers.stop().await;
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database's file, where it is one.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.institution.settings.database {
            DatabaseUrl::Sqlite(path) => Some(path.clone()),
            DatabaseUrl::Postgres(_) => None,
        }
    }

    /// Uploads, submits and approves a file, and waits until it is Processed; `tell` sees the batch now and then while it is paid.
    pub async fn pay(&self, file: &Path, every: Duration, tell: impl FnMut(&Batch, f64)) -> anyhow::Result<Paid> {
        let end = Step::begin();
        let id = self.upload(file).await?;
        let upload = end();
        let seal = self.seal(&id).await?;
        let end = Step::begin();
        let (maker, batch, shown) = (self.maker.clone(), id.clone(), seal.clone());
        self.institution.db.write(move |tx| batches::submit(tx, &maker, &batch, &shown)).await?;
        let submit = end();
        let end = Step::begin();
        let form = DecisionForm { batch: id.clone(), decision: Decision::Approved, reason: String::new(), seal };
        let checker = self.checker.clone();
        self.institution.db.write(move |tx| approvals::decide(tx, &checker, &form)).await?;
        let (approve, approved_at) = (end(), self.institution.clock().now());
        forget_peak();
        self.institution.wake();
        let done = self.wait(&id, every, tell).await?;
        let (started, processed) = done.started_at.zip(done.processed_at).context("it has no times")?;
        if done.counts.succeeded.count != done.counts.total {
            bail!("{} of {} were paid", done.counts.succeeded.count, done.counts.total);
        }
        if !self.institution.db.read(dispatch::verify_counts).await?.miscounts.is_empty() {
            bail!("the counts do not fit the rows");
        }
        let (start, paying) = (started.since(approved_at).as_secs_f64(), processed.since(started).as_secs_f64());
        Ok(Paid { upload, submit, approve, start, paying, peak_mb: peak_memory_mb() })
    }

    async fn upload(&self, file: &Path) -> anyhow::Result<BatchId> {
        let account = self.institution.db.read(funding::accounts).await?.into_iter().next().context("no funding account")?;
        let limit = self.institution.settings.limits.upload_bytes;
        let arrived = Arrived::copy(std::fs::File::open(file)?, limit)?.ok_or_else(|| anyhow!("larger than {limit} bytes"))?;
        let choices = Choices {
            branch: self.maker.branch.clone(),
            payment_type: PaymentType::Payroll,
            channel: Channel::Mojaloop,
            funding_account: account.id,
            to_fsp: None,
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let new = NewBatch { choices, client_reference: None, file_name: name, again: Some("a benchmark".to_owned()) };
        let id = batches::upload(&self.institution, &self.maker, new, arrived).await?;
        let batch = self.find(&id).await?;
        if batch.state != State::Draft {
            bail!("the file is {}: {} errors", batch.state.as_str(), batch.errors);
        }
        let asked = id.clone();
        let open = self.institution.db.read(move |conn| batches::unacknowledged(conn, &asked)).await?;
        let kinds: Vec<_> = open.iter().map(|of| of.kind).collect();
        if !kinds.is_empty() {
            let (maker, batch) = (self.maker.clone(), id.clone());
            self.institution.db.write(move |tx| batches::acknowledge(tx, &maker, &batch, &kinds, "a benchmark")).await?;
        }
        Ok(id)
    }

    async fn seal(&self, id: &BatchId) -> anyhow::Result<String> {
        let batch = self.find(id).await?;
        let sealed = self.institution.db.read(move |conn| {
            let account = funding::find_account(conn, &batch.funding_account)?.ok_or(db::Error::Conflict)?;
            batches::seal_of(conn, &batch, batches::sealed_fee_limit(&batch, account.fee_limit))
        });
        Ok(sealed.await?)
    }

    pub async fn find(&self, id: &BatchId) -> anyhow::Result<Batch> {
        let id = id.clone();
        self.institution.db.read(move |conn| batches::find(conn, &id)).await?.context("the batch is gone")
    }

    async fn wait(&self, id: &BatchId, every: Duration, mut tell: impl FnMut(&Batch, f64)) -> anyhow::Result<Batch> {
        let began = Instant::now();
        loop {
            let batch = self.find(id).await?;
            tell(&batch, began.elapsed().as_secs_f64());
            match batch.state {
                State::Processed => return Ok(batch),
                State::Paused => bail!("paused: {:?}", batch.pause_reason),
                _ => tokio::time::sleep(every).await,
            }
        }
    }
}

/// A closure of a write says why in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Trouble(String);

impl From<db::Error> for Trouble {
    fn from(error: db::Error) -> Self {
        Self(error.to_string())
    }
}

impl db::Failure for Trouble {
    fn database(&self) -> Option<&db::Error> {
        None
    }
}

fn settings(folder: &Path, database: DatabaseUrl, sdk_url: &str, in_flight: usize) -> Settings {
    Settings {
        name: "Upendo Microfinance".to_owned(),
        mode: Mode::Training,
        hosts: vec!["127.0.0.1".to_owned()],
        public_url: "http://127.0.0.1".to_owned(),
        database,
        key_file: folder.join("key"),
        old_key_files: Vec::new(),
        epoch_file: folder.join("epoch"),
        time_zone: "Asia/Yangon".to_owned(),
        currency: Currency::MMK,
        phone_country: "MM".to_owned(),
        language: "en".to_owned(),
        logo: None,
        limits: Limits { upload_bytes: 200_000_000, ..Limits::default() },
        sessions: SessionLimits::default(),
        concurrency: in_flight,
        sdk: vec![SdkSettings {
            concurrency: in_flight,
            fsp_concurrency: in_flight,
            ..SdkSettings::new("main", sdk_url, FspId::from(OWN_FSP))
        }],
        mail: None,
    }
}

fn set_up(tx: &mut db::WriteTx<'_>, password: &PasswordHash) -> anyhow::Result<()> {
    let by = By::operator("bench");
    create(tx, &by, Mode::Training)?;
    let new =
        NewBranch { code: "YGN-01".to_owned(), region: "Yangon".to_owned(), township: "Insein".to_owned(), name: "Branch 1".to_owned() };
    let branch = branches::add_branch(tx, &by, &new)?.id;
    let make = [Action::MakePayment, Action::MakePayroll, Action::ViewPayroll];
    let check = [Action::ApprovePayment, Action::ViewPayroll];
    for (name, actions) in [("maker", make.to_vec()), ("checker", check.to_vec())] {
        let details = Details::named(name, name).map_err(|wrong| anyhow!("{wrong:?}"))?;
        let new =
            NewUser { details, branch: branch.clone(), is_account_manager: false, password: password.clone(), must_set_password: false };
        let user = people::add_user(tx, &by, &new)?;
        privileges::grant(tx, &by, &NewGrant { user: user.id.clone(), branch: branch.clone(), actions, until: None })?;
    }
    funding::add_fsp(tx, &by, OWN_FSP, "Upendo")?;
    for (id, name) in simulator::FSPS {
        funding::add_fsp(tx, &by, id, name)?;
    }
    let account = NewFundingAccount {
        name: "Kyat account".to_owned(),
        sdk: "main".to_owned(),
        fsp: FspId::from(OWN_FSP),
        currency: Currency::MMK,
        payer_id_type: PAYER.0.to_owned(),
        payer_id_value: PAYER.1.to_owned(),
        fee_limit: Minor::new(100_000),
    };
    funding::add_funding_account(tx, &by, &account)?;
    Ok(())
}

async fn actor(institution: &Institution, user_name: &'static str) -> anyhow::Result<Actor> {
    let found = institution.db.read(move |conn| {
        let Some(user) = people::find_by_name(conn, user_name)? else { return Ok::<_, db::Error>(None) };
        people::actor(conn, &user.id)
    });
    found.await?.context("nobody is called so")
}

/// The phone of the nth payee, whose last digits choose no fault.
pub fn phone(nth: usize) -> String {
    // A thousand of each ten thousand end in 9xxx, where the faults are.
    let (block, rest) = (nth / 9_000, nth % 9_000);
    format!("097{:08}", block * 10_000 + rest)
}

/// A payroll of so many people.
pub fn write_file(path: &Path, rows: usize) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "reference,payee_name,id_type,id_value,to_fsp,amount,currency,note,branch_code,staff_no,pay_period")?;
    for nth in 0..rows {
        writeln!(out, "R{nth},Daw Hla {nth},MSISDN,{},,1000,MMK,November,,S{nth},2026-11", phone(nth))?;
    }
    Ok(out.flush()?)
}
