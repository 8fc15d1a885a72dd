//! What people and operators do meanwhile: pause, cancel, retry, correct, say how it ended, put copies back, release them. Retry, correction
//! and closing follow the rules of DESIGN 5 at the level of the core.

use super::RULES;
use super::database::{Batch, Database, Row};
use super::dispatcher::Life;
use super::mutants::Mutant;
use super::network::{Id, Said};
use super::story::Trouble;
use super::world::{Place, World};
use crate::batches::State;
use crate::clock::Instant;
use crate::dispatch::TransferState::{Failed, InDoubt, NeedsAttention, Superseded};
use crate::dispatch::core::limits::PREPARE_GOOD_FOR;
use crate::dispatch::core::{self, Ending, Standing, release};

/// A mutant's own chains of one payment lie so far apart.
pub(super) const CHAINS: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Pause { place: usize, batch: usize },
    Resume { place: usize, batch: usize },
    Cancel { place: usize, batch: usize },
    Retry { place: usize, row: usize },
    AskAgain { place: usize, row: usize },
    Correct { place: usize, row: usize, other_payee: bool },
    Close { place: usize, row: usize, as_paid: bool },
    LookAtClosed,
    Snapshot { place: usize },
    Restore { place: usize, snapshot: usize },
    Clone { place: usize, with_file: bool },
    Release { place: usize, honestly: bool },
}

/// People said how a transfer ended; on paper, so that a restored copy does not forget it.
#[derive(Debug, Clone)]
pub(super) struct Closing {
    pub id: Id,
    pub as_paid: bool,
    /// "Possible double payment", or "not paid after all".
    pub alarm: bool,
}

fn ending(as_paid: bool) -> Ending {
    if as_paid { Ending::Paid } else { Ending::NotPaid }
}

#[derive(Debug, Clone, Default)]
pub(super) struct People {
    pub snapshots: Vec<Database>,
    pub closings: Vec<Closing>,
    /// Copies that write no more, and when their machine stopped, by its own clock.
    stopped: Vec<(usize, Instant)>,
    last_copy: usize,
}

const SNAPSHOTS_MAX: usize = 4;
const PLACES_MAX: usize = 3;

impl World {
    pub fn verb(&mut self, verb: Verb) {
        match verb {
            Verb::Pause { place, batch } => self.set_batch(place, batch, State::Processing, State::Paused, Some(Trouble::Paused)),
            Verb::Resume { place, batch } => self.set_batch(place, batch, State::Paused, State::Processing, None),
            Verb::Cancel { place, batch } => {
                // A copy that is held does not know what was paid: cancelling waits for its release.
                if !self.is_held(place) {
                    self.set_batch(place, batch, State::Paused, State::Cancelling, Some(Trouble::Cancelled));
                    self.set_batch(place, batch, State::Processing, State::Cancelling, Some(Trouble::Cancelled));
                }
            }
            Verb::Retry { place, row } => self.retry(place, row),
            Verb::AskAgain { place, row } => {
                let standing = &mut self.places[place].database.rows[row].standing;
                if let Some(asked) = core::ask_again(standing.clone(), self.now) {
                    *standing = asked;
                }
            }
            Verb::Correct { place, row, other_payee } => self.correct(place, row, other_payee),
            Verb::Close { place, row, as_paid } => self.close(place, row, as_paid),
            Verb::LookAtClosed => self.look_at_closed(),
            Verb::Snapshot { place } => {
                if self.people.snapshots.len() < SNAPSHOTS_MAX {
                    self.people.snapshots.push(self.places[place].database.clone());
                    self.story.tell(self.now, || format!("operator: backs up database {place}"));
                }
            }
            Verb::Restore { place, snapshot } => self.restore(place, snapshot),
            Verb::Clone { place, with_file } => self.clone_place(place, with_file),
            Verb::Release { place, honestly } => self.release(place, honestly),
        }
    }

    pub fn is_held(&self, place: usize) -> bool {
        let place = &self.places[place];
        !place.file.map_or(place.database.epoch == 0, |file| file == place.database.epoch)
    }

    fn set_batch(&mut self, place: usize, batch: usize, from: State, to: State, trouble: Option<Trouble>) {
        let one = &mut self.places[place].database.batches[batch];
        if one.state != from {
            return;
        }
        one.state = to;
        one.resume_at = None;
        if let Some(trouble) = trouble {
            self.story.count(trouble);
        }
        self.story.tell(self.now, || format!("people: batch {batch} of database {place} is {}", to.as_str()));
    }

