//! Which column is what: header names of the two profiles.

use crate::db::text_enum;

text_enum! {
    /// A column we know.
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

/// A name without what people vary: case, spaces, `_`, `-`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '\u{feff}')).flat_map(char::to_lowercase).collect()
}
