//! Reading a file into its batch: one thread reads, one writes, and at most [`PARTS_AHEAD`] parts are between them, so that
//! memory does not grow with the file. Each part is a transaction of its own; nobody sees the batch's rows before the last.

use std::io::{self, Read};
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

use super::file::{self, ReadError, Sink, Stopped};
use super::store::bulk::{self, Found, NewFinding, NewPiece, NewTransfer, OfBatch};
use super::store::files;
use super::upload::ReadFile;
use super::{Finding, State, store, sweep};
use crate::audit::{self, Event, What};
use crate::clock::Instant;
use crate::db::{self, Db, Isolation, Turn};
use crate::ids::{BatchId, FileId};
use crate::institutions::Institution;
use crate::people::Actor;

/// Bytes of a piece of a file.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces in one transaction.
const PIECES_A_PART: usize = 8;
/// Rows and findings in one transaction.
const ROWS_A_PART: usize = 2_000;
/// Parts that wait for the writer.
const PARTS_AHEAD: usize = 2;

#[derive(Debug, thiserror::Error)]
pub enum CannotLoad {
    #[error("reading the file failed: {0}")]
    Io(#[from] io::Error),
    /// It was read once before, so this should not be.
    #[error("the file changed while it was read")]
    Changed,
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// What one transaction writes.
enum Part {
    Pieces(Vec<NewPiece>),
    Rows(Vec<NewTransfer>, Vec<NewFinding>),
}

/// Fills a batch that was created (or is being corrected) with the file; returns the state it comes to. `again`: why the same content
/// is there once more. Where it fails, what it wrote is taken out again.
///
/// # Errors
/// [`CannotLoad`].
pub async fn load(
    institution: &Arc<Institution>,
    actor: &Actor,
    id: &BatchId,
    read: ReadFile,
    again: Option<String>,
) -> Result<State, CannotLoad> {
    let db = &institution.db;
    let asked = id.clone();
    let found = db.read(move |conn| Ok::<_, db::Error>((store::find(conn, &asked)?, files::files(conn, &asked)?))).await?;
    let (Some(batch), files) = found else { return Err(db::Error::Conflict.into()) };
    let Some(file) = files.first() else { return Err(db::Error::Conflict.into()) };
    let of = OfBatch {
        institution: institution.id()?,
        batch: id.clone(),
        branch: batch.branch.clone(),
        currency: batch.currency,
        content_digest: batch.content_digest.clone(),
        content_seen: batch.content_seen,
        at: institution.clock().now(),
    };
    let corrects = files.len() > 1;
    let mut writer = Writer { db: db.clone(), batch: id.clone(), last: batch.state_at };
    let event = said(actor, &batch, &file.name, &read, corrects, again);
    let loaded = fill(&mut writer, of, file.id.clone(), read, event, corrects).await;
    if let Err(error) = &loaded {
        tracing::warn!(%error, "a file could not be read into its batch");
        if let Err(error) = sweep::abandon(db, id, writer.last).await {
            tracing::warn!(%error, "the rest of a file stays until the next sweep");
        }
    }
    loaded
}

/// What the history will say of it.
fn said(actor: &Actor, batch: &super::Batch, file: &str, read: &ReadFile, corrects: bool, again: Option<String>) -> Event {
    let what = if corrects { What::BatchCorrected } else { What::BatchUploaded };
    let summary = &read.summary;
    let event = Event::of_batch(actor.by(), what, &batch.id, &batch.branch).changing(json!({
        "file": file, "digest": summary.content_digest, "bytes": summary.bytes, "rows": summary.rows, "payments": summary.good,
        "sum": summary.sum, "currency": batch.currency, "errors": summary.errors, "warnings": summary.warnings,
    }));
    match again {
        Some(reason) => event.because(reason),
        None => event,
    }
}

async fn fill(writer: &mut Writer, of: OfBatch, file: FileId, read: ReadFile, event: Event, corrects: bool) -> Result<State, CannotLoad> {
    if corrects {
        while !writer.write(bulk::purge).await? {}
    }
    let (to, mut parts) = mpsc::channel(PARTS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || produce(&read, of, &file, &to));
    while let Some(part) = parts.recv().await {
        writer.part(part).await?;
    }
    let found = reading.await.map_err(io::Error::other)??;
    let state = found.state;
    writer.settle(found, event).await?;
    Ok(state)
}

/// The thread that reads: first the file as it came, then its rows.
fn produce(read: &ReadFile, of: OfBatch, file: &FileId, to: &mpsc::Sender<Part>) -> Result<Found, CannotLoad> {
    let mut from = read.arrived.reader()?;
    let mut position = 0;
    loop {
        let mut pieces = Vec::with_capacity(PIECES_A_PART);
        while pieces.len() < PIECES_A_PART {
            let mut bytes = Vec::with_capacity(PIECE_BYTES);
            from.by_ref().take(u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
            if bytes.is_empty() {
                break;
            }
            pieces.push(NewPiece { file_id: file.clone(), position, bytes });
            position += 1;
        }
        let ended = pieces.len() < PIECES_A_PART;
        to.blocking_send(Part::Pieces(pieces)).map_err(|_| CannotLoad::Db(db::Error::Conflict))?;
        if ended {
            break;
        }
    }
    let mut parts = Parts { of, to, rows: Vec::new(), findings: Vec::new(), position: 0 };
    let summary = file::read(read.arrived.reader()?, &read.expected, &mut parts).map_err(|error| match error {
        ReadError::Io(error) => CannotLoad::Io(error),
        ReadError::Refused(_) => CannotLoad::Changed,
        ReadError::Stopped(_) => CannotLoad::Db(db::Error::Conflict),
    })?;
    parts.send().map_err(|_| CannotLoad::Db(db::Error::Conflict))?;
    if summary != read.summary {
        return Err(CannotLoad::Changed);
    }
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(Found {
        state: if summary.errors > 0 { State::NeedsCorrection } else { State::Draft },
        profile: summary.profile,
        good: number(summary.good),
        sum: summary.sum,
        errors: number(summary.errors),
        warnings: number(summary.warnings),
        notes: number(summary.notes),
    })
}

/// Gathers what is read into parts.
struct Parts<'a> {
    of: OfBatch,
    to: &'a mpsc::Sender<Part>,
    rows: Vec<NewTransfer>,
    findings: Vec<NewFinding>,
    position: i64,
}

impl Parts<'_> {
    fn send(&mut self) -> Result<(), Stopped> {
        let part = Part::Rows(std::mem::take(&mut self.rows), std::mem::take(&mut self.findings));
        self.to.blocking_send(part).map_err(|_| Stopped)
    }

    fn send_if_full(&mut self) -> Result<(), Stopped> {
        if self.rows.len() + self.findings.len() >= ROWS_A_PART { self.send() } else { Ok(()) }
    }
}

impl Sink for Parts<'_> {
    fn row(&mut self, row: file::Row) -> Result<(), Stopped> {
        self.rows.push(NewTransfer::of(row, &self.of));
        self.send_if_full()
    }

