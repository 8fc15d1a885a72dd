//! What makes two states of the world the same: names are given by order, times are counted from now, and what is long past is past.

use std::hash::{DefaultHasher, Hasher};

use super::database::Write;
use super::dispatcher::Dispatcher;
use super::job::{Doing, Job, Question};
use super::network::{Asked, Id, Message, Prepare, Said};
use super::world::World;
use crate::clock::Instant;
use crate::dispatch::core::Standing;
use crate::dispatch::store::Key;
use crate::ids::AttemptId;

/// Longer ago than everything that is waited for.
const LONG_AGO_US: i64 = -900_000_000;

struct Writer<'a> {
    world: &'a World,
    attempts: Vec<&'a AttemptId>,
    calls: Vec<u32>,
    bytes: Vec<u32>,
    codes: Vec<i64>,
}

/// A number for the state.
pub(super) fn canonical(world: &World, budget: &[u8]) -> u64 {
    let mut writer = Writer { world, attempts: Vec::new(), calls: Vec::new(), bytes: Vec::new(), codes: Vec::with_capacity(128) };
    writer.codes.extend(budget.iter().map(|left| i64::from(*left)));
    writer.world();
    let mut hasher = DefaultHasher::new();
    writer.codes.iter().for_each(|code| hasher.write_i64(*code));
    hasher.finish()
}

fn place_of<T: PartialEq>(list: &mut Vec<T>, one: T) -> i64 {
    let place = list.iter().position(|known| *known == one).unwrap_or_else(|| {
        list.push(one);
        list.len() - 1
    });
    i64::try_from(place).unwrap_or(-1)
}

impl<'a> Writer<'a> {
    fn put(&mut self, code: i64) {
        self.codes.push(code);
    }

    fn time(&mut self, at: Option<Instant>) {
        let code = at.map_or(i64::MIN, |at| (at.micros() - self.world.now.micros()).max(LONG_AGO_US));
        self.put(code);
    }

    fn attempt(&mut self, attempt: Option<&'a AttemptId>) {
        let code = attempt.map_or(-1, |attempt| place_of(&mut self.attempts, attempt));
        self.put(code);
    }

    fn call(&mut self, call: u32) {
        let code = place_of(&mut self.calls, call);
        self.put(code);
    }

    fn number(&mut self, number: Option<u32>) {
        let code = number.map_or(-1, |number| place_of(&mut self.bytes, number));
        self.put(code);
    }

    fn id(&mut self, id: Id) {
        self.put(i64::from(id.n) * 4 + i64::from(id == Id::CONTROL));
    }

    fn prepare(&mut self, prepare: Option<Prepare>) {
        self.number(prepare.map(|prepare| prepare.number));
        if let Some(prepare) = prepare {
            self.id(prepare.id);
            self.time(Some(prepare.expires_at));
        }
    }

    fn said(&mut self, said: Said) {
        match said {
            Said::Committed(number) => self.number(Some(number)),
            Said::Aborted => self.put(-2),
            Said::InProgress => self.put(-3),
            Said::Error(code) => self.put(-i64::from(code)),
            Said::Silent => self.put(-4),
            Said::Broken => self.put(-5),
        }
    }

    fn standing(&mut self, standing: &'a Standing) {
        self.put(i64::from(standing.n) * 64 + place_of(&mut crate::dispatch::TransferState::ALL.to_vec(), standing.state));
        self.attempt(standing.recorded.as_ref().map(|recorded| &recorded.by));
        self.time(standing.recorded.as_ref().map(|recorded| recorded.expires_at));
        self.time(standing.recorded.as_ref().map(|recorded| recorded.until));
        self.put(i64::from(standing.tries.passing) * 1_000 + i64::from(standing.tries.limited));
        self.put(i64::from(standing.asks) * 2 + i64::from(standing.refused));
        self.time(standing.next_at);
        self.put(standing.fault.and_then(|fault| fault.code).map_or(0, |code| i64::from(code.number())));
        self.time(standing.doubt_since);
        self.time(standing.unshown.map(|unshown| unshown.since));
    }

    fn key(&mut self, key: &'a Key) {
        self.attempt(key.attempt.as_ref());
        self.attempt(key.recorded_by.as_ref());
        self.put(i64::from(key.n) * 64 + place_of(&mut crate::dispatch::TransferState::ALL.to_vec(), key.state));
    }

    fn write(&mut self, write: &'a Write) {
        self.key(&write.key);
        self.standing(&write.to);
        self.prepare(write.recording);
    }

