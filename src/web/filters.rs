//! What a template may do with a value: say it in the reader's language, and print times, numbers and money as people read them.
//!
//! A template reaches these by `use crate::web::filters;` beside its struct. Language, zone and the present moment come as askama's
//! runtime values, put there by [`super::page::html`], so that no template passes them on by hand.

// The macro `filter_fn` makes a builder whose fields and methods are its own business.
#![allow(clippy::missing_docs_in_private_items)]

use std::fmt;

use askama::{Values, get_value};

use crate::clock::Instant;
use crate::money::{Currency, Minor};
use crate::say;
use crate::words::{Language, Said};

/// The name of the reader's [`Language`] among the runtime values.
pub const LANGUAGE: &str = "language";
/// The name of the institution's [`jiff::tz::TimeZone`] among the runtime values.
pub const ZONE: &str = "zone";
/// The name of the page's [`Instant`] among the runtime values: what "2 h ago" counts from.
pub const NOW: &str = "now";

/// A sentence in the reader's language, its values still being put in.
#[derive(Debug, Clone)]
pub struct Sentence {
    said: Said,
    language: Language,
}

impl Sentence {
    /// Nothing to say: for parameters of macros that are left out.
    pub fn is_empty(&self) -> bool {
        self.said.key().is_empty()
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said.in_language(&self.language))
    }
}

impl askama::FastWritable for Sentence {
    fn write_into(&self, to: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(to.write_str(&self.said.in_language(&self.language))?)
    }
}

/// What a person typed or chose, or what the program says: a label that may be either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Ours, to be translated.
    Said(Said),
    /// Theirs, as it is: a branch's name, a file's name.
    Plain(String),
}

impl From<Said> for Text {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

/// What [`t`] takes: only what stands in the source can be translated, so a borrowed `&str` that is not `'static` does not compile.
pub trait Translatable {
    fn said(&self) -> Said;
}

impl Translatable for &'static str {
    fn said(&self) -> Said {
        Said::new(self)
    }
}

impl Translatable for Said {
    fn said(&self) -> Said {
        self.clone()
    }
}

impl Translatable for Text {
    fn said(&self) -> Said {
        match self {
            Self::Said(said) => said.clone(),
            Self::Plain(text) => Said::new("{text}").with("text", text),
        }
    }
}

impl<T: Translatable> Translatable for &T {
    fn said(&self) -> Said {
        (**self).said()
    }
}

fn language(values: &dyn Values) -> askama::Result<&Language> {
    get_value::<Language>(values, LANGUAGE)
}

fn sentence(said: Said, values: &dyn Values) -> askama::Result<Sentence> {
    Ok(Sentence { said, language: language(values)?.clone() })
}

/// `"Choose a branch"|t`, `problem.said|t`, `payment_type.label()|t`: the sentence in the reader's language.
#[askama::filter_fn]
pub fn t(sentence: impl Translatable, values: &dyn Values) -> askama::Result<Sentence> {
    self::sentence(sentence.said(), values)
}

/// `"Line {line} is too long"|t|with("line", row.line)`: puts a value in. Values are printed as they are: give them their own filter first.
#[askama::filter_fn]
pub fn with<T: fmt::Display>(sentence: Sentence, _values: &dyn Values, name: &'static str, value: T) -> askama::Result<Sentence> {
    Ok(Sentence { said: sentence.said.with(name, value), language: sentence.language })
}

/// A whole number of things.
pub trait Counted {
    fn counted(&self) -> i64;
}

