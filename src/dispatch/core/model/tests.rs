//! The core against a small model of the hub: prepares arrive late, twice, in any order or never; replies are lost; workers stall, die
//! and wake; a copy of the row from earlier comes back. Money is counted by the hub alone.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::tests::{LEASE, RULES, fault};
use crate::dispatch::TransferState;
use crate::dispatch::core::limits::SETTLE_MARGIN;
use crate::dispatch::core::*;
use crate::dispatch::why::Why;
use crate::sdk::{Code, Stage};

/// A prepare on its way: which id, whose bytes, until when.
#[derive(Debug, Clone, PartialEq)]
struct Prepare {
    n: i32,
    mark: String,
    expires_at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum HubState {
    Received,
    Committed,
    Aborted,
}

/// Executes an id at most once, refuses other bytes under a known id, and aborts what comes after its expiry.
#[derive(Debug, Default)]
struct Hub {
    ids: BTreeMap<i32, (Prepare, HubState)>,
    /// Its clock against ours, in seconds; well within the margin.
    ahead_s: i64,
}

impl Hub {
    fn now(&self, ours: Instant) -> Instant {
        Instant::from_micros(ours.micros() + self.ahead_s * 1_000_000)
    }

    fn handle(&mut self, prepare: &Prepare, ours: Instant) -> Word {
        let now = self.now(ours);
        match self.ids.get(&prepare.n) {
            Some((known, _)) if known != prepare => Word::Modified,
            Some((_, HubState::Committed)) => Word::Committed { proven: true },
            Some(_) => Word::Silent,
            None if now > prepare.expires_at => {
                self.ids.insert(prepare.n, (prepare.clone(), HubState::Aborted));
                Word::Refused(fault(3303))
            }
            None => {
                self.ids.insert(prepare.n, (prepare.clone(), HubState::Received));
                Word::Silent
            }
        }
    }

    fn decide(&mut self, commit: bool, ours: Instant) {
        let now = self.now(ours);
        for (prepare, state) in self.ids.values_mut().filter(|(_, state)| *state == HubState::Received) {
            // A payee may fulfil until the expiry; after it the timeout job aborts.
            *state = if commit && now <= prepare.expires_at { HubState::Committed } else { HubState::Aborted };
        }
    }

    fn get(&self, n: i32) -> Word {
        match self.ids.get(&n).map(|(_, state)| state) {
            None => Word::Unknown,
            Some(HubState::Received) => Word::InProgress,
            Some(HubState::Committed) => Word::Committed { proven: true },
            Some(HubState::Aborted) => Word::Aborted { fault: None },
        }
    }

    fn committed(&self) -> usize {
        self.ids.values().filter(|(_, state)| *state == HubState::Committed).count()
    }
}

#[derive(Debug, Clone)]
enum Doing {
    Agree,
    Send,
    Ask(Decision),
    Listen { asked: Decision, heard: Heard },
    Repeat(Decision),
    Control(Decision),
}

/// A worker that claimed the row: what it compares with, and what it does next.
#[derive(Debug, Clone)]
struct Worker {
    attempt: String,
    claimed: Standing,
    doing: Doing,
}

struct World {
    now: Instant,
    hub: Hub,
    row: Standing,
    attempt: Option<String>,
    workers: Vec<Worker>,
    on_the_way: Vec<Prepare>,
    copies: Vec<Standing>,
    attempts: u32,
    mood: Mood,
}

impl World {
    fn new(ahead_s: i64) -> Self {
        let now = Instant::from_micros(1_000_000_000_000);
        Self {
            now,
            hub: Hub { ahead_s, ..Hub::default() },
            row: Standing::ready(now),
            attempt: None,
            workers: Vec::new(),
            on_the_way: Vec::new(),
            copies: Vec::new(),
            attempts: 0,
            mood: Mood::Paying,
        }
    }

    fn at(&self) -> Moment {
        Moment { now: self.now, jitter: 0 }
    }

    /// The compare-and-swap of the store: attempt, state, id and bytes must be the ones the worker claimed.
    fn write(&mut self, worker: &Worker, next: &Standing) -> bool {
        let same = self.attempt.as_deref() == Some(&worker.attempt)
            && self.row.state == worker.claimed.state
            && self.row.n == worker.claimed.n
            && self.row.recorded.as_ref().map(|r| &r.by) == worker.claimed.recorded.as_ref().map(|r| &r.by);
        if !same {
            return false;
        }
        assert!(
            self.row.state == next.state || self.row.state.may_become(next.state),
            "{:?} → {:?} is not in the allow-table",
            self.row.state,
            next.state
        );
        assert!(next.n >= self.row.n);
        for n in self.row.n..next.n {
            assert_eq!(self.hub.get(n), Word::Aborted { fault: None }, "id({}) exists though id({n}) is not aborted", n + 1);
        }
        self.row = next.clone();
        self.copies.push(next.clone());
        true
    }

