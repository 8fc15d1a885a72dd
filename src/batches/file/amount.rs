//! Amounts as people type them. What can be meant in one way only is read; the rest is refused with the reason.
//!
//! | typed | read (2 decimals) |
//! |---|---|
//! | `150000`, `1500.5`, `၁၅၀၀၀၀`, `150000 MMK`, `Ks 150000` | as it stands |
//! | `1,240` `1,240,000` `1.240.000,50` `1 240 000` `12,40,000` | without separators, with a note |
//! | `1,24` `1.240` `1500,50` | refused: point or comma may be decimal or thousands |
//! | `1.5E+05` `-5` `(5)` `0` `5 USD` in kyat | refused |

use crate::batches::finding::FindingKind;
use crate::money::{Currency, Minor, NotAnAmount};
use crate::payees::ascii_digits;

/// Characters of an amount, at most.
const MAX_CHARS: usize = 64;
/// Minor units of one payment, at most: the network takes 18 digits before the point (CONTRACT 1.5).
const MAX_UNITS: i64 = 999_999_999_999_999_999;

/// Digits before the point for which no limit needs a look, whatever the currency.
const SAFE_DIGITS: usize = 14;

/// How people write a currency beside a number, besides its code.
const MARKS: &[(&str, &[&str])] = &[
    ("MMK", &["k", "ks", "kyat", "kyats", "ကျပ်"]),
    ("USD", &["$", "us$"]),
    ("EUR", &["€"]),
    ("GBP", &["£"]),
    ("KES", &["ksh", "kshs"]),
    ("TZS", &["tsh", "tshs"]),
    ("UGX", &["ush", "ushs"]),
    ("INR", &["₹", "rs"]),
    ("PKR", &["rs"]),
    ("NPR", &["rs"]),
    ("LKR", &["rs"]),
    ("BDT", &["৳", "tk"]),
    ("THB", &["฿"]),
    ("KHR", &["៛"]),
    ("LAK", &["₭"]),
    ("VND", &["₫"]),
    ("PHP", &["₱"]),
    ("NGN", &["₦"]),
    ("GHS", &["gh₵", "₵"]),
    ("ZAR", &["r"]),
];

/// An amount that was read, and whether separators were taken out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    pub minor: Minor,
    pub grouped: bool,
}

/// Reads an amount in `currency`; else what is wrong with it.
pub fn read(typed: &str, currency: Currency) -> Result<Amount, FindingKind> {
    let typed = typed.trim();
    let typed = typed.strip_prefix('\'').unwrap_or(typed).trim();
    if typed.chars().count() > MAX_CHARS {
        return Err(FindingKind::AmountInvalid);
    }
    if let Some(minor) = whole(typed, currency) {
        return Ok(Amount { minor, grouped: false });
    }
    let ascii = ascii_digits(typed);
    let number = without_currency(&ascii, currency)?;
    let (number, grouped) = without_groups(number, currency)?;
    let minor = currency.parse(&number).map_err(|problem| match problem {
        NotAnAmount::NotANumber => FindingKind::AmountInvalid,
        NotAnAmount::TooPrecise => FindingKind::AmountTooPrecise,
        NotAnAmount::TooLarge => FindingKind::AmountTooLarge,
    })?;
    match minor.units() {
        0 => Err(FindingKind::AmountZero),
        units if units > MAX_UNITS => Err(FindingKind::AmountTooLarge),
        _ => Ok(Amount { minor, grouped }),
    }
}

/// Digits alone, and few enough that nothing can overflow: nearly every amount. `None` sends it the long way.
fn whole(typed: &str, currency: Currency) -> Option<Minor> {
    if typed.len() > SAFE_DIGITS || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let units = typed.parse::<i64>().ok()?.checked_mul(10_i64.pow(currency.digits()))?;
    (units > 0).then(|| Minor::new(units))
}

/// The number without signs and marks around it.
fn without_currency(typed: &str, currency: Currency) -> Result<&str, FindingKind> {
    let first = typed.find(|c: char| c.is_ascii_digit()).ok_or(FindingKind::AmountInvalid)?;
    let last = typed.rfind(|c: char| c.is_ascii_digit()).ok_or(FindingKind::AmountInvalid)?;
    let (before, rest) = typed.split_at_checked(first).ok_or(FindingKind::AmountInvalid)?;
    let (number, after) = rest.split_at_checked(last - first + 1).ok_or(FindingKind::AmountInvalid)?;
    if number.contains(['e', 'E']) {
        return Err(FindingKind::AmountExponent);
    }
    let (before, after) = (before.trim(), after.trim());
    if before.contains(['-', '−', '(']) || after.ends_with(['-', '−', ')']) {
        return Err(FindingKind::AmountNegative);
    }
    let before = before.strip_prefix('+').unwrap_or(before);
    match (mark(before, currency)?, mark(after, currency)?) {
        (true, true) => Err(FindingKind::AmountInvalid),
        _ => Ok(number),
    }
}

