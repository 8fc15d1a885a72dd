//! Wrong ways to do it: each replaces one decision around the core, in the simulation only. The simulation has to notice every one.

use super::invariants::is_final;
use super::network::{Id, Said};
use crate::clock::Instant;
use crate::dispatch::TransferState;
use crate::dispatch::core::{Decision, Standing, Then, Tries, Word};
use crate::dispatch::store::Key;
use crate::sdk::Class;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    SendBeforeRecord,
    NewIdAfterTimeout,
    NewIdAfterOneUnknown,
    RandomIds,
    SwapWithoutAttempt,
    FailedOnDefiniteError,
    NextIdWithoutComparing,
    CorrectionWithItsOwnChain,
    ChangedPayeeWithoutCertainty,
    MarginJudgedAtReading,
    PaidByCurrentState,
    OneCountForAll,
}

impl Mutant {
    pub const ALL: [Self; 12] = [
        Self::SendBeforeRecord,
        Self::NewIdAfterTimeout,
        Self::NewIdAfterOneUnknown,
        Self::RandomIds,
        Self::SwapWithoutAttempt,
        Self::FailedOnDefiniteError,
        Self::NextIdWithoutComparing,
        Self::CorrectionWithItsOwnChain,
        Self::ChangedPayeeWithoutCertainty,
        Self::MarginJudgedAtReading,
        Self::PaidByCurrentState,
        Self::OneCountForAll,
    ];

    /// Whether only the rules about how a row moves notice it. All others are judged by what comes of them: money, and what is said of it.
    pub fn is_a_matter_of_rules(self) -> bool {
        matches!(self, Self::SwapWithoutAttempt | Self::OneCountForAll)
    }

    /// The theme of seeds in which it shows, where that is seldom.
    pub fn theme(self) -> Option<u64> {
        match self {
            Self::CorrectionWithItsOwnChain => Some(0),
            Self::MarginJudgedAtReading => Some(1),
            Self::NextIdWithoutComparing => Some(2),
            _ => None,
        }
    }

    /// The compare of the compare-and-swap.
    pub fn still_the_same(mutant: Option<Self>, now: &Key, claimed: &Key, to: &mut Standing) -> bool {
        match mutant {
            Some(Self::SwapWithoutAttempt) => Key { attempt: None, ..now.clone() } == Key { attempt: None, ..claimed.clone() },
            // `SET n = n + 1`, whatever n is by now.
            Some(Self::NextIdWithoutComparing) if to.n > claimed.n => {
                to.n = now.n + (to.n - claimed.n);
                !is_final(now.state)
            }
            _ => now == claimed,
        }
    }

    /// What follows a reply, given what the core says follows.
    pub fn after_reply(mutant: Option<Self>, word: &Word, before: &Standing, told: Decision, now: Instant) -> Decision {
        let next_id = |mut standing: Standing| {
            standing.n += 1;
            standing.recorded = None;
            standing.state = TransferState::Ready;
            standing.next_at = Some(now);
            Decision { standing, then: Then::Rest, stop: None }
        };
        let is_asked_about = matches!(before.state, TransferState::Sending | TransferState::InDoubt);
        match (mutant, word) {
            (Some(Self::NewIdAfterTimeout), Word::Silent | Word::Unclear) if is_asked_about => next_id(before.clone()),
            (Some(Self::NewIdAfterOneUnknown), Word::Unknown) if is_asked_about && before.recorded.is_some() => next_id(before.clone()),
            (Some(Self::FailedOnDefiniteError), Word::Refused(fault)) if is_asked_about && fault.class == Class::Permanent => {
                let mut standing = told.standing;
                standing.state = TransferState::Failed;
                standing.next_at = None;
                Decision { standing, then: Then::Rest, stop: told.stop }
            }
            _ => told,
        }
    }

    /// What failures were counted: each kind for itself.
    pub fn counted(mutant: Option<Self>, mut standing: Standing) -> Standing {
        if mutant == Some(Self::OneCountForAll) {
            let all = standing.tries.passing.max(standing.tries.limited);
            standing.tries = Tries { passing: all, limited: all };
        }
        standing
    }

    /// Which id is used, where the right one is derived.
    pub fn id(mutant: Option<Self>, derived: Id, drawn: u32) -> Id {
        if mutant == Some(Self::RandomIds) { Id { salt: drawn, ..derived } } else { derived }
    }

    /// Since when a question counts.
    pub fn judged_from(mutant: Option<Self>, sent_at: Instant, read_at: Instant) -> Instant {
        if mutant == Some(Self::MarginJudgedAtReading) { read_at } else { sent_at }
    }

    /// How a reply is read: `currentState` is COMPLETED in every HTTP 200.
    pub fn read(mutant: Option<Self>, said: Said, word: Word, is_post: bool) -> Word {
        let is_200 = matches!(said, Said::Committed(_) | Said::Aborted | Said::InProgress) || is_post && matches!(said, Said::Error(_));
        if mutant == Some(Self::PaidByCurrentState) && is_200 { Word::Committed { proven: true } } else { word }
    }
}
