//! Which delimiter a file has and where its header stands: the row near its top that names most of the columns we know.

use super::columns::Layout;
use super::records::{Records, meant};
use super::{MAX_ROW_BYTES, Unreadable};
use crate::batches::PaymentType;
use crate::db::text_enum;

/// Rows from the top among which the header is looked for: people put a title above it.
const HEADER_WITHIN_ROWS: usize = 10;

text_enum! {
    /// What stands between cells.
    pub enum Delimiter {
        Comma = ",",
        Semicolon = ";",
        Tab = "\t",
        Pipe = "|",
    }
}

impl Delimiter {
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

/// How the file is laid out.
#[derive(Debug, Clone)]
pub struct Dialect {
    pub delimiter: Delimiter,
    /// Bytes of a first line `sep=;`, which a spreadsheet obeys and does not show.
    pub skip: usize,
    /// The header's row.
    pub header_line: i64,
    pub layout: Layout,
}

impl Dialect {
    /// From the start of the file.
    pub fn find(head: &[u8], payment_type: PaymentType) -> Result<Self, Unreadable> {
        let skip = separator_line(head);
        let head = head.get(skip..).unwrap_or_default();
        let head = head.get(..MAX_ROW_BYTES).unwrap_or(head);
        let mut best: Option<Self> = None;
        for delimiter in Delimiter::ALL {
            let mut records = Records::new(head, *delimiter);
            for _ in 0..HEADER_WITHIN_ROWS {
                let Ok(Some(header_line)) = records.next_row() else { break };
                let cells: Vec<_> = records.cells().map(meant).collect();
                let layout = Layout::of(&cells, payment_type);
                if best.as_ref().is_none_or(|best| layout.known() > best.layout.known()) {
                    best = Some(Self { delimiter: *delimiter, skip, header_line, layout });
                }
            }
        }
        let best = best.ok_or(Unreadable::Empty)?;
        best.layout.check()?;
        Ok(best)
    }
}

/// The length of a first line `sep=;`. Its delimiter needs no reading: the header shows it.
fn separator_line(head: &[u8]) -> usize {
    if !head.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"sep=")) {
        return 0;
    }
    match (head.get(5), head.get(6)) {
        (Some(b'\r'), Some(b'\n')) => 7,
        (Some(b'\r' | b'\n'), _) => 6,
        _ => 0,
    }
}