macro_rules! counted {
    ($($number:ty),+) => {$(
        impl Counted for $number {
            fn counted(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        }
    )+};
}

counted!(i64, i32, u64, u32, usize);

impl<T: Counted> Counted for &T {
    fn counted(&self) -> i64 {
        (**self).counted()
    }
}

/// `rows|plural("1 payment", "{count} payments")`: the one for exactly one, else the other, with the number grouped.
#[askama::filter_fn]
pub fn plural(count: impl Counted, values: &dyn Values, one: &'static str, other: &'static str) -> askama::Result<Sentence> {
    let count = count.counted();
    sentence(Said::new(if count == 1 { one } else { other }).with("count", grouped_number(count)), values)
}

/// `1240000|number` → `1,240,000`.
#[askama::filter_fn]
pub fn number(number: impl Counted, _values: &dyn Values) -> askama::Result<String> {
    Ok(grouped_number(number.counted()))
}

fn grouped_number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount in minor units, behind any number of references.
pub trait Amount {
    fn amount(&self) -> Minor;
}

impl Amount for Minor {
    fn amount(&self) -> Minor {
        *self
    }
}

impl<T: Amount> Amount for &T {
    fn amount(&self) -> Minor {
        (**self).amount()
    }
}

/// A currency, behind any number of references.
pub trait InCurrency {
    fn currency(&self) -> Currency;
}

impl InCurrency for Currency {
    fn currency(&self) -> Currency {
        *self
    }
}

impl<T: InCurrency> InCurrency for &T {
    fn currency(&self) -> Currency {
        (**self).currency()
    }
}

/// `batch.sum|money(batch.currency)` → `1,240,000 MMK`.
#[askama::filter_fn]
pub fn money<C: InCurrency>(amount: impl Amount, _values: &dyn Values, currency: C) -> askama::Result<String> {
    Ok(currency.currency().show(amount.amount()))
}

/// `row.amount|amount(batch.currency)` → `1,240,000`: for columns whose heading names the currency.
#[askama::filter_fn]
pub fn amount<C: InCurrency>(amount: impl Amount, _values: &dyn Values, currency: C) -> askama::Result<String> {
    Ok(currency.currency().grouped(amount.amount()))
}

/// A moment, behind any number of references.
pub trait Moment {
    fn moment(&self) -> Instant;
}

impl Moment for Instant {
    fn moment(&self) -> Instant {
        *self
    }
}

impl<T: Moment> Moment for &T {
    fn moment(&self) -> Instant {
        (**self).moment()
    }
}

fn zoned(moment: Instant, values: &dyn Values) -> askama::Result<jiff::Zoned> {
    let zone = get_value::<jiff::tz::TimeZone>(values, ZONE)?;
    Ok(moment.timestamp().to_zoned(zone.clone()))
}

/// Months as short as a table wants them, January first.
static MONTHS: [Said; 12] = [
    say!("Jan"),
    say!("Feb"),
    say!("Mar"),
    say!("Apr"),
    say!("May"),
    say!("Jun"),
    say!("Jul"),
    say!("Aug"),
    say!("Sep"),
    say!("Oct"),
    say!("Nov"),
    say!("Dec"),
];

fn printed_date(moment: &jiff::Zoned, language: &Language) -> String {
    let month = usize::try_from(moment.month() - 1).ok().and_then(|index| MONTHS.get(index)).map(|month| month.in_language(language));
    say!("{day} {month} {year}", day = moment.day(), month = month.unwrap_or_default(), year = moment.year()).in_language(language)
}

/// As [`time`] prints it, for sentences that are made outside a template.
pub fn printed_time(moment: Instant, zone: &jiff::tz::TimeZone, language: &Language) -> String {
    let zoned = moment.timestamp().to_zoned(zone.clone());
    format!("{}, {}", printed_date(&zoned, language), zoned.strftime("%H:%M"))
}

/// As [`date`] prints it, for sentences that are made outside a template.
pub fn printed_date_of(moment: Instant, zone: &jiff::tz::TimeZone, language: &Language) -> String {
    printed_date(&moment.timestamp().to_zoned(zone.clone()), language)
}

/// `20 Oct 2022, 11:23` in the institution's zone, which the foot of the page names.
#[askama::filter_fn]
pub fn time(moment: impl Moment, values: &dyn Values) -> askama::Result<String> {
    let zoned = zoned(moment.moment(), values)?;
    Ok(format!("{}, {}", printed_date(&zoned, language(values)?), zoned.strftime("%H:%M")))
}

/// `20 Oct 2022`.
#[askama::filter_fn]
pub fn date(moment: impl Moment, values: &dyn Values) -> askama::Result<String> {
    Ok(printed_date(&zoned(moment.moment(), values)?, language(values)?))
}

/// `11:23:05`: when the page was made, on pages that are watched.
#[askama::filter_fn]
pub fn clock(moment: impl Moment, values: &dyn Values) -> askama::Result<String> {
    Ok(zoned(moment.moment(), values)?.strftime("%H:%M:%S").to_string())
}

/// How long since a moment, in one unit: `less than a minute`, `5 min`, `2 h`, `3 days`.
#[askama::filter_fn]
pub fn waited(moment: impl Moment, values: &dyn Values) -> askama::Result<Sentence> {
    sentence(wait(moment.moment(), *get_value::<Instant>(values, NOW)?), values)
}

/// The same, as something past: `2 h ago`, `just now`.
#[askama::filter_fn]
pub fn ago(moment: impl Moment, values: &dyn Values) -> askama::Result<Sentence> {
    let (moment, now) = (moment.moment(), *get_value::<Instant>(values, NOW)?);
    if now.since(moment).as_secs() < SECONDS_A_MINUTE {
        return sentence(say!("just now"), values);
    }
    let wait = wait(moment, now).in_language(language(values)?);
    sentence(say!("{wait} ago", wait = wait), values)
}

const SECONDS_A_MINUTE: u64 = 60;
const SECONDS_AN_HOUR: u64 = 60 * SECONDS_A_MINUTE;
const SECONDS_A_DAY: u64 = 24 * SECONDS_AN_HOUR;

fn wait(since: Instant, now: Instant) -> Said {
    match now.since(since).as_secs() {
        seconds if seconds < SECONDS_A_MINUTE => say!("less than a minute"),
        seconds if seconds < SECONDS_AN_HOUR => say!("{count} min", count = seconds / SECONDS_A_MINUTE),
        seconds if seconds < SECONDS_A_DAY => say!("{count} h", count = seconds / SECONDS_AN_HOUR),
        seconds if seconds < 2 * SECONDS_A_DAY => say!("1 day"),
        seconds => say!("{count} days", count = seconds / SECONDS_A_DAY),
    }
}
