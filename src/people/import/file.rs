//! Reads the file of people, whatever a spreadsheet saved it as: CSV in its dialects, or XLSX.

use std::io::{Cursor, Read};

use super::columns::{self, Column, Line, TypedRow};
use super::{FILE_BYTES_MAX, ROWS_MAX, xlsx};
use crate::batches::file::{Delimiter, Records, Source, meant};
use crate::say;
use crate::words::Said;

/// How an XLSX file begins, as every zip.
const ZIP: &[u8] = b"PK\x03\x04";

/// Takes a while for a large file: call it where one may wait.
///
/// # Errors
/// Why nothing can be read.
pub fn read_users(from: impl Read) -> Result<Vec<TypedRow>, Said> {
    let mut bytes = Vec::new();
    from.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|_| unreadable())?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(say!("The selected file must be smaller than {limit} MB", limit = FILE_BYTES_MAX / 1_000_000));
    }
    let lines = if bytes.starts_with(ZIP) { xlsx::lines(&bytes)? } else { lines(&bytes)? };
    columns::rows(lines)
}

pub(super) fn unreadable() -> Said {
    say!("The selected file cannot be read. Save it as CSV UTF-8 or XLSX, and choose the new file.")
}

fn lines(bytes: &[u8]) -> Result<Vec<Line>, Said> {
    let open = || match Source::open(Cursor::new(bytes), FILE_BYTES_MAX) {
        Ok(Ok(source)) => Ok(source),
        Ok(Err(refusal)) => Err(refusal.sentence()),
        Err(_) => Err(unreadable()),
    };
    let mut best = (0, Delimiter::Comma);
    for delimiter in Delimiter::ALL {
        let known = heading(Records::new(open()?, *delimiter))?;
        if known > best.0 {
            best = (known, *delimiter);
        }
    }
    let mut records = Records::new(open()?, best.1);
    let mut lines = Vec::new();
    while let Some(line) = records.next_row().map_err(|_| unreadable())? {
        if records.too_long() {
            return Err(say!("Line {line} is too long to be read", line = line));
        }
        if records.is_blank() {
            continue;
        }
        if lines.len() > ROWS_MAX {
            return Err(columns::too_many());
        }
        lines.push((line, records.cells().map(|cell| meant(cell).to_owned()).collect()));
    }
    Ok(lines)
}

/// How many of our columns the first row names, were this the delimiter.
fn heading<B: std::io::BufRead>(mut records: Records<B>) -> Result<usize, Said> {
    while records.next_row().map_err(|_| unreadable())?.is_some() {
        if !records.is_blank() {
            return Ok(records.cells().filter(|cell| Column::named(meant(cell)).is_some()).count());
        }
    }
    Ok(0)
}
