//! What people read about a finding: one sentence for its kind, what to do, and a hint for the one row.

use super::{Finding, FindingKind, Severity};
use crate::say;
use crate::words::Said;

impl FindingKind {
    /// Errors stop the row, warnings wait for a maker's word, notes are only told.
    pub const fn severity(self) -> Severity {
        match self {
            Self::RepeatedPayment | Self::LostZero | Self::ForeignPhoneGuessed | Self::LineBreakElsewhere => Severity::Warning,
            Self::RepeatedPayee
            | Self::RepeatedReference
            | Self::UnknownColumn
            | Self::AmountGrouped
            | Self::ForeignPhone
            | Self::EncodingGuessed
            | Self::LinesAboveHeader => Severity::Note,
            _ => Severity::Error,
        }
    }

    /// The problem, for a list by kind.
    pub fn sentence(self) -> Said {
        match self {
            Self::RowTooLong => say!("The row is too long to be a payment"),
            Self::ExtraCells => say!("The row has more cells than the header has columns"),
            Self::LineBreak => say!("The cell has a line break in it"),
            Self::UnreadableCharacter => say!("The cell has a character that cannot be read"),
            Self::MissingValue => say!("A value is missing"),
            Self::ValueTooLong => say!("The value is too long"),
            Self::IdTypeUnknown => say!("The id type is not known"),
            Self::PhoneInvalid => say!("This is not a phone number"),
            Self::PhoneAmbiguous => say!("The phone number can be read in two ways"),
            Self::DigitsLost => say!("The spreadsheet has shortened this number, and digits are lost"),
            Self::AccountInvalid => say!("This cannot be an account or id of this type"),
            Self::NrcInvalid => say!("This is not an NRC number"),
            Self::AmountInvalid => say!("This is not an amount"),
            Self::AmountAmbiguous => say!("The amount can be read in two ways"),
            Self::AmountExponent => say!("The amount is written with an exponent"),
            Self::AmountNegative => say!("The amount is below zero"),
            Self::AmountZero => say!("The amount is zero"),
            Self::AmountTooPrecise => say!("The amount has more decimals than its currency"),
            Self::AmountTooLarge => say!("The amount is too large to be paid"),
            Self::AmountOtherCurrency => say!("The amount names another currency than the batch"),
            Self::CurrencyOther => say!("The row is in another currency than the batch"),
            Self::FspUnknown => say!("The wallet or bank is not known here"),
            Self::FspOther => say!("The row names another wallet or bank than the batch"),
            Self::BranchUnknown => say!("The branch code is not one you may make this payment for"),
            Self::ChannelUnknown => say!("The payment channel is not available here"),
            Self::RepeatedPayment => say!("The same payee gets the same amount more than once"),
            Self::LostZero => say!("The phone number has lost its first zero and was read with it"),
            Self::ForeignPhoneGuessed => say!("The phone number was read as one of another country"),
            Self::LineBreakElsewhere => say!("A column that is not used has a line break in it"),
            Self::RepeatedPayee => say!("The same payee is in the file more than once, with other amounts"),
            Self::RepeatedReference => say!("The reference is in the file more than once"),
            Self::UnknownColumn => say!("The column is not used"),
            Self::AmountGrouped => say!("The amount was read without its separators"),
            Self::ForeignPhone => say!("The phone number is one of another country"),
            Self::EncodingGuessed => say!("The file is not in UTF-8: its letters were guessed as Windows-1252"),
            Self::LinesAboveHeader => say!("Rows above the header were left out"),
        }
    }

