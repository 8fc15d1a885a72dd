//! A file that cannot be read at all: why, and what to do. Nothing of it is kept.

use crate::say;
use crate::words::Said;

/// Lines of the file shown with a refusal.
pub const SHOWN_LINES: usize = 5;

/// A refusal with what was seen of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub why: Unreadable,
    /// The first lines, cut; none where the file is no text.
    pub first_lines: Vec<String>,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    Empty,
    /// A header and nothing below it.
    NoRows,
    /// An .xlsx or .ods: a workbook, not text.
    Workbook,
    /// An .xls of before 2007.
    OldWorkbook,
    PasswordProtected,
    /// Any other file that is no text.
    Binary,
    NoHeader,
    /// Columns a file must have and this one has not.
    MissingColumns(Vec<String>),
    /// Two columns with one name.
    RepeatedColumn(String),
    TooManyColumns {
        limit: usize,
    },
    TooManyBytes {
        limit: u64,
    },
    TooManyRows {
        limit: u64,
    },
    /// The sum of the amounts does not fit.
    SumTooLarge,
    /// The payment type has no file.
    NotForFiles,
}

impl Unreadable {
    /// Why it cannot be read.
    pub fn sentence(&self) -> Said {
        match self {
            Self::Empty => say!("The selected file is empty"),
            Self::NoRows => say!("The selected file has a header and no payments below it"),
            Self::Workbook => say!("The selected file is a workbook (such as .xlsx), not a CSV file"),
            Self::OldWorkbook => say!("The selected file is an old Excel workbook (.xls), not a CSV file"),
            Self::PasswordProtected => say!("The selected file is password protected"),
            Self::Binary => say!("The selected file is not a text file"),
            Self::NoHeader => say!("The selected file has no header row that names its columns"),
            Self::MissingColumns(names) => say!("The selected file has no column {columns}", columns = names.join(", ")),
            Self::RepeatedColumn(name) => say!("The selected file has the column {column} twice", column = name),
            Self::TooManyColumns { limit } => say!("The selected file has more than {limit} columns", limit = limit),
            Self::TooManyBytes { limit } => say!("The selected file must be smaller than {limit} MB", limit = megabytes(*limit)),
            Self::TooManyRows { limit } => say!("The selected file has more than {limit} payments", limit = limit),
            Self::SumTooLarge => say!("The amounts of the selected file add up to more than can be paid in one batch"),
            Self::NotForFiles => say!("This payment type is not made from a file"),
        }
    }

    pub fn what_to_do(&self) -> Said {
        match self {
            Self::Empty | Self::NoRows => say!("Fill in the template, save it, and choose it again"),
            Self::Workbook | Self::OldWorkbook => {
                say!("Open it in your spreadsheet program, choose Save As, type CSV UTF-8, and choose the new file")
            }
            Self::PasswordProtected => say!("Remove the password, save it as CSV UTF-8, and choose the new file"),
            Self::Binary => say!("Choose the CSV file that you saved from the template"),
            Self::NoHeader | Self::MissingColumns(_) => {
                say!("Download the template, copy your rows into it, and keep its first row as it is")
            }
            Self::RepeatedColumn(_) => say!("Delete or rename one of the two columns"),
            Self::TooManyColumns { .. } => say!("Delete the columns that are not in the template"),
            Self::TooManyBytes { .. } | Self::TooManyRows { .. } | Self::SumTooLarge => say!("Split it into smaller files"),
            Self::NotForFiles => say!("Choose Payroll or Loan Disbursement"),
        }
    }
}

/// For people: a limit that is no whole number keeps one decimal.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}
