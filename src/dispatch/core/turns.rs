//! Whose call goes next. Calls in flight are bounded for each funding account, for each payee's FSP and for the whole SDK; where more
//! want to call than may, batches take turns, and within a batch its FSPs do. So neither a large batch nor a slow FSP keeps the slots.
//! Within a batch, what is further along goes first: an offer, and bytes that were recorded, are good for a time only, and many more rows
//! than calls are in hand.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use crate::ids::{BatchId, FspId, FundingAccountId};

/// Which call of a payment it is, the later the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A lookup, or a question about what may have been paid: nothing of these expires.
    Begin,
    Quote,
    Send,
}

/// What a call counts against, and with which others it waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    pub account: FundingAccountId,
    pub batch: BatchId,
    /// The FSP that has to answer; `None` where it is not known, or where the hub answers by itself.
    pub fsp: Option<FspId>,
    pub step: Step,
}

/// Calls in flight at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub sdk: usize,
    pub account: usize,
    pub fsp: usize,
}

/// Calls of one SDK, and who waits to call; `T` is how a waiter is told.
#[derive(Debug)]
pub struct Turns<T> {
    bounds: Bounds,
    in_flight: usize,
    of_account: BTreeMap<FundingAccountId, usize>,
    of_fsp: BTreeMap<FspId, usize>,
    /// In the order in which they get their next turn; none is empty.
    batches: VecDeque<Queue<T>>,
}

#[derive(Debug)]
struct Queue<T> {
    batch: BatchId,
    /// The same within the batch.
    lanes: VecDeque<(Lane, VecDeque<T>)>,
}

impl<T> Turns<T> {
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, in_flight: 0, of_account: BTreeMap::new(), of_fsp: BTreeMap::new(), batches: VecDeque::new() }
    }

    /// A call that wants to go. Gives the waiter back where it may at once.
    pub fn ask(&mut self, lane: &Lane, waiter: T) -> Option<T> {
        // Nobody overtakes those who could go themselves; who waits for another bound is not overtaken by this.
        if self.fits(lane) {
            self.count(lane);
            return Some(waiter);
        }
        let queue = match self.batches.iter_mut().position(|queue| queue.batch == lane.batch) {
            Some(place) => self.batches.get_mut(place),
            None => {
                self.batches.push_back(Queue { batch: lane.batch.clone(), lanes: VecDeque::new() });
                self.batches.back_mut()
            }
        };
        if let Some(queue) = queue {
            match queue.lanes.iter_mut().find(|(known, _)| known == lane) {
                Some((_, waiters)) => waiters.push_back(waiter),
                None => queue.lanes.push_back((lane.clone(), VecDeque::from([waiter]))),
            }
        }
        None
    }

    /// A call has ended. Gives those whose turn it is, whose calls are in flight from now on: where one waited for the FSP and another for
    /// the account, both may go.
    pub fn end(&mut self, lane: &Lane) -> Vec<(Lane, T)> {
        self.in_flight = self.in_flight.saturating_sub(1);
        less(&mut self.of_account, &lane.account);
        if let Some(fsp) = &lane.fsp {
            less(&mut self.of_fsp, fsp);
        }
        std::iter::from_fn(|| self.next()).collect()
    }

    fn next(&mut self) -> Option<(Lane, T)> {
        let (place, lane_place) = self.batches.iter().enumerate().find_map(|(place, queue)| Some((place, self.turn_in(queue)?)))?;
        let mut queue = self.batches.remove(place)?;
        let (lane, mut waiters) = queue.lanes.remove(lane_place)?;
        let waiter = waiters.pop_front()?;
        self.count(&lane);
        if !waiters.is_empty() {
            queue.lanes.push_back((lane.clone(), waiters));
        }
        if !queue.lanes.is_empty() {
            self.batches.push_back(queue);
        }
        Some((lane, waiter))
    }

    /// Of a batch's lanes that fit, the first of those that are furthest along.
    fn turn_in(&self, queue: &Queue<T>) -> Option<usize> {
        let fitting = queue.lanes.iter().enumerate().filter(|(_, (lane, _))| self.fits(lane));
        fitting.min_by_key(|(_, (lane, _))| Reverse(lane.step)).map(|(place, _)| place)
    }

    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn fits(&self, lane: &Lane) -> bool {
        let of = |count: Option<&usize>| count.copied().unwrap_or(0);
        let fsp_fits = lane.fsp.as_ref().is_none_or(|fsp| of(self.of_fsp.get(fsp)) < self.bounds.fsp);
        self.in_flight < self.bounds.sdk && of(self.of_account.get(&lane.account)) < self.bounds.account && fsp_fits
    }

    fn count(&mut self, lane: &Lane) {
        self.in_flight += 1;
        *self.of_account.entry(lane.account.clone()).or_default() += 1;
        if let Some(fsp) = &lane.fsp {
            *self.of_fsp.entry(fsp.clone()).or_default() += 1;
        }
    }
}

fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
    }
    if counts.get(key) == Some(&0) {
        counts.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds { sdk: 6, account: 4, fsp: 3 };

    fn lane(account: &str, batch: &str, fsp: Option<&str>) -> Lane {
        Lane { account: FundingAccountId::from(account), batch: BatchId::from(batch), fsp: fsp.map(FspId::from), step: Step::Begin }
    }

    #[test]
    fn a_payroll_of_twenty_takes_turns_with_two_hundred_thousand() {
        let mut turns = Turns::new(Bounds { sdk: 100, account: 2, fsp: 2 });
        let (large, small) = (lane("a", "large", Some("kbz")), lane("a", "small", Some("kbz")));
        let went: Vec<_> = (0..200).filter_map(|_| turns.ask(&large, "large")).collect();
        assert_eq!(went.len(), 2);
        assert!((0..20).all(|_| turns.ask(&small, "small").is_none()));
        let next: Vec<_> = (0..40).flat_map(|_| turns.end(&large)).map(|(_, name)| name).collect();
        assert_eq!(next.iter().filter(|name| **name == "small").count(), 20, "{next:?}");
    }

    #[test]
    fn a_slow_fsp_holds_its_own_slots_only() {
        let mut turns = Turns::new(BOUNDS);
        let (slow, other) = (lane("a", "one", Some("slow")), lane("a", "one", Some("other")));
        assert_eq!((0..50).filter_map(|_| turns.ask(&slow, ())).count(), 3);
        assert_eq!(turns.ask(&other, ()), Some(()), "the account has one left");
        assert!(turns.ask(&other, ()).is_none());
        assert_eq!(turns.end(&other), [(other.clone(), ())], "though fifty wait for the slow one");
    }

    #[test]
    fn what_was_recorded_is_sent_before_anything_else_is_begun() {
        let mut turns = Turns::new(Bounds { sdk: 1, account: 1, fsp: 1 });
        let of = |step| Lane { step, ..lane("a", "one", Some("kbz")) };
        assert_eq!(turns.ask(&of(Step::Begin), "first"), Some("first"));
        let waiting =
            [(Step::Begin, "begin"), (Step::Quote, "quote"), (Step::Send, "send"), (Step::Begin, "begin too"), (Step::Send, "send too")];
        assert!(waiting.iter().all(|(step, name)| turns.ask(&of(*step), *name).is_none()));
        let went: Vec<_> = (0..5).flat_map(|_| turns.end(&of(Step::Begin))).map(|(_, name)| name).collect();
        assert_eq!(went, ["send", "send too", "quote", "begin", "begin too"]);
    }

    #[test]
    fn another_batch_has_its_turn_whatever_the_first_has_recorded() {
        let mut turns = Turns::new(Bounds { sdk: 1, account: 1, fsp: 1 });
        let (recorded, begun) = (Lane { step: Step::Send, ..lane("a", "one", None) }, lane("a", "two", None));
        assert_eq!(turns.ask(&recorded, "one"), Some("one"));
        assert!([(&recorded, "one"), (&recorded, "one"), (&begun, "two")].into_iter().all(|(lane, name)| turns.ask(lane, name).is_none()));
        let went: Vec<_> = (0..3).flat_map(|_| turns.end(&recorded)).map(|(_, name)| name).collect();
        assert_eq!(went, ["one", "two", "one"]);
    }

    proptest! {
        /// Whatever comes and ends: no bound is ever passed, nobody waits while they could go, and all go in the end, each once.
        #[test]
        fn bounds_hold_and_everybody_gets_a_turn(steps in proptest::collection::vec((0_usize..2, 0_usize..3, 0_usize..4, 0_usize..3, any::<bool>()), 1..300)) {
            let mut turns = Turns::new(BOUNDS);
            let (mut flying, mut went, mut asked) = (Vec::<Lane>::new(), Vec::new(), 0);
            for (account, batch, fsp, step, ends) in steps {
                if ends && !flying.is_empty() {
                    let done = flying.remove((account + batch + fsp) % flying.len());
                    for (lane, waiter) in turns.end(&done) { flying.push(lane); went.push(waiter); }
                } else {
                    let fsp = ["kbz", "wave", "aya"].get(fsp).copied();
                    let step = [Step::Begin, Step::Quote, Step::Send][step];
                    let lane = Lane { step, ..lane(["a", "b"][account], ["1", "2", "3"][batch], fsp) };
                    if let Some(waiter) = turns.ask(&lane, asked) { flying.push(lane); went.push(waiter); }
                    asked += 1;
                }
                prop_assert!(flying.len() <= BOUNDS.sdk && flying.len() == turns.in_flight());
                for name in ["a", "b"] {
                    prop_assert!(flying.iter().filter(|lane| lane.account.as_str() == name).count() <= BOUNDS.account);
                }
                for name in ["kbz", "wave", "aya"] {
                    prop_assert!(flying.iter().filter(|lane| lane.fsp.as_ref().is_some_and(|fsp| fsp.as_str() == name)).count() <= BOUNDS.fsp);
                }
                prop_assert!(turns.batches.iter().all(|queue| queue.lanes.iter().all(|(lane, waiters)| !waiters.is_empty() && !turns.fits(lane))));
            }
            while let Some(done) = flying.pop() {
                for (lane, waiter) in turns.end(&done) { flying.push(lane); went.push(waiter); }
            }
            went.sort_unstable();
            prop_assert_eq!(went, (0..asked).collect::<Vec<_>>());
        }
    }
}