/// Whether the text beside a number names its currency. An error where it names something else.
fn mark(text: &str, currency: Currency) -> Result<bool, FindingKind> {
    let text = text.trim().trim_end_matches('.').trim();
    if text.is_empty() {
        return Ok(false);
    }
    let lower = text.to_lowercase();
    let names = |code: &str, marks: &[&str]| code.eq_ignore_ascii_case(text) || marks.contains(&lower.as_str());
    let own = MARKS.iter().find(|(code, _)| *code == currency.code()).map_or(&[][..], |(_, marks)| marks);
    if names(currency.code(), own) {
        return Ok(true);
    }
    let other = Currency::find(text).is_some() || MARKS.iter().any(|(code, marks)| names(code, marks));
    Err(if other { FindingKind::AmountOtherCurrency } else { FindingKind::AmountInvalid })
}

/// The number with a point for decimals and nothing else, and whether anything was taken out.
fn without_groups(number: &str, currency: Currency) -> Result<(String, bool), FindingKind> {
    if number.bytes().all(|b| b.is_ascii_digit()) {
        return Ok((number.to_owned(), false));
    }
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' | '_');
    if !number.chars().all(|c| c.is_ascii_digit() || is_space(c) || matches!(c, '.' | ',')) {
        return Err(FindingKind::AmountInvalid);
    }
    let (points, commas) = (number.matches('.').count(), number.matches(',').count());
    if number.contains(is_space) {
        return spaced(number, is_space, points + commas);
    }
    match (points, commas) {
        (1, 0) => one_point(number, currency),
        (0, 1) => one_comma(number, currency),
        (_, 0) => grouped_by(number, '.').map(|whole| (whole, true)),
        (0, _) => grouped_by(number, ',').map(|whole| (whole, true)),
        // Both: the later one is the decimal one.
        _ if number.rfind('.') > number.rfind(',') => grouped_then(number, ',', '.'),
        _ => grouped_then(number, '.', ','),
    }
}

/// `1500.50`. `1.240` may be one thousand two hundred and forty, unless the currency has three decimals.
fn one_point(number: &str, currency: Currency) -> Result<(String, bool), FindingKind> {
    let looks_grouped = grouped_by(number, '.').is_ok();
    if looks_grouped && currency.digits() < 3 { Err(FindingKind::AmountAmbiguous) } else { Ok((number.to_owned(), false)) }
}

/// `1,240` is thousands. Any other single comma, and `1,240` in a currency of three decimals, may be a decimal one.
fn one_comma(number: &str, currency: Currency) -> Result<(String, bool), FindingKind> {
    match grouped_by(number, ',') {
        Ok(whole) if currency.digits() < 3 => Ok((whole, true)),
        _ => Err(FindingKind::AmountAmbiguous),
    }
}

/// `1,240.50` or `1.240,50`: thousands by one mark, decimals after the other.
fn grouped_then(number: &str, thousands: char, decimal: char) -> Result<(String, bool), FindingKind> {
    let (whole, fraction) = number.split_once(decimal).ok_or(FindingKind::AmountInvalid)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FindingKind::AmountAmbiguous);
    }
    Ok((format!("{}.{fraction}", grouped_by(whole, thousands)?), true))
}

/// `1 240 000` and `1 240 000,50`.
fn spaced(number: &str, is_space: impl Fn(char) -> bool, marks: usize) -> Result<(String, bool), FindingKind> {
    let number: String = number.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    let (whole, fraction) = match marks {
        0 => (number.as_str(), ""),
        1 => number.split_once(['.', ',']).ok_or(FindingKind::AmountInvalid)?,
        _ => return Err(FindingKind::AmountAmbiguous),
    };
    if fraction.contains(' ') || fraction.len() == 3 {
        return Err(FindingKind::AmountAmbiguous);
    }
    let whole = grouped_by(whole, ' ')?;
    Ok((if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }, true))
}

