//! The engine: holds accounts, begins batches, claims rows and works on them, one beat after another.
//!
//! [`Engine::until_idle`] works until nothing is due at the clock's time, which is how tests drive it; [`Engine::run`] goes on until it
//! is told to stop.

mod hand;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::account::{Account, Line};
use super::breakers::{self, Breakers};
use super::core::Bounds;
use super::epoch::{self, EPOCH_EVERY, EpochError, EpochFile, Held};
use super::lease::{self, Lease, Taken};
use super::look::{self, Seen, is_to_begin};
use super::recorder::Recorder;
use super::shared::Shared;
use super::slots::Slots;
use super::store::{self, AtWork};
use super::{closed, control, crash::crash_point, pause, recover, start};
use crate::audit::{self, By, Event, Subject, What};
use crate::batches::State;
use crate::clock::Instant;
use crate::db::{self, Db, Isolation, Turn};
use crate::funding;
use crate::ids::{FundingAccountId, InstitutionId};
use crate::sdk::{Client, NotAnSdk, SdkSettings};

/// Calls in flight for one funding account, unless the operator sets another number.
pub const CONCURRENCY: usize = 32;
/// The longest the engine sleeps while there is something to pay or to ask about.
const POLL: Duration = Duration::from_millis(500);
/// The longest it sleeps while there is not: so late it notices what another process approved. What this one writes wakes it.
pub const QUIET_POLL: Duration = Duration::from_secs(10);
/// The longest it waits for tasks before it looks for more work.
const BEAT: Duration = Duration::from_millis(250);
/// How often rows with an ended lease are looked for.
const RECOVER_EVERY: Duration = Duration::from_secs(10);
/// The wait after a database that could not be reached.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// How long calls in flight may take to end when the process is told to stop.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// What the engine of one institution needs.
#[derive(Debug, Clone)]
pub struct Setup {
    pub house: InstitutionId,
    /// The institution's name, as the payer's name in quotes.
    pub name: String,
    pub sdks: Vec<SdkSettings>,
    pub epoch_file: EpochFile,
    /// Calls in flight for each funding account, see [`CONCURRENCY`].
    pub concurrency: usize,
}

/// One institution's dispatch in this process.
pub struct Engine {
    shared: Arc<Shared>,
    worker: String,
    setup: Setup,
    lines: BTreeMap<String, Line>,
    accounts: BTreeMap<FundingAccountId, Arc<Account>>,
    tasks: JoinSet<()>,
    /// The dispatch epoch known here; `None` before this process began one.
    began: Option<i64>,
    known_epoch: Arc<AtomicI64>,
    epoch_at: Instant,
    recovered_at: Option<Instant>,
    held: Option<Held>,
    /// Looks in a row that found nothing to wait for; 0 while there is work.
    quiet: u32,
}

impl Engine {
    /// An engine that has not looked at anything yet. Has to be made on a runtime.
    ///
    /// # Errors
    /// An SDK's settings that cannot be used.
    pub fn new(db: Db, setup: Setup) -> Result<Self, NotAnSdk> {
        let mut lines = BTreeMap::new();
        for sdk in &setup.sdks {
            let bounds = Bounds { sdk: sdk.concurrency.max(1), account: setup.concurrency.max(1), fsp: sdk.fsp_concurrency.max(1) };
            let line = Line { client: Arc::new(Client::new(sdk)?), slots: Arc::new(Slots::new(bounds)) };
            lines.insert(sdk.name.clone(), line);
        }
        let worker = format!("{}-{:016x}", std::process::id(), rand::random::<u64>());
        let known_epoch = Arc::new(AtomicI64::new(0));
        let in_hand = Arc::new(AtomicUsize::new(0));
        let recorder = Recorder::start(db.clone(), worker.clone(), Arc::clone(&known_epoch), Arc::clone(&in_hand));
        let epoch_at = db.clock().now();
        let shared = Arc::new(Shared::new(db, setup.house.clone(), setup.name.clone(), recorder, in_hand));
        Ok(Self {
            shared,
            worker,
            setup,
            lines,
            accounts: BTreeMap::new(),
            tasks: JoinSet::new(),
            began: None,
            known_epoch,
            epoch_at,
            recovered_at: None,
            held: None,
            quiet: 0,
        })
    }

    /// Why nothing is dispatched, where a copy of the database was put back.
    pub const fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// Works until nothing is due at the clock's time.
    ///
    /// # Errors
    /// The database's.
    pub async fn until_idle(&mut self) -> db::Result<()> {
        loop {
            let did = self.beat().await?;
            if did == 0 && self.tasks.is_empty() {
                return Ok(());
            }
            self.pump().await;
        }
    }

