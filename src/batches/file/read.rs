//! The whole file, row by row, into the caller's sink.

use std::io::{self, BufRead, Read};

use super::columns::Meaning;
use super::dialect::Dialect;
use super::records::Records;
use super::row::Rows;
use super::source::Source;
use super::unreadable::{Refused, SHOWN_LINES, Unreadable};
use super::{Encoding, Expected, Row, Sink, Stopped, Summary};
use crate::batches::PaymentType;
use crate::batches::finding::{Finding, FindingKind, Severity, shown};
use crate::money::Minor;

/// Why a file was not read to its end. What the sink was given is void.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file's fault, for people.
    #[error("the file cannot be read: {}", .0.why.sentence().english())]
    Refused(Refused),
    /// The reader's: the upload broke, the disk failed.
    #[error("reading the file failed")]
    Io(#[source] io::Error),
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// A file opened: its letters and its layout known, its rows yet to come.
pub struct Opened<R> {
    pub source: Source<R>,
    pub dialect: Dialect,
    pub first_lines: Vec<String>,
}

/// Opens a file; refuses what cannot be read at all.
pub fn open<R: Read>(from: R, payment_type: PaymentType, max_bytes: u64) -> Result<Opened<R>, ReadError> {
    let refused = |why, first_lines| ReadError::Refused(Refused { why, first_lines });
    if !PaymentType::PAYABLE.contains(&payment_type) {
        return Err(refused(Unreadable::NotForFiles, Vec::new()));
    }
    let opened = Source::open(from, max_bytes).map_err(|error| failed(error, max_bytes, &[]))?;
    let mut source = opened.map_err(|why| refused(why, Vec::new()))?;
    let first_lines = first_lines(source.seen());
    match Dialect::find(source.seen(), payment_type) {
        Ok(dialect) => {
            source.consume(dialect.skip);
            Ok(Opened { source, dialect, first_lines })
        }
        Err(why) => Err(refused(why, first_lines)),
    }
}

/// Reads a file: good rows and findings go to `sink` in the file's order, each row's findings before it.
///
/// # Errors
/// See [`ReadError`]; then all that went to the sink is void.
pub fn read<R: Read>(from: R, expected: &Expected, sink: &mut dyn Sink) -> Result<Summary, ReadError> {
    let limits = expected.limits;
    let Opened { source, dialect, first_lines } = open(from, expected.payment_type, limits.bytes)?;
    let refused = |why| ReadError::Refused(Refused { why, first_lines: first_lines.clone() });
    let (delimiter, header_line, profile) = (dialect.delimiter, dialect.header_line, dialect.layout.profile);
    let mut told = Told { sink, tally: Tally::default() };
    let mut rows = Rows::new(expected, dialect.layout);
    let mut records = Records::new(source, delimiter);
    let mut above = 0;
    let mut findings = Vec::new();
    while let Some(line) = records.next_row().map_err(|error| failed(error, limits.bytes, &first_lines))? {
        if line < header_line {
            above += 1;
            continue;
        }
        if line == header_line {
            for finding in header_findings(&rows, header_line, above) {
                told.finding(finding)?;
            }
            continue;
        }
        if records.is_blank() {
            continue;
        }
        told.tally.rows += 1;
        if told.tally.rows > limits.rows {
            return Err(refused(Unreadable::TooManyRows { limit: limits.rows }));
        }
        let row = rows.read(line, &records, &mut findings);
        for finding in findings.drain(..) {
            told.finding(finding)?;
        }
        if let Some(row) = row {
            told.row(row)?.ok_or_else(|| refused(Unreadable::SumTooLarge))?;
        }
    }
    let source = records.into_inner();
    let encoding = source.encoding();
    if encoding == Encoding::Windows1252 {
        told.finding(Finding::new(header_line, FindingKind::EncodingGuessed))?;
    }
    let tally = told.tally;
    if tally.rows == 0 {
        return Err(refused(Unreadable::NoRows));
    }
    let (bytes, content_digest) = source.finish();
    let Tally { rows, good, errors, warnings, notes, sum } = tally;
    Ok(Summary { rows, good, errors, warnings, notes, sum, profile, encoding, delimiter, content_digest, bytes })
}

/// Counts what it passes on.
struct Told<'a> {
    sink: &'a mut dyn Sink,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    rows: u64,
    good: u64,
    errors: u64,
    warnings: u64,
    notes: u64,
    sum: Minor,
}

impl Told<'_> {
    fn finding(&mut self, finding: Finding) -> Result<(), Stopped> {
        match finding.severity {
            Severity::Error => self.tally.errors += 1,
            Severity::Warning => self.tally.warnings += 1,
            Severity::Note => self.tally.notes += 1,
        }
        self.sink.finding(finding)
    }

    /// `None` where the sum no longer fits.
    fn row(&mut self, row: Row) -> Result<Option<()>, Stopped> {
        let Some(sum) = self.tally.sum.plus(row.amount) else { return Ok(None) };
        self.tally.good += 1;
        self.tally.sum = sum;
        self.sink.row(row).map(Some)
    }
}

fn header_findings(rows: &Rows<'_>, line: i64, above: usize) -> Vec<Finding> {
    let layout = rows.layout();
    let unknown = layout.header.iter().zip(&layout.meanings).filter(|(_, meaning)| **meaning == Meaning::Unknown);
    let mut findings: Vec<_> = unknown.map(|(name, _)| Finding::new(line, FindingKind::UnknownColumn).at(name).saw(name)).collect();
    if above > 0 {
        findings.push(Finding::new(line, FindingKind::LinesAboveHeader).detail("rows", above));
    }
    findings
}

/// The source tells its own limit by `FileTooLarge`; all else is the caller's reader failing.
fn failed(error: io::Error, limit: u64, first_lines: &[String]) -> ReadError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => {
            ReadError::Refused(Refused { why: Unreadable::TooManyBytes { limit }, first_lines: first_lines.to_vec() })
        }
        _ => ReadError::Io(error),
    }
}

/// What people recognise their file by.
fn first_lines(head: &[u8]) -> Vec<String> {
    let lines = head.split(|byte| matches!(byte, b'\n')).take(SHOWN_LINES);
    let lines = lines.map(|line| shown(String::from_utf8_lossy(line).trim_end_matches('\r')));
    let mut lines: Vec<_> = lines.collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
