//! What becomes of a prepare the hub has not seen before: a pure function of the prepare, its fault and the time.

use crate::clock::Instant;
use crate::money::{Currency, Minor};
use crate::simulator::ledger::{LedgerRow, LedgerState};
use crate::simulator::packet::Terms;
use crate::simulator::{Fault, Settings};

/// A request to move money, as it passed validation.
#[derive(Debug, Clone)]
pub(super) struct Prepare {
    pub transfer_id: String,
    pub payee_fsp: String,
    pub currency: Currency,
    pub amount: Minor,
    /// The amount as it was written.
    pub wire: String,
    pub condition: String,
    pub expiration: Instant,
    pub body_hash: String,
    /// What is inside the packet; `None` where it is not one of ours.
    pub terms: Option<Terms>,
    /// Another quote under the same id came later, and replaced the one this prepare was made from.
    pub outdated: bool,
}

/// What the SDK is told about a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Committed {
        fulfilment: String,
    },
    /// Paid, and the answer takes its time.
    SlowlyCommitted {
        fulfilment: String,
    },
    Reserved {
        fulfilment: String,
    },
    /// An error callback.
    Error(u16),
    /// Nothing: the SDK waits, and gives up.
    Silence,
    /// 24 repeats and gets the answer; 18 reports an error of its own.
    HubBrokeOff {
        fulfilment: String,
    },
    /// The hub refused it at the door: nothing was stored.
    HubUnavailable,
    /// The answer breaks off on its way to us.
    CutOff {
        fulfilment: String,
    },
}

/// Of 43 characters, and the proof of nothing.
pub(super) const FALSE_FULFILMENT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// After so many refusals for want of liquidity somebody has put money in.
const TIMES_SHORT: i64 = 3;

impl Prepare {
    /// The payee, as far as the packet tells.
    pub fn payee(&self) -> &str {
        self.terms.as_ref().map_or("", |terms| &terms.payee)
    }

    /// The payee's FSP honours exactly what it quoted, last.
    fn is_as_quoted(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| {
            !self.outdated
                && terms.transfer_id == self.transfer_id
                && terms.payee_fsp == self.payee_fsp
                && terms.currency == self.currency.code()
                && terms.amount == self.wire
                && terms.condition() == self.condition
        })
    }

    fn row(&self, now: Instant, state: LedgerState, outcome: LedgerState, code: Option<u16>, due_at: Instant) -> LedgerRow {
        let terms = self.terms.as_ref();
        LedgerRow {
            transfer_id: self.transfer_id.as_str().into(),
            state,
            outcome,
            currency: self.currency.code().to_owned(),
            amount: self.amount,
            payee_type: terms.map(|terms| terms.payee_type.clone()).unwrap_or_default(),
            payee: self.payee().to_owned(),
            payee_fsp: self.payee_fsp.clone(),
            body_hash: self.body_hash.clone(),
            code: code.map(i32::from),
            fulfilment: terms.map(Terms::fulfilment).unwrap_or_default(),
            executions: i32::from(state.is_paid()),
            received_at: now,
            due_at,
        }
    }
}

/// The row to store and what to tell. [`Fault::HubUnavailable`] is met before anything gets here.
pub(super) fn plan(prepare: &Prepare, fault: Option<Fault>, times_short: i64, now: Instant, settings: &Settings) -> (LedgerRow, Told) {
    use LedgerState::{Aborted, Committed, Queued, Settled};
    let at_once = |state: LedgerState, code: Option<u16>| prepare.row(now, state, state, code, now);
    let refused = |code: u16| (at_once(Aborted, Some(code)), Told::Error(code));
    if now > prepare.expiration {
        return refused(3100);
    }
    if !prepare.is_as_quoted() {
        return refused(5105);
    }
    let paid = at_once(Committed, None);
    let fulfilment = paid.fulfilment.clone();
    match fault {
        Some(Fault::PayeeRejects) => refused(5104),
        Some(Fault::NoLiquidity) if times_short < TIMES_SHORT => refused(4001),
        Some(Fault::Expired) => refused(3303),
        Some(Fault::CallbackLost) => (paid, Told::Silence),
        Some(Fault::LateCommit) => (delayed(prepare, now, Queued, settings.late_after), Told::Silence),
        Some(Fault::ResetAfterCommit) => (paid, Told::HubBrokeOff { fulfilment }),
        Some(Fault::CutOff) => (paid, Told::CutOff { fulfilment }),
        Some(Fault::Slow) => (paid, Told::SlowlyCommitted { fulfilment }),
        Some(Fault::Reserved) => (delayed(prepare, now, LedgerState::Reserved, settings.reserved_for), Told::Reserved { fulfilment }),
        Some(Fault::Settled) => (at_once(Settled, None), Told::Silence),
        Some(Fault::Modified) => (paid, Told::Error(3106)),
        // The hub noticed what the answer hides.
        Some(Fault::WrongFulfilment) => (at_once(Aborted, None), Told::Committed { fulfilment: FALSE_FULFILMENT.to_owned() }),
        _ => (paid, Told::Committed { fulfilment }),
    }
}