    fn claim(&mut self) {
        if let Some(next_at) = self.row.next_at
            && next_at > self.now
        {
            return;
        }
        if let Some(expired) = expire(self.row.clone(), self.now) {
            self.row = expired;
            self.attempt = None;
        }
        self.attempts += 1;
        let attempt = format!("attempt-{}", self.attempts);
        let doing = match self.row.state {
            TransferState::Ready if self.mood == Mood::Paying => {
                self.row.state = TransferState::Agreeing;
                Doing::Agree
            }
            TransferState::InDoubt | TransferState::NeedsAttention => Doing::Ask(begin_asking(self.row.clone())),
            _ => return,
        };
        self.row.next_at = Some(self.now.after(LEASE));
        self.attempt = Some(attempt.clone());
        self.workers.push(Worker { attempt, claimed: self.row.clone(), doing });
    }

    /// Carries out one step of a worker; `luck` chooses what the network does.
    fn step(&mut self, index: usize, luck: u8) {
        let worker = self.workers.swap_remove(index);
        match worker.doing.clone() {
            Doing::Agree => self.agree(worker, luck),
            Doing::Send => self.send(worker, luck),
            Doing::Ask(asked) => {
                let word = if luck.is_multiple_of(4) { Word::Silent } else { self.hub.get(asked.standing.n) };
                let heard = Heard { word, sent_at: self.now, clock_is_steady: true };
                self.workers.push(Worker { doing: Doing::Listen { asked, heard }, ..worker });
            }
            Doing::Listen { asked, heard } => {
                let next = on_word(asked.standing, &heard, self.mood, self.at(), &RULES);
                self.go_on(worker, next);
            }
            Doing::Repeat(asked) => {
                let recorded = asked.standing.recorded.clone().unwrap();
                let prepare = Prepare { n: asked.standing.n, mark: recorded.by.to_string(), expires_at: recorded.expires_at };
                let word = self.hub.handle(&prepare, self.now);
                let word = if luck.is_multiple_of(2) { Word::Unclear } else { word };
                let next = on_repeat(asked.standing, &word, self.at());
                self.go_on(worker, next);
            }
            Doing::Control(asked) => {
                let next = on_control(asked.standing, !luck.is_multiple_of(3), self.at());
                self.go_on(worker, next);
            }
        }
    }

    fn agree(&mut self, worker: Worker, luck: u8) {
        let failure = match luck % 16 {
            0 | 5 | 6 => Some((fault(3204), Why::Network { code: "3204".to_owned() })),
            1 | 2 => Some((Fault::silent(), Why::NoAnswer)),
            3 => Some((fault(4001), Why::Network { code: "4001".to_owned() })),
            4 => Some((Fault::of(Code::new(2001).unwrap(), Stage::Agree), Why::Network { code: "2001".to_owned() })),
            _ => None,
        };
        if let Some((fault, why)) = failure {
            let next = refuse(worker.claimed.clone(), fault, why, self.at());
            return self.go_on(worker, next);
        }
        let next =
            recorded(worker.claimed.clone(), AttemptId::from(worker.attempt.as_str()), self.now.after(RULES.expiry), self.now.after(LEASE));
        if self.mood == Mood::Paying && self.write(&worker, &next) {
            self.workers.push(Worker { claimed: next, doing: Doing::Send, ..worker });
        }
    }

    fn send(&mut self, worker: Worker, luck: u8) {
        let recorded = worker.claimed.recorded.clone().unwrap();
        let prepare = Prepare { n: worker.claimed.n, mark: worker.attempt.clone(), expires_at: recorded.expires_at };
        let word = match luck % 4 {
            // Lost on the way, or still on it.
            0 => {
                self.on_the_way.push(prepare);
                Word::Unclear
            }
            // Handled, but the reply is lost; and a second one arrives later.
            1 => {
                self.hub.handle(&prepare, self.now);
                self.on_the_way.push(prepare);
                Word::Silent
            }
            2 => {
                self.hub.handle(&prepare, self.now);
                self.hub.decide(luck < 200, self.now);
                self.hub.handle(&prepare, self.now)
            }
            _ => match self.hub.handle(&prepare, self.now) {
                Word::Silent => {
                    self.hub.decide(false, self.now);
                    Word::Refused(fault(4001))
                }
                word => word,
            },
        };
        let next = on_sent(worker.claimed.clone(), &word, self.at());
        self.go_on(worker, next);
    }

