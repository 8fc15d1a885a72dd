//! What happens next, by chance. Every seed has habits of its own: some troubles often, some never.

use std::time::Duration;

use super::SKEW_S;
use super::chance::Chance;
use super::dispatcher::Life;
use super::hub::HubState;
use super::invariants::Broken;
use super::job::{Agreed, Commit, Doing, Question};
use super::mutants::Mutant;
use super::network::{Message, Said};
use super::people::Verb;
use super::story::{Story, Trouble};
use super::world::{Happening, World};
use crate::clock::Instant;
use crate::dispatch::TransferState::{Failed, InDoubt, NeedsAttention};
use crate::dispatch::core::Mood;

/// How often, in a thousand. Each seed has a theme, and of what is outside it some troubles never.
#[derive(Default)]
struct Habits {
    lose: u64,
    twice: u64,
    late: u64,
    slow_hub: u64,
    refuse: u64,
    abort: u64,
    commits: u64,
    crash: u64,
    stall: u64,
    jump: u64,
    lie: u64,
    settle: u64,
    liquidity: u64,
    people: u64,
    copies: u64,
    long_waits: u64,
    /// One dispatcher, the hub's clock far behind its own, and a stall just where an answer is read.
    is_apart: bool,
}

impl Habits {
    fn of(chance: &mut Chance, theme: u64) -> Self {
        let mut habit = |often: u64| if chance.happens(400) { 0 } else { 1 + chance.below(often) };
        let all = Self {
            lose: habit(250),
            twice: habit(300),
            late: habit(950),
            slow_hub: habit(900),
            refuse: habit(350),
            abort: habit(800),
            commits: habit(300),
            crash: habit(100),
            stall: habit(250),
            jump: habit(100),
            lie: habit(600),
            settle: habit(200),
            liquidity: habit(60),
            people: habit(700),
            copies: habit(30),
            long_waits: habit(60),
            is_apart: false,
        };
        let mut at_least = |least: u64, often: u64| least + chance.below(often);
        match theme {
            // Backups put back, clones, releases.
            0 => Self { copies: at_least(60, 300), refuse: at_least(100, 400), people: at_least(300, 600), jump: 0, ..all },
            // The truth comes late, to somebody who was away.
            1 => Self {
                late: at_least(700, 280),
                stall: at_least(200, 400),
                people: at_least(400, 500),
                refuse: at_least(100, 400),
                lose: at_least(1, 100),
                copies: 0,
                crash: 0,
                jump: 0,
                settle: 0,
                is_apart: true,
                ..all
            },
            // Much is left for people to do.
            2 => Self {
                people: at_least(600, 350),
                abort: at_least(200, 700),
                settle: at_least(0, 400),
                stall: at_least(100, 300),
                long_waits: at_least(40, 200),
                copies: 0,
                crash: at_least(0, 20),
                ..all
            },
            _ => all,
        }
    }
}

pub(super) struct Fate {
    chance: Chance,
    habits: Habits,
    steps: u64,
}

/// What came of a seed.
pub(super) struct Outcome {
    pub broken: Option<Broken>,
    pub story: Story,
}

/// Runs a seed from beginning to end.
pub(super) fn run(seed: u64, mutant: Option<Mutant>, is_told: bool) -> Outcome {
    let mut chance = Chance::of(seed);
    let theme = chance.below(4);
    let habits = Habits::of(&mut chance, mutant.map_or(theme, |mutant| mutant.theme().unwrap_or(theme)));
    let steps = 150 + chance.below(450);
    let (payments, dispatchers) = (1 + chance.index(3), 1 + chance.index(3));
    let start = Instant::from_micros(1_000_000_000_000);
    let (hub_from, hub_to) = if habits.is_apart { (-SKEW_S, -SKEW_S / 2) } else { (-SKEW_S, SKEW_S) };
    let (from, dispatchers) = if habits.is_apart { (SKEW_S / 2, 1) } else { (-SKEW_S, dispatchers) };
    let mut world = World::new(start, chance.between(hub_from, hub_to), payments, 1 + chance.index(payments.min(2)));
    world.story = Story::new(is_told);
    world.mutant = mutant;
    world.checks_rules = mutant.is_none_or(|mutant| mutant.is_a_matter_of_rules());
    world.clocks_are_wild = chance.happens(100);
    for _ in 0..dispatchers {
        world.start(0, chance.between(from, SKEW_S));
    }
    let mut fate = Fate { chance, habits, steps };
    fate.drive(&mut world);
    if world.broken.is_none() {
        world.heal(&mut fate.chance);
    }
    Outcome { broken: world.broken, story: world.story }
}

