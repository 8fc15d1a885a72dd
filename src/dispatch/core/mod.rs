//! What to do next with a transfer: a pure function of how it stands, what was heard, and the time.
//!
//! No I/O, no clock, no chance in here: jitter comes in as a number. So the same code runs in the server and in a simulation that
//! crashes, loses, doubles and reorders at will. The engine carries out [`Then`] and hands back what it heard; when a decision says
//! [`Then::Rest`] it writes the new [`Standing`] with a compare-and-swap against the one it claimed.
//!
//! The one rule everything here serves (DESIGN 5): **a transfer's next id exists only after the network said ABORTED for the one before.**

mod agree;
mod breaker;
mod cancel;
mod certain;
mod class;
mod expire;
pub mod limits;
mod pay;
mod people;
mod reconcile;
mod refuse;
mod release;
mod send;
mod share;
mod steady;
#[cfg(test)]
mod tests;
mod tries;
mod turns;
mod wait;
mod watch;

pub use agree::{Offer, Order, Party, Priced, check_offer, check_party};
pub use breaker::{Ailment, Breaker, Gate, Shut, Sign};
pub use cancel::cancel;
pub use class::Fault;
pub use expire::{expire, give_back};
pub use pay::{begin_asking, begin_paying, recorded};
pub use people::{
    AlarmKind, Ending, Lookout, Watched, alarm, ask_again, close, halt, late_commit, on_control_of_closed, on_word_of_closed, retry,
};
pub use reconcile::{Heard, on_control, on_repeat, on_word};
pub use refuse::{refuse, unreached, wait_for_its_end};
pub use release::release;
pub use send::on_sent;
pub use share::shares;
pub use steady::Steady;
pub use tries::Tries;
pub use turns::{Bounds, Lane, Step, Turns};
pub use wait::liquidity_wait;
pub use watch::{About, Oddity, Sight, Watch, skew_s};

use std::time::Duration;

use super::TransferState;
use super::why::Why;
use crate::clock::Instant;
use crate::ids::AttemptId;

/// How a transfer stands: everything a decision needs of its row, and everything a decision may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub state: TransferState,
    /// Which id of the chain is in use; all before it are ABORTED.
    pub n: i32,
    /// What was recorded under id(n), if anything ever was.
    pub recorded: Option<Recorded>,
    /// Failures since the row became ready, by kind.
    pub tries: Tries,
    /// How often the network was asked since the row came into doubt.
    pub asks: i32,
    /// When somebody must look at the row again: claim it, ask about it, or end its lease.
    pub next_at: Option<Instant>,
    /// A final refusal waits for certainty: the row will fail, not be paid again.
    pub refused: bool,
    /// The last definite error, and what it means.
    pub fault: Option<Fault>,
    /// Why it stands so, for people.
    pub why: Option<Why>,
    pub doubt_since: Option<Instant>,
    /// GETs that found a state the SDK cannot show.
    pub unshown: Option<Unshown>,
    pub settled_at: Option<Instant>,
}

/// Bytes recorded under an id. Kept on the attempt that recorded them; this is what the row knows of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub by: AttemptId,
    /// When the hub stops executing the newest bytes.
    pub expires_at: Instant,
    /// When the hub stops executing anything ever recorded under this id.
    pub until: Instant,
}

/// An id known to the hub in a state the SDK cannot show (SETTLED looks so).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unshown {
    pub since: Instant,
    pub times: i32,
}

/// The network's word about one transfer id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// `proven`: its fulfilment hashes to a condition recorded under this id.
    Committed {
        proven: bool,
    },
    Aborted {
        fault: Option<Fault>,
    },
    /// RECEIVED or RESERVED: may still become either.
    InProgress,
    /// 3208: the hub does not know the id (yet).
    Unknown,
    /// The SDK waited for the hub in vain (504, "Timeout").
    Silent,
    /// An error with a code; at this stage it proves nothing.
    Refused(Fault),
    /// 3106: other bytes stand under this id.
    Modified,
    /// A lost connection, our own timeout, or a reply nobody understands.
    Unclear,
}

/// What the batch allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Processing, account open: rows may be paid.
    Paying,
    /// Not begun, paused, or the account is stopped: rows may be asked about, not paid.
    Held,
    /// Cancelling or later: nothing is paid any more.
    Ending,
}

/// Now, and a number by chance (0 to 1000) that spreads waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub now: Instant,
    pub jitter: u16,
}

/// What the operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// More than clock skew plus the hub's handling time; see [`limits::SETTLE_MARGIN`].
    pub settle_margin: Duration,
    /// How long the hub may execute a prepare after it was recorded; see [`limits::PREPARE_GOOD_FOR`].
    pub expiry: Duration,
}

/// What the engine does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Write the standing and let go of the row.
    Rest,
    /// GET /parties, then [`check_party`].
    LookUp,
    /// POST /quotes, then [`check_offer`].
    Quote,
    /// GET /transfers/{id(n)} of the decision's standing, then [`on_word`].
    Ask,
    /// GET of an id nobody ever used, then [`on_control`].
    AskControl,
    /// POST the recorded bytes once more, then [`on_repeat`].
    Repeat,
    /// Write the standing (`agreeing`) and go on with [`begin_paying`] under the same id.
    AgreeAgain,
}

/// What more than the row must stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The batch waits for liquidity and goes on by itself.
    WaitForLiquidity(Fault),
    /// The funding account is closed until an operator opens it.
    CloseAccount(Fault),
    /// The same, for what the account has heard all in all.
    Distrust(Oddity),
}

/// How the transfer stands now, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub standing: Standing,
    pub then: Then,
    pub stop: Option<Stop>,
}

impl Standing {
    /// An approved row nobody has touched.
    pub fn ready(now: Instant) -> Self {
        Self {
            state: TransferState::Ready,
            n: 0,
            recorded: None,
            tries: Tries::default(),
            asks: 0,
            next_at: Some(now),
            refused: false,
            fault: None,
            why: None,
            doubt_since: None,
            unshown: None,
            settled_at: None,
        }
    }

    fn rest(self) -> Decision {
        Decision { standing: self, then: Then::Rest, stop: None }
    }

    fn then(self, then: Then) -> Decision {
        Decision { standing: self, then, stop: None }
    }

    /// The network said ABORTED for id(n): the only way to the next one.
    fn onto_next_id(mut self) -> Self {
        self.n = self.n.saturating_add(1);
        self.recorded = None;
        self.unshown = None;
        self
    }

    fn succeeded(mut self, now: Instant) -> Self {
        self.settle(TransferState::Succeeded, now);
        self.fault = None;
        self.why = None;
        self
    }

    fn failed(mut self, now: Instant) -> Self {
        self.settle(TransferState::Failed, now);
        self
    }

    fn settle(&mut self, state: TransferState, now: Instant) {
        self.state = state;
        self.next_at = None;
        self.refused = false;
        self.doubt_since = None;
        self.unshown = None;
        self.settled_at = Some(now);
    }

    fn in_doubt(mut self, now: Instant, next_at: Instant) -> Self {
        self.state = TransferState::InDoubt;
        self.doubt_since = Some(self.doubt_since.unwrap_or(now));
        self.next_at = Some(next_at);
        self
    }

    fn ready_at(mut self, next_at: Instant) -> Self {
        self.state = TransferState::Ready;
        self.next_at = Some(next_at);
        self.asks = 0;
        self.refused = false;
        self.doubt_since = None;
        self.unshown = None;
        self
    }
}
