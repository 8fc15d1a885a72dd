//! Reads the first sheet of an XLSX workbook. A workbook is a zip, and a small zip can hold far too much: it is unpacked once without
//! being kept, and only then read. Cells are taken one by one, so that one far away costs nothing. Formulas are not evaluated.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use super::columns::{Line, too_many};
use super::file::unreadable;
use super::{CELL_CHARS_MAX, ROWS_MAX};
use crate::say;
use crate::words::Said;

/// Bytes of all that is in a workbook, unpacked.
const UNPACKED_BYTES_MAX: u64 = 20_000_000;
/// Files in a workbook.
const ENTRIES_MAX: usize = 2_000;
/// Columns that are looked at.
const COLUMNS_MAX: usize = 64;
/// What a date becomes: no field of a person is one.
const DATE: &str = "#DATE!";
/// What the error of a formula becomes.
const ERROR: &str = "#ERROR!";
/// Whole numbers that a spreadsheet keeps exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// # Errors
/// Why nothing can be read.
pub(super) fn lines(bytes: &[u8]) -> Result<Vec<Line>, Said> {
    measure(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let sheet = book.sheet_names().first().cloned().ok_or_else(unreadable)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|_| unreadable())?;
    let mut lines: Vec<Line> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|_| unreadable())? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if text.trim().is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX {
            return Err(say!("The selected file has more than {limit} columns", limit = COLUMNS_MAX));
        }
        let line = i64::from(row) + 1;
        if lines.last().is_none_or(|(last, _)| *last != line) {
            // One more than people: the headings.
            if lines.len() > ROWS_MAX {
                return Err(too_many());
            }
            lines.push((line, Vec::new()));
        }
        if let Some((_, texts)) = lines.last_mut() {
            texts.resize(texts.len().max(column + 1), String::new());
            if let Some(place) = texts.get_mut(column) {
                *place = text;
            }
        }
    }
    Ok(lines)
}

/// Refuses what would not fit into memory. What the zip's directory says is not believed: everything is unpacked and counted.
fn measure(bytes: &[u8]) -> Result<(), Said> {
    let large = || say!("The selected workbook holds too much. Save the sheet with the people as CSV UTF-8, and choose the new file.");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    if archive.len() > ENTRIES_MAX {
        return Err(large());
    }
    let mut left = UNPACKED_BYTES_MAX;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|_| unreadable())?;
        let unpacked = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(|_| unreadable())?;
        left = left.checked_sub(unpacked).ok_or_else(large)?;
    }
    Ok(())
}

/// As it would be typed. Numbers without what a spreadsheet adds to them: 9770000123, not 9770000123.0.
fn text(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => format!("{number:.0}"),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => DATE.to_owned(),
        DataRef::Error(_) => ERROR.to_owned(),
        DataRef::Empty => String::new(),
    };
    text.chars().take(CELL_CHARS_MAX + 1).collect()
}
