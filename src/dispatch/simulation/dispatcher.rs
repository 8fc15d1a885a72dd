//! A process that dispatches: its clock, its lease, its tasks. It mirrors the engine beat for beat; what follows a reply is the core's.

use super::clock::Clock;
use super::job::Job;
use super::story::Trouble;
use super::world::World;
use super::{RULES, database::Lease};
use crate::batches::State;
use crate::clock::Instant;
use crate::dispatch::TransferState::{Agreeing, InDoubt, NeedsAttention, Ready, Sending};
use crate::dispatch::core::{Breaker, Gate, Standing, Steady, begin_asking, expire};
use crate::dispatch::lease::{is_good, is_over};
use crate::dispatch::{EPOCH_EVERY, LEASE_FOR, ROW_LEASE};
use crate::ids::AttemptId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Life {
    Awake,
    /// Does nothing, but keeps its memory and its calls, and will wake.
    Stalled,
    Dead,
}

#[derive(Debug, Clone)]
pub(super) struct Dispatcher {
    pub name: u32,
    /// Whose database it works on.
    pub place: usize,
    pub life: Life,
    pub clock: Clock,
    pub steady: Steady,
    /// Of the one FSP that all payees have. The exhaustive walk never hears silence, so there it is always closed.
    pub breaker: Breaker,
    /// The epoch it knows; none before it began one.
    pub known: Option<i64>,
    pub epoch_at: Instant,
    pub has_recorded: bool,
    pub lease: Option<Lease>,
    pub jobs: Vec<Job>,
    /// Its last beat after the troubles ended.
    pub looked_at: Option<Instant>,
}

impl Dispatcher {
    pub fn new(name: u32, place: usize, clock: Clock, now: Instant) -> Self {
        let steady = Steady::new(clock.wall(now), clock.monotonic(now));
        let epoch_at = clock.wall(now);
        Self {
            name,
            place,
            life: Life::Awake,
            clock,
            steady,
            breaker: Breaker::default(),
            known: None,
            epoch_at,
            has_recorded: false,
            lease: None,
            jobs: Vec::new(),
            looked_at: None,
        }
    }

    pub fn works_on(&self, row: usize, attempt: Option<&AttemptId>) -> bool {
        self.jobs.iter().any(|job| job.row == row && Some(&job.attempt) == attempt)
    }
}

impl World {
    /// One look at everything, as the engine takes it.
    pub fn beat(&mut self, which: usize) {
        if self.dispatchers[which].life != Life::Awake || !self.keep_epoch(which) {
            return;
        }
        let now = self.dispatchers[which].clock.wall(self.now);
        let place = self.dispatchers[which].place;
        for batch in &mut self.places[place].database.batches {
            if batch.state == State::Paused && batch.resume_at.is_some_and(|at| at <= now) {
                batch.state = State::Processing;
                batch.resume_at = None;
            }
        }
        if !self.keep_lease(which, now) {
            return;
        }
        self.recover(which, now, false);
        self.places[place].database.cancel_waiting(now);
        self.claim(which, now);
    }

    /// `false`: the copy was put back, and dispatch is held.
    fn keep_epoch(&mut self, which: usize) -> bool {
        let dispatcher = &mut self.dispatchers[which];
        let now = dispatcher.clock.wall(self.now);
        let is_due = dispatcher.has_recorded && (now < dispatcher.epoch_at || now.since(dispatcher.epoch_at) >= EPOCH_EVERY);
        if dispatcher.known.is_some() && !is_due {
            return true;
        }
        let place = &mut self.places[dispatcher.place];
        let fits = place.file.map_or(place.database.epoch == 0, |file| file == place.database.epoch);
        if !fits {
            let (name, is_news) = (dispatcher.name, dispatcher.known.take().is_some());
            if is_news {
                self.story.tell(self.now, || format!("dispatcher {name}: held, a copy was put back"));
            }
            return false;
        }
        place.database.epoch += 1;
        place.file = Some(place.database.epoch);
        dispatcher.known = place.file;
        dispatcher.has_recorded = false;
        dispatcher.epoch_at = now;
        true
    }

    fn keep_lease(&mut self, which: usize, now: Instant) -> bool {
        let dispatcher = &mut self.dispatchers[which];
        if dispatcher.lease.is_some_and(|held| is_good(held.until, now)) {
            return true;
        }
        let database = &mut self.places[dispatcher.place].database;
        let until = now.after(LEASE_FOR);
        let (name, old) = (dispatcher.name, database.lease);
        let is_ours = old.is_some_and(|old| old.holder == name);
        if !is_ours && old.is_some_and(|old| !is_over(old.until, now)) {
            dispatcher.lease = None;
            return false;
        }
        let epoch = old.map_or(1, |old| if is_ours { old.epoch } else { old.epoch + 1 });
        let is_fresh = dispatcher.lease.is_none() || !is_ours;
        let lease = Lease { holder: name, epoch, until };
        database.lease = Some(lease);
        dispatcher.lease = Some(lease);
        if is_fresh {
            if old.is_some() {
                self.story.count(Trouble::LeaseTakenOver);
            }
            self.story.tell(self.now, || format!("dispatcher {name}: has the account (lease {epoch})"));
            self.recover(which, now, true);
        }
        true
    }

