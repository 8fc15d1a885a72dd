//! Whether one end of the line is worth asking now: a payee's FSP, or the connection to our own SDK.
//!
//! So many bad answers in a row open it: what would go there waits, the rest goes on. After a wait that doubles one call goes as a probe;
//! a good answer closes it, a bad one opens it again. It decides only about calls that move no money (lookup and quote): what was
//! recorded is sent, repeated and asked about whatever stands here.

use super::limits::{BREAKER_FIRST_WAIT, BREAKER_OPENS_AFTER, BREAKER_WAIT_MAX, PROBE_LIVES, PROBE_WAIT};
use super::wait::doubling;
use crate::clock::Instant;
use crate::db::text_enum;
use crate::say;
use crate::words::Said;

text_enum! {
    /// What is wrong with the other end.
    pub enum Ailment {
        /// No answer in time.
        Silent = "silent",
        /// Answers, but with faults of its own.
        Faulty = "faulty",
        /// Has no money at the network.
        OutOfMoney = "out_of_money",
        /// There is no connection.
        Unreachable = "unreachable",
    }
}

impl Ailment {
    /// What people read beside the provider's name, or of the connection.
    pub fn said(self) -> Said {
        match self {
            Self::Silent => say!("Does not answer at the moment: its payments wait, the others go on."),
            Self::Faulty => say!("Answers with faults at the moment: its payments wait, the others go on."),
            Self::OutOfMoney => say!("Is short of money at the network: its payments wait, the others go on."),
            Self::Unreachable => say!("The payment connection cannot be reached: payments wait until it can."),
        }
    }
}

/// What an answer tells of the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Well,
    Ill(Ailment),
    /// It says nothing about that end.
    Nothing,
}

/// Whether a call may go there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Go,
    /// One may, to see.
    Probe,
    Wait(Instant),
}

/// Why it is not closed, as pages show it and the database keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut {
    pub ailment: Ailment,
    pub since: Instant,
    /// When the next probe may go.
    pub retry_at: Instant,
    /// How often it opened in a row.
    pub times: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    bad_in_a_row: u32,
    shut: Option<Shut>,
    /// When the probe went that is not answered yet.
    probe_at: Option<Instant>,
}

impl Breaker {
    /// As the database remembers it.
    pub const fn shut_before(shut: Shut) -> Self {
        Self { bad_in_a_row: 0, shut: Some(shut), probe_at: None }
    }

    pub const fn shut(&self) -> Option<Shut> {
        self.shut
    }

    /// Whether a call may go now. Asking changes nothing.
    pub fn gate(&self, now: Instant) -> Gate {
        let Some(shut) = self.shut else { return Gate::Go };
        if let Some(probe_at) = self.probe_at.filter(|at| is_within(*at, now, PROBE_LIVES)) {
            // Its answer is awaited; if none comes, its own end will tell, or it counts as lost.
            return Gate::Wait(probe_at.after(PROBE_WAIT).max(now.after(PROBE_WAIT / 4)));
        }
        // A wait that is longer than any was written by a clock that has been put back since.
        let waits = shut.retry_at > now && shut.retry_at.since(now) <= BREAKER_WAIT_MAX;
        if waits { Gate::Wait(shut.retry_at) } else { Gate::Probe }
    }

    /// The same for a call that goes if it may: a probe is out from now on.
    pub fn pass(&mut self, now: Instant) -> Gate {
        let gate = self.gate(now);
        if gate == Gate::Probe {
            self.probe_at = Some(now);
        }
        gate
    }

    /// Takes what an answer tells; `true` where it opened, opened again or closed.
    pub fn hear(&mut self, sign: Sign, now: Instant) -> bool {
        match (sign, self.shut) {
            (Sign::Nothing, _) => false,
            (Sign::Well, shut) => {
                *self = Self::default();
                shut.is_some()
            }
            (Sign::Ill(ailment), None) => {
                self.bad_in_a_row = self.bad_in_a_row.saturating_add(1);
                if self.bad_in_a_row < BREAKER_OPENS_AFTER {
                    return false;
                }
                self.open(Shut { ailment, since: now, retry_at: now.after(BREAKER_FIRST_WAIT), times: 1 });
                true
            }
            // Calls that were on their way when it opened say nothing new; the probe does.
            (Sign::Ill(_), Some(_)) if self.probe_at.is_none() => false,
            (Sign::Ill(ailment), Some(shut)) => {
                let retry_at = now.after(doubling(BREAKER_FIRST_WAIT, shut.times, BREAKER_WAIT_MAX));
                self.open(Shut { ailment, retry_at, times: shut.times.saturating_add(1), ..shut });
                true
            }
        }
    }

    fn open(&mut self, shut: Shut) {
        *self = Self { bad_in_a_row: 0, shut: Some(shut), probe_at: None };
    }
}