impl Fate {
    fn drive(&mut self, world: &mut World) {
        for _ in 0..self.steps {
            let happening = self.next(world);
            world.happen(happening);
            if !matches!(happening, Happening::Pass(_)) {
                world.check();
            }
            if world.broken.is_some() {
                return;
            }
        }
    }

    fn next(&mut self, world: &World) -> Happening {
        for _ in 0..6 {
            let chosen = match self.chance.below(1_000) {
                0..100 => break,
                100..230 => self.beat(world),
                230..480 => self.work(world),
                480..740 => self.deliver(world),
                740..880 => self.hub(world),
                880..930 => self.machines(world),
                _ => self.people(world),
            };
            if let Some(happening) = chosen {
                return happening;
            }
        }
        self.time(world)
    }

    fn time(&mut self, world: &World) -> Happening {
        let millis = |from: i64, to: i64, chance: &mut Chance| u64::try_from(chance.between(from, to)).unwrap_or(0);
        // Nobody is there to do anything: the best time for much of it to pass.
        if self.chance.happens(self.habits.long_waits + if is_alone(world) { 150 } else { 0 }) {
            let longest = if self.chance.happens(100) { 90_000_000 } else { 1_500_000 };
            return Happening::Pass(Duration::from_millis(millis(300_000, longest, &mut self.chance)));
        }
        let is_busy = !world.network.on_the_way.is_empty() || !world.hub.queue.is_empty();
        let wait = match self.chance.below(if is_busy { 100 } else { 300 }) {
            0..60 => millis(1, 300, &mut self.chance),
            60..80 => millis(300, 3_000, &mut self.chance),
            80..92 => millis(3_000, 40_000, &mut self.chance),
            92..96 => millis(40_000, 400_000, &mut self.chance),
            _ => return Happening::Pass(world.until_due()),
        };
        Happening::Pass(Duration::from_millis(wait))
    }

    fn beat(&mut self, world: &World) -> Option<Happening> {
        let which = self.chance.index(world.dispatchers.len());
        let one = &world.dispatchers[which];
        let is_wanted = one.jobs.is_empty() || self.chance.happens(300);
        (one.life == Life::Awake && is_wanted).then_some(Happening::Beat { which })
    }

    fn work(&mut self, world: &World) -> Option<Happening> {
        let mut able = Vec::new();
        for (which, dispatcher) in world.dispatchers.iter().enumerate() {
            able.extend((0..dispatcher.jobs.len()).filter(|job| world.can_work(which, *job)).map(|job| (which, job)));
        }
        if able.is_empty() {
            return None;
        }
        let (which, job) = self.chance.pick(&able);
        let is_done = matches!(world.dispatchers[which].jobs[job].doing, Doing::Settle(_));
        if self.chance.happens(if is_done { self.habits.stall } else { self.habits.stall / 3 }) {
            let until = world.now.after(Duration::from_secs(u64::try_from(self.chance.between(5, 900)).unwrap_or(5)));
            return Some(Happening::TaskStall { which, job, until });
        }
        let commit = if self.chance.happens(self.habits.commits) {
            self.chance.pick(&[Commit::Looked, Commit::There, Commit::NotThere, Commit::Late, Commit::Twice])
        } else {
            Commit::Known
        };
        let agreed = if self.chance.happens(self.habits.refuse) {
            let codes = [3204, 3204, 4001, 2001, 5103, 3300, 3208, 4400].map(Agreed::Refused);
            let other = [Agreed::Silent, Agreed::Unreached, Agreed::Ours, self.chance.pick(&codes), self.chance.pick(&codes)];
            self.chance.pick(&other)
        } else {
            Agreed::Yes
        };
        Some(Happening::Work { which, job, agreed, commit })
    }

