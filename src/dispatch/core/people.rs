//! What people may do to a transfer: try a failed one again, have the network asked at once, say how one ended that the network does not
//! tell about. And what follows where the network tells after all.

use super::limits::{ATTENTION_ASK_EVERY, UNSHOWN_FOR, UNSHOWN_TIMES};
use super::{Heard, Rules, Standing, Unshown, Word};
use crate::clock::Instant;
use crate::db::text_enum;
use crate::dispatch::TransferState::{Agreeing, Failed, InDoubt, NeedsAttention, Ready, Succeeded};
use crate::dispatch::why::Why;

text_enum! {
    /// How a transfer ended.
    pub enum Ending {
        Paid = "paid",
        NotPaid = "not_paid",
    }
}

text_enum! {
    /// The network says another ending than was said here before.
    pub enum AlarmKind {
        /// It was called not paid, so it may have been paid again since.
        PossibleDoublePayment = "possible_double_payment",
        /// It was called paid, and the payee has no money.
        NotPaidAfterAll = "not_paid_after_all",
    }
}

/// A failed transfer is tried again under the same approval: under the same id, or the one after ABORTED. `None` where it has not failed.
pub fn retry(standing: Standing, now: Instant) -> Option<Standing> {
    (standing.state == Failed).then(|| Standing { n: standing.n, recorded: standing.recorded, ..Standing::ready(now) })
}

/// The network is asked at once, and not when the wait is over. `None` where nobody asks about it.
pub fn ask_again(standing: Standing, now: Instant) -> Option<Standing> {
    matches!(standing.state, InDoubt | NeedsAttention).then(|| Standing { next_at: Some(now), ..standing })
}

/// Two people say how it ended. "Not paid" opens the next id on their word alone, so the old one is looked at from then on. `None` where it
/// is not for people to say.
pub fn close(standing: Standing, ending: Ending, now: Instant) -> Option<Standing> {
    if standing.state != NeedsAttention {
        return None;
    }
    let settled =
        Standing { next_at: None, refused: false, fault: None, doubt_since: None, unshown: None, settled_at: Some(now), ..standing };
    Some(match ending {
        Ending::Paid => Standing { state: Succeeded, why: Some(Why::SaidPaid), ..settled },
        Ending::NotPaid => {
            let n = settled.n.saturating_add(1);
            Standing { state: Failed, n, recorded: None, why: Some(Why::SaidNotPaid), ..settled }
        }
    })
}

/// The payment was made under an id that was given up. Where nothing is recorded under the next one yet, it must not be paid again: it
/// fails as soon as the network has said that the next id is unknown to it. `None` where that is over, or too late.
pub fn halt(standing: Standing, now: Instant) -> Option<Standing> {
    if !matches!(standing.state, Ready | Agreeing) || standing.recorded.is_some() {
        return None;
    }
    Some(Standing { refused: true, why: Some(Why::PaidBefore), fault: None, asks: 0, ..standing }.in_doubt(now, now))
}

/// Whether what the network says now differs from what was said here before.
pub fn alarm(said: Ending, truth: Ending) -> Option<AlarmKind> {
    match (said, truth) {
        (Ending::NotPaid, Ending::Paid) => Some(AlarmKind::PossibleDoublePayment),
        (Ending::Paid, Ending::NotPaid) => Some(AlarmKind::NotPaidAfterAll),
        _ => None,
    }
}

/// An id whose end people told, as far as the next question about it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub said: Ending,
    /// When the hub stops executing anything ever recorded under it.
    pub executable_until: Option<Instant>,
    /// Until when the hub remembers ids: later its "unknown" proves nothing.
    pub remembered_until: Option<Instant>,
    pub unshown: Option<Unshown>,
}

/// What follows an answer about such an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookout {
    /// The network tells another end: nobody needs to ask any more.
    Alarm(AlarmKind),
    /// Nothing else is known yet; asked again then.
    Goes { unshown: Option<Unshown>, next_at: Instant },
    /// Silence: a GET of an id nobody ever used, then [`on_control_of_closed`].
    AskControl,
}

/// What follows the reply to GET /transfers/{id} about an id that people closed.
pub fn on_word_of_closed(watched: &Watched, heard: &Heard, now: Instant, rules: &Rules) -> Lookout {
    let truth = match &heard.word {
        Word::Committed { .. } => Some(Ending::Paid),
        Word::Aborted { .. } => Some(Ending::NotPaid),
        Word::Unknown if watched.is_certain(heard, rules) => Some(Ending::NotPaid),
        Word::Silent => return Lookout::AskControl,
        _ => None,
    };
    match truth.and_then(|truth| alarm(watched.said, truth)) {
        Some(kind) => Lookout::Alarm(kind),
        None => Lookout::Goes { unshown: None, next_at: now.after(ATTENTION_ASK_EVERY) },
    }
}

