//! Which column is what: the header names of the two profiles.

use super::{MAX_COLUMNS, OUTCOME_COLUMNS, Profile, Unreadable};
use crate::batches::PaymentType;
use crate::db::text_enum;

text_enum! {
    /// A column we know, by the name our templates give it (or Payment Hub, where we have none).
    pub enum Column {
        Reference = "reference",
        PayeeName = "payee_name",
        IdType = "id_type",
        IdValue = "id_value",
        ToFsp = "to_fsp",
        Amount = "amount",
        Currency = "currency",
        Note = "note",
        BranchCode = "branch_code",
        StaffNo = "staff_no",
        PayPeriod = "pay_period",
        LoanAccount = "loan_account",
        ClientNo = "client_no",
        /// Payment Hub's own number of the row.
        HubId = "id",
        PaymentMode = "payment_mode",
        PayerIdentifierType = "payer_identifier_type",
        PayerIdentifier = "payer_identifier",
    }
}

/// A header name and the column it is; `true` where a file must have it.
type Names = &'static [(&'static str, Column, bool)];

const TEMPLATE: Names = &[
    ("reference", Column::Reference, false),
    ("payee_name", Column::PayeeName, true),
    ("id_type", Column::IdType, true),
    ("id_value", Column::IdValue, true),
    ("to_fsp", Column::ToFsp, false),
    ("amount", Column::Amount, true),
    ("currency", Column::Currency, false),
    ("note", Column::Note, false),
    ("branch_code", Column::BranchCode, false),
];
const PAYROLL: Names = &[("staff_no", Column::StaffNo, false), ("pay_period", Column::PayPeriod, false)];
const LOANS: Names = &[("loan_account", Column::LoanAccount, false), ("client_no", Column::ClientNo, false)];
const PAYMENT_HUB: Names = &[
    ("id", Column::HubId, false),
    ("request_id", Column::Reference, false),
    ("payment_mode", Column::PaymentMode, false),
    ("payer_identifier_type", Column::PayerIdentifierType, false),
    ("payer_identifier", Column::PayerIdentifier, false),
    ("payee_identifier_type", Column::IdType, true),
    ("payee_identifier", Column::IdValue, true),
    ("amount", Column::Amount, true),
    ("currency", Column::Currency, false),
    ("note", Column::Note, false),
];

impl Column {
    /// Shown with the row and not used.
    pub const fn is_extra(self) -> bool {
        matches!(
            self,
            Self::StaffNo
                | Self::PayPeriod
                | Self::LoanAccount
                | Self::ClientNo
                | Self::HubId
                | Self::PayerIdentifierType
                | Self::PayerIdentifier
        )
    }
}

/// What one column of the file is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Known(Column),
    Unknown,
    /// Written by us into a results file: read past without a word.
    Outcome,
    /// No name above it: nothing may stand in it.
    Nameless,
}

/// The header, understood.
#[derive(Debug, Clone)]
pub struct Layout {
    pub profile: Profile,
    /// The names as the file has them.
    pub header: Vec<String>,
    pub meanings: Vec<Meaning>,
    places: Vec<(Column, usize)>,
}

impl Layout {
    /// The layout of the header, in the profile that knows more of its names.
    pub fn of(header: &[&str], payment_type: PaymentType) -> Self {
        let ours = Self::in_profile(header, Profile::Outlay, payment_type);
        let hub = Self::in_profile(header, Profile::PaymentHub, payment_type);
        if hub.known() > ours.known() { hub } else { ours }
    }

    fn in_profile(header: &[&str], profile: Profile, payment_type: PaymentType) -> Self {
        let meanings: Vec<_> = header.iter().map(|name| meaning(name, profile, payment_type)).collect();
        let places = meanings
            .iter()
            .enumerate()
            .filter_map(|(place, meaning)| match meaning {
                Meaning::Known(column) => Some((*column, place)),
                _ => None,
            })
            .collect();
        Self { profile, header: header.iter().map(|name| name.trim().to_owned()).collect(), meanings, places }
    }

    /// How many of its columns we know.
    pub fn known(&self) -> usize {
        self.places.len()
    }

    /// Where a column stands.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places.iter().find(|(known, _)| *known == column).map(|(_, place)| *place)
    }

    /// The column's name as the file has it; our own where it has none.
    pub fn name(&self, column: Column) -> &str {
        self.place(column).and_then(|place| self.header.get(place)).map_or(column.as_str(), String::as_str)
    }

    /// Columns a file of this profile must have and this one has not.
    pub fn missing(&self) -> Vec<String> {
        let names = if self.profile == Profile::PaymentHub { PAYMENT_HUB } else { TEMPLATE };
        names.iter().filter(|(_, column, must)| *must && self.place(*column).is_none()).map(|(name, ..)| (*name).to_owned()).collect()
    }

    /// Whether rows can be read by it.
    pub fn check(&self) -> Result<(), Unreadable> {
        if self.known() == 0 {
            return Err(Unreadable::NoHeader);
        }
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(Unreadable::MissingColumns(missing));
        }
        for (index, (column, place)) in self.places.iter().enumerate() {
            if self.places.iter().skip(index + 1).any(|(other, _)| other == column) {
                return Err(Unreadable::RepeatedColumn(self.header.get(*place).cloned().unwrap_or_default()));
            }
        }
        if self.header.len() > MAX_COLUMNS {
            return Err(Unreadable::TooManyColumns { limit: MAX_COLUMNS });
        }
        Ok(())
    }
}

fn meaning(name: &str, profile: Profile, payment_type: PaymentType) -> Meaning {
    let folded = fold(name);
    if folded.is_empty() {
        return Meaning::Nameless;
    }
    if OUTCOME_COLUMNS.iter().any(|ours| fold(ours) == folded) {
        return Meaning::Outcome;
    }
    let own: Names = match (profile, payment_type) {
        (Profile::Outlay, PaymentType::Payroll) => PAYROLL,
        (Profile::Outlay, PaymentType::LoanDisbursement) => LOANS,
        _ => &[],
    };
    let names = if profile == Profile::PaymentHub { PAYMENT_HUB } else { TEMPLATE };
    let known = names.iter().chain(own).find(|(known, ..)| fold(known) == folded);
    known.map_or(Meaning::Unknown, |(_, column, _)| Meaning::Known(*column))
}

/// A name without what people vary: case, spaces, `_`, `-`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}')).flat_map(char::to_lowercase).collect()
}