    /// The same approval, the same id, or the one after ABORTED.
    fn retry(&mut self, place: usize, row: usize) {
        let database = &mut self.places[place].database;
        let (standing, batch) = (database.rows[row].standing.clone(), database.rows[row].batch);
        if !matches!(database.batches[batch].state, State::Processing | State::Processed) {
            return;
        }
        let Some(to) = core::retry(standing, self.now) else { return };
        database.rows[row].is_closed = false;
        database.wake(batch);
        self.story.count(Trouble::Retried);
        self.story.tell(self.now, || format!("people: row {row} of database {place} is tried again"));
        self.moves(place, row, to, None);
    }

    /// A row that failed goes into a correction batch: a row of the same chain that goes on where it stood.
    fn correct(&mut self, place: usize, row: usize, other_payee: bool) {
        let old = self.places[place].database.rows[row].clone();
        let is_hasty = self.mutant == Some(Mutant::ChangedPayeeWithoutCertainty) && other_payee;
        let state = old.standing.state;
        if !(state == Failed || is_hasty && matches!(state, InDoubt | NeedsAttention)) {
            return;
        }
        // "Not paid" on people's word alone is not certainty, nor is what a copy says that is held.
        if other_payee && (old.is_closed || self.is_held(place)) && !is_hasty {
            return;
        }
        let superseded = Standing { state: Superseded, next_at: None, ..old.standing.clone() };
        self.moves(place, row, superseded, None);
        let own_chain = self.mutant == Some(Mutant::CorrectionWithItsOwnChain);
        // What was recorded for the old payee must not be repeated for the new one; it has expired for certain.
        let recorded = old.standing.recorded.filter(|_| !other_payee);
        let standing = Standing { n: old.standing.n, recorded, ..Standing::ready(self.now) };
        let standing = if own_chain { Standing::ready(self.now) } else { standing };
        let database = &mut self.places[place].database;
        database.rows[row].is_replaced = other_payee;
        database.batches.push(Batch::new());
        let new = Row {
            chain: old.chain + if own_chain { CHAINS } else { 0 },
            payee: old.payee + u32::from(other_payee),
            batch: database.batches.len() - 1,
            standing,
            attempt: None,
            is_replaced: false,
            is_paid_by_others: false,
            is_closed: false,
        };
        let new = database.add(new);
        self.story.count(if other_payee { Trouble::CorrectedPayee } else { Trouble::Corrected });
        self.story
            .tell(self.now, || format!("people: row {row} of database {place} is corrected by row {new}, other payee: {other_payee}"));
    }

    /// Two people say how it ended. "Not paid" opens the next id on their word, so the old one is looked at from then on.
    fn close(&mut self, place: usize, row: usize, as_paid: bool) {
        let one = self.places[place].database.rows[row].clone();
        if self.is_held(place) {
            return;
        }
        let id = Id { chain: one.chain, n: one.standing.n, salt: 0 };
        let Some(to) = core::close(one.standing, ending(as_paid), self.now) else { return };
        let was_paid = self.hub.paid(one.chain).next().is_some();
        self.story.count(match (as_paid, was_paid) {
            (true, false) => Trouble::ClosedAsPaidWrongly,
            (false, true) => Trouble::ClosedWrongly,
            _ => Trouble::ClosedRightly,
        });
        self.story.tell(self.now, || format!("people: close row {row} of database {place} as paid: {as_paid}"));
        self.people.closings.push(Closing { id, as_paid, alarm: false });
        self.moves(place, row, to, None);
        self.places[place].database.rows[row].is_closed = true;
    }

    /// What people closed is asked about from then on; another truth raises the alarm, and what may still be stopped is not paid again.
    fn look_at_closed(&mut self) {
        let hub = &self.hub;
        let mut paid = Vec::new();
        for closing in self.people.closings.iter_mut().filter(|closing| !closing.alarm) {
            let truth = match hub.show(closing.id) {
                Some(Said::Committed(_)) | None => Some(Ending::Paid),
                Some(Said::Aborted | Said::Error(_)) => Some(Ending::NotPaid),
                _ => None,
            };
            closing.alarm = truth.is_some_and(|truth| core::alarm(ending(closing.as_paid), truth).is_some());
            if closing.alarm {
                let closing = closing.clone();
                paid.extend((truth == Some(Ending::Paid)).then_some(closing.id));
                self.story.tell(self.now, || format!("alarm: {} was closed as paid: {}, and was not so", closing.id, closing.as_paid));
            }
        }
        for id in paid {
            self.halt(id);
        }
    }