    fn deliver(&mut self, world: &World) -> Option<Happening> {
        let due: Vec<_> = (0..world.sdk.waiting.len()).filter(|waiting| world.sdk.is_due(*waiting, world.now)).collect();
        if !due.is_empty() && self.chance.happens(400) {
            return Some(Happening::SdkTimeout { waiting: self.chance.pick(&due) });
        }
        for (which, dispatcher) in world.dispatchers.iter().enumerate() {
            let late = (0..dispatcher.jobs.len()).find(|job| world.can_time_out(which, *job));
            if let Some(job) = late.filter(|_| self.chance.happens(300)) {
                return Some(Happening::ClientTimeout { which, job });
            }
        }
        if world.network.on_the_way.is_empty() {
            return None;
        }
        let message = self.chance.index(world.network.on_the_way.len());
        let (what, since) = world.network.on_the_way[message];
        match what {
            Message::Prepare(_) if !is_alone(world) && self.chance.happens(self.habits.late) => return None,
            Message::Reply { call, said } => {
                if let Some((which, job)) = world.waits_for(call) {
                    let dispatcher = &world.dispatchers[which];
                    let is_up = dispatcher.jobs[job].stalled_until.is_none_or(|until| world.now >= until);
                    if dispatcher.life != Life::Awake || !is_up {
                        return None;
                    }
                    // It lies in the socket while the task does not run.
                    let is_fresh = world.now.since(since) < Duration::from_secs(60);
                    let matters = self.habits.is_apart && is_fresh && said == Said::Error(3208) && is_last_word(world, which, job);
                    let often = if self.habits.is_apart { self.habits.stall / 8 } else { self.habits.stall / 2 };
                    if self.chance.happens(if matters { 900 } else { often }) {
                        if matters || self.chance.happens(500) {
                            return Some(Happening::Stall { which });
                        }
                        let until = world.now.after(Duration::from_secs(u64::try_from(self.chance.between(60, 1_500)).unwrap_or(60)));
                        return Some(Happening::TaskStall { which, job, until });
                    }
                }
            }
            _ => {}
        }
        if self.chance.happens(self.habits.lose) {
            return Some(Happening::Lose { message });
        }
        let twice = matches!(what, Message::Prepare(_)) && self.chance.happens(self.habits.twice);
        Some(Happening::Arrive { message, twice })
    }

    fn hub(&mut self, world: &World) -> Option<Happening> {
        if self.chance.happens(self.habits.liquidity / 3) {
            return Some(Happening::Liquidity { there: !world.hub.has_liquidity });
        }
        if self.chance.happens(self.habits.settle) {
            let paid: Vec<_> = world.hub.transfers.values().filter(|one| one.state == HubState::Committed).collect();
            if let Some(one) = paid.first() {
                return Some(Happening::Settle { id: one.prepare.id });
            }
        }
        let open = world.hub.unfinished();
        if !open.is_empty() && self.chance.happens(500) {
            let id = self.chance.pick(&open);
            if self.chance.happens(self.habits.lie) {
                return Some(Happening::Lie { id, code: self.chance.pick(&[5104, 3100, 2001, 5105, 3000]) });
            }
            let refusal = self.chance.happens(self.habits.abort).then(|| self.chance.pick(&[5104, 5001, 3303, 5200]));
            return Some(Happening::End { id, refusal });
        }
        if world.hub.queue.is_empty() || !is_alone(world) && self.chance.happens(self.habits.slow_hub) {
            return None;
        }
        Some(Happening::Handle { queued: self.chance.index(world.hub.queue.len()), quickly: self.chance.happens(500) })
    }

    fn machines(&mut self, world: &World) -> Option<Happening> {
        let which = self.chance.index(world.dispatchers.len());
        let one = &world.dispatchers[which];
        let live = (0..world.places.len()).filter(|place| !world.places[*place].is_retired).collect::<Vec<_>>();
        match one.life {
            Life::Dead => {
                return Some(Happening::Start { place: self.chance.pick(&live), ahead_s: self.chance.between(-SKEW_S, SKEW_S) });
            }
            Life::Stalled if self.chance.happens(400) => return Some(Happening::Wake { which }),
            _ => {}
        }
        if let Some(place) = live.iter().find(|place| !world.places[**place].database.late.is_empty()) {
            return Some(Happening::LateCommit { place: *place });
        }
        // A clone that nobody works on yet.
        if let Some(place) = live.iter().find(|place| !world.dispatchers.iter().any(|one| one.place == **place)) {
            return Some(Happening::Start { place: *place, ahead_s: self.chance.between(-SKEW_S, SKEW_S) });
        }
        if self.chance.happens(self.habits.crash * 3) {
            let happening = if self.chance.happens(800) { Happening::Crash { which } } else { Happening::SdkRestart };
            return Some(happening);
        }
        if self.chance.happens(self.habits.stall) {
            return Some(Happening::Stall { which });
        }
        if self.chance.happens(self.habits.jump * 3) {
            let by_s = if world.clocks_are_wild { self.chance.between(-90_000, 90_000) } else { self.chance.between(-7_200, 7_200) };
            return Some(Happening::Jump { which, by_s });
        }
        self.chance.happens(self.habits.crash / 2).then_some(Happening::SdkRestart)
    }

