//! Forty people in one afternoon: a CSV or XLSX file is read, checked row by row, shown, and then imported as a whole or not at all.
//!
//! The file is not kept. What was read of it goes with the check page and comes back with its form, and is checked again, fully, in the
//! transaction that imports it: what somebody changed on the way, or took in the meantime, is found there.

mod check;
mod columns;
mod file;
#[expect(clippy::module_inception, reason = "the verb has the name of its room")]
mod import;
mod store;
mod xlsx;

pub use self::check::{Finding, Newcomer, check};
pub use self::columns::{Column, TypedRow};
pub use self::file::read_users;
pub use self::import::{ImportRefusal, Imported, import};

/// People in one file, at most.
pub const ROWS_MAX: usize = 500;
/// Bytes of a file, at most.
pub const FILE_BYTES_MAX: u64 = 1_000_000;
/// Characters of one cell, at most: an email address is the longest that can be right.
const CELL_CHARS_MAX: usize = 254;

/// What is to be imported, as it was typed, and the rules of the institution.
#[derive(Debug, Clone)]
pub struct Order {
    pub rows: Vec<TypedRow>,
    /// ISO 3166 code of the country whose phone numbers may be written short.
    pub phone_country: String,
    /// Whether the institution sends mail; otherwise everybody gets a printed code.
    pub has_mail: bool,
}