    fn finding(&mut self, finding: Finding) -> Result<(), Stopped> {
        self.position += 1;
        self.findings.push(NewFinding::of(finding, &self.of.batch, self.position));
        self.send_if_full()
    }
}

/// The one that may write into a batch while it is `checking`.
struct Writer {
    db: Db,
    batch: BatchId,
    last: Instant,
}

impl Writer {
    /// A transaction that begins with a heartbeat. It takes its turn after people's, and a weaker isolation, which the heartbeat makes right.
    async fn write<T, F>(&mut self, mut work: F) -> db::Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut db::WriteTx<'_>, &BatchId) -> db::Result<T> + Send + 'static,
    {
        let (batch, last) = (self.batch.clone(), self.last);
        let written = self.db.write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| {
            let next = bulk::beat(tx, &batch, last)?;
            Ok::<_, db::Error>((next, work(tx, &batch)?))
        });
        let (next, done) = written.await?;
        self.last = next;
        Ok(done)
    }

    async fn part(&mut self, part: Part) -> db::Result<()> {
        self.write(move |tx, batch| match &part {
            Part::Pieces(pieces) => bulk::insert_pieces(tx, pieces),
            Part::Rows(rows, findings) => {
                bulk::insert_rows(tx, batch, rows)?;
                bulk::insert_findings(tx, findings)
            }
        })
        .await
    }

    /// The last transaction: state, figures and history. A content this one took the place of is not seen any more.
    async fn settle(&self, found: Found, event: Event) -> db::Result<()> {
        let (batch, last) = (self.batch.clone(), self.last);
        let settled = self.db.write(move |tx| {
            bulk::settle(tx, &batch, last, &found)?;
            audit::record(tx, &event)
        });
        settled.await
    }
}