    fn world(&mut self) {
        let world = self.world;
        let database = &world.places[0].database;
        for row in &database.rows {
            self.standing(&row.standing);
            self.attempt(row.attempt.as_ref());
        }
        self.put(place_of(&mut crate::batches::State::ALL.to_vec(), database.batches[0].state));
        self.time(database.lease.map(|lease| lease.until));
        self.time(database.batches[0].resume_at);
        database.late.iter().for_each(|write| self.write(write));
        // Which of two that do the same is which makes no difference.
        let mut dispatchers: Vec<_> = world.dispatchers.iter().collect();
        dispatchers.sort_by_key(|one| {
            let holds = database.lease.is_some_and(|lease| lease.holder == one.name);
            (one.life != super::dispatcher::Life::Awake, !holds, one.jobs.len(), one.known)
        });
        for one in dispatchers {
            self.dispatcher(one);
        }
        for transfer in world.hub.transfers.values() {
            self.prepare(Some(transfer.prepare));
            self.put(place_of(&mut super::hub::STATES.to_vec(), transfer.state));
        }
        self.put(-7);
        world.hub.queue.iter().for_each(|prepare| self.prepare(Some(*prepare)));
        self.put(-8);
        for waiting in &world.sdk.waiting {
            self.call(waiting.call);
            self.id(waiting.id);
            self.time(Some(waiting.since));
        }
        self.on_the_way();
    }

    /// In any order.
    fn on_the_way(&mut self) {
        let before = self.codes.len();
        let mut messages = Vec::new();
        for (message, since) in &self.world.network.on_the_way {
            let is_old = self.world.now.since(*since) > super::CALLBACK_LIVES;
            match *message {
                Message::Request { call, asked } => {
                    self.put(1);
                    self.call(call);
                    match asked {
                        Asked::Post(prepare) => self.prepare(Some(prepare)),
                        Asked::Get(id) => self.id(id),
                    }
                }
                Message::Prepare(prepare) => {
                    self.put(2);
                    self.prepare(Some(prepare));
                }
                Message::Question(id) => {
                    self.put(3);
                    self.id(id);
                }
                Message::Callback { id, said } => {
                    self.put(4 + i64::from(is_old));
                    self.id(id);
                    self.said(said);
                }
                Message::Reply { call, said } => {
                    self.put(6);
                    self.call(call);
                    self.said(said);
                }
            }
            messages.push(self.codes.split_off(before));
        }
        messages.sort_unstable();
        self.codes.extend(messages.into_iter().flatten());
    }

    fn dispatcher(&mut self, one: &'a Dispatcher) {
        let database = &self.world.places[0].database;
        let holds = database.lease.is_some_and(|lease| lease.holder == one.name);
        self.put(-9);
        self.put(i64::from(one.life == super::dispatcher::Life::Awake) * 4 + i64::from(holds) * 2 + i64::from(one.known.is_some()));
        self.time(one.lease.map(|lease| lease.until));
        for job in &one.jobs {
            self.job(job, database.lease.map_or(0, |lease| lease.epoch));
        }
    }

    fn job(&mut self, job: &'a Job, lease: i64) {
        self.put(-10);
        self.attempt(Some(&job.attempt));
        self.key(&job.key);
        self.standing(&job.standing);
        self.put(i64::from(job.lease == lease) * 100 + i64::from(job.questions));
        self.prepare(job.bytes);
        match &job.doing {
            Doing::Agree(standing) => self.doing(1, standing),
            Doing::Record(standing) => self.doing(2, standing),
            Doing::Send => self.put(3),
            Doing::Ask(standing) => self.doing(4, standing),
            Doing::Repeat(standing) => self.doing(5, standing),
            Doing::Control(standing) => self.doing(6, standing),
            Doing::GoOn(standing) => self.doing(7, standing),
            Doing::Settle(decision) => self.doing(8 + i64::from(decision.stop.is_some()), &decision.standing),
            Doing::Waits { call, since, asked } => {
                self.call(*call);
                self.time(Some(*since));
                match asked {
                    Question::Sent => self.put(11),
                    Question::Word { standing, sent_at, .. } => {
                        self.doing(12, standing);
                        self.time(Some(*sent_at));
                    }
                    Question::Repeated(standing) => self.doing(13, standing),
                    Question::Control(standing) => self.doing(14, standing),
                }
            }
        }
    }

    fn doing(&mut self, what: i64, standing: &'a Standing) {
        self.put(what);
        self.standing(standing);
    }
}
