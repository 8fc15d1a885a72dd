//! Money: whole minor units and a currency. No floats; sums are checked.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::{BigInt, Text};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// An amount in minor units of a currency that stands beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[diesel(sql_type = BigInt)]
#[serde(transparent)]
pub struct Minor(i64);

crate::db::big_int_type!(Minor);

impl Minor {
    pub const ZERO: Self = Self(0);

    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    pub const fn units(self) -> i64 {
        self.0
    }

    /// `None` where the sum does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub fn times(self, count: i64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }
}

/// A currency of ISO 4217 that the SDK takes (CONTRACT 1.5), with its minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Currency {
    code: &'static str,
    digits: u32,
    shown_whole: bool,
}

crate::db::text_enum_type!(Currency);

/// Codes by number of minor digits (ISO 4217, list one). MRU, STN, VES, SLE and ZWG are missing: the SDK refuses them.
const TWO_DIGITS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC \
    CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES \
    KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB \
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLL SOS SRD SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH \
    USD UYU UZS WST XCD XTS YER ZAR ZMW";
const NO_DIGITS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Have a minor unit by ISO that nobody has used for years: whole amounts are printed without it.
const SHOWN_WHOLE: &str = "MMK LAK KHR IDR TZS MGA";

impl Currency {
    /// The kyat, an institution's currency unless its settings say otherwise.
    pub const MMK: Self = Self { code: "MMK", digits: 2, shown_whole: true };

    /// Every currency that the SDK takes, by its code.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut codes: Vec<_> = [TWO_DIGITS, NO_DIGITS, THREE_DIGITS].iter().flat_map(|codes| codes.split_ascii_whitespace()).collect();
        codes.sort_unstable();
        codes.into_iter().filter_map(Self::find)
    }

    /// `None` for a code that is unknown or that the SDK refuses.
    pub fn find(code: &str) -> Option<Self> {
        let code = code.trim();
        [(TWO_DIGITS, 2), (NO_DIGITS, 0), (THREE_DIGITS, 3)].into_iter().find_map(|(codes, digits)| {
            let known = codes.split_ascii_whitespace().find(|known| known.eq_ignore_ascii_case(code))?;
            let shown_whole = SHOWN_WHOLE.split_ascii_whitespace().any(|whole| whole == known);
            Some(Self { code: known, digits, shown_whole })
        })
    }

    pub const fn code(self) -> &'static str {
        self.code
    }

    pub const fn as_str(self) -> &'static str {
        self.code
    }

    /// How many decimals its minor unit has.
    pub const fn digits(self) -> u32 {
        self.digits
    }

    /// A decimal number in this currency: refuses what has more decimals than the minor unit, or does not fit.
    pub fn parse(self, text: &str) -> Result<Minor, NotAnAmount> {
        let number = Decimal::from_str_exact(text).map_err(|_| NotAnAmount::NotANumber)?;
        self.minor(number)
    }

    /// See [`Self::parse`].
    pub fn minor(self, number: Decimal) -> Result<Minor, NotAnAmount> {
        let scaled = number.normalize();
        if scaled.scale() > self.digits {
            return Err(NotAnAmount::TooPrecise);
        }
        let factor = Decimal::from(10_i64.pow(self.digits));
        let units = scaled.checked_mul(factor).and_then(|units| units.to_i64()).ok_or(NotAnAmount::TooLarge)?;
        Ok(Minor(units))
    }

    fn decimal(self, amount: Minor) -> Decimal {
        Decimal::new(amount.0, self.digits)
    }

    /// As the SDK wants it: no trailing zeros, no grouping (CONTRACT 1.5): `1500.5`.
    pub fn wire(self, amount: Minor) -> String {
        self.decimal(amount).normalize().to_string()
    }

    /// As a spreadsheet wants it: all decimals, no grouping: `1500.50`.
    pub fn plain(self, amount: Minor) -> String {
        self.decimal(amount).to_string()
    }

    /// As people read it: `1,240,000` or `1,500.50`, without the code.
    pub fn grouped(self, amount: Minor) -> String {
        let text = self.decimal(amount).to_string();
        let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut out = String::from(sign);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        let whole_is_enough = self.shown_whole && fraction.chars().all(|digit| digit == '0');
        if !fraction.is_empty() && !whole_is_enough {
            out.push('.');
            out.push_str(fraction);
        }
        out
    }

    /// As people read it, with the code: `1,240,000 MMK`.
    pub fn show(self, amount: Minor) -> String {
        format!("{} {}", self.grouped(amount), self.code)
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

impl std::str::FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::find(code).ok_or(UnknownCurrency)
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a currency code the payment network takes")]
pub struct UnknownCurrency;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    #[error("not a number")]
    NotANumber,
    #[error("more decimals than the currency has")]
    TooPrecise,
    #[error("too large")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::find(code).unwrap()
    }

    #[test]
    fn kyat_are_printed_without_the_minor_unit_nobody_uses() {
        assert_eq!(currency("MMK").show(Minor::new(124_000_000)), "1,240,000 MMK");
        assert_eq!(currency("MMK").show(Minor::new(150_050)), "1,500.50 MMK");
        assert_eq!(currency("USD").show(Minor::new(1_000)), "10.00 USD");
        assert_eq!(currency("UGX").show(Minor::new(1_000)), "1,000 UGX");
    }

    #[test]
    fn the_wire_has_no_trailing_zeros() {
        assert_eq!(currency("KES").wire(Minor::new(150_050)), "1500.5");
        assert_eq!(currency("KES").wire(Minor::new(150_000)), "1500");
        assert_eq!(currency("KES").wire(Minor::new(1_000_000)), "10000");
    }

    #[test]
    fn an_amount_finer_than_the_currency_is_refused() {
        assert_eq!(currency("USD").parse("1.005"), Err(NotAnAmount::TooPrecise));
        assert_eq!(currency("UGX").parse("1.5"), Err(NotAnAmount::TooPrecise));
        assert_eq!(currency("USD").parse("1.50"), Ok(Minor::new(150)));
        assert_eq!(currency("USD").parse("1e5"), Err(NotAnAmount::NotANumber));
        assert_eq!(currency("USD").parse("99999999999999999999"), Err(NotAnAmount::TooLarge));
    }

    #[test]
    fn codes_the_sdk_refuses_are_unknown() {
        assert!(Currency::find("ZWG").is_none());
        assert!(Currency::find("mmk").is_some());
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(units in 0..i64::MAX, code in prop::sample::select(vec!["MMK", "UGX", "KWD", "USD"])) {
            let currency = currency(code);
            let amount = Minor::new(units);
            prop_assert_eq!(currency.parse(&currency.wire(amount)), Ok(amount));
            prop_assert_eq!(currency.parse(&currency.plain(amount)), Ok(amount));
            prop_assert_eq!(currency.parse(&currency.grouped(amount).replace(',', "")), Ok(amount));
        }
    }
}