/// Whether `now` lies within so long after `at`; not where the clock was put back before it.
fn is_within(at: Instant, now: Instant, long: std::time::Duration) -> bool {
    at <= now && now.since(at) < long
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const ILL: Sign = Sign::Ill(Ailment::Silent);

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(1_000_000_000_000).after(Duration::from_secs(seconds))
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 1..BREAKER_OPENS_AFTER {
            assert!(!breaker.hear(ILL, now));
            assert_eq!(breaker.gate(now), Gate::Go);
        }
        assert!(breaker.hear(ILL, now));
        breaker
    }

    #[test]
    fn bad_answers_in_a_row_open_it_and_one_good_among_them_does_not() {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            for _ in 1..BREAKER_OPENS_AFTER {
                assert!(!breaker.hear(ILL, at(0)));
            }
            assert!(!breaker.hear(Sign::Nothing, at(0)));
            assert!(!breaker.hear(Sign::Well, at(0)));
        }
        assert_eq!(breaker.shut(), None);
        let breaker = opened(at(0));
        assert_eq!(breaker.gate(at(0)), Gate::Wait(at(30)));
        assert_eq!(breaker.shut().map(|shut| (shut.ailment, shut.since, shut.times)), Some((Ailment::Silent, at(0), 1)));
    }

    #[test]
    fn one_probe_goes_and_its_answer_decides() {
        let mut breaker = opened(at(0));
        assert!(!breaker.hear(ILL, at(5)), "a late answer to a call from before");
        assert_eq!((breaker.pass(at(29)), breaker.pass(at(30))), (Gate::Wait(at(30)), Gate::Probe));
        assert!(matches!(breaker.pass(at(30)), Gate::Wait(_)), "the second one waits for the first one's answer");
        assert!(breaker.hear(ILL, at(60)));
        assert_eq!(breaker.gate(at(60)), Gate::Wait(at(120)), "twice as long");
        assert_eq!(breaker.pass(at(120)), Gate::Probe);
        assert!(breaker.hear(Sign::Well, at(121)));
        assert_eq!((breaker.gate(at(121)), breaker.shut()), (Gate::Go, None));
        assert_eq!(opened(at(200)).gate(at(200)), Gate::Wait(at(230)), "and the next time it begins anew");
    }

    #[test]
    fn a_probe_that_died_is_replaced_and_a_late_good_answer_closes_at_once() {
        let mut breaker = opened(at(0));
        assert_eq!(breaker.pass(at(30)), Gate::Probe);
        assert_eq!(breaker.pass(at(30).after(PROBE_LIVES)), Gate::Probe, "its task died");
        let mut breaker = opened(at(0));
        assert!(breaker.hear(Sign::Well, at(1)));
        assert_eq!(breaker.gate(at(1)), Gate::Go);
    }

    #[test]
    fn a_clock_that_is_put_back_keeps_nothing_shut_for_ever() {
        let mut breaker = opened(at(1_000_000));
        assert_eq!(breaker.pass(at(0)), Gate::Probe);
        assert!(matches!(breaker.gate(at(1)), Gate::Wait(_)));
        assert_eq!(breaker.gate(Instant::from_micros(0)), Gate::Probe, "put back once more, behind the probe");
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Hear(Sign),
        Pass,
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let ailment = prop_oneof![Just(Ailment::Silent), Just(Ailment::Faulty), Just(Ailment::OutOfMoney)];
        let step = prop_oneof![
            4 => ailment.prop_map(|ailment| Step::Hear(Sign::Ill(ailment))),
            1 => Just(Step::Hear(Sign::Well)),
            1 => Just(Step::Hear(Sign::Nothing)),
            3 => Just(Step::Pass),
            2 => (0_u64..2_000).prop_map(Step::Wait),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        /// Whatever it hears: nobody waits longer than the longest wait, at most one probe is out, one good answer opens the way, and it
        /// is shut only after bad answers in a row.
        #[test]
        fn nothing_waits_for_ever(steps in steps()) {
            let (mut breaker, mut seconds, mut bad, mut probe) = (Breaker::default(), 0, 0, None::<u64>);
            for step in steps {
                let now = at(seconds);
                match step {
                    Step::Wait(more) => seconds += more,
                    Step::Hear(sign) => {
                        breaker.hear(sign, now);
                        match sign {
                            Sign::Well => { bad = 0; probe = None; prop_assert_eq!(breaker.gate(now), Gate::Go); }
                            Sign::Ill(_) => { bad += 1; probe = None; }
                            Sign::Nothing => {}
                        }
                    }
                    Step::Pass => match breaker.pass(now) {
                        Gate::Go => prop_assert!(bad < BREAKER_OPENS_AFTER),
                        Gate::Probe => {
                            prop_assert!(bad >= BREAKER_OPENS_AFTER);
                            prop_assert!(probe.is_none_or(|before| seconds - before >= PROBE_LIVES.as_secs()), "two probes");
                            probe = Some(seconds);
                        }
                        Gate::Wait(until) => {
                            prop_assert!(until > now && until.since(now) <= BREAKER_WAIT_MAX);
                            prop_assert_ne!(breaker.gate(at(seconds).after(BREAKER_WAIT_MAX)), Gate::Wait(until));
                        }
                    },
                }
                prop_assert_eq!(breaker.shut().is_some(), bad >= BREAKER_OPENS_AFTER);
            }
        }
    }
}
