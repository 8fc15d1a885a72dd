//! Reading a payment file: bytes become typed rows and findings. Pure: no database, no web, memory that does not grow with
//! the file (beside some 65 bytes a row to notice repeated payments).
//!
//! bytes → `source` (digest, size limit, encoding) → `dialect` (delimiter, header row) → `records` (rows of cells)
//! → `columns` (which cell is what) → `row` (cells to values) → the caller's [`Sink`].

mod amount;
mod columns;
mod dialect;
mod read;
mod records;
mod repeats;
mod results;
mod row;
mod source;
mod unreadable;

pub use columns::Column;
pub use dialect::Delimiter;
pub use read::{ReadError, read};
pub use records::{Records, meant};
pub use results::{OUTCOME_COLUMNS, Outcome, ResultsError, safe_cell, write_results};
pub use source::{Encoding, Source};
pub use unreadable::{Refused, Unreadable};

use std::collections::HashMap;

use super::finding::Finding;
use super::{Channel, PaymentType};
use crate::db::text_enum;
use crate::ids::{BranchId, FspId};
use crate::money::{Currency, Minor};
use crate::payees::{Country, PartyId};

/// Bytes of a file, at most (DESIGN: 50 MB).
pub const DEFAULT_MAX_BYTES: u64 = 50_000_000;
/// Rows of a file, at most.
pub const DEFAULT_MAX_ROWS: u64 = 1_000_000;
/// Bytes of one row after decoding, at most.
pub const MAX_ROW_BYTES: usize = 64 * 1024;
/// Columns of a file, at most.
pub const MAX_COLUMNS: usize = 256;
/// Characters of a reference or an extra column, at most.
pub const MAX_TEXT_CHARS: usize = 128;
/// Characters of a note, at most (CONTRACT 1.5).
pub const MAX_NOTE_CHARS: usize = 128;

/// FSPs a finding lists, at most: it is kept with every row that names a wrong one.
pub const MAX_LISTED_FSPS: usize = 20;

/// The institution's limits on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: u64,
    pub rows: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: DEFAULT_MAX_BYTES, rows: DEFAULT_MAX_ROWS }
    }
}

text_enum! {
    /// Whose columns the file has; found from its header.
    pub enum Profile {
        /// Our templates, `csv-templates/`.
        Outlay = "outlay",
        /// Payment Hub EE's ten columns.
        PaymentHub = "payment_hub",
    }
}

/// What the reader is told about the batch.
#[derive(Debug, Clone)]
pub struct Expected {
    pub payment_type: PaymentType,
    pub channel: Channel,
    /// The funding account's: the only one a row may have.
    pub currency: Currency,
    /// Where a phone number without a country code belongs.
    pub country: Country,
    pub fsps: Directory,
    /// Branch codes where the maker may make this payment type.
    pub branches: HashMap<String, BranchId>,
    /// Where the batch pays to one FSP only.
    pub to_fsp: Option<FspId>,
    pub limits: Limits,
}

/// The FSPs a row may name, by id or by name, without regard to case, spaces, `_` and `-`.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    known: Vec<(FspId, String)>,
    /// In lower case. An id is meant before any name.
    ids: HashMap<String, FspId>,
    /// Folded ids and names; `None` where two FSPs share one, which then names neither.
    loose: HashMap<String, Option<FspId>>,
}

impl Directory {
    pub fn new(fsps: impl IntoIterator<Item = (FspId, String)>) -> Self {
        let known: Vec<_> = fsps.into_iter().collect();
        let ids = known.iter().map(|(id, _)| (id.as_str().to_lowercase(), id.clone())).collect();
        let mut loose: HashMap<String, Option<FspId>> = HashMap::new();
        for (id, name) in &known {
            for key in [columns::fold(id.as_str()), columns::fold(name)] {
                let meant = loose.entry(key).or_insert_with(|| Some(id.clone()));
                if meant.as_ref() != Some(id) {
                    *meant = None;
                }
            }
        }
        Self { known, ids, loose }
    }

    pub fn find(&self, typed: &str) -> Option<&FspId> {
        self.ids.get(&typed.to_lowercase()).or_else(|| self.loose.get(&columns::fold(typed))?.as_ref())
    }

    /// `KBZPay (kbzpay), Wave (wave)`: for the finding about an FSP that is not there. At most [`MAX_LISTED_FSPS`], then `…`.
    pub fn listed(&self) -> String {
        let names = self.known.iter().take(MAX_LISTED_FSPS).map(|(id, name)| format!("{name} ({id})"));
        let more = (self.known.len() > MAX_LISTED_FSPS).then(|| "…".to_owned());
        names.chain(more).collect::<Vec<_>>().join(", ")
    }
}

/// A row that can become a transfer: every value typed, in the batch's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// See [`Finding::line`].
    pub line: i64,
    /// The file's own; may be empty and may repeat.
    pub reference: String,
    /// Empty in files that have no names.
    pub payee_name: String,
    pub party: PartyId,
    /// `None`: the network finds it.
    pub to_fsp: Option<FspId>,
    pub amount: Minor,
    /// Empty where there is none.
    pub note: String,
    /// `None`: the batch's own.
    pub branch: Option<BranchId>,
    /// Columns that are shown and not used, as (our name of the column, value), in the file's order.
    pub extra: Vec<(&'static str, String)>,
}

/// Takes what is read, as it is read. If [`read`] ends in an error, all of it is void.
pub trait Sink {
    fn row(&mut self, row: Row) -> Result<(), Stopped>;
    fn finding(&mut self, finding: Finding) -> Result<(), Stopped>;
}

/// The sink wants no more; it keeps its own reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reader of the file was stopped")]
pub struct Stopped;

/// The whole file in figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Rows with anything in them, without the header: good ones and ones with errors.
    pub rows: u64,
    /// Rows given to the sink.
    pub good: u64,
    pub errors: u64,
    pub warnings: u64,
    pub notes: u64,
    /// Of the good rows.
    pub sum: Minor,
    pub profile: Profile,
    pub encoding: Encoding,
    pub delimiter: Delimiter,
    /// SHA-256 of the bytes as they came, 64 hexadecimal characters.
    pub content_digest: String,
    pub bytes: u64,
}
