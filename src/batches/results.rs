//! Files to take away: the original as it came, the original with what came of each row, and the findings. Each is written into a
//! nameless temporary file in one snapshot of the database, so that it is of one moment, and a slow line holds no connection.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use jiff::tz::TimeZone;

use super::file::{self, Outcome, ResultsError, safe_cell, write_results};
use super::store::files;
use super::store::findings::findings_after;
use super::store::rows::{PaymentRow, rows_after};
use super::{Batch, Finding, Severity};
use crate::db::{self, Conn, Failure};
use crate::dispatch::TransferState;
use crate::ids::{BatchId, FileId, FspId};
use crate::say;
use crate::words::{Language, Said};

/// Rows read at once while a file is written.
const ROWS_AT_ONCE: i64 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum CannotWrite {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    #[error("the original file could not be read again: {0}")]
    Original(#[from] ResultsError),
    #[error("the file could not be written: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CannotWrite {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// How a file is said: language, zone of its times, names of FSPs.
pub struct Spoken {
    pub language: Language,
    pub zone: TimeZone,
    pub fsps: Vec<(FspId, String)>,
    pub limits: file::Limits,
}

impl Spoken {
    fn fsp(&self, id: &FspId) -> String {
        self.fsps.iter().find(|(known, _)| known == id).map_or_else(|| id.to_string(), |(_, name)| name.clone())
    }

    fn outcome(&self, row: &PaymentRow) -> Outcome {
        let time = |at: crate::clock::Instant| at.timestamp().to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        Outcome {
            status: outcome_word(row.state).in_language(&self.language),
            reason: row.why().map(|why| why.said().in_language(&self.language)).unwrap_or_default(),
            code: row.code.clone().unwrap_or_default(),
            transfer_id: row.transfer_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            payee_fsp: row.payee_fsp.as_ref().map(|fsp| self.fsp(fsp)).unwrap_or_default(),
            settled_at: row.settled_at.map(time).unwrap_or_default(),
        }
    }
}

/// The word people know a transfer's state by.
pub fn outcome_word(state: TransferState) -> Said {
    match state {
        TransferState::Pending | TransferState::Ready => say!("Waiting"),
        TransferState::Agreeing | TransferState::Sending => say!("Paying"),
        TransferState::InDoubt => say!("In doubt"),
        TransferState::NeedsAttention => say!("Needs attention"),
        TransferState::Succeeded => say!("Success"),
        TransferState::Failed => say!("Failed"),
        TransferState::Superseded => say!("Replaced"),
        TransferState::Cancelled => say!("Cancelled"),
        TransferState::Excluded => say!("Excluded"),
    }
}

/// A file of a batch as it came.
///
/// # Errors
/// [`CannotWrite`].
pub fn original(conn: &mut Conn, batch: &BatchId, id: Option<&FileId>) -> Result<(files::BatchFile, File), CannotWrite> {
    let all = files::files(conn, batch)?;
    let wanted = |file: &files::BatchFile| id.is_none_or(|id| file.id == *id);
    let file = all.into_iter().find(wanted).ok_or(CannotWrite::NotFound)?;
    let conn = RefCell::new(conn);
    let mut to = tempfile::tempfile()?;
    io::copy(&mut Pieces::of(&conn, &file.id), &mut to)?;
    to.seek(SeekFrom::Start(0))?;
    Ok((file, to))
}

/// The file that the rows come from, with what came of each.
///
/// # Errors
/// [`CannotWrite`].
pub fn results(conn: &mut Conn, batch: &Batch, spoken: &Spoken) -> Result<File, CannotWrite> {
    let file = files::files(conn, &batch.id)?.into_iter().next().ok_or(CannotWrite::NotFound)?;
    let conn = RefCell::new(conn);
    let mut to = tempfile::tempfile()?;
    let mut rows = RowsInOrder { conn: &conn, batch: &batch.id, read: VecDeque::new(), last: -1 };
    let mut outcome = |line| Ok(rows.at(line)?.map(|row| spoken.outcome(&row)));
    write_results(Pieces::of(&conn, &file.id), batch.payment_type, spoken.limits, &mut outcome, BufWriter::new(&mut to))?;
    to.seek(SeekFrom::Start(0))?;
    Ok(to)
}

/// All findings as a CSV that a spreadsheet opens without harm.
///
/// # Errors
/// [`CannotWrite`].
pub fn findings(conn: &mut Conn, batch: &BatchId, language: &Language) -> Result<File, CannotWrite> {
    let mut to = tempfile::tempfile()?;
    // Tells a spreadsheet that the file is UTF-8.
    to.write_all(b"\xef\xbb\xbf")?;
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BufWriter::new(&mut to));
    let say = |said: Said| said.in_language(language);
    let heads = [say!("Line"), say!("Column"), say!("Value"), say!("How serious"), say!("Problem"), say!("What to do"), say!("Hint")];
    csv.write_record(heads.map(say)).map_err(io::Error::other)?;
    let mut last = -1;
    loop {
        let some = findings_after(conn, batch, last, ROWS_AT_ONCE)?;
        let Some((position, _)) = some.last() else { break };
        last = *position;
        for (_, finding) in &some {
            let cells = finding_cells(finding, language);
            csv.write_record(cells.iter().map(|cell| safe_cell(cell).into_owned())).map_err(io::Error::other)?;
        }
    }
    csv.flush()?;
    drop(csv);
    to.seek(SeekFrom::Start(0))?;
    Ok(to)
}

fn finding_cells(finding: &Finding, language: &Language) -> [String; 7] {
    let severity = match finding.severity {
        Severity::Error => say!("To mend"),
        Severity::Warning => say!("To look at"),
        Severity::Note => say!("Note"),
    };
    [
        finding.line.to_string(),
        finding.column.clone().unwrap_or_default(),
        finding.value.clone().unwrap_or_default(),
        severity.in_language(language),
        finding.kind.sentence().in_language(language),
        finding.kind.what_to_do().in_language(language),
        finding.hint().map(|hint| hint.in_language(language)).unwrap_or_default(),
    ]
}

/// A stored file as a reader, a piece at a time.
struct Pieces<'c, 'a> {
    conn: &'c RefCell<&'a mut Conn>,
    file: FileId,
    next: i32,
    piece: io::Cursor<Vec<u8>>,
}

impl<'c, 'a> Pieces<'c, 'a> {
    fn of(conn: &'c RefCell<&'a mut Conn>, file: &FileId) -> Self {
        Self { conn, file: file.clone(), next: 0, piece: io::Cursor::default() }
    }
}

impl Read for Pieces<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(into)?;
        if read > 0 || into.is_empty() {
            return Ok(read);
        }
        let Some(piece) = files::piece(&mut self.conn.borrow_mut(), &self.file, self.next).map_err(io::Error::other)? else {
            return Ok(0);
        };
        self.next += 1;
        self.piece = io::Cursor::new(piece);
        self.piece.read(into)
    }
}

/// The batch's rows by their lines, which are asked for in order.
struct RowsInOrder<'c, 'a> {
    conn: &'c RefCell<&'a mut Conn>,
    batch: &'c BatchId,
    read: VecDeque<PaymentRow>,
    last: i64,
}

impl RowsInOrder<'_, '_> {
    /// `None` for a line that became no payment.
    fn at(&mut self, line: i64) -> io::Result<Option<PaymentRow>> {
        loop {
            while self.read.front().is_some_and(|row| row.line < line) {
                self.read.pop_front();
            }
            if let Some(row) = self.read.front() {
                return Ok(if row.line == line { self.read.pop_front() } else { None });
            }
            if self.last >= line {
                return Ok(None);
            }
            let rows = rows_after(&mut self.conn.borrow_mut(), self.batch, self.last, ROWS_AT_ONCE).map_err(io::Error::other)?;
            self.last = rows.last().map_or(i64::MAX, |row| row.line);
            self.read = rows.into();
        }
    }
}
