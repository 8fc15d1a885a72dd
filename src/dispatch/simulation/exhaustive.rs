//! Every way a small configuration can go: one transfer, two dispatchers, so many crashes, losses, refusals, bad commits and waits.
//! Breadth first, so that the way to a broken invariant is the shortest. States that differ in names and in absolute time only are one.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use super::canonical::canonical;
use super::chance::Chance;
use super::dispatcher::{Dispatcher, Life};
use super::job::{Agreed, Commit, Doing};
use super::network::Message;
use super::story::Story;
use super::world::{Happening, World};
use crate::clock::Instant;

/// How much trouble there may be on one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Budget {
    crashes: u8,
    losses: u8,
    doubles: u8,
    refusals: u8,
    commits: u8,
    /// Waits while somebody could go on.
    stalls: u8,
    waits: u8,
}

impl Budget {
    const fn of([crashes, losses, doubles, refusals, commits, stalls, waits]: [u8; 7]) -> Self {
        Self { crashes, losses, doubles, refusals, commits, stalls, waits }
    }

    const fn left(self) -> [u8; 7] {
        [self.crashes, self.losses, self.doubles, self.refusals, self.commits, self.stalls, self.waits]
    }
}

/// Waits: a row's own, the account's lease, a client's patience, certainty.
const WAITS: [Duration; 2] = [Duration::from_secs(46), Duration::from_secs(700)];

struct Walk {
    /// For each state: where it comes from, and how.
    ways: Vec<(usize, Option<Happening>)>,
    seen: HashSet<u64>,
    ahead: VecDeque<(World, Budget, usize)>,
}

fn beginning() -> World {
    let mut world = World::new(Instant::from_micros(1_000_000_000_000), 0, 1, 1);
    world.start(0, 0);
    world.start(0, 0);
    world
}

impl Walk {
    fn visit(&mut self, world: World, budget: Budget, from: usize, by: Option<Happening>) {
        if self.seen.insert(canonical(&world, &budget.left())) {
            self.ways.push((from, by));
            self.ahead.push_back((world, budget, self.ways.len() - 1));
        }
    }

    /// The story of the way to a state.
    fn tell(&self, state: usize, last: Happening) -> String {
        let mut way = vec![last];
        let mut at = state;
        while let (from, Some(by)) = self.ways[at] {
            way.push(by);
            at = from;
        }
        let mut world = beginning();
        world.story = Story::new(true);
        for happening in way.into_iter().rev() {
            world.happen(happening);
            world.check();
        }
        world.story.text()
    }
}

/// Walks; returns how many states there are, and of how many the end was tried. Every `healed`th state has to come to its end.
fn walk(budget: Budget, healed: usize) -> (usize, usize) {
    let mut walk = Walk { ways: Vec::new(), seen: HashSet::new(), ahead: VecDeque::new() };
    walk.visit(beginning(), budget, 0, None);
    let mut ended = 0;
    while let Some((world, budget, state)) = walk.ahead.pop_front() {
        for (happening, left) in ways_on(&world, budget) {
            let mut next = world.clone();
            next.happen(happening);
            next.check();
            if let Some(broken) = &next.broken {
                panic!("{}\n{:?}: {}", walk.tell(state, happening), broken.invariant, broken.what);
            }
            walk.visit(next, left, state, Some(happening));
        }
        if state % healed == 0 {
            let mut end = world;
            end.heal(&mut Chance::of(0));
            ended += 1;
            if let Some(broken) = &end.broken {
                let last = Happening::Pass(Duration::ZERO);
                panic!("{}\nand then, without troubles, {:?}: {}", walk.tell(state, last), broken.invariant, broken.what);
            }
        }
    }
    (walk.ways.len(), ended)
}