    /// Ends the leases of rows in hand. `all`: whoever held the account before is gone.
    fn recover(&mut self, which: usize, now: Instant, all: bool) {
        let dispatcher = &self.dispatchers[which];
        let (name, place) = (dispatcher.name, dispatcher.place);
        let database = &self.places[place].database;
        if !dispatcher.lease.is_some_and(|lease| database.holds(name, lease.epoch)) {
            return;
        }
        let left = |row: &usize| {
            let row_now = &database.rows[*row];
            let is_due = all || row_now.standing.next_at.is_some_and(|at| at <= now);
            matches!(row_now.standing.state, Agreeing | Sending) && is_due && !dispatcher.works_on(*row, row_now.attempt.as_ref())
        };
        let left: Vec<_> = (0..database.rows.len()).filter(left).collect();
        for row in left {
            let Some(to) = expire(self.places[place].database.load(row), now) else { continue };
            self.story.count(Trouble::RowLeaseEnded);
            self.story.tell(self.now, || format!("dispatcher {name}: row {row} was left behind, now {}", to.state.as_str()));
            self.moves(place, row, to, None);
        }
    }

    fn claim(&mut self, which: usize, now: Instant) {
        let (name, place) = (self.dispatchers[which].name, self.dispatchers[which].place);
        let Some(lease) = self.dispatchers[which].lease else { return };
        if !self.places[place].database.holds(name, lease.epoch) {
            return;
        }
        for row in 0..self.places[place].database.rows.len() {
            let database = &self.places[place].database;
            let standing = database.load(row);
            let batch = &database.batches[database.rows[row].batch];
            if standing.next_at.is_none_or(|at| at > now) {
                continue;
            }
            if let (Ready, Gate::Wait(until)) = (standing.state, self.dispatchers[which].breaker.gate(now)) {
                let (to, attempt) = (Standing { next_at: Some(until), ..standing }, database.rows[row].attempt.clone());
                self.story.count(Trouble::SetAside);
                self.moves(place, row, to, attempt);
                continue;
            }
            let (state, is_pay) = match standing.state {
                Ready if batch.state == State::Processing => (Agreeing, true),
                InDoubt | NeedsAttention => (standing.state, false),
                _ => continue,
            };
            let mood = batch.mood();
            self.last_attempt += 1;
            let attempt = AttemptId::from(format!("attempt-{}", self.last_attempt));
            let claimed = Standing { state, next_at: Some(now.after(ROW_LEASE)), ..standing };
            self.moves(place, row, claimed.clone(), Some(attempt.clone()));
            self.story
                .tell(self.now, || format!("dispatcher {name}: claims row {row} as {attempt} to {}", if is_pay { "pay" } else { "ask" }));
            let database = &self.places[place].database;
            let bytes = claimed.recorded.as_ref().and_then(|recorded| database.bytes.get(&recorded.by)).copied();
            let (key, standing) = (database.key(row), claimed.clone());
            let mut job = Job::new(row, attempt, key, standing, mood, lease.epoch, bytes);
            if !is_pay {
                job.carry_on(begin_asking(claimed));
            }
            self.dispatchers[which].jobs.push(job);
        }
    }

    /// Starts a dispatcher on a database; its clock is set when its machine starts.
    pub fn start(&mut self, place: usize, ahead_s: i64) {
        self.last_name += 1;
        let (name, clock) = (self.last_name, Clock::new(self.now, ahead_s));
        self.story.tell(self.now, || format!("dispatcher {name}: starts on database {place}, its clock {ahead_s} s ahead"));
        let new = Dispatcher::new(name, place, clock, self.now);
        match self.dispatchers.iter_mut().find(|one| one.life == Life::Dead) {
            Some(old) => *old = new,
            None => self.dispatchers.push(new),
        }
    }

    /// Its memory is gone; what it sent is on its way.
    pub fn crash(&mut self, which: usize) {
        let dispatcher = &mut self.dispatchers[which];
        dispatcher.life = Life::Dead;
        dispatcher.jobs.clear();
        let name = dispatcher.name;
        self.story.tell(self.now, || format!("dispatcher {name}: dies"));
    }

    /// Whether a wall clock may be judged by, as every reading of an answer asks.
    pub fn steady_now(&mut self, which: usize) -> (Instant, bool) {
        let now = self.now;
        let dispatcher = &mut self.dispatchers[which];
        let (wall, monotonic) = (dispatcher.clock.wall(now), dispatcher.clock.monotonic(now));
        (wall, dispatcher.steady.reading(wall, monotonic, &RULES))
    }
}
