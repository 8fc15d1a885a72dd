//! What goes wrong, and for whom.

use sha2::{Digest as _, Sha256};

/// Something the network does to a payment. See [`Fault::ALL`] for the digits that choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    NotFound,
    QuoteRefused,
    PayeeRejects,
    NoLiquidity,
    Expired,
    CallbackLost,
    LateCommit,
    ResetAfterCommit,
    CutOff,
    HubUnavailable,
    Slow,
    Reserved,
    Settled,
    Modified,
    WrongFulfilment,
    HighFee,
    PartyMoved,
}

impl Fault {
    /// Fault, the last four digits of a payee's number or account that choose it, its name in a script, and what happens.
    pub const ALL: &'static [(Self, &'static str, &'static str, &'static str)] = &[
        (Self::NotFound, "9001", "not-found", "the lookup says 3204: the number has no wallet"),
        (Self::QuoteRefused, "9002", "quote-refused", "the payee's FSP refuses the quote with 5200: wallet limit"),
        (Self::PayeeRejects, "9003", "payee-rejects", "the payee's FSP rejects the transfer with 5104; the network says ABORTED"),
        (Self::NoLiquidity, "9004", "no-liquidity", "4001 the first three times, each ABORTED; the next id is paid"),
        (Self::Expired, "9005", "expired", "the hub gives up with 3303; the network says ABORTED"),
        (Self::CallbackLost, "9006", "callback-lost", "paid, but the answer is lost: 500 Timeout; a repeat gets COMMITTED"),
        (Self::LateCommit, "9007", "late-commit", "500 Timeout and 3208 at first, committed a little later"),
        (
            Self::ResetAfterCommit,
            "9008",
            "reset-after-commit",
            "paid, then the hub's connection breaks: 24 recovers by itself, 18 says 500",
        ),
        (Self::CutOff, "9009", "cut-off", "paid, then our own connection to the SDK breaks in the middle of the answer"),
        (Self::HubUnavailable, "9010", "hub-unavailable", "the hub answers 503: these bytes never arrive, others under the same id do"),
        (Self::Slow, "9011", "slow", "paid, but the answer takes its time"),
        (Self::Reserved, "9012", "reserved", "RESERVED for a while, then COMMITTED"),
        (Self::Settled, "9013", "settled", "paid and settled, which the SDK cannot show: Timeout, then 504 to every question"),
        (Self::Modified, "9014", "modified", "paid, but the first answer is 3106"),
        (Self::WrongFulfilment, "9015", "wrong-fulfilment", "the answer says COMMITTED with a false proof; the network says ABORTED"),
        (Self::HighFee, "9016", "high-fee", "the fee is as large as the amount"),
        (
            Self::PartyMoved,
            "9017",
            "party-moved",
            "between lookup and quote the payee moves: the old FSP says 3204, the next lookup names another",
        ),
    ];

    /// The fault a payee's digits choose.
    pub fn of_digits(payee: &str) -> Option<Self> {
        let digits: Vec<char> = payee.chars().filter(char::is_ascii_digit).collect();
        let last: String = digits.get(digits.len().checked_sub(4)?..)?.iter().collect();
        Self::ALL.iter().find(|(_, known, ..)| *known == last).map(|(fault, ..)| *fault)
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, _, known, _)| *known == name).map(|(fault, ..)| *fault)
    }

    /// The table of faults, as `outlay simulate --faults` prints it.
    pub fn table() -> String {
        let mut out = String::from("digits  name                what happens\n");
        for (_, digits, name, what) in Self::ALL {
            out.push_str(&format!("{digits:<8}{name:<20}{what}\n"));
        }
        out
    }
}

/// Faults in proportion, drawn by payee from a seed: the same seed makes the same trouble in every run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    seed: u64,
    /// In hundredths of a percent; together at most 10,000.
    shares: Vec<(Fault, u16)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAScript {
    #[error("{0:?} is not name=value")]
    NotAPair(String),
    #[error("no fault is called {0:?}: see `outlay simulate --faults`")]
    UnknownFault(String),
    #[error("{0:?} is not a number of percent from 0 to 100, with at most two decimals")]
    NotAPercentage(String),
    #[error("the faults add up to more than 100 percent")]
    TooMany,
    #[error("the seed {0:?} is not a whole number")]
    NotASeed(String),
}

