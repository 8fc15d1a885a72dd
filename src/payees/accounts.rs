//! Party ids that are not phones: accounts, IBANs, e-mail addresses and other ids. What is typed is what is asked for, except
//! for what cannot matter: spaces around it, digits of another script, the spaces of an IBAN.

use super::digits::{ascii_digits, scientific};
use super::{NATIONAL_REGISTRATION, NotAnNrc, PERSONAL_ID_KINDS, PartyId, PartyIdType};

/// Characters of a party id, at most (CONTRACT 1.5).
pub const MAX_PARTY_VALUE_CHARS: usize = 128;
/// ISO 13616: two letters, two check digits and 11 to 30 more.
const IBAN_CHARS: std::ops::RangeInclusive<usize> = 15..=34;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnAccount {
    TooLong,
    /// 3.001E+15: the spreadsheet threw digits away.
    DigitsLost,
    Invalid,
}

impl PartyIdType {
    /// `msisdn`, `Account ID`, `accountNumber`, `PERSONAL_ID/PASSPORT`: the type and, for a personal id, its kind. Without regard
    /// to case, spaces, `_` and `-`. `None` where it is no type.
    pub fn named(typed: &str) -> Option<(Self, Option<&'static str>)> {
        // As our templates write it: nearly every row.
        if typed == Self::Msisdn.as_str() {
            return Some((Self::Msisdn, None));
        }
        let (name, kind) = typed.split_once('/').map_or((typed, None), |(name, kind)| (name, Some(kind)));
        let id_type = match plain_name(name).as_str() {
            "MSISDN" | "PHONE" | "PHONENUMBER" | "MOBILE" => Self::Msisdn,
            "NRC" => Self::Nrc,
            "ACCOUNTID" | "ACCOUNTNUMBER" | "ACCOUNT" => Self::AccountId,
            "EMAIL" => Self::Email,
            "PERSONALID" => Self::PersonalId,
            "BUSINESS" => Self::Business,
            "DEVICE" => Self::Device,
            "IBAN" => Self::Iban,
            "ALIAS" => Self::Alias,
            _ => return None,
        };
        match (id_type, kind) {
            (Self::PersonalId, Some(kind)) => {
                let kind = plain_name(kind);
                let known = PERSONAL_ID_KINDS.iter().find(|known| plain_name(known) == kind)?;
                Some((id_type, Some(known)))
            }
            (_, Some(_)) => None,
            (Self::Nrc, None) => Some((id_type, Some(NATIONAL_REGISTRATION))),
            (_, None) => Some((id_type, None)),
        }
    }
}

fn plain_name(typed: &str) -> String {
    typed.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_uppercase).collect()
}

impl PartyId {
    /// An NRC as on the card, in Burmese or Latin letters.
    pub fn nrc(typed: &str) -> Result<Self, NotAnNrc> {
        let value = super::nrc::normalise(typed)?;
        Ok(Self { id_type: PartyIdType::Nrc, value, sub_id: Some(NATIONAL_REGISTRATION.to_owned()) })
    }

    /// Any id but a phone and an NRC. Leading zeros stay.
    pub fn account(id_type: PartyIdType, sub_id: Option<&str>, typed: &str) -> Result<Self, NotAnAccount> {
        let typed = typed.trim();
        let typed = typed.strip_prefix('\'').unwrap_or(typed);
        let value = match id_type {
            PartyIdType::Iban => iban(typed)?,
            PartyIdType::Email => email(typed)?,
            _ => number_or_name(typed)?,
        };
        if value.chars().count() > MAX_PARTY_VALUE_CHARS {
            return Err(NotAnAccount::TooLong);
        }
        Ok(Self { id_type, value, sub_id: sub_id.map(str::to_owned) })
    }
}

fn number_or_name(typed: &str) -> Result<String, NotAnAccount> {
    let value = ascii_digits(typed);
    match scientific(&value) {
        // 12E3 may be an account; 1.2E+3 is a spreadsheet's doing.
        Some(None) if value.contains(['.', '+', ',']) => return Err(NotAnAccount::DigitsLost),
        Some(Some(all)) if value.contains('+') => return Ok(all),
        _ => {}
    }
    if value.is_empty() || value.chars().any(char::is_control) { Err(NotAnAccount::Invalid) } else { Ok(value.into_owned()) }
}

