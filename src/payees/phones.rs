//! Phone numbers: as people write them in one country, to the network's MSISDN, which is digits with the country code and no `+`.
//!
//! We take a number that is **possible**: a country code that exists and as many digits as mobile numbers of that country have,
//! by the tables of libphonenumber (crate `phonenumber`). We do not ask whether the range is in use: ranges open faster than
//! tables are updated, and the network's lookup is the one that knows. The tables' patterns decide only where a number without
//! `+` and without first zero could be two numbers; where they cannot, it is an error.
//!
//! The crate's own `parse` is not used: it takes letters, extensions and text around a number, and costs a regex for each.

use std::collections::HashMap;
use std::str::FromStr;

use phonenumber::country;
use phonenumber::metadata::{DATABASE, Metadata};

use super::digits::{ascii_digit, scientific};

/// Digits of an MSISDN, at most (E.164).
const MAX_DIGITS: usize = 15;
/// The international prefix of nearly every country.
const INTERNATIONAL: &str = "00";
/// The tables' name for codes of no country: toll-free and satellite numbers, which are nobody's wallet.
const NO_COUNTRY: &str = "001";
/// The national prefix whose loss a spreadsheet causes.
const ZERO: &str = "0";

/// A country of the phone number tables, by its ISO 3166 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(country::Id);

impl Country {
    /// `None` where the code is no country.
    pub fn find(code: &str) -> Option<Self> {
        country::Id::from_str(&code.trim().to_ascii_uppercase()).ok().map(Self)
    }

    pub fn code(&self) -> &str {
        self.0.as_ref()
    }
}

/// A number that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Digits with country code.
    pub msisdn: String,
    pub written: Written,
}

/// How it was written, where that matters to who reads the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The institution's country, in full.
    Home,
    /// The institution's country, without its first zero.
    HomeWithoutZero,
    /// Another country, with + or 00.
    Foreign,
    /// Another country, by its digits alone.
    ForeignBare,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAPhone {
    /// 9.59E+11: the spreadsheet threw digits away.
    DigitsLost,
    /// It can be either of two numbers.
    TwoReadings(String, String),
    NotANumber,
}

/// Reads the numbers of a file; made once for each, cheap for each number.
#[derive(Default)]
pub struct Phones {
    home_code: String,
    national_prefix: String,
    home_lengths: Lengths,
    home: Option<&'static Metadata>,
    others: HashMap<u16, Lengths>,
}

/// Which numbers of digits (without country code) are possible: bit n for n digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lengths(u32);

impl Lengths {
    /// Of mobile numbers; where the tables have none, of any number.
    fn of(meta: &Metadata) -> Self {
        let mobile = meta.descriptors().mobile().map(phonenumber::metadata::Descriptor::possible_length).unwrap_or_default();
        let lengths = if mobile.is_empty() { meta.descriptors().general().possible_length() } else { mobile };
        Self(lengths.iter().filter(|length| **length < 32).fold(0, |bits, length| bits | (1 << length)))
    }

    fn have(self, digits: &str) -> bool {
        u32::try_from(digits.len()).is_ok_and(|length| length < 32 && self.0 & (1 << length) != 0)
    }
}

impl Phones {
    pub fn new(home: Country) -> Self {
        let mut others: HashMap<u16, Lengths> = HashMap::new();
        for meta in DATABASE.iter().filter(|meta| meta.id() != NO_COUNTRY) {
            let lengths = others.entry(meta.country_code()).or_default();
            lengths.0 |= Lengths::of(meta).0;
        }
        let meta = DATABASE.by_id(home.code());
        Self {
            home_code: meta.map(|meta| meta.country_code().to_string()).unwrap_or_default(),
            national_prefix: meta.and_then(Metadata::national_prefix).unwrap_or_default().to_owned(),
            home_lengths: meta.map(Lengths::of).unwrap_or_default(),
            home: meta,
            others,
        }
    }

    /// A number as typed: digits of any script, spaces, dashes, points and brackets between them, + or 00 before a country code.
    pub fn read(&self, typed: &str) -> Result<Phone, NotAPhone> {
        let Some((plus, digits)) = plain(typed) else {
            return self.shortened(typed);
        };
        if plus {
            return self.international(&digits);
        }
        if let Some(rest) = digits.strip_prefix(INTERNATIONAL) {
            return self.international(rest);
        }
        if let Some(national) = self.after_national_prefix(&digits) {
            return Ok(self.at_home(national, Written::Home));
        }
        self.bare(&digits)
    }