impl std::str::FromStr for Script {
    type Err = NotAScript;

    /// `seed=7,callback-lost=2,late-commit=0.5`: percentages of payees.
    fn from_str(text: &str) -> Result<Self, NotAScript> {
        let mut script = Self::default();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| NotAScript::NotAPair(pair.to_owned()))?;
            if name == "seed" {
                script.seed = value.parse().map_err(|_| NotAScript::NotASeed(value.to_owned()))?;
                continue;
            }
            let fault = Fault::of_name(name).ok_or_else(|| NotAScript::UnknownFault(name.to_owned()))?;
            let share = hundredths(value).ok_or_else(|| NotAScript::NotAPercentage(value.to_owned()))?;
            script.shares.push((fault, share));
        }
        let sum: u32 = script.shares.iter().map(|(_, share)| u32::from(*share)).sum();
        if sum > 10_000 { Err(NotAScript::TooMany) } else { Ok(script) }
    }
}

fn hundredths(percent: &str) -> Option<u16> {
    let number = rust_decimal::Decimal::from_str_exact(percent).ok()?.checked_mul(100.into())?;
    let whole = number.is_integer().then_some(number)?;
    u16::try_from(whole).ok().filter(|share| *share <= 10_000)
}

impl Script {
    /// The fault for a payee: its digits first, then the draw.
    pub fn fault(&self, payee: &str) -> Option<Fault> {
        Fault::of_digits(payee).or_else(|| self.draw(payee))
    }

    fn draw(&self, payee: &str) -> Option<Fault> {
        if self.shares.is_empty() {
            return None;
        }
        let mut drawn = u16::try_from(stable_hash(&[&self.seed.to_be_bytes(), payee.as_bytes()]) % 10_000).unwrap_or(0);
        for (fault, share) in &self.shares {
            if drawn < *share {
                return Some(*fault);
            }
            drawn = drawn.saturating_sub(*share);
        }
        None
    }
}

/// The same number for the same bytes in every build.
pub(super) fn stable_hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_choose_a_fault_whatever_stands_between_them() {
        assert_eq!(Fault::of_digits("959777129003"), Some(Fault::PayeeRejects));
        assert_eq!(Fault::of_digits("12/OUKAMA(N)129-003"), Some(Fault::PayeeRejects));
        assert_eq!(Fault::of_digits("959777123456"), None);
        assert_eq!(Fault::of_digits("001"), None);
    }

    #[test]
    fn every_fault_has_digits_and_a_name_of_its_own() {
        for (fault, digits, name, _) in Fault::ALL {
            assert_eq!(Fault::of_digits(digits), Some(*fault));
            assert_eq!(Fault::of_name(name), Some(*fault));
            assert!(Fault::table().contains(digits));
        }
    }

    #[test]
    fn a_script_draws_its_shares_and_the_same_ones_again() {
        let script: Script = "seed=7, callback-lost=20,settled=0.5".parse().unwrap();
        let payees: Vec<String> = (0..10_000).map(|number| format!("95979{number:05}x")).collect();
        let met = |fault| payees.iter().filter(|payee| script.draw(payee) == Some(fault)).count();
        assert!((1_850..2_150).contains(&met(Fault::CallbackLost)), "{}", met(Fault::CallbackLost));
        assert!((20..90).contains(&met(Fault::Settled)), "{}", met(Fault::Settled));
        let again: Script = "seed=7,callback-lost=20,settled=0.5".parse().unwrap();
        assert!(payees.iter().all(|payee| script.draw(payee) == again.draw(payee)));
    }

    #[test]
    fn a_script_with_a_mistake_is_refused() {
        let script = |text: &str| text.parse::<Script>();
        assert_eq!(script("late"), Err(NotAScript::NotAPair("late".to_owned())));
        assert_eq!(script("late=1"), Err(NotAScript::UnknownFault("late".to_owned())));
        assert_eq!(script("slow=0.001"), Err(NotAScript::NotAPercentage("0.001".to_owned())));
        assert_eq!(script("slow=-1"), Err(NotAScript::NotAPercentage("-1".to_owned())));
        assert_eq!(script("slow=60,settled=41"), Err(NotAScript::TooMany));
        assert_eq!(script("seed=x"), Err(NotAScript::NotASeed("x".to_owned())));
        assert_eq!(script(""), Ok(Script::default()));
    }
}
