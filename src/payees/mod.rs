//! Who is paid: party ids as people write them, read into the one form the network knows; and names.
//!
//! A wrong reading pays a stranger, so each reader takes only what can be meant in one way and refuses the rest with the reason.

mod accounts;
mod digits;
mod names;
mod nrc;
mod phones;

pub use accounts::{MAX_PARTY_VALUE_CHARS, NotAnAccount};
pub use digits::{ascii_digits, is_invisible};
pub use names::{MAX_NAME_CHARS, fold_name, sdk_display_name, tidy_name};
pub use nrc::NotAnNrc;
pub use phones::{Country, NotAPhone, Phone, Phones, Written};

use crate::db::text_enum;

text_enum! {
    /// What kind of id names the payee: Mojaloop's types, and NRC, which is one of its personal ids.
    pub enum PartyIdType {
        Msisdn = "MSISDN",
        /// A Myanmar National Registration Card; on the wire PERSONAL_ID with sub-id NATIONAL_REGISTRATION.
        Nrc = "NRC",
        AccountId = "ACCOUNT_ID",
        Email = "EMAIL",
        PersonalId = "PERSONAL_ID",
        Business = "BUSINESS",
        Device = "DEVICE",
        Iban = "IBAN",
        Alias = "ALIAS",
    }
}

/// Sub-id of a national registration card (FSPIOP `PersonalIdentifierType`).
pub const NATIONAL_REGISTRATION: &str = "NATIONAL_REGISTRATION";

/// FSPIOP `PersonalIdentifierType`: what kind of personal id it is (CONTRACT 1.5).
pub const PERSONAL_ID_KINDS: &[&str] = &[
    "PASSPORT",
    NATIONAL_REGISTRATION,
    "DRIVING_LICENSE",
    "ALIEN_REGISTRATION",
    "NATIONAL_ID_CARD",
    "EMPLOYER_ID",
    "TAX_ID_NUMBER",
    "SENIOR_CITIZENS_CARD",
    "MARRIAGE_CERTIFICATE",
    "HEALTH_CARD",
    "VOTERS_ID",
    "UNITED_NATIONS",
    "OTHER_ID",
];

impl PartyIdType {
    /// Its name in the SDK's requests (`partyIdType`).
    pub const fn wire(self) -> &'static str {
        match self {
            Self::Nrc | Self::PersonalId => "PERSONAL_ID",
            other => other.as_str(),
        }
    }

    /// As people know it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Msisdn => "Phone",
            Self::Nrc => "NRC",
            Self::AccountId => "Account",
            Self::Email => "E-mail",
            Self::PersonalId => "Personal id",
            Self::Business => "Business",
            Self::Device => "Device",
            Self::Iban => "IBAN",
            Self::Alias => "Alias",
        }
    }
}

/// A payee as the network is asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartyId {
    pub id_type: PartyIdType,
    /// In its one form: a phone is digits without `+`, an account stays as typed. 1 to 128 characters.
    pub value: String,
    /// Only with personal ids: one of [`PERSONAL_ID_KINDS`].
    pub sub_id: Option<String>,
}