    /// When something will be due, by the database.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_due(&self) -> db::Result<Option<Instant>> {
        let (due, now) = (self.shared.db.read(store::next_due).await?, self.shared.now());
        // Where the connection is not to be tried, what is due waits for it.
        let waits = |account: &Arc<Account>| account.breakers().connection_waits_until(now);
        let tried = self.accounts.values().filter_map(waits).min();
        Ok(due.map(|due| tried.map_or(due, |tried| due.max(tried))))
    }

    /// Works until `stop` says so; `wake` tells that something was approved.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>, wake: Arc<Notify>) {
        while !*stop.borrow() {
            let seen = self.shared.db.commits();
            let did = match self.beat().await {
                Ok(did) => did,
                Err(error) => {
                    tracing::error!(%error, "dispatch.engine: a beat failed");
                    tokio::select! { () = tokio::time::sleep(AFTER_ERROR) => {}, _ = stop.changed() => {} }
                    continue;
                }
            };
            if did > 0 || !self.tasks.is_empty() {
                self.pump().await;
            } else if self.quiet == 0 {
                tokio::select! { () = wake.notified() => {}, () = tokio::time::sleep(POLL) => {}, _ = stop.changed() => {} }
            } else {
                let db = self.shared.db.clone();
                let wait = POLL.saturating_mul(1 << self.quiet.min(5)).min(QUIET_POLL);
                tokio::select! { () = wake.notified() => {}, () = db.changes(seen, wait) => {}, _ = stop.changed() => {} }
            }
        }
        self.end().await;
    }

    /// Lets calls in flight end, then gives the accounts back.
    async fn end(&mut self) {
        let ended = tokio::time::timeout(STOP_WAIT, async { while self.tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!(rows = self.tasks.len(), "dispatch.engine: stopped with calls in flight; their rows will be asked about");
            self.tasks.shutdown().await;
        }
        for account in std::mem::take(&mut self.accounts).into_values() {
            let (lease, holder) = (account.held(), self.worker.clone());
            let given =
                self.shared.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| lease::give_back(tx, &lease, &holder)).await;
            if let Err(error) = given {
                tracing::warn!(%error, "dispatch.engine: a lease was not given back; it ends by itself");
            }
        }
    }

    /// Waits until half of the rows in hand are done, or a moment.
    async fn pump(&mut self) {
        let target = self.tasks.len() / 2;
        let waited = tokio::time::timeout(BEAT, async {
            while self.tasks.len() > target {
                if let Some(Err(error)) = self.tasks.join_next().await {
                    tracing::error!(%error, "dispatch.engine: a task broke; its row's lease will end");
                }
            }
        });
        // The tasks go on whether they are waited for or not.
        drop(waited.await);
    }

    /// One look at everything; returns how much there was to do.
    async fn beat(&mut self) -> db::Result<usize> {
        match self.keep_epoch().await {
            Ok(()) => {}
            Err(EpochError::Db(error)) => return Err(error),
            Err(EpochError::Held(held)) => return self.hold(held).await.map(|()| 0),
        }
        self.keep_breakers().await?;
        let now = self.shared.now();
        let seen = look::look(&self.shared.db, now, self.quiet > 0).await?;
        self.quiet = if seen.waits_for_something() { 0 } else { self.quiet.saturating_add(1) };
        let Seen { batches, to_ask, to_watch, is_suspended } = seen;
        let mut did = self.resume(&batches, now).await?;
        let has_work = |one: &&AtWork| one.batch.state != State::Paused || one.batch.paying > 0;
        let at_work = batches.iter().filter(has_work).map(|one| &one.batch.funding_account_id);
        let wanted: BTreeSet<_> = at_work.chain(&to_ask).chain(&to_watch).cloned().collect();
        for account in &wanted {
            did += self.keep_lease(account, &batches, now).await?;
        }
        did += self.recover(&batches, now).await?;
        did += control::sweep(&self.shared.db, &batches, &self.worker, |id| self.accounts.get(id).map(|account| account.held())).await?;
        for one in batches.iter().filter(|one| !is_suspended && is_to_begin(one)) {
            if self.accounts.contains_key(&one.batch.funding_account_id) {
                did += self.begin(&one.batch).await?;
            }
        }
        self.tell_what_is_paid(&batches, is_suspended);
        for account in wanted {
            did += self.claim(&account, to_ask.contains(&account), &batches).await?;
        }
        did += closed::ask_due(&self.shared, &self.accounts, &to_watch, &self.worker, &mut self.tasks).await?;
        Ok(did)
    }

    /// Begins an epoch when this process begins to dispatch, and while it records.
    async fn keep_epoch(&mut self) -> Result<(), EpochError> {
        let now = self.shared.now();
        // Also when the clock was put back: else epochs would stand still until it is there again.
        let is_due = self.shared.has_recorded() && (now < self.epoch_at || now.since(self.epoch_at) >= EPOCH_EVERY);
        if self.began.is_some() && !is_due {
            return Ok(());
        }
        let epoch = epoch::begin(&self.shared.db, &self.setup.epoch_file).await?;
        self.shared.forget_recorded();
        self.began = Some(epoch);
        self.known_epoch.store(epoch, Ordering::SeqCst);
        self.epoch_at = now;
        self.held = None;
        Ok(())
    }

    /// Says once why nothing is dispatched.
    async fn hold(&mut self, held: Held) -> db::Result<()> {
        if self.held.as_ref() == Some(&held) {
            return Ok(());
        }
        let words = held.said().english();
        tracing::error!("dispatch.epoch: {words}");
        let house = self.setup.house.clone();
        self.shared
            .db
            .write_as(Turn::Worker, Isolation::Serializable, move |tx| {
                audit::record(tx, &Event::new(By::system(), What::DispatchHeld, Subject::new("institution", &house)).because(words.clone()))
            })
            .await?;
        self.began = None;
        self.held = Some(held);
        Ok(())
    }

    async fn resume(&self, batches: &[AtWork], now: Instant) -> db::Result<usize> {
        let is_due = |one: &AtWork| one.batch.state == State::Paused && one.batch.resume_at.is_some_and(|at| at <= now);
        if !batches.iter().any(is_due) {
            return Ok(0);
        }
        self.shared.db.write_as(Turn::Worker, Isolation::Serializable, pause::resume_due).await
    }

    /// Takes or renews the lease of an account that has work; a fresh one finds what its last holder left behind.
    async fn keep_lease(&mut self, id: &FundingAccountId, batches: &[AtWork], now: Instant) -> db::Result<usize> {
        let is_good = |account: &Arc<Account>| lease::is_good(account.held().until, now);
        if self.accounts.get(id).is_some_and(is_good) {
            return Ok(0);
        }
        let (account, worker) = (id.clone(), self.worker.clone());
        let taken = self.shared.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| lease::take(tx, &account, &worker)).await?;
        match taken {
            Taken::Refused => {
                self.accounts.remove(id);
                Ok(0)
            }
            Taken::Renewed(lease) => match self.accounts.get(id) {
                Some(account) => {
                    account.renew(lease);
                    Ok(0)
                }
                None => self.take_over(id, lease, batches).await,
            },
            Taken::Fresh(lease) => self.take_over(id, lease, batches).await,
        }
    }

    async fn take_over(&mut self, id: &FundingAccountId, lease: Lease, batches: &[AtWork]) -> db::Result<usize> {
        let wanted = id.clone();
        let found = move |conn: &mut db::Conn| {
            let Some(account) = funding::find_account(conn, &wanted)? else { return Ok::<_, db::Error>(None) };
            Ok(Some((account, store::breakers_of(conn, &wanted)?)))
        };
        let Some((account, remembered)) = self.shared.db.read(found).await? else { return Ok(0) };
        let Some(line) = self.lines.get(&account.sdk) else {
            tracing::error!(sdk = %account.sdk, account = %id, "dispatch.engine: this funding account's SDK is not configured here");
            return Ok(0);
        };
        let breakers = Breakers::remembered(remembered);
        let account = Account::new(&account, line, self.setup.concurrency.max(1), lease, breakers);
        self.accounts.insert(id.clone(), Arc::new(account));
        self.recover_account(id, batches, true).await
    }

    async fn recover(&mut self, batches: &[AtWork], now: Instant) -> db::Result<usize> {
        if self.recovered_at.is_some_and(|at| at <= now && now.since(at) < RECOVER_EVERY) {
            return Ok(0);
        }
        self.recovered_at = Some(now);
        let mut did = 0;
        for id in self.accounts.keys().cloned().collect::<Vec<_>>() {
            did += self.recover_account(&id, batches, false).await?;
        }
        Ok(did)
    }

    async fn recover_account(&self, id: &FundingAccountId, batches: &[AtWork], all: bool) -> db::Result<usize> {
        let Some(account) = self.accounts.get(id) else { return Ok(0) };
        let mut did = 0;
        for one in batches.iter().filter(|one| one.batch.funding_account_id == *id && one.batch.paying > 0) {
            let (shared, lease, worker, batch) = (Arc::clone(&self.shared), account.held(), self.worker.clone(), one.batch.id.clone());
            did += self
                .shared
                .db
                .write_as(Turn::Worker, Isolation::Serializable, move |tx| recover::recover(tx, &shared, &lease, &worker, &batch, all))
                .await?;
        }
        Ok(did)
    }

    async fn begin(&mut self, batch: &store::BatchRow) -> db::Result<usize> {
        match start::start(&self.shared.db, &self.setup.epoch_file, batch).await {
            Ok(_) => {
                let epoch = self.shared.db.read(store::dispatch_epoch).await?;
                self.known_epoch.store(epoch, Ordering::SeqCst);
                crash_point!("after-start-of-batch");
                Ok(1)
            }
            Err(EpochError::Held(held)) => self.hold(held).await.map(|()| 0),
            Err(EpochError::Db(db::Error::Conflict)) => Ok(0), // Somebody moved the batch first.
            Err(EpochError::Db(error)) => Err(error),
        }
    }

    /// Tells the database which breakers opened or closed.
    async fn keep_breakers(&self) -> db::Result<()> {
        for (id, account) in &self.accounts {
            let changes = account.breakers().take_changed();
            if changes.is_empty() {
                continue;
            }
            let (id, told) = (id.clone(), changes.clone());
            let kept = self.shared.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| breakers::keep(tx, &id, &told)).await;
            if let Err(error) = kept {
                account.breakers().not_told(&changes);
                return Err(error);
            }
        }
        Ok(())
    }
}
