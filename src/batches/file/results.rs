//! The results file: the maker's own file with what came of each row beside it. Streams; safe to open in a spreadsheet; our
//! reader reads the same rows from it as from the original.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use super::columns::Meaning;
use super::read::{Opened, ReadError, open};
use super::records::{FORMULA, Records};
use super::{Delimiter, Limits};
use crate::batches::PaymentType;

/// The columns we add, in this order. Where the file has them already they are replaced.
pub const OUTCOME_COLUMNS: [&str; 6] =
    ["outlay_status", "outlay_reason", "outlay_code", "outlay_transfer_id", "outlay_payee_fsp", "outlay_settled_at"];
/// Tells a spreadsheet that the file is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What came of one row, as the cells to write; in the order of [`OUTCOME_COLUMNS`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub status: String,
    pub reason: String,
    pub code: String,
    pub transfer_id: String,
    pub payee_fsp: String,
    pub settled_at: String,
}

impl Outcome {
    fn cells(&self) -> [&str; 6] {
        [&self.status, &self.reason, &self.code, &self.transfer_id, &self.payee_fsp, &self.settled_at]
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The original is not what was uploaded.
    #[error(transparent)]
    Original(#[from] ReadError),
    /// A row of the original is longer than any we take.
    #[error("row {0} of the original file is too long")]
    TooLong(i64),
    #[error("writing the results file failed")]
    Write(#[from] io::Error),
}

/// Writes the original with outcomes. `outcome` is asked once for each row, in line order, with its line (see
/// [`crate::batches::Finding::line`]); `None` leaves the row's outcome cells empty. Rows keep their lines.
pub fn write_results<R: Read, W: Write>(
    original: R,
    payment_type: PaymentType,
    limits: Limits,
    outcome: &mut dyn FnMut(i64) -> io::Result<Option<Outcome>>,
    to: W,
) -> Result<(), ResultsError> {
    let Opened { source, dialect, .. } = open(original, payment_type, limits.bytes)?;
    let kept = |place: usize| dialect.layout.meanings.get(place) != Some(&Meaning::Outcome);
    let width = dialect.layout.meanings.len();
    let mut records = Records::new(source, dialect.delimiter);
    let mut out = Out { to, delimiter: dialect.delimiter, line: 1 };
    out.to.write_all(BYTE_ORDER_MARK)?;
    while let Some(line) = records.next_row().map_err(ReadError::Io)? {
        if records.too_long() {
            return Err(ResultsError::TooLong(line));
        }
        out.blank_until(line)?;
        if line < dialect.header_line || records.is_blank() {
            out.row(records.cells())?;
            continue;
        }
        let cells = (0..width).filter(|place| kept(*place)).map(|place| records.cell(place));
        if line == dialect.header_line {
            out.row(cells.chain(OUTCOME_COLUMNS))?;
        } else {
            let outcome = outcome(line)?.unwrap_or_default();
            out.row(cells.chain(outcome.cells()))?;
        }
    }
    out.to.flush()?;
    Ok(())
}

struct Out<W> {
    to: W,
    delimiter: Delimiter,
    line: i64,
}

impl<W: Write> Out<W> {
    /// Blank rows of the original, so that the rows after them keep their lines.
    fn blank_until(&mut self, line: i64) -> io::Result<()> {
        while self.line < line {
            self.to.write_all(b"\r\n")?;
            self.line += 1;
        }
        Ok(())
    }

    fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                self.to.write_all(&[self.delimiter.byte()])?;
            }
            self.cell(&safe_cell(cell))?;
        }
        self.to.write_all(b"\r\n")?;
        self.line += 1;
        Ok(())
    }

    fn cell(&mut self, cell: &str) -> io::Result<()> {
        // Every delimiter, not only ours: a spreadsheet of another country splits at its own.
        let plain = !cell.contains(['"', '\r', '\n', ',', ';', '\t', '|']) && cell.trim().len() == cell.len();
        if plain { self.to.write_all(cell.as_bytes()) } else { write!(self.to, "\"{}\"", cell.replace('"', "\"\"")) }
    }
}

/// A cell that no spreadsheet takes for a formula: with an apostrophe before `= + - @ TAB CR`. Our reader takes it off again.
pub fn safe_cell(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}
