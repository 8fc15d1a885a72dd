//! How a phone or account that somebody searches for is read: as the beginning of what it may be, which the whole of it is too.

use crate::payees::{PartyId, Phones, ascii_digits};

/// Characters from which on the beginning of a number is searched; shorter ones must be the whole of it.
const BEGINNING_CHARS_MIN: usize = 4;

/// What a payee's id may be or begin with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PayeeRead {
    pub whole: Vec<String>,
    pub beginnings: Vec<String>,
    /// As it was read, where that is not how it was typed: `9597701` for `09 7701`.
    pub read_as: Option<String>,
}

impl PayeeRead {
    pub fn of(typed: &str, phones: &Phones) -> Self {
        let typed = ascii_digits(typed.trim()).into_owned();
        let compact = compact(&typed);
        if compact.chars().count() < BEGINNING_CHARS_MIN {
            return Self { whole: vec![compact], ..Self::default() };
        }
        let nrc = PartyId::nrc(&typed).ok().map(|party| party.value);
        let phone = || phones.read(&typed).ok().map(|phone| phone.msisdn).or_else(|| phones.search_prefix(&typed));
        let read_as = nrc.or_else(phone).filter(|read| *read != compact);
        Self { whole: Vec::new(), beginnings: read_as.iter().cloned().chain([compact]).collect(), read_as }
    }
}

/// Without the spaces and dashes people put between the digits of a number; anything else stays as it is.
fn compact(typed: &str) -> String {
    let is_number = typed.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+' | '.' | '(' | ')'));
    if is_number { typed.chars().filter(char::is_ascii_digit).collect() } else { typed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payees::Country;

    fn read(typed: &str) -> PayeeRead {
        PayeeRead::of(typed, &Phones::new(Country::find("MM").unwrap()))
    }

    #[test]
    fn a_phone_is_found_however_it_is_written() {
        for typed in ["09770123456", "09 770 123 456", "+95 9 770 123 456", "၀၉၇၇၀၁၂၃၄၅၆", "959770123456"] {
            assert!(read(typed).beginnings.contains(&"959770123456".to_owned()), "{typed}: {:?}", read(typed));
        }
        assert_eq!(read("959770123456").read_as, None);
        assert_eq!(read("09 770 123 456").read_as.as_deref(), Some("959770123456"));
    }

    #[test]
    fn the_beginning_of_a_number_is_enough() {
        let read = read("09 7701");
        assert_eq!(read.read_as.as_deref(), Some("9597701"));
        assert_eq!(read.beginnings, ["9597701", "097701"]);
        // Numbers differ in length: a possible one may be the beginning of a longer one.
        assert_eq!(self::read("0977012345").beginnings[0], "95977012345");
        assert!(self::read("097").beginnings.is_empty());
    }

    #[test]
    fn an_account_keeps_its_zeros() {
        assert!(read("0030010038731101961").beginnings.contains(&"0030010038731101961".to_owned()));
        assert!(read("AC-12/3").beginnings.contains(&"AC-12/3".to_owned()));
    }
}
