//! The one recorder: what many transfers want to write goes into few transactions.
//!
//! While one group commits the next gathers, so a group is as large as the disk is slow. Everything in a group is set-based: one
//! statement of each kind, however many rows. A group that fails for good is tried row by row, so that one bad row harms only itself.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::TransferState::NeedsAttention;
use super::core::{Standing, Stop};
use super::crash::crash_point;
use super::store::{self, Deltas, Ended, Key, Landed, Learned, Move, RecordedBytes, Reply};
use super::{finish, late, pause};
use crate::clock::Instant;
use crate::db::{self, Db, Isolation, Turn, WriteTx};
use crate::ids::{AttemptId, BatchId, FundingAccountId, RowId, TransferId};
use crate::money::Minor;
use crate::resolutions;

/// Rows in one transaction.
pub const GROUP_MAX: usize = 256;
/// Rows that may wait for the recorder before those who bring more have to wait.
const QUEUE_MAX: usize = 1_024;
/// So many rows make a transaction worth its commit.
const GROUP_GOOD: usize = 64;
/// The longest a group waits for more rows; none where every row in hand is in it.
const GATHER_MAX: Duration = Duration::from_millis(5);
/// How often a group is written again when the database is out of reach.
const TRIES_MAX: u32 = 5;
/// The wait before another try, doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// What one transfer wants to write.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub row: RowId,
    pub batch: BatchId,
    pub account: FundingAccountId,
    pub amount: Minor,
    /// The lease under which it is written: name and epoch.
    pub lease: (String, i64),
    pub key: Key,
    pub to: Standing,
    /// Whose the row is afterwards.
    pub attempt: Option<AttemptId>,
    pub recording: Option<Recording>,
    pub learned: Option<Learned>,
    pub ended: Option<Ended>,
    pub replies: Vec<Reply>,
    pub stop: Option<Stop>,
}

/// The bytes that may go out once they are durable.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub landed: Landed,
    pub transfer: TransferId,
    pub digest: String,
    pub bytes: RecordedBytes,
}

impl Write {
    fn as_move(&self) -> Move {
        let one = Move::new(&self.row, &self.key, &self.to, self.attempt.as_ref());
        match &self.recording {
            Some(recording) => one.recording(recording.landed.clone(), recording.transfer.clone(), recording.digest.clone()),
            None => one,
        }
    }
}

/// The recorder could not write, for longer than it tries: the rows' leases will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database could not be written")]
pub(super) struct NotWritten;

type Waiting = (Write, oneshot::Sender<Result<bool, NotWritten>>);

/// A handle to the recorder's task; the task ends with its last handle.
#[derive(Clone)]
pub(super) struct Recorder {
    queue: mpsc::Sender<Waiting>,
}

impl Recorder {
    /// Starts the task on the current runtime. `epoch`: the dispatch epoch known to this process; `in_hand`: how many rows its tasks
    /// work on.
    pub fn start(db: Db, holder: String, epoch: Arc<AtomicI64>, in_hand: Arc<AtomicUsize>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(serve(Book { db, holder, epoch }, waiting, in_hand));
        Self { queue }
    }

    /// Writes, together with what others want to write. `true`: the row moved; `false`: it was no longer what the key says, or
    /// recording it is not allowed (any more). Its replies are kept either way.
    pub async fn write(&self, write: Write) -> Result<bool, NotWritten> {
        let (answer, answered) = oneshot::channel();
        self.queue.send((write, answer)).await.map_err(|_| NotWritten)?;
        answered.await.map_err(|_| NotWritten)?
    }
}

struct Book {
    db: Db,
    holder: String,
    epoch: Arc<AtomicI64>,
}

async fn serve(book: Book, mut waiting: mpsc::Receiver<Waiting>, in_hand: Arc<AtomicUsize>) {
    let mut gathered = Vec::new();
    while waiting.recv_many(&mut gathered, GROUP_MAX).await > 0 {
        gather(&mut waiting, &mut gathered, &in_hand).await;
        for group in each_row_once(std::mem::take(&mut gathered)) {
            let (writes, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            let outcomes = book.write_all(Arc::new(writes)).await;
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Whoever asked may have been cancelled; what is written stands all the same.
                let _ = answer.send(outcome);
            }
        }
    }
}

