//! What is done to whom in a round, and when: drawn from a seed, so that the same seed plans the same round.

use std::time::Duration;

use outlay::dispatch::CRASH_POINTS;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// So many rounds in a row die at every point there is.
pub const ROUNDS_FOR_ALL_POINTS: u64 = 5;
/// Points that are passed too seldom to wait for a later passage.
const SELDOM: &[&str] = &["after-start-of-batch", "after-epoch-file", "after-epoch"];

/// Something done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL; it is started again a while later.
    Kill(Whom),
    /// SIGSTOP, and SIGCONT a while later.
    Stop(Whom),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The nth process of the portal.
    Portal(usize),
    Network,
}

/// Something done to what lies between the processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    CutNetwork,
    SlowNetwork(Duration),
    CutDatabase,
    SlowDatabase(Duration),
    /// The disk under the database is full.
    Full,
}

#[derive(Debug, Clone, Copy)]
pub struct Step<T> {
    pub what: T,
    /// How long after the last one ended.
    pub after: Duration,
    pub lasts: Duration,
}

#[derive(Debug)]
pub struct Plan {
    /// First the portal dies at these points, at which passage.
    pub points: Vec<(&'static str, u32)>,
    /// Then both at the same time.
    pub blows: Vec<Step<Blow>>,
    pub troubles: Vec<Step<Trouble>>,
}

impl Plan {
    /// For so many processes of the portal, with a wire to the database or without one.
    pub fn of(seed: u64, processes: usize, has_wire: bool) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut blows = vec![Blow::Kill(Whom::Network), Blow::Kill(Whom::Network), Blow::Stop(Whom::Network)];
        for nth in 0..processes {
            blows.extend([Blow::Kill(Whom::Portal(nth)), Blow::Stop(Whom::Portal(nth))]);
        }
        let piece = Duration::from_millis(chance.random_range(3..15));
        let mut troubles =
            vec![Trouble::CutNetwork, Trouble::CutNetwork, Trouble::CutNetwork, Trouble::SlowNetwork(piece), Trouble::Full, Trouble::Full];
        if has_wire {
            troubles.extend([Trouble::CutDatabase, Trouble::CutDatabase, Trouble::SlowDatabase(piece / 3)]);
        }
        Self { points: points(seed, &mut chance), blows: steps(blows, &mut chance), troubles: steps(troubles, &mut chance) }
    }
}

/// Every fifth point, beginning with another one in each round.
fn points(seed: u64, chance: &mut StdRng) -> Vec<(&'static str, u32)> {
    let first = usize::try_from(seed % ROUNDS_FOR_ALL_POINTS).unwrap();
    let points = CRASH_POINTS.iter().skip(first).step_by(usize::try_from(ROUNDS_FOR_ALL_POINTS).unwrap());
    points.map(|point| (*point, if SELDOM.contains(point) { 1 } else { chance.random_range(1..=6) })).collect()
}

/// In an order and at moments by chance.
fn steps<T: Copy>(mut what: Vec<T>, chance: &mut StdRng) -> Vec<Step<T>> {
    what.shuffle(chance);
    let mut short = |most| Duration::from_millis(chance.random_range(40..most));
    what.into_iter().map(|what| Step { what, after: short(500), lasts: short(700) }).collect()
}

#[test]
fn a_seed_plans_the_same_round_again_and_five_rounds_meet_every_point() {
    let told = |seed| format!("{:?}", Plan::of(seed, 3, true));
    assert_eq!(told(7), told(7));
    assert_ne!(told(7), told(8));
    let met: std::collections::BTreeSet<_> =
        (30..30 + ROUNDS_FOR_ALL_POINTS).flat_map(|seed| Plan::of(seed, 1, false).points).map(|(point, _)| point).collect();
    assert_eq!(met.len(), CRASH_POINTS.len());
    let plan = Plan::of(3, 3, true);
    for nth in 0..3 {
        assert!(plan.blows.iter().any(|step| step.what == Blow::Kill(Whom::Portal(nth))), "each process is killed");
    }
}
