//! The failed rows of a batch by why they failed: what is worth another try, and what is skipped unless somebody chooses it.

use super::core::limits::RETRY_WITHIN;
use super::store::{self, Failures};
use super::why::Why;
use crate::clock::Instant;
use crate::db::{Conn, Result, text_enum};
use crate::ids::{BatchId, RowId};
use crate::money::Minor;
use crate::say;
use crate::sdk::{Class, Code, Stage};
use crate::words::Said;

/// Rows that may be chosen by hand at a time.
pub const ROWS_CHOSEN_MAX: usize = 500;

text_enum! {
    /// Which of the failed rows.
    pub enum Which {
        /// Those that another try may help.
        Safe = "safe",
        /// All but those that were paid under an earlier id.
        All = "all",
    }
}

/// Failed rows of one kind.
#[derive(Debug, Clone)]
pub struct Kind {
    /// A code of the network, a reason of ours, or nothing.
    pub(super) key: String,
    pub said: Said,
    /// The network's code, where it gave one.
    pub code: Option<Code>,
    pub count: i64,
    pub sum: Minor,
    /// Why another try changes nothing, or should be thought over first.
    pub skipped: Option<Said>,
}

/// What another try would be.
#[derive(Debug, Clone, Default)]
pub struct Retryable {
    pub tried: Vec<Kind>,
    pub skipped: Vec<Kind>,
    /// Rows that the network says were paid under an earlier id: never tried again.
    pub paid_before: i64,
}

impl Retryable {
    pub fn count(&self) -> i64 {
        self.tried.iter().map(|kind| kind.count).sum()
    }

    /// A batch's sum was checked when its file was read, so a part of it fits.
    pub fn sum(&self) -> Minor {
        Minor::new(self.tried.iter().fold(0, |sum, kind| kind.sum.units().saturating_add(sum)))
    }
}

/// The failed rows of a batch. `chosen`: only these; who chooses rows by hand has thought about each.
///
/// # Errors
/// The database's.
pub fn retryable(conn: &mut Conn, batch: &BatchId, which: Which, chosen: &[RowId]) -> Result<Retryable> {
    let mut all = Retryable::default();
    for failures in store::failures(conn, batch, chosen)? {
        if failures.paid_before == 1 {
            all.paid_before = all.paid_before.saturating_add(failures.count);
            continue;
        }
        let kind = kind(failures);
        if kind.skipped.is_some() && which == Which::Safe && chosen.is_empty() {
            all.skipped.push(kind);
        } else {
            all.tried.push(kind);
        }
    }
    Ok(all)
}

/// Until when failed rows of an approved batch may be tried again; `None` where nobody approved it.
///
/// # Errors
/// The database's.
pub fn retry_until(conn: &mut Conn, batch: &BatchId) -> Result<Option<Instant>> {
    Ok(store::approved_at(conn, batch)?.map(|at| at.after(RETRY_WITHIN)))
}

fn kind(failures: Failures) -> Kind {
    let Failures { key, count, sum, reason, .. } = failures;
    let code: Option<Code> = key.parse().ok();
    let why = reason.as_deref().and_then(Why::from_text);
    let said = match (code, &why) {
        (Some(code), _) => code.reason(),
        (None, Some(why)) => general(why),
        (None, None) => say!("Failed, and no reason is known"),
    };
    let skipped = match (code, &why) {
        (_, Some(Why::SaidNotPaid)) => Some(say!("Two people closed it as not paid: make sure that the payee has no money first")),
        (Some(code), _) if code.class(Stage::Agree) == Class::Permanent => {
            Some(say!("Trying again changes nothing until the cause is mended"))
        }
        (None, Some(why)) if is_permanent(why) => Some(say!("Trying again changes nothing until the cause is mended")),
        _ => None,
    };
    Kind { key, said, code, count, sum, skipped }
}

/// A reason for many rows: without the values of one of them.
fn general(why: &Why) -> Said {
    match why {
        Why::OtherFsp { .. } => say!("The account is at another provider than the file says"),
        Why::MovedFsp { .. } => say!("The account moved to another provider while it was being paid"),
        Why::OtherCurrency { .. } => say!("The payee's account does not take this currency"),
        Why::OtherAmount { .. } => say!("The provider offered another amount than was approved"),
        Why::FeeAboveLimit { .. } => say!("The fee is above the limit"),
        why => why.said(),
    }
}

/// Found by our own checks in what the payee's provider said: another try hears the same.
fn is_permanent(why: &Why) -> bool {
    matches!(
        why,
        Why::NotARequest
            | Why::NoFsp
            | Why::OtherFsp { .. }
            | Why::OtherCurrency { .. }
            | Why::OtherAmount { .. }
            | Why::FeeAboveLimit { .. }
            | Why::UnreadableQuote
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(key: &str, why: Option<&Why>) -> Kind {
        let reason = why.map(Why::to_text);
        kind(Failures { key: key.to_owned(), count: 2, sum: Minor::new(200), reason, paid_before: 0 })
    }

    fn network(code: &str) -> Option<Why> {
        Some(Why::Network { code: code.to_owned() })
    }

    #[test]
    fn what_passes_is_tried_and_what_is_permanent_is_not() {
        for code in ["2001", "2004", "3303", "4001", "5001", "3201"] {
            assert!(failed(code, network(code).as_ref()).skipped.is_none(), "{code}");
        }
        for code in ["2002", "3204", "3100", "5104", "5200", "5400", "4000"] {
            assert!(failed(code, network(code).as_ref()).skipped.is_some(), "{code}");
        }
        for why in [Why::NoAnswer, Why::Aborted, Why::NeverArrived] {
            assert!(failed("", Some(&why)).skipped.is_none(), "{why:?}");
        }
        let fee = Why::FeeAboveLimit { fee: "7".to_owned(), limit: "5".to_owned() };
        for why in [fee, Why::NoFsp, Why::UnreadableQuote, Why::SaidNotPaid] {
            assert!(failed("", Some(&why)).skipped.is_some(), "{why:?}");
        }
    }

    #[test]
    fn a_kind_says_nothing_of_a_single_payment() {
        let fee = Why::FeeAboveLimit { fee: "7 MMK".to_owned(), limit: "5 MMK".to_owned() };
        assert_eq!(failed("fee_above_limit", Some(&fee)).said.english(), "The fee is above the limit");
        assert_eq!(failed("3204", network("3204").as_ref()).said.english(), "The number or account has no wallet");
    }
}
