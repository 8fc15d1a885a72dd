//! What a check says about a row or a file: errors to mend, warnings to acknowledge, notes to know.
//! Kinds are a closed list; each has, in `finding/words.rs`, one sentence for the list by kind and one that says what to do.

use std::collections::BTreeMap;

mod words;

use crate::db::text_enum;

/// Characters of a cell that a finding repeats, at most.
pub const MAX_SHOWN_CHARS: usize = 80;

text_enum! {
    pub enum Severity {
        /// The row cannot be paid as it stands.
        Error = "error",
        /// The row can be paid once a maker said, with a reason, that it is right.
        Warning = "warning",
        Note = "note",
    }
}

text_enum! {
    /// What was found.
    pub enum FindingKind {
        RowTooLong = "row_too_long",
        ExtraCells = "extra_cells",
        LineBreak = "line_break",
        UnreadableCharacter = "unreadable_character",
        MissingValue = "missing_value",
        ValueTooLong = "value_too_long",
        IdTypeUnknown = "id_type_unknown",
        PhoneInvalid = "phone_invalid",
        PhoneAmbiguous = "phone_ambiguous",
        /// A number that a spreadsheet shortened, such as 9.59E+11.
        DigitsLost = "digits_lost",
        AccountInvalid = "account_invalid",
        NrcInvalid = "nrc_invalid",
        AmountInvalid = "amount_invalid",
        AmountAmbiguous = "amount_ambiguous",
        AmountExponent = "amount_exponent",
        AmountNegative = "amount_negative",
        AmountZero = "amount_zero",
        AmountTooPrecise = "amount_too_precise",
        AmountTooLarge = "amount_too_large",
        AmountOtherCurrency = "amount_other_currency",
        CurrencyOther = "currency_other",
        FspUnknown = "fsp_unknown",
        /// The batch pays to one FSP and this row names another.
        FspOther = "fsp_other",
        BranchUnknown = "branch_unknown",
        ChannelUnknown = "channel_unknown",
        /// Same payee and same amount as an earlier row.
        RepeatedPayment = "repeated_payment",
        /// 9770123456 read as 09770123456.
        LostZero = "lost_zero",
        /// A number without + that can only be one of another country.
        ForeignPhoneGuessed = "foreign_phone_guessed",
        /// A line break in a column that is not used: a missing quote may have swallowed rows.
        LineBreakElsewhere = "line_break_elsewhere",
        RepeatedPayee = "repeated_payee",
        RepeatedReference = "repeated_reference",
        UnknownColumn = "unknown_column",
        AmountGrouped = "amount_grouped",
        ForeignPhone = "foreign_phone",
        EncodingGuessed = "encoding_guessed",
        LinesAboveHeader = "lines_above_header",
    }
}

/// Named values a finding's sentences use, for example `{first_line: 7}`. A small map, kept as JSON.
pub type Details = BTreeMap<String, String>;

/// One problem of one row (or of the header or the whole file).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row as a spreadsheet numbers it: from 1, blank rows counted, line breaks inside cells not.
    pub line: i64,
    /// The column's name as the file has it.
    pub column: Option<String>,
    pub severity: Severity,
    pub kind: FindingKind,
    /// The cell as typed, cut to [`MAX_SHOWN_CHARS`].
    pub value: Option<String>,
    pub details: Details,
}

impl Finding {
    pub fn new(line: i64, kind: FindingKind) -> Self {
        Self { line, column: None, severity: kind.severity(), kind, value: None, details: Details::new() }
    }

    #[must_use]
    pub fn at(mut self, column: &str) -> Self {
        self.column = Some(shown(column));
        self
    }

    #[must_use]
    pub fn saw(mut self, value: &str) -> Self {
        self.value = Some(shown(value));
        self
    }

    #[must_use]
    pub fn detail(mut self, name: &str, value: impl ToString) -> Self {
        self.details.insert(name.to_owned(), value.to_string());
        self
    }
}

/// A cell as a page repeats it: cut to [`MAX_SHOWN_CHARS`], with `…` where something is missing.
pub fn shown(cell: &str) -> String {
    match cell.char_indices().nth(MAX_SHOWN_CHARS) {
        None => cell.to_owned(),
        Some((end, _)) => cell.get(..end).unwrap_or_default().to_owned() + "…",
    }
}
