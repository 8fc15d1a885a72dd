//! One copy of the database: rows, batches with their counts, bytes, the account's lease, the epoch. Its writes are the product's
//! compare-and-swap; what a commit's outcome looks like from outside is the world's business.

use std::collections::BTreeMap;

use super::mutants::Mutant;
use super::network::Prepare;
use crate::batches::State;
use crate::clock::Instant;
use crate::dispatch::core::{Fault, Mood, Standing, Stop, cancel, liquidity_wait};
use crate::dispatch::store::Key;
use crate::dispatch::{Count, TransferState};
use crate::ids::AttemptId;
use crate::sdk::Stage;

#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Which payment: rows of one chain have the same home transaction id.
    pub chain: usize,
    pub payee: u32,
    pub batch: usize,
    pub standing: Standing,
    pub attempt: Option<AttemptId>,
    /// Taken into a correction for another payee.
    pub is_replaced: bool,
    /// Settled by bytes that this row never recorded: shown as "paid, perhaps to the payee before the correction".
    pub is_paid_by_others: bool,
    /// People said how it ended, not the network.
    pub is_closed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub state: State,
    pub counts: [i64; 8],
    pub total: i64,
    pub pauses: i32,
    pub resume_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub holder: u32,
    pub epoch: i64,
    pub until: Instant,
}

/// What one transfer wants to write.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub row: usize,
    pub key: Key,
    pub to: Standing,
    pub attempt: Option<AttemptId>,
    pub recording: Option<Prepare>,
    pub holder: u32,
    pub lease: i64,
    pub known_epoch: i64,
    pub at: Instant,
    pub stop: Option<Stop>,
    /// The bytes that the network said were executed.
    pub executed: Option<u32>,
}

#[derive(Debug, Clone)]
pub(super) struct Database {
    pub copy: usize,
    /// Other copies that stopped before this one was released.
    pub knows: Vec<usize>,
    pub rows: Vec<Row>,
    pub batches: Vec<Batch>,
    pub bytes: BTreeMap<AttemptId, Prepare>,
    pub lease: Option<Lease>,
    pub epoch: i64,
    /// Commits whose outcome nobody learned, and that the server has still to carry out.
    pub late: Vec<Write>,
}

fn place(count: Count) -> usize {
    Count::ALL.iter().position(|one| *one == count).unwrap_or(0)
}

impl Batch {
    pub fn new() -> Self {
        Self { state: State::Processing, counts: [0; 8], total: 0, pauses: 0, resume_at: None }
    }

    pub fn count(&self, count: Count) -> i64 {
        self.counts[place(count)]
    }

    pub fn mood(&self) -> Mood {
        match self.state {
            State::Processing => Mood::Paying,
            State::Approved | State::Scheduled | State::Paused => Mood::Held,
            _ => Mood::Ending,
        }
    }

    fn is_idle(&self) -> bool {
        [Count::Waiting, Count::Paying, Count::InDoubt].iter().all(|count| self.count(*count) == 0)
    }

    /// A batch that is being cancelled ends by the sweep, see [`Database::cancel_waiting`].
    fn finish(&mut self) {
        if self.state == State::Processing && self.is_idle() {
            self.state = State::Processed;
        }
    }
}

impl Database {
    pub fn new(batches: usize) -> Self {
        Self {
            copy: 0,
            knows: Vec::new(),
            rows: Vec::new(),
            batches: vec![Batch::new(); batches],
            bytes: BTreeMap::new(),
            lease: None,
            epoch: 0,
            late: Vec::new(),
        }
    }

    pub fn add(&mut self, row: Row) -> usize {
        let batch = &mut self.batches[row.batch];
        batch.total += 1;
        batch.counts[place(Count::of(row.standing.state))] += 1;
        self.rows.push(row);
        self.rows.len() - 1
    }

    /// Whether these bytes are this copy's own, or it learned of them: from the copy it was made of, or by a release.
    pub fn knows_of(&self, prepare: &Prepare) -> bool {
        self.has_recorded(prepare) || self.knows.contains(&prepare.copy)
    }

