//! Text into rows of cells (csv-core), numbered as a spreadsheet numbers them: blank rows count, line breaks inside quotation
//! marks do not. A row longer than its limits is told, never held.

use std::io::{self, BufRead};

use csv_core::ReadRecordResult;

use crate::payees::is_invisible;

use super::{Delimiter, MAX_COLUMNS, MAX_ROW_BYTES};

/// Cells beyond [`MAX_COLUMNS`] that are still held, so that a row with blank ones at its end is read.
const SPARE_CELLS: usize = 256;

pub struct Records<B> {
    from: B,
    core: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    line: i64,
    after_return: bool,
    too_long: bool,
}

impl<B: BufRead> Records<B> {
    pub fn new(from: B, delimiter: Delimiter) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(delimiter.byte()).build();
        let (text, ends) = (vec![0; MAX_ROW_BYTES], vec![0; MAX_COLUMNS + SPARE_CELLS]);
        Self { from, core, text, ends, cells: 0, line: 0, after_return: false, too_long: false }
    }

    /// Goes to the next row that is not blank; its number, or `None` at the end.
    pub fn next_row(&mut self) -> io::Result<Option<i64>> {
        self.skip_blank()?;
        let (mut written, mut ended) = (0, 0);
        self.too_long = false;
        loop {
            let input = self.from.fill_buf()?;
            let (text, ends) = (self.text.get_mut(written..).unwrap_or_default(), self.ends.get_mut(ended..).unwrap_or_default());
            let (result, read, wrote, new_ends) = self.core.read_record(input, text, ends);
            if let Some(last) = read.checked_sub(1).and_then(|last| input.get(last)) {
                self.after_return = *last == b'\r';
            }
            self.from.consume(read);
            written += wrote;
            ended += new_ends;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => (self.too_long, written) = (true, 0),
                ReadRecordResult::OutputEndsFull => (self.too_long, ended) = (true, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        self.cells = if self.too_long { 0 } else { ended };
        self.line += 1;
        Ok(Some(self.line))
    }

    /// Blank rows, counted. The second half of a CR LF is no row.
    fn skip_blank(&mut self) -> io::Result<()> {
        loop {
            let input = self.from.fill_buf()?;
            let mut skipped = 0;
            for byte in input {
                match byte {
                    b'\n' if self.after_return => self.after_return = false,
                    b'\n' => self.line += 1,
                    b'\r' => (self.line, self.after_return) = (self.line + 1, true),
                    _ => break,
                }
                skipped += 1;
            }
            let more = skipped > 0 && skipped == input.len();
            self.from.consume(skipped);
            if !more {
                self.after_return = false;
                return Ok(());
            }
        }
    }

    /// Whether the row is longer than we hold; its cells are not there then.
    pub const fn too_long(&self) -> bool {
        self.too_long
    }

    pub(super) const fn len(&self) -> usize {
        self.cells
    }

    /// A cell of the row; empty beyond its end.
    pub fn cell(&self, place: usize) -> &str {
        if place >= self.cells {
            return "";
        }
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let bytes = self.ends.get(place).and_then(|end| self.text.get(start..*end)).unwrap_or_default();
        // Cells are cut at ASCII bytes of decoded text, so they are UTF-8.
        std::str::from_utf8(bytes).unwrap_or("\u{fffd}")
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.cells).map(|place| self.cell(place))
    }

    /// Cells there are, but nothing in them.
    pub fn is_blank(&self) -> bool {
        !self.too_long && self.cells().all(|cell| cell.trim().is_empty())
    }

    pub fn into_inner(self) -> B {
        self.from
    }
}

/// A cell as it was meant: without the apostrophe that our writer puts before `= + - @ TAB CR`, and without space around it.
pub fn meant(cell: &str) -> &str {
    let cell = cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell);
    cell.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// What a spreadsheet takes for the start of a formula.
pub const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
