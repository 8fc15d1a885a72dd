//! Who is paid, and what the SDK takes as a name for them.

use crate::ids::FspId;
use crate::say;
use crate::words::Said;

/// A party id: for example MSISDN 959777123456, or PERSONAL_ID 12/OUKAMA(N)123456 of kind NATIONAL_REGISTRATION.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PartyId {
    /// MSISDN, EMAIL, PERSONAL_ID, BUSINESS, DEVICE, ACCOUNT_ID, IBAN or ALIAS (CONTRACT 1.5).
    pub id_type: String,
    /// 1 to 128 characters; a phone number in digits, without `+`.
    pub id_value: String,
    /// 1 to 128 characters; with PERSONAL_ID the kind of document.
    pub sub_id: Option<String>,
}

/// A payee's number has no place in a log.
impl std::fmt::Debug for PartyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PartyId({}, …)", self.id_type)
    }
}

const ID_TYPES: &[&str] = &["MSISDN", "EMAIL", "PERSONAL_ID", "BUSINESS", "DEVICE", "ACCOUNT_ID", "IBAN", "ALIAS"];
const ID_LIMIT: usize = 128;
const FSP_LIMIT: usize = 32;
const NAME_LIMIT: usize = 128;

/// What the SDK or the hub would refuse before anything happens, so nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARequest {
    #[error("the id type is none of Mojaloop's")]
    IdType,
    #[error("the id must have 1 to 128 characters and a phone number no plus sign")]
    IdValue,
    #[error("the sub-id must have 1 to 128 characters")]
    SubId,
    #[error("the FSP's id must have 1 to 32 characters")]
    Fsp,
    #[error("the amount must be more than zero")]
    Amount,
    #[error("the SDK answered that the request is not valid")]
    RefusedBySdk,
}

impl NotARequest {
    pub fn said(self) -> Said {
        match self {
            Self::IdType => say!("The payment network does not know this type of id"),
            Self::IdValue => say!("The payee's id is empty, too long or not written as the payment network wants it"),
            Self::SubId => say!("The payee's sub-id is empty or too long"),
            Self::Fsp => say!("The wallet's or bank's id has no valid form"),
            Self::Amount => say!("The amount must be more than zero"),
            Self::RefusedBySdk => say!("The payment connection refused the request as not valid"),
        }
    }
}

impl PartyId {
    /// `.` and `..` would vanish from a path.
    pub(super) fn check(&self) -> Result<(), NotARequest> {
        let fits = |text: &str| (1..=ID_LIMIT).contains(&text.chars().count()) && !matches!(text, "." | "..");
        if !ID_TYPES.contains(&self.id_type.as_str()) {
            return Err(NotARequest::IdType);
        }
        if !fits(&self.id_value) || (self.id_type == "MSISDN" && self.id_value.starts_with('+')) {
            return Err(NotARequest::IdValue);
        }
        if self.sub_id.as_deref().is_some_and(|sub_id| !fits(sub_id)) {
            return Err(NotARequest::SubId);
        }
        Ok(())
    }
}

pub(super) fn check_fsp(fsp: &FspId) -> Result<(), NotARequest> {
    if (1..=FSP_LIMIT).contains(&fsp.as_str().chars().count()) { Ok(()) } else { Err(NotARequest::Fsp) }
}

/// The SDK's `Name` is `^(?!\s*$)[\w .,'-]{1,128}$` in JavaScript, so ASCII letters only; a name it would refuse is not sent,
/// which is legal, and better than a payment that fails over an accent.
pub(super) fn accepted_name(name: &str) -> Option<&str> {
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | '.' | ',' | '\'' | '-');
    let fits = (1..=NAME_LIMIT).contains(&name.len()) && !name.trim().is_empty();
    (fits && name.chars().all(accepted)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(id_type: &str, id_value: &str, sub_id: Option<&str>) -> PartyId {
        PartyId { id_type: id_type.to_owned(), id_value: id_value.to_owned(), sub_id: sub_id.map(str::to_owned) }
    }

    #[test]
    fn what_the_network_would_refuse_is_refused_before_it_is_asked() {
        assert_eq!(party("MSISDN", "959777123456", None).check(), Ok(()));
        assert_eq!(party("PERSONAL_ID", "12/OUKAMA(N)123456", Some("NATIONAL_REGISTRATION")).check(), Ok(()));
        assert_eq!(party("NRC", "12/OUKAMA(N)123456", None).check(), Err(NotARequest::IdType));
        assert_eq!(party("MSISDN", "+959777123456", None).check(), Err(NotARequest::IdValue));
        assert_eq!(party("ACCOUNT_ID", "..", None).check(), Err(NotARequest::IdValue));
        assert_eq!(party("ACCOUNT_ID", &"1".repeat(129), None).check(), Err(NotARequest::IdValue));
        assert_eq!(party("ACCOUNT_ID", &"၁".repeat(128), None).check(), Ok(()));
        assert_eq!(party("PERSONAL_ID", "1", Some("")).check(), Err(NotARequest::SubId));
    }

    #[test]
    fn a_name_with_an_accent_or_in_burmese_is_left_out() {
        assert_eq!(accepted_name("Upendo MFI"), Some("Upendo MFI"));
        for refused in ["José Ñandú", "ဒေါ်လှ", "A/B (Ltd) & Co", "   ", "", "a\nb"] {
            assert_eq!(accepted_name(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_payees_number_is_not_printed_in_logs() {
        assert!(!format!("{:?}", party("MSISDN", "959777123456", None)).contains("777"));
    }
}