/// Everything that can happen here.
fn ways_on(world: &World, budget: Budget) -> Vec<(Happening, Budget)> {
    let mut ways = Vec::new();
    at_once(world, budget, &mut ways);
    if !ways.is_empty() {
        return ways;
    }
    for (which, one) in world.dispatchers.iter().enumerate() {
        match one.life {
            Life::Dead => ways.push((Happening::Start { place: 0, ahead_s: 0 }, budget)),
            Life::Stalled => {}
            Life::Awake => {
                if one.jobs.is_empty() {
                    ways.push((Happening::Beat { which }, budget));
                }
                if let Some(crashes) = budget.crashes.checked_sub(1).filter(|_| !one.jobs.is_empty()) {
                    ways.push((Happening::Crash { which }, Budget { crashes, ..budget }));
                }
                (0..one.jobs.len()).for_each(|job| works(world, which, job, budget, &mut ways));
            }
        }
    }
    for (message, (what, _)) in world.network.on_the_way.iter().enumerate() {
        ways.push((Happening::Arrive { message, twice: false }, budget));
        if let (Message::Prepare(_), Some(doubles)) = (what, budget.doubles.checked_sub(1)) {
            ways.push((Happening::Arrive { message, twice: true }, Budget { doubles, ..budget }));
        }
        if let Some(losses) = budget.losses.checked_sub(1) {
            ways.push((Happening::Lose { message }, Budget { losses, ..budget }));
        }
    }
    for id in world.hub.unfinished() {
        ways.push((Happening::End { id, refusal: None }, budget));
        if let Some(refusals) = budget.refusals.checked_sub(1) {
            ways.push((Happening::End { id, refusal: Some(5001) }, Budget { refusals, ..budget }));
        }
    }
    for waiting in (0..world.sdk.waiting.len()).filter(|waiting| world.sdk.is_due(*waiting, world.now)) {
        ways.push((Happening::SdkTimeout { waiting }, budget));
    }
    if !world.places[0].database.late.is_empty() {
        ways.push((Happening::LateCommit { place: 0 }, budget));
    }
    let can_work = |(which, one): (usize, &Dispatcher)| (0..one.jobs.len()).any(|job| world.can_work(which, job));
    let stalls = if world.dispatchers.iter().enumerate().any(can_work) { budget.stalls.checked_sub(1) } else { Some(budget.stalls) };
    if let (Some(waits), Some(stalls)) = (budget.waits.checked_sub(1), stalls) {
        let next = world.until_due();
        let longer = WAITS.into_iter().filter(|wait| *wait > next);
        ways.extend(longer.chain([next]).map(|wait| (Happening::Pass(wait), Budget { waits, stalls, ..budget })));
    }
    ways
}

/// What need not wait for anything else, because waiting here is no different from waiting before or after it: agreements, questions,
/// requests to the SDK, callbacks (their replies wait), the hub's queue (prepares wait on their way to it).
fn at_once(world: &World, budget: Budget, ways: &mut Vec<(Happening, Budget)>) {
    for (which, one) in world.dispatchers.iter().enumerate() {
        let local = |job: &usize| matches!(one.jobs[*job].doing, Doing::Agree(_) | Doing::Ask(_) | Doing::Control(_));
        if let Some(job) = (0..one.jobs.len()).find(local) {
            return works(world, which, job, budget, ways);
        }
    }
    if !world.hub.queue.is_empty() {
        return ways.push((Happening::Handle { queued: 0, quickly: true }, budget));
    }
    let quick =
        |(message, _): &(Message, Instant)| matches!(message, Message::Request { .. } | Message::Question(_) | Message::Callback { .. });
    if let Some(message) = world.network.on_the_way.iter().position(quick) {
        ways.push((Happening::Arrive { message, twice: false }, budget));
        if let Some(losses) = budget.losses.checked_sub(1) {
            ways.push((Happening::Lose { message }, Budget { losses, ..budget }));
        }
    }
}

fn works(world: &World, which: usize, job: usize, budget: Budget, ways: &mut Vec<(Happening, Budget)>) {
    if world.can_time_out(which, job) {
        ways.push((Happening::ClientTimeout { which, job }, budget));
    }
    if !world.can_work(which, job) {
        return;
    }
    let work = |agreed, commit| Happening::Work { which, job, agreed, commit };
    ways.push((work(Agreed::Yes, Commit::Known), budget));
    match world.dispatchers[which].jobs[job].doing {
        Doing::Agree(_) => {
            if let Some(refusals) = budget.refusals.checked_sub(1) {
                ways.push((work(Agreed::Refused(3204), Commit::Known), Budget { refusals, ..budget }));
            }
        }
        Doing::Record(_) | Doing::Settle(_) | Doing::GoOn(_) => {
            if let Some(commits) = budget.commits.checked_sub(1) {
                let bad = [Commit::There, Commit::NotThere, Commit::Late];
                ways.extend(bad.map(|commit| (work(Agreed::Yes, commit), Budget { commits, ..budget })));
            }
        }
        _ => {}
    }
}

#[test]
fn every_way_of_one_transfer_and_two_dispatchers() {
    // WALK=1 goes a wait further; it takes minutes, and some gigabytes.
    let far = std::env::var("WALK").is_ok();
    let budgets = [[1, 0, 0, 1, 0, 0, 1], [0, 1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 1, 0, 1], [0, 0, 1, 0, 0, 1, 1]].map(Budget::of);
    for budget in budgets {
        let budget = if far { Budget { waits: budget.waits + 1, ..budget } } else { budget };
        let (states, ended) = walk(budget, if far { 500 } else { 50 });
        println!("{states} states with {budget:?}, {ended} of them brought to an end, nothing broken");
        assert!(states > 1_000, "a walk of {states} states shows little");
    }
}
