//! The hub: one thread that owns the ledger. What waits in its queue is done in one transaction and answered after its commit,
//! so a busy hub syncs once for hundreds of transfers, and nothing is answered that a crash could undo.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use crate::simulator::ledger::{LedgerRow, LedgerState, NotALedger};
use crate::simulator::plan::{Prepare, Told, plan};
use crate::simulator::store::{self, WriteTx};
use crate::simulator::{Fault, Settings};

/// Most commands in one transaction.
const GROUP: usize = 500;
/// How often the clock is looked at while something is under way.
const TICK: Duration = Duration::from_millis(5);

enum Command {
    Prepare(Box<Prepare>, oneshot::Sender<Outcome>),
    Find(String, oneshot::Sender<Option<LedgerRow>>),
    Watch(String, oneshot::Sender<Option<oneshot::Receiver<LedgerRow>>>),
    All(oneshot::Sender<Vec<LedgerRow>>),
}

/// What a send leads to: an answer, or the wait for one.
pub(super) enum Outcome {
    Told(Told),
    /// The same bytes are under way; their final row comes here.
    UnderWay(oneshot::Receiver<LedgerRow>),
}

/// The ledger could not be written; nothing is known about what was asked.
pub(super) struct Broken;

pub(super) struct Hub {
    commands: Option<Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Hub {
    pub fn open(settings: &Settings) -> Result<Self, NotALedger> {
        let mut conn = store::connect(&settings.ledger, store::SCHEMA)?;
        if settings.forgetful {
            store::forget_in_a_power_cut(&mut conn, &settings.ledger)?;
        }
        let pending = store::pending(&mut conn)?;
        let (commands, queue) = channel();
        let worker = Worker { conn, queue, settings: settings.clone(), waiting: HashMap::new(), pending };
        let thread = std::thread::Builder::new().name("simulated-hub".to_owned()).spawn(move || worker.run());
        let thread = thread.map_err(|error| NotALedger::Open { path: settings.ledger.display().to_string(), why: error.to_string() })?;
        Ok(Self { commands: Some(commands), thread: Some(thread) })
    }

    pub async fn prepare(&self, prepare: Prepare) -> Result<Outcome, Broken> {
        self.ask(|reply| Command::Prepare(Box::new(prepare), reply)).await
    }

    pub async fn find(&self, id: &str) -> Result<Option<LedgerRow>, Broken> {
        self.ask(|reply| Command::Find(id.to_owned(), reply)).await
    }

    /// What a transfer that is under way becomes in the end; `None` where it is final already, or unknown.
    pub async fn watch(&self, id: &str) -> Result<Option<oneshot::Receiver<LedgerRow>>, Broken> {
        self.ask(|reply| Command::Watch(id.to_owned(), reply)).await
    }

    pub async fn all(&self) -> Result<Vec<LedgerRow>, Broken> {
        self.ask(Command::All).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Broken> {
        let (reply, answer) = oneshot::channel();
        self.commands.as_ref().ok_or(Broken)?.send(command(reply)).map_err(|_| Broken)?;
        answer.await.map_err(|_| Broken)
    }
}

impl Drop for Hub {
    /// Lets the thread finish what it has, so that the file is free afterwards.
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    conn: SqliteConnection,
    queue: Receiver<Command>,
    settings: Settings,
    /// Who waits for which transfer to become final.
    waiting: HashMap<String, Vec<oneshot::Sender<LedgerRow>>>,
    /// How many transfers are under way: while there are none, nobody looks at the clock.
    pending: i64,
}

/// An answer that goes out once the transaction is committed.
type Answer = Box<dyn FnOnce()>;

impl Worker {
    fn run(mut self) {
        loop {
            let first = if self.pending > 0 {
                match self.queue.recv_timeout(TICK) {
                    Ok(command) => Some(command),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else {
                let Ok(command) = self.queue.recv() else { return };
                Some(command)
            };
            let group: Vec<Command> = first.into_iter().chain(self.queue.try_iter()).take(GROUP).collect();
            self.group(group);
        }
    }

    /// One transaction. Where it fails, the answers are dropped, and whoever waits for them learns that nobody knows.
    fn group(&mut self, group: Vec<Command>) {
        let mut work = Work { settings: &self.settings, pending: self.pending, waits: Vec::new(), answers: Vec::new() };
        let done = store::in_one_transaction(&mut self.conn, |tx| work.run(tx, group));
        let Ok(settled) = done else { return };
        self.pending = work.pending;
        for (id, waiter) in work.waits {
            let waiters = self.waiting.entry(id).or_default();
            waiters.retain(|waiter| !waiter.is_closed());
            waiters.push(waiter);
        }
        for row in settled {
            for waiter in self.waiting.remove(row.transfer_id.as_str()).unwrap_or_default() {
                let _ = waiter.send(row.clone());
            }
        }
        work.answers.into_iter().for_each(|answer| answer());
    }
}

/// What one transaction does; it counts only once that is committed.
struct Work<'a> {
    settings: &'a Settings,
    pending: i64,
    waits: Vec<(String, oneshot::Sender<LedgerRow>)>,
    answers: Vec<Answer>,
}

impl Work<'_> {
    /// Gives back what became final by the passing of time.
    fn run(&mut self, tx: &mut WriteTx<'_>, group: Vec<Command>) -> QueryResult<Vec<LedgerRow>> {
        let settled = if self.pending > 0 { store::settle_due(tx, self.settings.clock.now())? } else { Vec::new() };
        self.pending = self.pending.saturating_sub(i64::try_from(settled.len()).unwrap_or(i64::MAX));
        for command in group {
            let answer: Answer = match command {
                Command::Prepare(prepare, reply) => {
                    let outcome = self.prepare(tx, &prepare)?;
                    Box::new(move || drop(reply.send(outcome)))
                }
                Command::Find(id, reply) => {
                    let row = store::find(tx.conn(), &id)?;
                    Box::new(move || drop(reply.send(row)))
                }
                Command::Watch(id, reply) => {
                    let open = store::find(tx.conn(), &id)?.filter(|row| !row.state.is_final());
                    let finally = open.map(|_| self.wait_for(id));
                    Box::new(move || drop(reply.send(finally)))
                }
                Command::All(reply) => {
                    let rows = store::all(tx.conn())?;
                    Box::new(move || drop(reply.send(rows)))
                }
            };
            self.answers.push(answer);
        }
        Ok(settled)
    }

    fn prepare(&mut self, tx: &mut WriteTx<'_>, prepare: &Prepare) -> QueryResult<Outcome> {
        if let Some(known) = store::find(tx.conn(), &prepare.transfer_id)? {
            return Ok(self.repeat(&known, prepare));
        }
        let fault = self.settings.script.fault(prepare.payee());
        if fault == Some(Fault::HubUnavailable) && is_lost(tx, prepare)? {
            return Ok(Outcome::Told(Told::HubUnavailable));
        }
        let times_short = match fault {
            Some(Fault::NoLiquidity) => store::times_short(tx.conn(), prepare.payee())?,
            _ => 0,
        };
        let (row, told) = plan(prepare, fault, times_short, self.settings.clock.now(), self.settings);
        store::insert(tx, &row)?;
        if !row.state.is_final() {
            self.pending = self.pending.saturating_add(1);
        }
        Ok(Outcome::Told(told))
    }

    /// An id the hub knows is never executed again.
    fn repeat(&mut self, known: &LedgerRow, prepare: &Prepare) -> Outcome {
        if known.body_hash != prepare.body_hash {
            return Outcome::Told(Told::Error(3106));
        }
        match known.state {
            LedgerState::Committed => Outcome::Told(Told::Committed { fulfilment: known.fulfilment.clone() }),
            LedgerState::Aborted | LedgerState::Settled => Outcome::Told(Told::Silence),
            LedgerState::Queued | LedgerState::Reserved => Outcome::UnderWay(self.wait_for(prepare.transfer_id.clone())),
        }
    }

    fn wait_for(&mut self, id: String) -> oneshot::Receiver<LedgerRow> {
        let (waiter, finally) = oneshot::channel();
        self.waits.push((id, waiter));
        finally
    }
}

/// The first bytes under an id are lost for good, whoever repeats them.
fn is_lost(tx: &mut WriteTx<'_>, prepare: &Prepare) -> QueryResult<bool> {
    match store::lost_hash(tx.conn(), &prepare.transfer_id)? {
        Some(hash) => Ok(hash == prepare.body_hash),
        None => store::lose(tx, &prepare.transfer_id, &prepare.body_hash).map(|()| true),
    }
}