/// One @ with something before it and a name with a point after it. Whether it exists is the network's to say.
fn email(typed: &str) -> Result<String, NotAnAccount> {
    let (user, host) = typed.rsplit_once('@').ok_or(NotAnAccount::Invalid)?;
    let fine = !user.is_empty() && !user.contains('@') && host.split('.').count() > 1 && host.split('.').all(|part| !part.is_empty());
    if fine && !typed.chars().any(|c| c.is_whitespace() || c.is_control()) { Ok(typed.to_owned()) } else { Err(NotAnAccount::Invalid) }
}

/// Its printed spaces dropped, its check digits checked (ISO 7064, 97-10): a mistyped IBAN is somebody else's.
fn iban(typed: &str) -> Result<String, NotAnAccount> {
    let value: String = typed.chars().filter(|c| !matches!(c, ' ' | '-')).map(|c| c.to_ascii_uppercase()).collect();
    let (start, rest) = value.split_at_checked(4).ok_or(NotAnAccount::Invalid)?;
    let fits = IBAN_CHARS.contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric());
    if !fits || !start.bytes().take(2).all(|b| b.is_ascii_uppercase()) {
        return Err(NotAnAccount::Invalid);
    }
    let remainder = rest.chars().chain(start.chars()).try_fold(0_u32, |sum, c| {
        let number = c.to_digit(36)?;
        Some((sum * if number > 9 { 100 } else { 10 } + number) % 97)
    });
    if remainder == Some(1) { Ok(value) } else { Err(NotAnAccount::Invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(typed: &str) -> Result<String, NotAnAccount> {
        PartyId::account(PartyIdType::AccountId, None, typed).map(|party| party.value)
    }

    #[test]
    fn an_account_stays_as_typed() {
        assert_eq!(account(" 0030010038731101961 ").as_deref(), Ok("0030010038731101961"));
        assert_eq!(account("AC-12/3").as_deref(), Ok("AC-12/3"));
        assert_eq!(account("၀၀၁၂").as_deref(), Ok("0012"));
        assert_eq!(account(&"1".repeat(128)).map(|value| value.len()), Ok(128));
        assert_eq!(account(&"1".repeat(129)), Err(NotAnAccount::TooLong));
        assert_eq!(account("12\u{7}"), Err(NotAnAccount::Invalid));
    }

    #[test]
    fn an_account_a_spreadsheet_shortened_is_refused() {
        assert_eq!(account("3.001E+15"), Err(NotAnAccount::DigitsLost));
        assert_eq!(account("3E+15"), Err(NotAnAccount::DigitsLost));
        assert_eq!(account("12E3").as_deref(), Ok("12E3"));
    }

    #[test]
    fn a_mistyped_iban_is_noticed() {
        let iban = |typed: &str| PartyId::account(PartyIdType::Iban, None, typed).map(|party| party.value);
        assert_eq!(iban("gb82 west 1234 5698 7654 32").as_deref(), Ok("GB82WEST12345698765432"));
        assert_eq!(iban("GB82 WEST 1234 5698 7654 33"), Err(NotAnAccount::Invalid));
        assert_eq!(iban("ကခဂဃ1234567890123"), Err(NotAnAccount::Invalid));
    }

    #[test]
    fn types_are_known_by_the_names_people_use() {
        assert_eq!(PartyIdType::named("msisdn"), Some((PartyIdType::Msisdn, None)));
        assert_eq!(PartyIdType::named("Account Number"), Some((PartyIdType::AccountId, None)));
        assert_eq!(PartyIdType::named("accountNumber"), Some((PartyIdType::AccountId, None)));
        assert_eq!(PartyIdType::named("nrc"), Some((PartyIdType::Nrc, Some("NATIONAL_REGISTRATION"))));
        assert_eq!(PartyIdType::named("PERSONAL_ID/passport"), Some((PartyIdType::PersonalId, Some("PASSPORT"))));
        assert_eq!(PartyIdType::named("PERSONAL_ID/x"), None);
        assert_eq!(PartyIdType::named("wallet"), None);
    }

    #[test]
    fn an_address_without_a_host_is_no_address() {
        let email = |typed: &str| PartyId::account(PartyIdType::Email, None, typed).is_ok();
        assert!(email("mya@example.org"));
        for typed in ["mya", "mya@", "@example.org", "a b@example.org", "mya@example", "mya@example."] {
            assert!(!email(typed), "{typed}");
        }
    }
}
