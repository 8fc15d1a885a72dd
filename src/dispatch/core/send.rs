//! The reply to the prepare: paid if it proves it, in doubt otherwise, whatever it says.

use super::wait::next_ask;
use super::{Decision, Fault, Moment, Standing, Stop, Word};
use crate::dispatch::why::Why;
use crate::sdk::Class;

/// What follows the reply to POST /simpleTransfers.
pub fn on_sent(mut standing: Standing, word: &Word, at: Moment) -> Decision {
    if *word == (Word::Committed { proven: true }) {
        return standing.succeeded(at.now).rest();
    }
    standing.asks = 0;
    standing.note(word);
    let next = next_ask(0, at);
    let stop = stop_for(word);
    let decision = standing.in_doubt(at.now, next).rest();
    Decision { stop, ..decision }
}

impl Standing {
    /// Keeps the last definite error: a later GET says ABORTED without saying why.
    pub(super) fn note(&mut self, word: &Word) {
        match word {
            Word::Refused(fault) | Word::Aborted { fault: Some(fault) } => {
                // That a copy was put back is said until an id of the chain is unknown; see `aborted`.
                if let Some(code) = fault.code.filter(|_| self.why != Some(Why::Restored)) {
                    self.why = Some(Why::Network { code: code.to_string() });
                }
                self.fault = Some(*fault);
            }
            _ => {
                if self.why.is_none() {
                    self.why = Some(Why::OnItsWay);
                }
            }
        }
    }
}

/// An error that concerns more than this row stops the rest at once, though this row's own end is not known yet.
pub(super) fn stop_for(word: &Word) -> Option<Stop> {
    let (Word::Refused(fault) | Word::Aborted { fault: Some(fault) }) = word else { return None };
    stop_of(fault)
}

pub(super) fn stop_of(fault: &Fault) -> Option<Stop> {
    match fault.class {
        Class::WaitForLiquidity => Some(Stop::WaitForLiquidity(*fault)),
        Class::StopAccount => Some(Stop::CloseAccount(*fault)),
        Class::Permanent | Class::Retry | Class::RetryLimited | Class::Unknown => None,
    }
}