/// What follows the control question, after silence about the id. An id that the hub knows and cannot show, again and again over a while,
/// was paid and settled.
pub fn on_control_of_closed(watched: &Watched, answered: bool, now: Instant) -> Lookout {
    if !answered {
        return Lookout::Goes { unshown: watched.unshown, next_at: now.after(ATTENTION_ASK_EVERY) };
    }
    let before = watched.unshown.unwrap_or(Unshown { since: now, times: 0 });
    let unshown = Unshown { times: before.times.saturating_add(1), ..before };
    let is_sure = unshown.times >= UNSHOWN_TIMES && now.since(unshown.since) >= UNSHOWN_FOR;
    match alarm(watched.said, Ending::Paid).filter(|_| is_sure) {
        Some(kind) => Lookout::Alarm(kind),
        None => {
            let wait = if is_sure { ATTENTION_ASK_EVERY } else { UNSHOWN_FOR / 2 };
            Lookout::Goes { unshown: Some(unshown), next_at: now.after(wait) }
        }
    }
}

impl Watched {
    fn is_certain(&self, heard: &Heard, rules: &Rules) -> bool {
        let is_remembered = self.remembered_until.is_some_and(|until| heard.sent_at <= until);
        let is_over = self.executable_until.is_none_or(|until| heard.sent_at > until.after(rules.settle_margin));
        is_remembered && is_over && heard.clock_is_steady
    }
}