/// Groups of three, or of two with a last one of three as in lakhs: the digits without their separators.
fn grouped_by(number: &str, separator: char) -> Result<String, FindingKind> {
    let groups: Vec<_> = number.split(separator).collect();
    let [first, middle @ .., last] = groups.as_slice() else { return Err(FindingKind::AmountInvalid) };
    let by = |length: usize| (1..=length).contains(&first.len()) && middle.iter().all(|group| group.len() == length);
    let fits = last.len() == 3 && (by(3) || (by(2) && !middle.is_empty())) && !first.starts_with('0');
    let digits = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit()));
    if fits && digits { Ok(groups.concat()) } else { Err(FindingKind::AmountAmbiguous) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_currency(code: &str, typed: &str) -> Result<(i64, bool), FindingKind> {
        read(typed, Currency::find(code).unwrap()).map(|amount| (amount.minor.units(), amount.grouped))
    }

    #[test]
    fn plain_numbers_are_read_as_they_stand() {
        for typed in [
            "150000",
            "150000.00",
            "150000.0",
            "၁၅၀၀၀၀",
            "150000 MMK",
            "mmk150000",
            "Ks 150000",
            "150000 ကျပ်",
            "Ks. 150000",
            "+150000",
            "'150000",
            " 150000 ",
        ] {
            assert_eq!(in_currency("MMK", typed), Ok((15_000_000, false)), "{typed}");
        }
        assert_eq!(in_currency("USD", "$10.5"), Ok((1_050, false)));
        assert_eq!(in_currency("UGX", "1500"), Ok((1_500, false)));
        assert_eq!(in_currency("KWD", "1.240"), Ok((1_240, false)));
    }

    #[test]
    fn thousands_that_can_only_be_thousands_are_read_with_a_note() {
        for typed in [
            "1,240,000",
            "1.240.000",
            "1 240 000",
            "1\u{a0}240\u{a0}000",
            "1'240'000",
            "12,40,000",
            "1,240,000.00",
            "1.240.000,00",
            "1 240 000,00",
            "၁,၂၄၀,၀၀၀ Ks",
        ] {
            assert_eq!(in_currency("MMK", typed), Ok((124_000_000, true)), "{typed}");
        }
        assert_eq!(in_currency("MMK", "1,240"), Ok((124_000, true)));
        assert_eq!(in_currency("USD", "1.240,50"), Ok((124_050, true)));
    }

    #[test]
    fn what_can_be_meant_in_two_ways_is_refused() {
        for typed in ["1,24", "1,5", "1,240.50.5", "1.240,5,0", "1,2.40,5", "1500,50", "1.240", "1,2400", "12,34,56", "0,500", "1 240,500"]
        {
            assert_eq!(in_currency("MMK", typed), Err(FindingKind::AmountAmbiguous), "{typed}");
        }
        assert_eq!(in_currency("KWD", "1,240"), Err(FindingKind::AmountAmbiguous));
    }

    #[test]
    fn each_refusal_says_why() {
        for (typed, kind) in [
            ("", FindingKind::AmountInvalid),
            ("ten", FindingKind::AmountInvalid),
            ("150000x", FindingKind::AmountInvalid),
            ("15.00.00.1", FindingKind::AmountAmbiguous),
            ("MMK 5 MMK", FindingKind::AmountInvalid),
            ("1.5E+05", FindingKind::AmountExponent),
            ("1e5", FindingKind::AmountExponent),
            ("-5", FindingKind::AmountNegative),
            ("(5)", FindingKind::AmountNegative),
            ("5-", FindingKind::AmountNegative),
            ("0", FindingKind::AmountZero),
            ("0.00", FindingKind::AmountZero),
            ("1.005", FindingKind::AmountAmbiguous),
            ("1500.005", FindingKind::AmountTooPrecise),
            ("5 USD", FindingKind::AmountOtherCurrency),
            ("$5", FindingKind::AmountOtherCurrency),
            ("99999999999999999999", FindingKind::AmountTooLarge),
            ("10000000000000000.00", FindingKind::AmountTooLarge),
        ] {
            assert_eq!(in_currency("MMK", typed), Err(kind), "{typed}");
        }
        assert_eq!(in_currency("UGX", "1.5"), Err(FindingKind::AmountTooPrecise));
        assert_eq!(in_currency("UGX", "1000000000000000000"), Err(FindingKind::AmountTooLarge));
        assert_eq!(in_currency("UGX", "999999999999999999"), Ok((999_999_999_999_999_999, false)));
    }

    proptest! {
        #[test]
        fn what_we_print_reads_back(units in 1..=MAX_UNITS, code in prop::sample::select(vec!["MMK", "UGX", "USD"])) {
            let currency = Currency::find(code).unwrap();
            prop_assert_eq!(read(&currency.plain(Minor::new(units)), currency).map(|amount| amount.minor), Ok(Minor::new(units)));
            prop_assert_eq!(read(&currency.show(Minor::new(units)), currency).map(|amount| amount.minor), Ok(Minor::new(units)));
        }

        #[test]
        fn no_text_is_too_strange(typed in ".{0,80}") {
            let _ = read(&typed, Currency::find("MMK").unwrap());
        }
    }
}
