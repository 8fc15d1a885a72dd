//! Asking about a transfer until its end is known.

use super::limits::{ATTENTION_ASK_EVERY, DOUBT_MAX, DOUBT_MAX_CODED, UNSHOWN_FOR, UNSHOWN_TIMES};
use super::wait::{next_ask, next_try};
use super::{Decision, Fault, Moment, Mood, Rules, Standing, Then, Unshown, Word};
use crate::clock::Instant;
use crate::dispatch::TransferState::{Agreeing, NeedsAttention};
use crate::dispatch::why::Why;
use crate::sdk::{Class, Code};

/// A reply to a question about id(n).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub word: Word,
    /// When the question was sent: what "unknown" proves is judged by this.
    pub sent_at: Instant,
    /// Whether the wall clock can be trusted, see [`super::Steady`].
    pub clock_is_steady: bool,
}

/// What follows the reply to GET /transfers/{id(n)}.
pub fn on_word(mut standing: Standing, heard: &Heard, mood: Mood, at: Moment, rules: &Rules) -> Decision {
    match &heard.word {
        Word::Committed { .. } => standing.committed(at),
        Word::Aborted { fault } => standing.aborted(*fault, at),
        Word::Unknown => standing.unknown(heard, mood, at, rules),
        Word::Silent if standing.can_repeat(at.now) => standing.then(Then::Repeat),
        Word::Silent => standing.then(Then::AskControl),
        Word::Unclear if standing.can_repeat(at.now) => standing.then(Then::Repeat),
        Word::InProgress | Word::Refused(_) | Word::Modified | Word::Unclear => {
            standing.note_asked(&heard.word);
            standing.unshown = None;
            standing.ask_later(at)
        }
    }
}

/// What follows the reply to a repeat of the recorded bytes: it can prove the payment; anything else waits for the next GET.
pub fn on_repeat(mut standing: Standing, word: &Word, at: Moment) -> Decision {
    if *word == (Word::Committed { proven: true }) && standing.state != Agreeing {
        return standing.succeeded(at.now).rest();
    }
    standing.note(word);
    standing.ask_later(at)
}

/// What follows the control question, after silence about id(n): `answered` if a GET of an id nobody used got its 3208,
/// so that the hub does answer and only this transfer's state cannot be shown.
pub fn on_control(mut standing: Standing, answered: bool, at: Moment) -> Decision {
    if !answered {
        return standing.ask_later(at);
    }
    let before = standing.unshown.unwrap_or(Unshown { since: at.now, times: 0 });
    let unshown = Unshown { times: before.times.saturating_add(1), ..before };
    standing.unshown = Some(unshown);
    if unshown.times >= UNSHOWN_TIMES && at.now.since(unshown.since) >= UNSHOWN_FOR && standing.state != Agreeing {
        return standing.needs_attention(Why::ProbablyPaid, at);
    }
    standing.ask_later(at)
}

impl Standing {
    fn committed(self, at: Moment) -> Decision {
        // A row being agreed on is settled by its next question: only a row in doubt may end.
        if self.state == Agreeing { self.in_doubt(at.now, at.now).rest() } else { self.succeeded(at.now).rest() }
    }

    /// ABORTED for id(n): n goes on. Where the reason passes the row is paid under the next id; where not, the next id is asked about
    /// too, since a copy of this database may have used it.
    fn aborted(self, fault: Option<Fault>, at: Moment) -> Decision {
        let fault = fault.or(self.fault);
        let class = match fault {
            Some(fault) if self.came_too_late(fault) => Class::Retry,
            Some(fault) => fault.class,
            // Nobody said what happened, only that it is over.
            None => Class::RetryLimited,
        };
        let is_restored = self.why == Some(Why::Restored);
        let mut next = self.onto_next_id();
        next.why = Some(match fault.and_then(|fault| fault.code) {
            Some(code) => Why::Network { code: code.to_string() },
            None => Why::Aborted,
        });
        next.fault = fault;
        let again_at = match class {
            Class::WaitForLiquidity | Class::StopAccount => Some(at.now),
            Class::Permanent | Class::Unknown | Class::RetryLimited | Class::Retry => {
                next.tries.count(class).map(|times| next_try(times, at))
            }
        };
        if is_restored && !next.refused && next.state != Agreeing {
            // The other copy may have gone further down the chain: until an id is unknown, the row does not wait to be paid.
            next.why = Some(Why::Restored);
            return next.then(Then::Ask);
        }
        match again_at {
            Some(again_at) if !next.refused && !matches!(next.state, NeedsAttention | Agreeing) => next.ready_at(again_at).rest(),
            _ => next.refused_for_good(),
        }
    }