    /// `9.59E+11`, or a number a program wrote with decimals: `959770123456.0`.
    fn shortened(&self, typed: &str) -> Result<Phone, NotAPhone> {
        match scientific(typed.trim()) {
            Some(Some(all)) => self.read(&all),
            Some(None) => Err(NotAPhone::DigitsLost),
            None => Err(NotAPhone::NotANumber),
        }
    }

    fn international(&self, digits: &str) -> Result<Phone, NotAPhone> {
        // +95 09…: the first zero kept by mistake. The digits after it say which number is meant.
        let home = digits.strip_prefix(self.home_code.as_str()).filter(|_| !self.home_code.is_empty());
        if let Some(national) = home {
            let national = self.after_national_prefix(national).unwrap_or(national);
            return if self.home_lengths.have(national) { Ok(self.at_home(national, Written::Home)) } else { Err(NotAPhone::NotANumber) };
        }
        if self.is_foreign(digits) {
            Ok(Phone { msisdn: digits.to_owned(), written: Written::Foreign })
        } else {
            Err(NotAPhone::NotANumber)
        }
    }

    /// What follows the national prefix, where the rest is as long as a number of this country.
    fn after_national_prefix<'a>(&self, digits: &'a str) -> Option<&'a str> {
        let rest = digits.strip_prefix(self.national_prefix.as_str()).filter(|_| !self.national_prefix.is_empty())?;
        self.home_lengths.have(rest).then_some(rest)
    }

    /// Digits alone: with our country code, without the first zero, or of another country.
    fn bare(&self, digits: &str) -> Result<Phone, NotAPhone> {
        let written_in_full = digits
            .strip_prefix(self.home_code.as_str())
            .filter(|national| !self.home_code.is_empty() && self.home_lengths.have(national))
            .map(|national| self.at_home(national, Written::Home))
            .or_else(|| self.is_foreign(digits).then(|| Phone { msisdn: digits.to_owned(), written: Written::ForeignBare }));
        let national = (self.home_lengths.have(digits) && !digits.starts_with(ZERO))
            || (self.national_prefix.is_empty() && self.home_lengths.have(digits));
        let without_zero = national.then(|| {
            let written = if self.national_prefix == ZERO { Written::HomeWithoutZero } else { Written::Home };
            self.at_home(digits, written)
        });
        match (written_in_full, without_zero) {
            (Some(one), None) | (None, Some(one)) => Ok(one),
            (None, None) => Err(NotAPhone::NotANumber),
            (Some(full), Some(short)) => match (is_in_use(&full.msisdn), is_in_use(&short.msisdn)) {
                (true, false) => Ok(full),
                (false, true) => Ok(short),
                _ => Err(NotAPhone::TwoReadings(full.msisdn, short.msisdn)),
            },
        }
    }

    fn is_foreign(&self, digits: &str) -> bool {
        let possible = |length: usize| {
            let (code, rest) = digits.split_at_checked(length)?;
            let lengths = self.others.get(&code.parse().ok()?)?;
            Some(lengths.have(rest))
        };
        // No country code begins another, so at most one of the three exists.
        !digits.starts_with(ZERO) && digits.len() <= MAX_DIGITS && (1..=3).any(|length| possible(length) == Some(true))
    }

    fn at_home(&self, national: &str, written: Written) -> Phone {
        Phone { msisdn: format!("{}{national}", self.home_code), written }
    }

    /// What a search for this text should look for: `09 7701` → `9597701`. `None` where it has no digits.
    pub fn search_prefix(&self, typed: &str) -> Option<String> {
        let (plus, digits) = plain(typed)?;
        if plus {
            return Some(digits);
        }
        match digits.strip_prefix(self.national_prefix.as_str()) {
            Some(rest) if !self.national_prefix.is_empty() && self.home.is_some() => Some(format!("{}{rest}", self.home_code)),
            _ => Some(digits),
        }
    }
}

/// By the tables' patterns, which are slow and not always up to date: only to choose between two readings.
fn is_in_use(msisdn: &str) -> bool {
    phonenumber::parse(None, format!("+{msisdn}")).is_ok_and(|number| number.is_valid())
}

/// Digits alone, and whether a + stood before them. `None` where there is anything else, or nothing.
fn plain(typed: &str) -> Option<(bool, String)> {
    let typed = typed.trim();
    let typed = typed.strip_prefix('\'').unwrap_or(typed).trim_start();
    let typed = without_decimals(typed);
    let (plus, rest) = match typed.strip_prefix(['+', '＋']) {
        Some(rest) => (true, rest),
        None => (false, typed),
    };
    let mut digits = String::with_capacity(MAX_DIGITS);
    for c in rest.chars() {
        match ascii_digit(c) {
            Some(digit) => digits.push(digit),
            None if is_separator(c) => {}
            None => return None,
        }
    }
    (!digits.is_empty()).then_some((plus, digits))
}