/// The network says COMMITTED for id(k) in a reply that came too late to move the row. Whether that is another end than the row's: it was
/// given up, or it goes on under a later id, or it was paid under another one.
pub fn late_commit(standing: &Standing, committed: i32) -> Option<AlarmKind> {
    use crate::dispatch::TransferState::{Cancelled, Superseded};
    let is_given_up = standing.n > committed;
    match standing.state {
        Failed | Superseded | Cancelled => alarm(Ending::NotPaid, Ending::Paid),
        _ if is_given_up => alarm(Ending::NotPaid, Ending::Paid),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::limits::{ID_MEMORY, PREPARE_GOOD_FOR, SETTLE_MARGIN};
    use super::*;
    use crate::dispatch::TransferState;
    use crate::dispatch::core::{Recorded, Tries, recorded};
    use crate::ids::AttemptId;

    const RULES: Rules = Rules { settle_margin: SETTLE_MARGIN, expiry: PREPARE_GOOD_FOR };

    fn after(seconds: u64) -> Instant {
        Instant::from_micros(1_000_000_000_000).after(Duration::from_secs(seconds))
    }

    /// Sent at the start, and nobody knows what became of it.
    fn lost() -> Standing {
        let sending = recorded(Standing::ready(after(0)), AttemptId::from("a"), after(30), after(300));
        Standing { state: NeedsAttention, doubt_since: Some(after(1)), why: Some(Why::NoWord), ..sending }
    }

    fn heard(word: Word, sent_at: Instant) -> Heard {
        Heard { word, sent_at, clock_is_steady: true }
    }

    fn watched(said: Ending) -> Watched {
        Watched { said, executable_until: Some(after(30)), remembered_until: Some(after(0).after(ID_MEMORY)), unshown: None }
    }

    #[test]
    fn a_retry_keeps_the_id_and_what_was_recorded_under_it() {
        let recorded = Recorded { by: AttemptId::from("a"), expires_at: after(30), until: after(30) };
        let tries = Tries { passing: 9, limited: 3 };
        let failed = Standing { state: Failed, n: 2, recorded: Some(recorded.clone()), tries, ..Standing::ready(after(0)) };
        let ready = retry(failed, after(100)).unwrap();
        assert_eq!((ready.state, ready.n, ready.tries, ready.next_at), (Ready, 2, Tries::default(), Some(after(100))));
        assert_eq!(ready.recorded, Some(recorded), "what may still be executed under this id is not forgotten");
        for state in TransferState::ALL.iter().filter(|state| **state != Failed) {
            assert_eq!(retry(Standing { state: *state, ..lost() }, after(100)), None, "{state:?}");
        }
    }

    #[test]
    fn only_what_needs_attention_is_closed_by_people() {
        for state in TransferState::ALL.iter().filter(|state| **state != NeedsAttention) {
            for ending in Ending::ALL {
                assert_eq!(close(Standing { state: *state, ..lost() }, *ending, after(100)), None, "{state:?}");
            }
        }
        let paid = close(lost(), Ending::Paid, after(100)).unwrap();
        assert_eq!((paid.state, paid.n, paid.recorded.is_some(), paid.next_at), (Succeeded, 0, true, None));
        let failed = close(lost(), Ending::NotPaid, after(100)).unwrap();
        assert_eq!(
            (failed.state, failed.n, failed.recorded.is_some(), failed.next_at),
            (Failed, 1, false, None),
            "the next id, on their word"
        );
    }

    #[test]
    fn every_move_by_people_is_in_the_allow_table() {
        for state in TransferState::ALL {
            let from = Standing { state: *state, recorded: None, ..lost() };
            let moves = [
                retry(from.clone(), after(1)),
                ask_again(from.clone(), after(1)),
                close(from.clone(), Ending::Paid, after(1)),
                close(from.clone(), Ending::NotPaid, after(1)),
                halt(from.clone(), after(1)),
            ];
            for to in moves.into_iter().flatten() {
                assert!(to.state == *state || state.may_become(to.state), "{state:?} to {:?}", to.state);
            }
        }
    }

    #[test]
    fn a_payment_that_comes_to_light_under_a_closed_id_raises_the_alarm() {
        let told = on_word_of_closed(&watched(Ending::NotPaid), &heard(Word::Committed { proven: true }, after(40)), after(40), &RULES);
        assert_eq!(told, Lookout::Alarm(AlarmKind::PossibleDoublePayment));
        let told = on_word_of_closed(&watched(Ending::Paid), &heard(Word::Aborted { fault: None }, after(40)), after(40), &RULES);
        assert_eq!(told, Lookout::Alarm(AlarmKind::NotPaidAfterAll));
    }

    #[test]
    fn what_people_said_and_the_network_says_too_is_asked_about_hourly() {
        let goes = Lookout::Goes { unshown: None, next_at: after(40).after(ATTENTION_ASK_EVERY) };
        let same = [
            (Ending::Paid, Word::Committed { proven: false }),
            (Ending::NotPaid, Word::Aborted { fault: None }),
            (Ending::NotPaid, Word::Unknown),
            (Ending::Paid, Word::InProgress),
            (Ending::NotPaid, Word::Unclear),
        ];
        for (said, word) in same {
            assert_eq!(on_word_of_closed(&watched(said), &heard(word.clone(), after(40)), after(40), &RULES), goes, "{said:?} {word:?}");
        }
    }

    #[test]
    fn unknown_is_no_proof_before_the_margin_nor_once_the_hub_forgets() {
        let ask = |at: Instant, watched: &Watched| on_word_of_closed(watched, &heard(Word::Unknown, at), at, &RULES);
        let paid = watched(Ending::Paid);
        let margin = after(30).after(SETTLE_MARGIN);
        assert!(matches!(ask(margin, &paid), Lookout::Goes { .. }));
        assert_eq!(ask(margin.after(Duration::from_millis(1)), &paid), Lookout::Alarm(AlarmKind::NotPaidAfterAll));
        assert!(matches!(ask(after(1).after(ID_MEMORY), &paid), Lookout::Goes { .. }));
        let unsteady = Heard { clock_is_steady: false, ..heard(Word::Unknown, after(4_000)) };
        assert!(matches!(on_word_of_closed(&paid, &unsteady, after(4_000), &RULES), Lookout::Goes { .. }));
    }

    #[test]
    fn a_settled_payment_that_was_called_not_paid_raises_the_alarm_after_a_while() {
        let mut one = watched(Ending::NotPaid);
        let mut now = after(40);
        for _ in 0..2 {
            assert_eq!(on_word_of_closed(&one, &heard(Word::Silent, now), now, &RULES), Lookout::AskControl);
            let Lookout::Goes { unshown, next_at } = on_control_of_closed(&one, true, now) else { panic!("too early") };
            one.unshown = unshown;
            now = next_at;
        }
        assert_eq!(on_control_of_closed(&one, true, now), Lookout::Alarm(AlarmKind::PossibleDoublePayment));
        assert!(matches!(on_control_of_closed(&Watched { said: Ending::Paid, ..one.clone() }, true, now), Lookout::Goes { .. }));
        assert!(matches!(on_control_of_closed(&one, false, now), Lookout::Goes { .. }), "the whole network is silent");
    }

    #[test]
    fn what_was_paid_before_is_not_paid_again_if_nothing_was_recorded_yet() {
        let ready = Standing { n: 1, ..Standing::ready(after(50)) };
        let halted = halt(ready.clone(), after(60)).unwrap();
        assert_eq!((halted.state, halted.refused, halted.next_at), (InDoubt, true, Some(after(60))));
        let sending = recorded(ready, AttemptId::from("b"), after(90), after(300));
        assert_eq!(halt(sending, after(60)), None, "too late: it may be executed already");
    }

    #[test]
    fn a_late_commit_is_an_alarm_only_where_it_was_given_up() {
        let with = |state, n| Standing { state, n, ..lost() };
        for state in [Failed, TransferState::Superseded, TransferState::Cancelled] {
            assert_eq!(late_commit(&with(state, 0), 0), Some(AlarmKind::PossibleDoublePayment), "{state:?}");
        }
        assert_eq!(late_commit(&with(Succeeded, 0), 0), None, "two workers heard the same");
        assert_eq!(late_commit(&with(InDoubt, 0), 0), None, "it is asked about");
        assert_eq!(late_commit(&with(Succeeded, 1), 0), Some(AlarmKind::PossibleDoublePayment));
        assert_eq!(late_commit(&with(Ready, 1), 0), Some(AlarmKind::PossibleDoublePayment));
    }
}
