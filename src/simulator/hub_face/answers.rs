//! What the hub answers to each question.

use std::time::Duration;

use crate::clock::Instant;
use crate::simulator::Settings;
use crate::simulator::hub_face::bodies;
use crate::simulator::hub_face::callback::Callback;
use crate::simulator::hub_face::headers::Asked;
use crate::simulator::ledger::{LedgerRow, LedgerState};
use crate::simulator::payees::Payees;
use crate::simulator::plan::Told;
use crate::simulator::validate::Question;

/// Whom a lookup asks for. `path` is the request's own, as it was written.
pub(super) struct Wanted<'a> {
    pub path: &'a str,
    pub id_type: &'a str,
    pub id_value: &'a str,
    pub sub_id: Option<&'a str>,
}

pub(super) fn party(settings: &Settings, payees: &Payees, asked: &Asked, wanted: &Wanted<'_>) -> Callback {
    match payees.find(settings, wanted.id_type, wanted.id_value) {
        Ok(entry) => {
            let body = bodies::party(wanted.id_type, wanted.id_value, wanted.sub_id, &entry);
            Callback::answer(asked, wanted.path, Some(entry.fsp), body)
        }
        Err(code) => Callback::answer(asked, &format!("{}/error", wanted.path), None, bodies::error(code, None)),
    }
}

pub(super) fn quote(settings: &Settings, payees: &Payees, asked: &Asked, question: Question) -> Callback {
    let (id, fsp) = (question.quote_id.clone(), question.destination.clone());
    match payees.quote(settings, question) {
        Ok((_, body)) => Callback::answer(asked, &format!("/quotes/{id}"), Some(&fsp), body),
        Err(code) => Callback::answer(asked, &format!("/quotes/{id}/error"), Some(&fsp), bodies::error(code, None)),
    }
}

/// About one transfer, to the SDK that asked.
pub(super) struct Transfer<'a> {
    pub asked: &'a Asked,
    pub id: &'a str,
    pub now: Instant,
}

/// An answer, and how long it takes.
pub(super) type Later = (Duration, Callback);

impl Transfer<'_> {
    /// The answer to a prepare; `None` where none comes, or none yet.
    pub fn told(&self, told: Told, fsp: &str, slow: Duration) -> Option<Later> {
        let at_once = |callback| Some((Duration::ZERO, callback));
        match told {
            Told::Committed { fulfilment } => at_once(self.stands(Some(fsp), "COMMITTED", Some(&fulfilment))),
            Told::SlowlyCommitted { fulfilment } => Some((slow, self.stands(Some(fsp), "COMMITTED", Some(&fulfilment)))),
            Told::Reserved { .. } => at_once(self.stands(Some(fsp), "RESERVED", None)),
            Told::Error(code) => at_once(self.error(code)),
            Told::Silence | Told::CutOff { .. } | Told::HubBrokeOff { .. } | Told::HubUnavailable => None,
        }
    }

    /// The answer to `GET`. An SDK has no word for SETTLED and refuses it, as it does with a real hub.
    pub fn found(&self, row: Option<&LedgerRow>) -> Callback {
        match row {
            None => self.error(3208),
            Some(row) => match row.state {
                LedgerState::Queued => self.error(3208),
                LedgerState::Committed => self.stands(None, "COMMITTED", Some(&row.fulfilment)),
                LedgerState::Reserved | LedgerState::Aborted | LedgerState::Settled => self.stands(None, row.state.as_str(), None),
            },
        }
    }

    /// What a hub says by itself once a transfer that was under way is final.
    pub fn finally(&self, row: &LedgerRow) -> Option<Callback> {
        match (row.state, row.code) {
            (LedgerState::Committed, _) => Some(self.stands(Some(&row.payee_fsp), "COMMITTED", Some(&row.fulfilment))),
            (LedgerState::Aborted, Some(code)) => Some(self.error(u16::try_from(code).unwrap_or(2001))),
            _ => None,
        }
    }

    fn stands(&self, from: Option<&str>, state: &str, fulfilment: Option<&str>) -> Callback {
        Callback::answer(self.asked, &format!("/transfers/{}", self.id), from, bodies::transfer(state, fulfilment, self.now))
    }

    fn error(&self, code: u16) -> Callback {
        Callback::answer(self.asked, &format!("/transfers/{}/error", self.id), None, bodies::error(code, None))
    }
}