    fn people(&mut self, world: &World) -> Option<Happening> {
        let live = (0..world.places.len()).filter(|place| !world.places[*place].is_retired).collect::<Vec<_>>();
        let place = self.chance.pick(&live);
        if self.chance.happens(self.habits.copies) {
            return Some(Happening::People(match self.chance.below(6) {
                0 | 1 => Verb::Snapshot { place },
                2 | 3 => Verb::Restore { place, snapshot: self.chance.index(world.people.snapshots.len()) },
                4 => Verb::Clone { place, with_file: self.chance.happens(500) },
                _ => Verb::Release { place, honestly: self.chance.happens(800) },
            }));
        }
        if world.is_held(place) && self.chance.happens(500) {
            return Some(Happening::People(Verb::Release { place, honestly: self.chance.happens(800) }));
        }
        if !self.chance.happens(self.habits.people) {
            return None;
        }
        let database = &world.places[place].database;
        let (mut row, batch) = (self.chance.index(database.rows.len()), self.chance.index(database.batches.len()));
        let failed: Vec<_> = (0..database.rows.len()).filter(|row| database.rows[*row].standing.state == Failed).collect();
        if !failed.is_empty() && self.chance.happens(700) {
            row = self.chance.pick(&failed);
        }
        Some(Happening::People(match (self.chance.below(14), database.rows[row].standing.state) {
            (0..4, Failed) => Verb::Retry { place, row },
            (4..9, Failed | InDoubt) => Verb::Correct { place, row, other_payee: self.chance.happens(400) },
            (0..7, NeedsAttention) => Verb::Close { place, row, as_paid: self.chance.happens(400) },
            (9, _) => Verb::AskAgain { place, row },
            (10, _) => Verb::LookAtClosed,
            (11, _) => Verb::Pause { place, batch },
            (12, _) => Verb::Resume { place, batch },
            (13, _) => Verb::Cancel { place, batch },
            _ => return None,
        }))
    }
}

/// Whether "unknown" may be the end of a row while its bytes are still on their way: the answer that must not be misread.
fn is_last_word(world: &World, which: usize, job: usize) -> bool {
    let job = &world.dispatchers[which].jobs[job];
    let is_refused = matches!(&job.doing, Doing::Waits { asked: Question::Word { standing, .. }, .. } if standing.refused);
    let is_coming = world.network.on_the_way.iter().any(|(message, _)| matches!(message, Message::Prepare(_)));
    (is_refused || job.mood == Mood::Ending) && (is_coming || !world.hub.queue.is_empty())
}

/// Whether nobody is awake to dispatch: what is on its way arrives meanwhile.
fn is_alone(world: &World) -> bool {
    world.dispatchers.iter().all(|one| one.life != Life::Awake)
}

impl World {
    /// Until something waits no longer: a row, a lease, a call.
    pub fn until_due(&self) -> Duration {
        let ahead = self.dispatchers.iter().find(|one| one.life == Life::Awake).map_or(self.now, |one| one.clock.wall(self.now));
        let live = self.places.iter().filter(|place| !place.is_retired);
        let rows = live.flat_map(|place| place.database.rows.iter().filter_map(|row| row.standing.next_at));
        let rows = rows.map(|at| at.since(ahead)).filter(|wait| !wait.is_zero());
        let calls = self.dispatchers.iter().flat_map(|one| &one.jobs).filter_map(|job| match job.doing {
            Doing::Waits { since, .. } => Some(since.after(super::CLIENT_WAIT).since(self.now)),
            _ => None,
        });
        rows.chain(calls).filter(|wait| !wait.is_zero()).min().unwrap_or(Duration::from_secs(31)).saturating_add(Duration::from_millis(1))
    }
}

impl Story {
    /// How often each trouble was met, in words.
    pub fn add_to(&self, sums: &mut [u64]) {
        for (sum, trouble) in sums.iter_mut().zip(Trouble::ALL) {
            *sum += self.counted(*trouble);
        }
    }
}