/// Commits later, unless the prepare expires first.
fn delayed(prepare: &Prepare, now: Instant, state: LedgerState, wait: std::time::Duration) -> LedgerRow {
    let due_at = now.after(wait);
    if due_at > prepare.expiration {
        return prepare.row(now, state, LedgerState::Aborted, Some(3303), prepare.expiration);
    }
    prepare.row(now, state, LedgerState::Committed, None, due_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Instant = Instant::from_micros(1_795_228_848_000_000);

    fn prepare() -> Prepare {
        let terms = Terms {
            quote_id: "q".to_owned(),
            transfer_id: "t".to_owned(),
            payee_type: "MSISDN".to_owned(),
            payee: "959777123456".to_owned(),
            payee_fsp: "kbzpay".to_owned(),
            currency: "MMK".to_owned(),
            amount: "1500".to_owned(),
        };
        Prepare {
            transfer_id: "t".to_owned(),
            payee_fsp: "kbzpay".to_owned(),
            currency: Currency::find("MMK").unwrap(),
            amount: Minor::new(150_000),
            wire: "1500".to_owned(),
            condition: terms.condition(),
            expiration: NOW.after(Duration::from_secs(30)),
            body_hash: "h".to_owned(),
            terms: Some(terms),
            outdated: false,
        }
    }

    fn planned(prepare: &Prepare, fault: Option<Fault>, short: i64) -> (LedgerRow, Told) {
        plan(prepare, fault, short, NOW, &Settings::new("unused"))
    }

    #[test]
    fn money_moves_only_as_it_was_quoted() {
        assert_eq!(planned(&prepare(), None, 0).0.executions, 1);
        for altered in [
            Prepare { wire: "1501".to_owned(), ..prepare() },
            Prepare { payee_fsp: "ayapay".to_owned(), ..prepare() },
            Prepare { transfer_id: "other".to_owned(), ..prepare() },
            Prepare { condition: FALSE_FULFILMENT.to_owned(), ..prepare() },
            Prepare { terms: None, ..prepare() },
            Prepare { outdated: true, ..prepare() },
        ] {
            let (row, told) = planned(&altered, None, 0);
            assert_eq!((row.state, row.executions, told), (LedgerState::Aborted, 0, Told::Error(5105)));
        }
    }

    #[test]
    fn a_prepare_that_comes_after_its_expiry_is_aborted() {
        let late = Prepare { expiration: NOW.before(Duration::from_millis(1)), ..prepare() };
        let (row, told) = planned(&late, None, 0);
        assert_eq!((row.state, row.executions, told), (LedgerState::Aborted, 0, Told::Error(3100)));
    }

    #[test]
    fn a_commit_that_would_come_after_the_expiry_is_an_abort() {
        let hasty = Prepare { expiration: NOW.after(Duration::from_secs(2)), ..prepare() };
        assert_eq!(planned(&hasty, Some(Fault::LateCommit), 0).0.outcome, LedgerState::Aborted);
        assert_eq!(planned(&prepare(), Some(Fault::LateCommit), 0).0.outcome, LedgerState::Committed);
    }

    #[test]
    fn money_comes_in_after_the_third_refusal() {
        assert_eq!(planned(&prepare(), Some(Fault::NoLiquidity), 2).1, Told::Error(4001));
        assert!(matches!(planned(&prepare(), Some(Fault::NoLiquidity), 3).1, Told::Committed { .. }));
    }
}
