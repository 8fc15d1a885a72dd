//! Payments of which the network does not tell how they ended: people find out, and two of them close each.
//!
//! Who holds Resolve Payment in a branch sees what is in doubt or needs attention there ([`unresolved`]), has the network asked at once
//! ([`ask_again()`]), and says how a payment ended with a note and the evidence ([`propose()`]). Another of them, neither of whom made any
//! part of the batch, confirms ([`confirm()`]; "not paid" with the code of their app) or refuses it ([`refuse()`]); who proposed it may take
//! it back ([`withdraw()`]). Where the network speaks first, the proposal is overtaken. What was closed is asked about from then on (`dispatch/closed.rs`): another truth
//! raises an alarm ([`raise()`]) that stands on every page until somebody has acknowledged it ([`acknowledge()`]).

mod acknowledge;
mod ask_again;
mod confirm;
mod list;
pub mod pages;
mod propose;
mod raise;
mod refusal;
mod refuse;
mod resolver;
mod store;
mod tell;
mod who;
mod withdraw;

pub use self::acknowledge::acknowledge;
pub use self::ask_again::ask_again;
pub use self::confirm::{confirm, confirm_with_code};
pub use self::list::{Age, Criteria, Unresolved};
pub use self::propose::{Proposal, propose};
pub use self::raise::raise;
pub use self::refusal::Refusal;
pub use self::refuse::refuse;
pub use self::resolver::Resolver;
pub use self::store::{
    Alarm, Case, Oldest, Resolution, alarm, alarms_of_batch, alarms_of_row, case, find, oldest_unresolved, open_alarms, overtake,
    proposals_for, resolutions_of_row, unresolved, waiting_for,
};
pub use self::withdraw::withdraw;
use crate::db::text_enum;
use crate::say;
use crate::words::Said;

/// Characters of a note, of the evidence, and of a reason, at most.
pub const NOTE_CHARS_MAX: usize = 500;
pub const EVIDENCE_CHARS_MAX: usize = 1_000;

text_enum! {
    /// Where a proposal stands. `Overtaken`: the network told how the payment ended before somebody had confirmed it.
    pub enum State {
        Proposed = "proposed",
        Confirmed = "confirmed",
        Refused = "refused",
        Withdrawn = "withdrawn",
        Overtaken = "overtaken",
    }
}

impl State {
    /// All ways between the states.
    pub const MOVES: &'static [(Self, Self)] = &[
        (Self::Proposed, Self::Confirmed),
        (Self::Proposed, Self::Refused),
        (Self::Proposed, Self::Withdrawn),
        (Self::Proposed, Self::Overtaken),
    ];

    pub fn may_become(self, next: Self) -> bool {
        Self::MOVES.contains(&(self, next))
    }
}

text_enum! {
    /// Where an alarm stands.
    pub enum AlarmState {
        Open = "open",
        Acknowledged = "acknowledged",
    }
}

/// What an alarm is called.
pub fn words_of_alarm(kind: crate::dispatch::AlarmKind) -> Said {
    match kind {
        crate::dispatch::AlarmKind::PossibleDoublePayment => say!("Possible double payment"),
        crate::dispatch::AlarmKind::NotPaidAfterAll => say!("Not paid after all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_a_final_state() {
        for next in State::ALL {
            for last in [State::Confirmed, State::Refused, State::Withdrawn, State::Overtaken] {
                assert!(!last.may_become(*next), "{last:?} to {next:?}");
            }
        }
    }
}