    /// The hub called the prepare not valid (3100), which it says of an expired one too, and by our own clock it had expired by then:
    /// we were stopped between recording and sending, or it lay on its way. The payee has no part in that, and it passes.
    fn came_too_late(&self, fault: Fault) -> bool {
        let had_expired = self.recorded.as_ref().zip(self.doubt_since).is_some_and(|(recorded, since)| since >= recorded.expires_at);
        fault.code == Some(Code::NOT_VALID) && had_expired
    }

    /// 3208. While the bytes may still be executed, repeat them; then agree again under the same id; at the end it is certain.
    fn unknown(mut self, heard: &Heard, mood: Mood, at: Moment, rules: &Rules) -> Decision {
        self.unshown = None;
        if self.is_too_old() {
            return self.ask_later(at);
        }
        let certain = self.is_certain(heard, rules);
        if certain && (self.refused || self.state == NeedsAttention) {
            return self.failed(at.now).rest();
        }
        if self.refused || matches!(self.state, NeedsAttention | Agreeing) {
            return self.wait_until_certain(at, rules);
        }
        if self.can_repeat(at.now) {
            return self.then(Then::Repeat);
        }
        let worn_out = self.tries.is_last(Class::Retry);
        if mood == Mood::Ending || worn_out {
            self.refused = true;
            self.why = Some(if worn_out {
                self.why.take().filter(|why| *why != Why::OnItsWay).unwrap_or(Why::NeverArrived)
            } else {
                Why::BatchEnded
            });
            return if certain { self.failed(at.now).rest() } else { self.wait_until_certain(at, rules) };
        }
        match mood {
            Mood::Paying if certain || self.may_agree_again(heard) => self.agree_again(at),
            // Nothing can come of what was recorded: the row waits with the others.
            Mood::Held if certain => self.ready_at(at.now).rest(),
            _ => {
                let from = self.agree_again_from();
                self.ask_later_but_by(from, at)
            }
        }
    }

    fn agree_again(mut self, at: Moment) -> Decision {
        self.state = Agreeing;
        self.tries.count(Class::Retry);
        self.asks = 0;
        self.next_at = Some(at.now);
        self.then(Then::AgreeAgain)
    }

    fn can_repeat(&self, now: Instant) -> bool {
        self.state != Agreeing && !self.refused && self.recorded.as_ref().is_some_and(|recorded| now < recorded.expires_at)
    }

    /// So old that the hub may have forgotten it: its "unknown" proves nothing.
    fn is_too_old(&self) -> bool {
        self.why == Some(Why::TooOld)
    }

    fn wait_until_certain(self, at: Moment, rules: &Rules) -> Decision {
        let from = self.certain_from(rules);
        self.ask_later_but_by(from, at)
    }

    fn note_asked(&mut self, word: &Word) {
        // A final refusal keeps its reason while it waits for certainty.
        if !self.refused && !self.is_too_old() {
            self.note(word);
        }
    }

    fn ask_later(self, at: Moment) -> Decision {
        self.ask_later_but_by(None, at)
    }

    /// Asks again later; no later than just after `by`, where an answer will mean more. After too long a person is told.
    fn ask_later_but_by(mut self, by: Option<Instant>, at: Moment) -> Decision {
        if self.state == NeedsAttention {
            self.next_at = Some(at.now.after(ATTENTION_ASK_EVERY));
            return self.rest();
        }
        let since = self.doubt_since.unwrap_or(at.now);
        if self.state != Agreeing && at.now.since(since) >= doubt_max(self.fault) {
            return self.needs_attention(Why::NoWord, at);
        }
        let later = next_ask(self.asks, at);
        let just_after = by.map(|by| by.after(std::time::Duration::from_millis(1))).filter(|by| *by > at.now);
        self.asks = self.asks.saturating_add(1);
        let next_at = just_after.map_or(later, |by| later.min(by));
        self.in_doubt(at.now, next_at).rest()
    }

    fn needs_attention(mut self, why: Why, at: Moment) -> Decision {
        self.state = NeedsAttention;
        self.why = Some(why);
        self.next_at = Some(at.now.after(ATTENTION_ASK_EVERY));
        self.rest()
    }
}

/// How long a transfer may be in doubt, by the last definite code.
fn doubt_max(fault: Option<Fault>) -> std::time::Duration {
    match fault.and_then(|fault| fault.code).map(crate::sdk::Code::number) {
        Some(3000 | 3106) => DOUBT_MAX_CODED,
        _ => DOUBT_MAX,
    }
}