    fn go_on(&mut self, worker: Worker, next: Decision) {
        match next.then {
            Then::Rest => {
                self.write(&worker, &next.standing);
            }
            Then::AgreeAgain => {
                if self.write(&worker, &next.standing) {
                    self.workers.push(Worker { claimed: next.standing, doing: Doing::Agree, ..worker });
                }
            }
            Then::Ask => self.workers.push(Worker { doing: Doing::Ask(next), ..worker }),
            Then::Repeat => self.workers.push(Worker { doing: Doing::Repeat(next), ..worker }),
            Then::AskControl => self.workers.push(Worker { doing: Doing::Control(next), ..worker }),
            Then::LookUp | Then::Quote => unreachable!("only a claim begins so"),
        }
    }

    /// Yesterday's copy takes over, after the wait that a release asks for. Workers of the lost world are gone, their prepares are not.
    fn restore(&mut self, which: usize) {
        if self.copies.is_empty() {
            return;
        }
        let copy = self.copies[which % self.copies.len()].clone();
        self.workers.clear();
        self.now = self.now.after(SETTLE_MARGIN + Duration::from_secs(30));
        self.row = release(copy.clone(), self.now).unwrap_or(copy);
        self.attempt = None;
    }

    fn check(&self) {
        assert!(self.hub.committed() <= 1, "paid twice: {:?}", self.hub.ids);
        match self.row.state {
            TransferState::Succeeded => assert_eq!(self.hub.committed(), 1, "shown as paid, but nobody was paid"),
            TransferState::Failed => assert_eq!(self.hub.committed(), 0, "shown as not paid, but paid"),
            _ => {}
        }
    }

    fn act(&mut self, action: u8, luck: u8) {
        match action % 16 {
            0..=2 => self.claim(),
            3..=8 if !self.workers.is_empty() => self.step(usize::from(luck) % self.workers.len(), action.wrapping_mul(31) ^ luck),
            9 if !self.on_the_way.is_empty() => {
                let late = self.on_the_way[usize::from(luck) % self.on_the_way.len()].clone();
                self.hub.handle(&late, self.now);
            }
            10 => self.hub.decide(luck < 160, self.now),
            11 => self.now = self.now.after(Duration::from_millis(u64::from(luck) * 20)),
            12 => self.now = self.now.after(Duration::from_secs(u64::from(luck))),
            13 => self.now = self.now.after(Duration::from_secs(u64::from(luck) * 10)),
            14 if luck < 40 => self.workers.clear(),
            15 if luck < 12 => self.restore(usize::from(luck) * 7 + self.copies.len() / 2),
            15 if luck > 200 => self.mood = if self.mood == Mood::Paying { Mood::Held } else { Mood::Paying },
            _ => {}
        }
        self.check();
    }

    /// Everything late arrives; then a network that answers, until the row's end is known.
    fn heal(&mut self) {
        self.mood = Mood::Paying;
        for late in self.on_the_way.clone() {
            self.hub.handle(&late, self.now);
            self.hub.decide(true, self.now);
            self.check();
        }
        for _ in 0..400 {
            self.hub.decide(true, self.now);
            self.claim();
            while !self.workers.is_empty() {
                self.step(0, 213);
                self.check();
            }
            if matches!(self.row.state, TransferState::Succeeded | TransferState::Failed) {
                return;
            }
            self.now = self.now.max(self.row.next_at.unwrap_or(self.now));
        }
        panic!("a healthy network never ended it: {:?}", self.row);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_one_id_commits_and_what_is_shown_is_true(
        actions in prop::collection::vec((any::<u8>(), any::<u8>()), 0..220),
        ahead_s in -560_i64..560,
    ) {
        let mut world = World::new(ahead_s);
        for (action, luck) in actions {
            world.act(action, luck);
        }
        world.heal();
        world.check();
        // And nothing that still comes changes it.
        for late in world.on_the_way.clone() {
            world.hub.handle(&late, world.now);
            world.hub.decide(true, world.now);
        }
        world.check();
    }
}