    /// What a person can do about it.
    pub fn what_to_do(self) -> Said {
        match self {
            Self::RowTooLong => say!("Look for a quotation mark that is opened and not closed in this row or below, and delete it"),
            Self::ExtraCells => say!("Look for a comma inside a value, such as 1,240, and delete it or put the value in quotation marks"),
            Self::LineBreak => say!("Delete the line break. If there is none, a quotation mark is missing and rows below were swallowed"),
            Self::UnreadableCharacter => say!("Type the value again and save the file as CSV UTF-8"),
            Self::MissingValue => say!("Fill in the cell"),
            Self::ValueTooLong => say!("Shorten the value"),
            Self::IdTypeUnknown => say!("Write MSISDN for a phone, NRC, or ACCOUNT_ID"),
            Self::PhoneInvalid => say!("Correct the number; with + and the country code if it is of another country"),
            Self::PhoneAmbiguous => say!("Write the number with its first zero, or with + and the country code"),
            Self::DigitsLost => say!("Format the column as Text, type the whole number again, and save"),
            Self::AccountInvalid => say!("Correct the value or its id type"),
            Self::NrcInvalid => say!("Write it as on the card, such as 12/OUKAMA(N)123456"),
            Self::AmountInvalid => say!("Write digits only, such as 150000 or 1500.50"),
            Self::AmountAmbiguous => say!("Write it without separators for thousands and with a point for decimals"),
            Self::AmountExponent => say!("Format the column as Number and save again"),
            Self::AmountNegative | Self::AmountZero => say!("Write the amount to pay, or delete the row"),
            Self::AmountTooPrecise => say!("Round the amount"),
            Self::AmountTooLarge => say!("Correct the amount"),
            Self::AmountOtherCurrency | Self::CurrencyOther => {
                say!("Put payments of one currency into one file, and choose the account that holds it")
            }
            Self::FspUnknown => say!("Choose one of the list, or leave the cell empty and the network finds it"),
            Self::FspOther => say!("Change the row, or choose As in the file when you upload"),
            Self::BranchUnknown => say!("Correct the code, or leave the cell empty for the branch of the batch"),
            Self::ChannelUnknown => say!("Change the payment mode to mojaloop, or pay this row another way"),
            Self::RepeatedPayment => say!("Check that each of these payments is meant"),
            Self::LostZero => say!("Check the number; format the column as Text so that zeros stay"),
            Self::ForeignPhoneGuessed => say!("Check the number; write + before the country code"),
            Self::LineBreakElsewhere => say!("Check that no row below is missing here"),
            Self::RepeatedPayee | Self::RepeatedReference | Self::ForeignPhone => say!("Nothing, if it is meant"),
            Self::UnknownColumn => say!("Nothing, if it is not needed; else correct its name"),
            Self::AmountGrouped => say!("Check that the amount was read as you meant it"),
            Self::EncodingGuessed => say!("Check the names; save as CSV UTF-8 to be sure"),
            Self::LinesAboveHeader => say!("Nothing, if they are only a title"),
        }
    }
}

impl Finding {
    /// What helps with this very row: how it was read, or what would have been right. `None` where the kind says it all.
    pub fn hint(&self) -> Option<Said> {
        let detail = |name: &str| self.details.get(name).cloned();
        Some(match self.kind {
            FindingKind::ExtraCells => say!("{cells} cells, {columns} columns", cells = detail("cells")?, columns = detail("columns")?),
            FindingKind::RowTooLong | FindingKind::ValueTooLong => say!("At most {limit} characters", limit = detail("limit")?),
            FindingKind::PhoneAmbiguous => say!("It can be {one} or {other}", one = detail("one")?, other = detail("other")?),
            FindingKind::AmountTooPrecise => {
                say!("{currency} has {digits} decimals", currency = detail("currency")?, digits = detail("digits")?)
            }
            FindingKind::AmountOtherCurrency | FindingKind::CurrencyOther => {
                say!("The batch is in {currency}", currency = detail("currency")?)
            }
            FindingKind::FspUnknown => say!("Known here: {known}", known = detail("known")?),
            FindingKind::FspOther => say!("The batch pays to {fsp}", fsp = detail("fsp")?),
            FindingKind::RepeatedPayment | FindingKind::RepeatedPayee => say!("First in line {line}", line = detail("first_line")?),
            FindingKind::LostZero | FindingKind::ForeignPhoneGuessed | FindingKind::ForeignPhone | FindingKind::AmountGrouped => {
                say!("Read as {read}", read = detail("read")?)
            }
            _ => return None,
        })
    }
}
