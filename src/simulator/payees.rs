//! The payees' FSPs: who is where, on what terms, and which terms still count. Both faces of the simulator ask here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Instant;
use crate::money::Minor;
use crate::simulator::packet::Terms;
use crate::simulator::validate::{AmountType, Question};
use crate::simulator::{Entry, Fault, Settings, look_up};

/// How many quotes are remembered, to tell an outdated prepare.
const QUOTES_KEPT: usize = 50_000;

#[derive(Default)]
pub(super) struct Payees {
    quotes: Mutex<Quotes>,
    /// Payees that went to another FSP.
    moved: Mutex<HashSet<String>>,
}

/// The last quote under each transfer id: payees' FSPs keep only that one.
#[derive(Default)]
struct Quotes {
    last: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Quotes {
    fn keep(&mut self, transfer: &str, condition: String) {
        if self.last.insert(transfer.to_owned(), condition).is_none() {
            self.order.push_back(transfer.to_owned());
        }
        if self.order.len() > QUOTES_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
    }
}

/// An answer that is an error: its code.
pub(super) type Refused = u16;

impl Payees {
    pub fn find(&self, settings: &Settings, id_type: &str, id_value: &str) -> Result<Entry, Refused> {
        if settings.script.fault(id_value) == Some(Fault::NotFound) {
            return Err(3204);
        }
        Ok(look_up(id_type, id_value, lock(&self.moved).contains(id_value)))
    }

    /// The payee FSP's terms, and the body that states them.
    pub fn quote(&self, settings: &Settings, question: Question) -> Result<(Terms, Value), Refused> {
        let fault = settings.script.fault(&question.payee);
        match fault {
            Some(Fault::QuoteRefused) => return Err(5200),
            Some(Fault::PartyMoved) if question.destination == look_up(&question.payee_type, &question.payee, false).fsp => {
                lock(&self.moved).insert(question.payee);
                return Err(3204);
            }
            _ => {}
        }
        let basis_points = if fault == Some(Fault::HighFee) { 10_000 } else { i64::from(settings.fee_basis_points) };
        let (terms, body) = agree(question, basis_points, settings.clock.now()).ok_or(5100_u16)?;
        lock(&self.quotes).keep(&terms.transfer_id, terms.condition());
        Ok((terms, body))
    }

    /// Whether another quote under the same id came after the one with this condition.
    pub fn replaced(&self, transfer: &str, condition: &str) -> bool {
        lock(&self.quotes).last.get(transfer).is_some_and(|last| last != condition)
    }
}

/// The payee FSP's terms and the body that states them; `None` where the sum does not fit.
fn agree(question: Question, basis_points: i64, now: Instant) -> Option<(Terms, Value)> {
    let (currency, asked) = (question.currency, question.amount);
    let fee = Minor::new(asked.times(basis_points)?.units() / 10_000);
    let (transfer, receive) = match question.amount_type {
        AmountType::Receive => (asked.plus(fee)?, asked),
        AmountType::Send => (asked, asked.minus(fee)?),
    };
    let terms = Terms {
        quote_id: question.quote_id,
        transfer_id: question.transaction_id,
        payee_type: question.payee_type,
        payee: question.payee,
        payee_fsp: question.destination,
        currency: currency.code().to_owned(),
        amount: currency.wire(transfer),
    };
    let money = |amount: String| json!({"currency": currency.code(), "amount": amount});
    let body = json!({
        "transferAmount": money(terms.amount.clone()), "payeeReceiveAmount": money(currency.wire(receive)),
        "payeeFspFee": money(currency.wire(fee)), "payeeFspCommission": money("0".to_owned()),
        "expiration": question.expiration.unwrap_or_else(|| now.after(Duration::from_secs(60)).fspiop()),
        "ilpPacket": terms.packet(), "condition": terms.condition(),
    });
    Some((terms, body))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