    /// Whether these bytes are this copy's own, or were in what it was made of.
    pub fn has_recorded(&self, prepare: &Prepare) -> bool {
        prepare.copy == self.copy || self.bytes.values().any(|bytes| bytes.number == prepare.number)
    }

    pub fn key(&self, row: usize) -> Key {
        let row = &self.rows[row];
        Key::of(&row.standing, row.attempt.as_ref())
    }

    /// A row as it is loaded: of its last error only the code was kept.
    pub fn load(&self, row: usize) -> Standing {
        let standing = self.rows[row].standing.clone();
        let fault = standing.fault.and_then(|fault| fault.code).map(|code| Fault::of(code, Stage::Transfer));
        Standing { fault, ..standing }
    }

    /// Moves a row without asking, with the counts.
    pub fn put(&mut self, row: usize, to: Standing, attempt: Option<AttemptId>) {
        let row = &mut self.rows[row];
        let batch = &mut self.batches[row.batch];
        batch.counts[place(Count::of(row.standing.state))] -= 1;
        batch.counts[place(Count::of(to.state))] += 1;
        row.standing = to;
        row.attempt = attempt;
        batch.finish();
    }

    pub fn holds(&self, holder: u32, lease: i64) -> bool {
        self.lease.is_some_and(|held| held.holder == holder && held.epoch == lease)
    }

    /// One transaction of the recorder. `true`: the row moved.
    pub fn apply(&mut self, write: &Write, mutant: Option<Mutant>) -> bool {
        if !self.holds(write.holder, write.lease) || self.epoch < write.known_epoch {
            return false;
        }
        let mut to = write.to.clone();
        if !Mutant::still_the_same(mutant, &self.key(write.row), &write.key, &mut to) {
            return false;
        }
        let batch = self.rows[write.row].batch;
        if let Some(bytes) = write.recording {
            if self.batches[batch].state != State::Processing {
                return false;
            }
            self.bytes.insert(to.recorded.as_ref().map(|recorded| recorded.by.clone()).unwrap_or_else(|| AttemptId::from("")), bytes);
        }
        self.put(write.row, to, write.attempt.clone());
        self.note_others(write);
        match write.stop {
            Some(Stop::WaitForLiquidity(_)) if self.batches[batch].state == State::Processing => {
                let batch = &mut self.batches[batch];
                batch.resume_at = Some(write.at.after(liquidity_wait(batch.pauses)));
                batch.pauses = batch.pauses.saturating_add(1);
                batch.state = State::Paused;
            }
            // A person opens the account again.
            Some(Stop::CloseAccount(_)) if self.batches[batch].state == State::Processing => self.batches[batch].state = State::Paused,
            _ => {}
        }
        true
    }

    /// A row that is settled by bytes it never recorded: another copy's, or those of the row it corrects. They may name another payee.
    fn note_others(&mut self, write: &Write) {
        let own = |number: u32| self.bytes.values().any(|bytes| bytes.number == number && bytes.row == write.row);
        let is_by_others = write.executed.is_some_and(|number| !own(number));
        let row = &mut self.rows[write.row];
        row.is_paid_by_others = row.standing.state == TransferState::Succeeded && is_by_others;
    }

    /// The sweep over batches that are being cancelled: rows that nobody may pay any more, and what failed; then batches of which nothing
    /// is left.
    pub fn cancel_waiting(&mut self, now: Instant) -> usize {
        let is_cancelling = |row: &usize| self.batches[self.rows[*row].batch].state == State::Cancelling;
        let ended: Vec<_> =
            (0..self.rows.len()).filter(is_cancelling).filter_map(|row| cancel(self.load(row), now).map(|to| (row, to))).collect();
        for (row, to) in &ended {
            self.put(*row, to.clone(), None);
        }
        for batch in self.batches.iter_mut().filter(|batch| batch.state == State::Cancelling && batch.is_idle()) {
            batch.state = State::Cancelled;
        }
        ended.len()
    }

    /// A batch in which something is asked about or paid again is not done.
    pub fn wake(&mut self, batch: usize) {
        let batch = &mut self.batches[batch];
        if batch.state == State::Processed {
            batch.state = State::Processing;
        }
    }
}
