//! The hub: one thread that owns the ledger. What waits in its queue is done in one transaction and answered after its commit,
//! so a busy hub syncs once for hundreds of transfers, and nothing is answered that a crash could undo.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::result::QueryResult;
use diesel::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use crate::simulator::ledger::{LedgerRow, LedgerState, NotALedger, SCHEMA, connect};
use crate::simulator::plan::{Prepare, Told, plan};
use crate::simulator::{Fault, Settings, store};

/// Most commands in one transaction.
const GROUP: usize = 500;
/// How often the clock is looked at while something is under way.
const TICK: Duration = Duration::from_millis(5);

enum Command {
    Prepare(Box<Prepare>, oneshot::Sender<Outcome>),
    Find(String, oneshot::Sender<Option<LedgerRow>>),
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
        let mut conn = connect(&settings.ledger)?;
        conn.batch_execute(SCHEMA)?;
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
        let (before, mut waits) = (self.pending, Vec::new());
        let done = self.conn.batch_execute("BEGIN IMMEDIATE").and_then(|()| self.work(group, &mut waits));
        let done = done.and_then(|done| self.conn.batch_execute("COMMIT").map(|()| done));
        let Ok((answers, settled)) = done else {
            let _ = self.conn.batch_execute("ROLLBACK");
            self.pending = before;
            return;
        };
        for (id, waiter) in waits {
            let waiters = self.waiting.entry(id).or_default();
            waiters.retain(|waiter| !waiter.is_closed());
            waiters.push(waiter);
        }
        for row in settled {
            for waiter in self.waiting.remove(row.transfer_id.as_str()).unwrap_or_default() {
                let _ = waiter.send(row.clone());
            }
        }
        answers.into_iter().for_each(|answer| answer());
    }

    fn work(&mut self, group: Vec<Command>, waits: &mut Waits) -> QueryResult<(Vec<Answer>, Vec<LedgerRow>)> {
        let now = self.settings.clock.now();
        let settled = if self.pending > 0 { store::settle_due(&mut self.conn, now)? } else { Vec::new() };
        self.pending = self.pending.saturating_sub(i64::try_from(settled.len()).unwrap_or(i64::MAX));
        let mut answers: Vec<Answer> = Vec::with_capacity(group.len());
        for command in group {
            answers.push(match command {
                Command::Prepare(prepare, reply) => {
                    let outcome = self.prepare(&prepare, waits)?;
                    Box::new(move || drop(reply.send(outcome)))
                }
                Command::Find(id, reply) => {
                    let row = store::find(&mut self.conn, &id)?;
                    Box::new(move || drop(reply.send(row)))
                }
                Command::All(reply) => {
                    let rows = store::all(&mut self.conn)?;
                    Box::new(move || drop(reply.send(rows)))
                }
            });
        }
        Ok((answers, settled))
    }

    fn prepare(&mut self, prepare: &Prepare, waits: &mut Waits) -> QueryResult<Outcome> {
        if let Some(known) = store::find(&mut self.conn, &prepare.transfer_id)? {
            return Ok(repeat(&known, prepare, waits));
        }
        let fault = self.settings.script.fault(prepare.payee());
        if fault == Some(Fault::HubUnavailable) && self.is_lost(prepare)? {
            return Ok(Outcome::Told(Told::HubUnavailable));
        }
        let times_short = match fault {
            Some(Fault::NoLiquidity) => store::times_short(&mut self.conn, prepare.payee())?,
            _ => 0,
        };
        let (row, told) = plan(prepare, fault, times_short, self.settings.clock.now(), &self.settings);
        store::insert(&mut self.conn, &row)?;
        if !row.state.is_final() {
            self.pending = self.pending.saturating_add(1);
        }
        Ok(Outcome::Told(told))
    }

    /// The first bytes under an id are lost for good, whoever repeats them.
    fn is_lost(&mut self, prepare: &Prepare) -> QueryResult<bool> {
        match store::lost_hash(&mut self.conn, &prepare.transfer_id)? {
            Some(hash) => Ok(hash == prepare.body_hash),
            None => store::lose(&mut self.conn, &prepare.transfer_id, &prepare.body_hash).map(|()| true),
        }
    }
}

type Waits = Vec<(String, oneshot::Sender<LedgerRow>)>;

/// An id the hub knows is never executed again.
fn repeat(known: &LedgerRow, prepare: &Prepare, waits: &mut Waits) -> Outcome {
    if known.body_hash != prepare.body_hash {
        return Outcome::Told(Told::Error(3106));
    }
    match known.state {
        LedgerState::Committed => Outcome::Told(Told::Committed { fulfilment: known.fulfilment.clone() }),
        LedgerState::Aborted | LedgerState::Settled => Outcome::Told(Told::Silence),
        LedgerState::Queued | LedgerState::Reserved => {
            let (waiter, finally) = oneshot::channel();
            waits.push((prepare.transfer_id.clone(), waiter));
            Outcome::UnderWay(finally)
        }
    }
}
