//! Reasons of many payments at once: the kind of a reason, without the values that differ from payment to payment.

use crate::dispatch::why::Why;
use crate::say;
use crate::words::Said;

/// So much of a reason, as the column keeps it, names its kind and holds nothing that differs.
pub(super) const KIND_CHARS: i64 = 28;

/// `{"why":"fee_above_limit","fe` → `fee_above_limit`.
fn kind(reason: &str) -> Option<&str> {
    reason.strip_prefix("{\"why\":\"")?.split('"').next()
}

/// In words: `reason`, the beginning of the column; `code`, the network's.
pub(super) fn said(reason: Option<&str>, code: Option<&str>) -> Said {
    let kind = reason.and_then(kind).unwrap_or_default();
    match (kind, code) {
        ("network", Some(code)) => Why::Network { code: code.to_owned() }.said(),
        ("other_fsp", _) => say!("The account is at another provider than the file says"),
        ("moved_fsp", _) => say!("The account moved to another provider while it was being paid"),
        ("other_currency", _) => say!("The payee's account does not take this currency"),
        ("other_amount", _) => say!("The provider offered another amount than was approved"),
        ("fee_above_limit", _) => say!("The fee is above the limit"),
        (kind, code) => match (Why::from_text(&format!("{{\"why\":\"{kind}\"}}")), code) {
            (Some(why), _) => why.said(),
            (None, Some(code)) => Why::Network { code: code.to_owned() }.said(),
            (None, None) => say!("No reason is known"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_every_reason_tells_its_kind_and_no_value() {
        let text = || "ZZZZ".to_owned();
        let all = [
            Why::Network { code: text() },
            Why::NoAnswer,
            Why::NotARequest,
            Why::NoFsp,
            Why::OtherFsp { asked: text(), found: text() },
            Why::MovedFsp { looked_up: text(), answered: text() },
            Why::OtherCurrency { currency: text() },
            Why::OtherAmount { approved: text(), quoted: text() },
            Why::FeeAboveLimit { fee: text(), limit: text() },
            Why::UnreadableQuote,
            Why::Aborted,
            Why::NeverArrived,
            Why::OnItsWay,
            Why::NoWord,
            Why::ProbablyPaid,
            Why::TooOld,
            Why::BatchEnded,
            Why::Restored,
        ];
        let mut said = std::collections::BTreeSet::new();
        for why in all {
            let written = why.to_text();
            let beginning: String = written.chars().take(usize::try_from(KIND_CHARS).unwrap()).collect();
            // Of the network's refusals the code stands in a column of its own.
            assert!(!beginning.contains("ZZZZ"), "{beginning}");
            assert!(written.starts_with(&format!("{{\"why\":\"{}\"", kind(&beginning).unwrap())), "{beginning}");
            let words = super::said(Some(&beginning), None).english();
            assert!(!words.is_empty() && !words.contains('{') && said.insert(words.clone()), "{words} is said of two kinds");
        }
        assert_eq!(super::said(Some("{\"why\":\"network\",\"code\":\"32"), Some("3204")).english(), "The number or account has no wallet");
    }
}