/// Lets a small group grow, for a moment, while there are rows that may join it.
async fn gather(waiting: &mut mpsc::Receiver<Waiting>, group: &mut Vec<Waiting>, in_hand: &AtomicUsize) {
    let more = async {
        while group.len() < GROUP_GOOD.min(in_hand.load(Ordering::SeqCst)) {
            let room = GROUP_MAX.saturating_sub(group.len());
            if waiting.recv_many(group, room).await == 0 {
                return;
            }
        }
    };
    // Full or not, it is written then.
    drop(tokio::time::timeout(GATHER_MAX, more).await);
}

/// Groups, in their order, with each row at most once. An account that was taken over and came back leaves a row in the hands of two
/// attempts of this process; what moved is told by row, so in one group the old attempt would be told, and counted, as if it had moved.
fn each_row_once(gathered: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut groups: Vec<(HashSet<RowId>, Vec<Waiting>)> = Vec::new();
    for one in gathered {
        let row = one.0.row.clone();
        match groups.iter_mut().find(|(rows, _)| !rows.contains(&row)) {
            Some((rows, group)) => {
                rows.insert(row);
                group.push(one);
            }
            None => groups.push((HashSet::from([row]), vec![one])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl Book {
    async fn write_all(&self, group: Arc<Vec<Write>>) -> Vec<Result<bool, NotWritten>> {
        match self.write_group(&group).await {
            Ok(moved) => group.iter().map(|write| Ok(moved.contains(&write.row))).collect(),
            Err(error) if group.len() > 1 && !passes(&error) => {
                tracing::error!(%error, rows = group.len(), "dispatch.recorder: a group failed, writing its rows one by one");
                let mut outcomes = Vec::with_capacity(group.len());
                for write in group.iter() {
                    let one = self.write_group(&Arc::new(vec![write.clone()])).await;
                    outcomes.push(one.map(|moved| moved.contains(&write.row)).map_err(|_| NotWritten));
                }
                outcomes
            }
            Err(error) => {
                tracing::error!(%error, rows = group.len(), "dispatch.recorder: not written");
                group.iter().map(|_| Err(NotWritten)).collect()
            }
        }
    }

    /// Writes a group; after a commit whose outcome is unknown it looks, and writes only what is not there.
    async fn write_group(&self, group: &Arc<Vec<Write>>) -> Result<HashSet<RowId>, db::Error> {
        let mut landed = HashSet::new();
        let mut tries = 0;
        loop {
            let left = if landed.is_empty() {
                Arc::clone(group)
            } else {
                Arc::new(group.iter().filter(|write| !landed.contains(&write.row)).cloned().collect::<Vec<_>>())
            };
            if left.is_empty() {
                return Ok(landed);
            }
            match self.write_once(&left).await {
                Ok(moved) => {
                    landed.extend(moved);
                    return Ok(landed);
                }
                Err(error) if passes(&error) && tries < TRIES_MAX => {
                    tokio::time::sleep(PAUSE.saturating_mul(1 << tries)).await;
                    tries += 1;
                    if matches!(error, db::Error::OutcomeUnknown)
                        && let Ok(there) = self.look(&left).await
                    {
                        landed.extend(there);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn write_once(&self, group: &Arc<Vec<Write>>) -> Result<Vec<RowId>, db::Error> {
        let (group, holder, epoch) = (Arc::clone(group), self.holder.clone(), self.epoch.load(Ordering::SeqCst));
        // A compare-and-swap on every row, and the batch's row taken first where bytes are recorded: read committed is enough.
        let written = self.db.write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| apply(tx, &group, &holder, epoch)).await;
        #[cfg(test)]
        if written.is_ok() && tests::the_commit_is_to_be_lost() {
            return Err(db::Error::OutcomeUnknown);
        }
        written
    }

    async fn look(&self, group: &Arc<Vec<Write>>) -> Result<Vec<RowId>, db::Error> {
        let moves: Vec<_> = group.iter().map(Write::as_move).collect();
        self.db.read(move |conn| store::land(conn, &moves)).await
    }
}

/// Whether an error of the database may be gone at the next try.
fn passes(error: &db::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match error {
        db::Error::OutcomeUnknown | db::Error::Unavailable(_) => true,
        db::Error::Conflict => false,
        db::Error::Diesel(Diesel::DatabaseError(kind, info)) => match kind {
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::SerializationFailure => true,
            _ => info.message().contains("database is locked") || info.message().contains("deadlock"),
        },
        db::Error::Diesel(Diesel::BrokenTransactionManager) => true,
        db::Error::Diesel(_) => false,
    }
}

/// One group, in one transaction. Returns the rows that moved.
fn apply(tx: &mut WriteTx<'_>, group: &[Write], holder: &str, known_epoch: i64) -> db::Result<Vec<RowId>> {
    let held = leases_held(tx, group, holder, known_epoch)?;
    let (recordings, others): (Vec<&Write>, Vec<&Write>) =
        group.iter().filter(|write| held.contains(&write.lease)).partition(|write| write.recording.is_some());
    let mut moved = Vec::with_capacity(group.len());
    if !recordings.is_empty() {
        store::lock_paying(tx, recordings.iter().map(|write| &write.batch).collect::<BTreeSet<_>>().into_iter())?;
        moved.extend(store::record_rows(tx, &moves(&recordings, tx.now()))?);
    }
    moved.extend(store::move_rows(tx, &moves(&others, tx.now()))?);
    let is_moved: HashSet<&RowId> = moved.iter().collect();
    let done: Vec<&Write> = recordings.into_iter().chain(others).filter(|write| is_moved.contains(&write.row)).collect();
    keep(tx, group, &done)?;
    let mut deltas = Deltas::default();
    for write in &done {
        deltas.moved(&write.batch, write.amount, write.key.state, write.to.state);
    }
    store::add_deltas(tx, &deltas)?;
    late::look(tx, group.iter().filter(|write| !is_moved.contains(&write.row)))?;
    resolutions::overtake(
        tx,
        done.iter().filter(|write| write.key.state == NeedsAttention && write.to.state != NeedsAttention).map(|write| &write.row),
    )?;
    stop(tx, &done)?;
    finish::finish(tx, deltas.batches())?;
    if done.iter().any(|write| write.recording.is_some()) {
        crash_point!("before-record-commit");
    } else {
        crash_point!("before-settle-commit");
    }
    Ok(moved)
}

/// What is settled is settled now, however long it waited to be written: a day's report that is made must not get another payment.
fn moves(writes: &[&Write], now: Instant) -> Vec<Move> {
    writes.iter().map(|write| write.as_move().not_settled_before(now)).collect()
}

/// The leases of the group that are still ours; none where the database under us is older than what this process has seen.
fn leases_held(tx: &mut WriteTx<'_>, group: &[Write], holder: &str, known_epoch: i64) -> db::Result<Vec<(String, i64)>> {
    let epoch = store::dispatch_epoch(tx)?;
    if epoch < known_epoch {
        tracing::error!(database = epoch, known = known_epoch, "dispatch.epoch: the database went back in time, nothing is recorded");
        return Ok(Vec::new());
    }
    let named: BTreeSet<_> = group.iter().map(|write| write.lease.clone()).collect();
    store::still_held(tx, holder, &named.into_iter().collect::<Vec<_>>())
}

/// Bytes and ends of attempts whose rows moved; every reply, whether its row moved or not.
fn keep(tx: &mut WriteTx<'_>, group: &[Write], done: &[&Write]) -> db::Result<()> {
    let bytes: Vec<_> = done.iter().filter_map(|write| Some(write.recording.as_ref()?.bytes.clone())).collect();
    store::record_bytes(tx, &bytes)?;
    let ended: Vec<_> = done.iter().filter_map(|write| write.ended.clone()).collect();
    store::end_attempts(tx, &ended)?;
    let learned: Vec<_> = done.iter().filter_map(|write| write.learned.as_ref()).collect();
    store::keep_learned(tx, &learned)?;
    let replies: Vec<_> = group.iter().flat_map(|write| &write.replies).collect();
    store::keep_replies(tx, &replies)
}

fn stop(tx: &mut WriteTx<'_>, done: &[&Write]) -> db::Result<()> {
    for write in done {
        match &write.stop {
            None => {}
            Some(Stop::WaitForLiquidity(fault)) => pause::wait_for_liquidity(tx, &write.batch, *fault)?,
            Some(Stop::CloseAccount(fault)) => pause::close_account(tx, &write.account, *fault)?,
            Some(Stop::Distrust(oddity)) => pause::distrust_account(tx, &write.account, *oddity)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