    fn halt(&mut self, id: Id) {
        for place in 0..self.places.len() {
            for row in 0..self.places[place].database.rows.len() {
                let one = self.places[place].database.rows[row].clone();
                if one.chain != id.chain || one.standing.n <= id.n {
                    continue;
                }
                let Some(to) = core::halt(one.standing, self.now) else { continue };
                self.story.tell(self.now, || format!("row {row} of database {place} is not paid again"));
                self.moves(place, row, to, None);
            }
        }
    }

    pub fn has_closed(&self, chain: usize, as_paid: bool) -> bool {
        self.people.closings.iter().any(|closing| closing.id.chain % CHAINS == chain % CHAINS && closing.as_paid == as_paid)
    }

    pub fn has_alarm(&self, chain: usize) -> bool {
        self.people.closings.iter().any(|closing| closing.id.chain % CHAINS == chain % CHAINS && closing.alarm)
    }

    /// The latest wall clock of those who wrote to a database: when it stopped, as its logs have it.
    fn stop_writers(&mut self, place: usize) -> Instant {
        let mut stopped = self.now;
        for which in 0..self.dispatchers.len() {
            let one = &self.dispatchers[which];
            if one.place == place && one.life != Life::Dead {
                stopped = stopped.max(one.clock.wall(self.now));
                self.crash(which);
            }
        }
        stopped
    }

    /// A backup is put back in its place; the epoch file outside the database stays as it is.
    fn restore(&mut self, place: usize, snapshot: usize) {
        let Some(copy) = self.people.snapshots.get(snapshot).cloned() else { return };
        let stopped = self.stop_writers(place);
        self.people.stopped.push((self.places[place].database.copy, stopped));
        self.people.last_copy += 1;
        self.places[place].database = Database { copy: self.people.last_copy, late: Vec::new(), ..copy };
        let noticed = self.is_held(place);
        self.story.count(if noticed { Trouble::Restored } else { Trouble::RestoredUnnoticed });
        self.story.tell(self.now, || format!("operator: puts backup {snapshot} back as database {place}, noticed: {noticed}"));
    }

    /// A second server with a copy, the epoch file with it or not; the first one goes on.
    fn clone_place(&mut self, place: usize, with_file: bool) {
        if self.places.len() >= PLACES_MAX {
            return;
        }
        self.people.last_copy += 1;
        let database = Database { copy: self.people.last_copy, late: Vec::new(), ..self.places[place].database.clone() };
        let file = self.places[place].file.filter(|_| with_file);
        self.places.push(Place { database, file, is_retired: false });
        self.story.count(Trouble::Cloned);
        let new = self.places.len() - 1;
        self.story.tell(self.now, || format!("operator: database {place} is copied as database {new}, its epoch file too: {with_file}"));
    }

    /// `admin release-dispatch`. Honest operators stop every other copy first.
    pub fn release(&mut self, place: usize, honestly: bool) {
        for other in (0..self.places.len()).filter(|other| *other != place) {
            if honestly && !self.places[other].is_retired {
                let stopped = self.stop_writers(other);
                self.places[other].is_retired = true;
                self.people.stopped.push((self.places[other].database.copy, stopped));
                self.story.tell(self.now, || format!("operator: stops database {other} for good"));
            } else if !self.places[other].is_retired {
                self.story.count(Trouble::ReleasedTooEarly);
            }
        }
        let stopped = self.people.stopped.iter().map(|(_, at)| *at).max().unwrap_or(self.now);
        if self.now < stopped.after(RULES.settle_margin).after(PREPARE_GOOD_FOR) {
            return;
        }
        for row in 0..self.places[place].database.rows.len() {
            let database = &mut self.places[place].database;
            let Some(to) = release(database.load(row), self.now) else { continue };
            database.rows[row].is_closed = false;
            database.wake(database.rows[row].batch);
            self.moves(place, row, to, None);
        }
        let one = &mut self.places[place];
        one.database.knows.extend(self.people.stopped.iter().map(|(copy, _)| *copy));
        one.database.epoch = one.database.epoch.max(one.file.unwrap_or(0)) + 1;
        one.file = Some(one.database.epoch);
        self.story.count(Trouble::Released);
        self.story.tell(self.now, || format!("operator: releases database {place}, honestly: {honestly}"));
    }
}