/// `959770123456.0`, as programs write a number they took for a measure.
fn without_decimals(typed: &str) -> &str {
    typed
        .strip_suffix(".0")
        .or_else(|| typed.strip_suffix(".00"))
        .filter(|whole| whole.bytes().all(|b| b.is_ascii_digit()))
        .unwrap_or(typed)
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2010}'..='\u{2015}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn myanmar() -> Phones {
        Phones::new(Country::find("MM").unwrap())
    }

    fn home(msisdn: &str) -> Result<Phone, NotAPhone> {
        Ok(Phone { msisdn: msisdn.to_owned(), written: Written::Home })
    }

    #[test]
    fn one_number_however_it_is_written() {
        let phones = myanmar();
        for typed in [
            "09770123456",
            "09 770 123 456",
            "09-770123456",
            "+959770123456",
            "+95 9 770 123 456",
            "959770123456",
            "00959770123456",
            "၀၉၇၇၀၁၂၃၄၅၆",
            "+95 09770123456",
            "'09770123456",
            "959770123456.0",
            "\u{202a}09770123456\u{202c}",
            "9.59770123456E+11",
        ] {
            assert_eq!(phones.read(typed), home("959770123456"), "{typed}");
        }
    }

    #[test]
    fn numbers_a_demo_makes_up_are_taken() {
        let phones = myanmar();
        for typed in ["09770000001", "0950000001", "09999999999", "09123456789"] {
            assert!(matches!(phones.read(typed), Ok(Phone { written: Written::Home, .. })), "{typed}");
        }
    }

    #[test]
    fn a_lost_first_zero_is_said() {
        assert_eq!(myanmar().read("9770123456"), Ok(Phone { msisdn: "959770123456".to_owned(), written: Written::HomeWithoutZero }));
    }

    #[test]
    fn digits_a_spreadsheet_threw_away_are_not_guessed() {
        assert_eq!(myanmar().read("9.59E+11"), Err(NotAPhone::DigitsLost));
        assert_eq!(myanmar().read("9.5977E+11"), Err(NotAPhone::DigitsLost));
    }

    #[test]
    fn a_number_of_another_country_keeps_its_own_code() {
        let phones = myanmar();
        assert_eq!(phones.read("27713803912"), Ok(Phone { msisdn: "27713803912".to_owned(), written: Written::ForeignBare }));
        assert_eq!(phones.read("+27 71 380 3912"), Ok(Phone { msisdn: "27713803912".to_owned(), written: Written::Foreign }));
        assert_eq!(phones.read("+959770123456789"), Err(NotAPhone::NotANumber));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let phones = myanmar();
        for typed in [
            "",
            " ",
            "363",
            "0",
            "+",
            "09",
            "Daw Mya",
            "09770123456x",
            "12345678901234567890",
            "1-800-FLOWERS",
            "0977012345678901",
            "+80012345678",
        ] {
            assert_eq!(phones.read(typed), Err(NotAPhone::NotANumber), "{typed}");
        }
    }

    #[test]
    fn two_readings_are_never_chosen_between_by_chance() {
        // 09 607…: a Myanmar number that lost its zero, or one of the Maldives. Both ranges are in use.
        let both = myanmar().read("9607712345");
        let Err(NotAPhone::TwoReadings(one, other)) = both else { panic!("{both:?}") };
        assert_eq!((one.as_str(), other.as_str()), ("9607712345", "959607712345"));
    }

    #[test]
    fn a_country_without_a_national_prefix_keeps_its_zeros() {
        let ivory_coast = Phones::new(Country::find("ci").unwrap());
        assert_eq!(ivory_coast.read("0701020304"), home("2250701020304"));
        assert_eq!(ivory_coast.read("+2250701020304"), home("2250701020304"));
    }

    #[test]
    fn other_countries_have_the_same_care() {
        let kenya = Phones::new(Country::find("KE").unwrap());
        assert_eq!(kenya.read("0712 345 678"), home("254712345678"));
        assert_eq!(kenya.read("712345678"), Ok(Phone { msisdn: "254712345678".to_owned(), written: Written::HomeWithoutZero }));
        let america = Phones::new(Country::find("US").unwrap());
        assert_eq!(america.read("(202) 555-0123"), home("12025550123"));
    }

    #[test]
    fn a_search_finds_what_people_remember() {
        assert_eq!(myanmar().search_prefix("09 7701").as_deref(), Some("9597701"));
        assert_eq!(myanmar().search_prefix("9597701").as_deref(), Some("9597701"));
        assert_eq!(myanmar().search_prefix("Mya"), None);
    }
}
