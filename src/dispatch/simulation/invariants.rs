//! What must be true after every step, and at the end. The hub alone counts money.

use super::database::{Row, Write};
use super::network::Id;
use super::people::CHAINS;
use super::world::World;
use crate::dispatch::Count;
use crate::dispatch::TransferState::{self, Cancelled, Failed, NeedsAttention, Succeeded, Superseded};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Invariant {
    /// At most one id of a transfer commits.
    PaidOnce,
    /// What is called paid, moved.
    SucceededMoved,
    /// What is finally called not paid, did not move, and never does.
    FailedDidNotMove,
    /// The old payee is not paid after the row went to another.
    OldPayeeNotPaid,
    CountsAddUp,
    /// Every transfer ends, or needs a person, or is still asked about.
    Ends,
    /// Where people said how it ended and it was not so, the alarm is up.
    AlarmIsUp,
    /// A transfer moves only along the allow-table.
    AllowTable,
    /// Only the one live attempt writes.
    OneLiveAttempt,
    /// The next id only after the network said ABORTED for the one before.
    NextIdAfterAborted,
    /// A row is given up only after as many failures of one kind as it may have.
    GivenEveryTry,
}

#[derive(Debug, Clone)]
pub(super) struct Broken {
    pub invariant: Invariant,
    pub what: String,
}

impl World {
    pub fn break_off(&mut self, invariant: Invariant, what: String) {
        self.story.tell(self.now, || format!("BROKEN: {invariant:?}: {what}"));
        self.broken.get_or_insert(Broken { invariant, what });
    }

    /// How one row moved.
    pub fn check_move(&mut self, place: usize, row: usize, before: &Row, write: Option<&Write>) {
        if !self.checks_rules {
            return;
        }
        let after = self.places[place].database.rows[row].clone();
        let (from, to) = (before.standing.state, after.standing.state);
        if from != to && !from.may_become(to) {
            self.break_off(Invariant::AllowTable, format!("row {row} went from {} to {}", from.as_str(), to.as_str()));
        }
        self.check_patience(row, before, &after);
        if write.is_some_and(|write| before.attempt != write.key.attempt) {
            self.break_off(Invariant::OneLiveAttempt, format!("row {row} was moved by an attempt that does not hold it"));
        }
        for n in before.standing.n..after.standing.n {
            let id = Id { chain: after.chain, n, salt: 0 };
            let by_people = self.people.closings.iter().any(|closing| closing.id == id && !closing.as_paid);
            if !by_people && !self.hub.has_aborted(id) {
                self.break_off(Invariant::NextIdAfterAborted, format!("row {row} left {id}, which is not ABORTED"));
            }
        }
        if after.standing.n < before.standing.n {
            self.break_off(Invariant::NextIdAfterAborted, format!("row {row} went back to id({})", after.standing.n));
        }
    }

    pub fn check(&mut self) {
        self.check_money();
        for place in 0..self.places.len() {
            if self.places[place].is_retired {
                continue;
            }
            for row in 0..self.places[place].database.rows.len() {
                self.check_row(place, row);
            }
            self.check_counts(place);
        }
    }

    fn check_money(&mut self) {
        for chain in 0..self.payments {
            let ids: Vec<_> = self.hub.paid(chain).map(|transfer| transfer.prepare.id.to_string()).collect();
            if ids.len() > 1 && !self.has_closed(chain, false) {
                self.break_off(Invariant::PaidOnce, format!("payment {chain} was paid as {}", ids.join(" and as ")));
            }
        }
    }

    fn check_row(&mut self, place: usize, row: usize) {
        let database = &self.places[place].database;
        let one = &database.rows[row];
        let chain = one.chain % CHAINS;
        match one.standing.state {
            Succeeded if !one.is_closed => {
                let right = |payee: u32| payee == one.payee || one.is_paid_by_others;
                if !self.hub.paid(chain).any(|transfer| right(transfer.prepare.payee)) {
                    self.break_off(Invariant::SucceededMoved, format!("row {row} of database {place} is shown as paid"));
                }
            }
            Failed | Cancelled if !self.is_excused(chain) && self.hub.paid(chain).any(|transfer| database.knows_of(&transfer.prepare)) => {
                let state = one.standing.state;
                self.break_off(Invariant::FailedDidNotMove, format!("row {row} of database {place} is {}, and paid", state.as_str()));
            }
            Superseded if one.is_replaced && !self.is_excused(chain) => {
                let old = |payee: u32| payee == one.payee;
                // What another copy paid is told by the row that goes on.
                if self.hub.paid(chain).any(|transfer| old(transfer.prepare.payee) && database.has_recorded(&transfer.prepare)) {
                    self.break_off(Invariant::OldPayeeNotPaid, format!("row {row} of database {place} was paid after it was replaced"));
                }
            }
            _ => {}
        }
        let waits = &self.places[place].database.rows[row].standing;
        if !is_final(waits.state) && waits.next_at.is_none() {
            self.break_off(
                Invariant::Ends,
                format!("row {row} of database {place} is {}, and nobody will look at it", waits.state.as_str()),
            );
        }
    }

    /// People said it was not paid, or clocks were further off than the margin allows.
    fn is_excused(&self, chain: usize) -> bool {
        self.clocks_are_wild || self.has_closed(chain, false)
    }

    fn check_counts(&mut self, place: usize) {
        let database = &self.places[place].database;
        for (index, batch) in database.batches.iter().enumerate() {
            let rows = || database.rows.iter().filter(|row| row.batch == index);
            let sum: i64 = batch.counts.iter().sum();
            let differs = |count: &Count| {
                let is = rows().filter(|row| Count::of(row.standing.state) == *count).count();
                i64::try_from(is).unwrap_or(-1) != batch.count(*count)
            };
            if sum != batch.total || Count::ALL.iter().any(differs) {
                return self.break_off(Invariant::CountsAddUp, format!("batch {index} of database {place}: {:?}", batch.counts));
            }
        }
    }

    /// After everything late has come and everybody has had time.
    pub fn check_end(&mut self) {
        self.check();
        for place in 0..self.places.len() {
            if self.places[place].is_retired {
                continue;
            }
            for row in 0..self.places[place].database.rows.len() {
                let one = self.places[place].database.rows[row].clone();
                if !is_final(one.standing.state) && one.standing.state != NeedsAttention {
                    self.break_off(Invariant::Ends, format!("row {row} of database {place} is still {}", one.standing.state.as_str()));
                }
            }
        }
        for closing in self.people.closings.clone() {
            let paid: Vec<_> = self.hub.paid(closing.id.chain).map(|transfer| transfer.prepare.id).collect();
            let is_wrong = if closing.as_paid { paid.is_empty() } else { paid.contains(&closing.id) };
            if is_wrong && !closing.alarm {
                self.break_off(Invariant::AlarmIsUp, format!("{} was closed as paid: {}, and was not so", closing.id, closing.as_paid));
            }
        }
        for chain in 0..self.payments {
            if self.hub.paid(chain).count() > 1 && !self.has_alarm(chain) {
                self.break_off(Invariant::AlarmIsUp, format!("payment {chain} was paid twice on people's word"));
            }
        }
    }
}

pub(super) fn is_final(state: TransferState) -> bool {
    matches!(state, Succeeded | Failed | Superseded | Cancelled | TransferState::Excluded)
}
