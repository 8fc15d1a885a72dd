//! Everything there is, and what can happen next: a [`Happening`] is one step of somebody, or one trouble. The same happenings on the
//! same world give the same world, so a story can be told again.

use std::collections::BTreeMap;
use std::time::Duration;

use super::clock::Clock;
use super::database::{Database, Row, Write};
use super::dispatcher::{Dispatcher, Life};
use super::hub::Hub;
use super::invariants::Broken;
use super::job::{Agreed, Commit, Doing};
use super::mutants::Mutant;
use super::network::{Asked, Id, Message, Network, Said};
use super::people::{People, Verb};
use super::sdk::Sdk;
use super::story::{Story, Trouble};
use super::{CALLBACK_LIVES, CLIENT_WAIT};
use crate::clock::Instant;
use crate::dispatch::core::{Standing, Tries};
use crate::ids::AttemptId;

/// A machine with a copy of the database, and the epoch file beside it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub database: Database,
    pub file: Option<i64>,
    /// Stopped for good.
    pub is_retired: bool,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    /// True time.
    pub now: Instant,
    pub hub: Hub,
    pub sdk: Sdk,
    pub network: Network,
    pub places: Vec<Place>,
    pub dispatchers: Vec<Dispatcher>,
    pub people: People,
    pub story: Story,
    pub mutant: Option<Mutant>,
    pub broken: Option<Broken>,
    /// Whether the rules about how a row moves are checked beside what comes of it.
    pub checks_rules: bool,
    /// Clocks may be further off than the margin: then only the money is safe, not what is said of it.
    pub clocks_are_wild: bool,
    pub payments: usize,
    /// What came to nothing, by payment.
    pub failures: BTreeMap<usize, Tries>,
    pub last_name: u32,
    pub last_attempt: u32,
    pub last_call: u32,
    pub last_bytes: u32,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    Pass(Duration),
    Beat { which: usize },
    Work { which: usize, job: usize, agreed: Agreed, commit: Commit },
    Arrive { message: usize, twice: bool },
    Lose { message: usize },
    ClientTimeout { which: usize, job: usize },
    SdkTimeout { waiting: usize },
    SdkRestart,
    Handle { queued: usize, quickly: bool },
    End { id: Id, refusal: Option<u16> },
    Lie { id: Id, code: u16 },
    Settle { id: Id },
    Liquidity { there: bool },
    LateCommit { place: usize },
    Start { place: usize, ahead_s: i64 },
    Crash { which: usize },
    Stall { which: usize },
    Wake { which: usize },
    TaskStall { which: usize, job: usize, until: Instant },
    Jump { which: usize, by_s: i64 },
    People(Verb),
}

impl World {
    pub fn new(now: Instant, hub_ahead_s: i64, payments: usize, batches: usize) -> Self {
        let mut database = Database::new(batches);
        for chain in 0..payments {
            let payee = u32::try_from(chain).unwrap_or(0) * 100;
            database.add(Row {
                chain,
                payee,
                batch: chain % batches,
                standing: Standing::ready(now),
                attempt: None,
                is_replaced: false,
                is_paid_by_others: false,
                is_closed: false,
            });
        }
        Self {
            now,
            hub: Hub::new(Clock::new(now, hub_ahead_s)),
            sdk: Sdk::default(),
            network: Network::default(),
            places: vec![Place { database, file: None, is_retired: false }],
            dispatchers: Vec::new(),
            people: People::default(),
            story: Story::new(false),
            mutant: None,
            broken: None,
            checks_rules: true,
            clocks_are_wild: false,
            payments,
            failures: BTreeMap::new(),
            last_name: 0,
            last_attempt: 0,
            last_call: 0,
            last_bytes: 0,
        }
    }

    pub fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Pass(wait) => self.pass(wait),
            Happening::Beat { which } => self.beat(which),
            Happening::Work { which, job, agreed, commit } => self.work(which, job, agreed, commit),
            Happening::Arrive { message, twice } => self.arrive(message, twice),
            Happening::Lose { message } => self.lose(message),
            Happening::ClientTimeout { which, job } => {
                self.story.count(Trouble::ClientTimeout);
                self.hear(which, job, Said::Broken);
            }
            Happening::SdkTimeout { waiting } => {
                self.story.count(Trouble::SdkTimeout);
                self.sdk.give_up(waiting, &mut self.network, self.now);
            }
            Happening::SdkRestart => self.restart_sdk(),
            Happening::Handle { queued, quickly } => self.handle(queued, quickly),
            Happening::End { id, refusal } => self.end(id, refusal),
            Happening::Lie { id, code } => {
                self.story.count(Trouble::LyingError);
                self.story.tell(self.now, || format!("hub: says {code} of {id}, though it goes on"));
                self.network.send(Message::Callback { id, said: Said::Error(code) }, self.now);
            }
            Happening::Settle { id } => {
                if self.hub.settle(id) {
                    self.story.count(Trouble::Settled);
                    self.story.tell(self.now, || format!("hub: {id} is settled, the SDK cannot show it any more"));
                }
            }
            Happening::Liquidity { there } => {
                self.hub.has_liquidity = there;
                self.story.tell(self.now, || format!("hub: our money is there: {there}"));
            }
            Happening::LateCommit { place } => self.commit_late(place),
            Happening::Start { place, ahead_s } => self.start(place, ahead_s),
            Happening::Crash { which } => {
                self.story.count(Trouble::Crash);
                self.crash(which);
            }
            Happening::Stall { which } => self.set_life(which, Life::Stalled),
            Happening::Wake { which } => self.set_life(which, Life::Awake),
            Happening::TaskStall { which, job, until } => {
                self.story.count(Trouble::TaskStall);
                self.dispatchers[which].jobs[job].stalled_until = Some(until);
            }
            Happening::Jump { which, by_s } => {
                self.story.count(Trouble::ClockJump);
                self.dispatchers[which].clock.jump(self.now, by_s);
                let dispatcher = &self.dispatchers[which];
                let (name, off) = (dispatcher.name, dispatcher.clock.off_s());
                self.story.tell(self.now, || format!("dispatcher {name}: its clock jumps by {by_s} s, now {off} s ahead"));
            }
            Happening::People(verb) => self.verb(verb),
        }
    }

    fn pass(&mut self, wait: Duration) {
        self.now = self.now.after(wait);
        for dispatcher in &mut self.dispatchers {
            dispatcher.clock.keep_right(self.now);
        }
    }

    fn set_life(&mut self, which: usize, life: Life) {
        if life == Life::Stalled {
            self.story.count(Trouble::Stall);
        }
        self.dispatchers[which].life = life;
        let name = self.dispatchers[which].name;
        self.story.tell(self.now, || format!("dispatcher {name}: {life:?}"));
    }

    /// Who waits for the reply to a call.
    pub fn waits_for(&self, call: u32) -> Option<(usize, usize)> {
        let job = |(which, one): (usize, &Dispatcher)| Some((which, one.jobs.iter().position(|job| job.waits_for(call))?));
        self.dispatchers.iter().enumerate().find_map(job)
    }

    /// Whether a job can do something now without the network.
    pub fn can_work(&self, which: usize, job: usize) -> bool {
        let (dispatcher, job) = (&self.dispatchers[which], &self.dispatchers[which].jobs[job]);
        let is_awake = dispatcher.life == Life::Awake && job.stalled_until.is_none_or(|until| self.now >= until);
        is_awake && !matches!(job.doing, Doing::Waits { .. })
    }

    pub fn can_time_out(&self, which: usize, job: usize) -> bool {
        let dispatcher = &self.dispatchers[which];
        let job = &dispatcher.jobs[job];
        let is_awake = dispatcher.life == Life::Awake && job.stalled_until.is_none_or(|until| self.now >= until);
        matches!(job.doing, Doing::Waits { since, .. } if is_awake && self.now.since(since) >= CLIENT_WAIT)
    }

    fn arrive(&mut self, index: usize, twice: bool) {
        let (message, since) = if twice { self.network.on_the_way[index] } else { self.network.on_the_way.remove(index) };
        let age = self.now.since(since);
        match message {
            Message::Request { call, asked } => {
                if let Asked::Post(bytes) = asked {
                    self.story.tell(self.now, || format!("SDK: takes bytes {} (call {call})", bytes.number));
                }
                self.sdk.take(call, asked, &mut self.network, self.now);
            }
            Message::Prepare(bytes) => {
                if twice {
                    self.story.count(Trouble::PrepareTwice);
                }
                if age >= Duration::from_secs(1) {
                    self.story.count(Trouble::PrepareLate);
                }
                self.story.tell(self.now, || format!("hub: queues bytes {} of {}", bytes.number, bytes.id));
                self.hub.queue.push(bytes);
            }
            Message::Question(id) => {
                if self.hub.queue.iter().any(|bytes| bytes.id == id) {
                    self.story.count(Trouble::HiddenInQueue);
                }
                let said = self.hub.show(id);
                self.story.tell(self.now, || format!("hub: asked about {id}: {said:?}"));
                if let Some(said) = said {
                    self.network.send(Message::Callback { id, said }, self.now);
                }
            }
            // More than the margin allows for: it counts as lost.
            Message::Callback { .. } if age > CALLBACK_LIVES => {}
            Message::Callback { id, said } => {
                if self.sdk.waiting.iter().filter(|waiting| waiting.id == id).count() > 1 {
                    self.story.count(Trouble::CallbackShared);
                }
                self.sdk.called_back(id, said, &mut self.network, self.now);
            }
            Message::Reply { call, said } => {
                if let Some((which, job)) = self.waits_for(call) {
                    self.hear(which, job, said);
                }
            }
        }
    }

    fn lose(&mut self, index: usize) {
        let (message, _) = self.network.on_the_way.remove(index);
        self.story.count(match message {
            Message::Request { .. } => Trouble::RequestLost,
            Message::Prepare(_) => Trouble::PrepareLost,
            Message::Question(_) => Trouble::QuestionLost,
            Message::Callback { .. } => Trouble::CallbackLost,
            Message::Reply { .. } => Trouble::ReplyLost,
        });
        self.story.tell(self.now, || format!("network: loses {message:?}"));
    }

    fn restart_sdk(&mut self) {
        self.story.count(Trouble::SdkRestart);
        self.story.tell(self.now, || format!("SDK: restarts, {} calls are cut off", self.sdk.waiting.len()));
        self.sdk.restart(&mut self.network, self.now);
    }

    fn handle(&mut self, queued: usize, quickly: bool) {
        let id = self.hub.queue[queued].id;
        let said = self.hub.handle(queued, self.now, quickly);
        self.story.tell(self.now, || format!("hub: handles {id}: {said:?}"));
        match said {
            Some(Said::Error(3106)) => self.story.count(Trouble::OtherBytes),
            Some(Said::Error(3100)) => self.story.count(Trouble::Expired),
            Some(Said::Error(4001)) => self.story.count(Trouble::NoLiquidity),
            _ => {}
        }
        self.call_back(id, said);
    }

    fn end(&mut self, id: Id, refusal: Option<u16>) {
        let said = self.hub.end(id, refusal, self.now);
        self.story.tell(self.now, || format!("hub: {id} ends: {said:?}"));
        match said {
            Some(Said::Error(3303)) => self.story.count(Trouble::Expired),
            Some(Said::Error(_)) => self.story.count(Trouble::PayeeRefused),
            _ => {}
        }
        self.call_back(id, said);
    }

    fn call_back(&mut self, id: Id, said: Option<Said>) {
        if let Some(said) = said {
            self.network.send(Message::Callback { id, said }, self.now);
        }
    }

    /// A write by whoever holds the account, without a compare: it has just read the row.
    pub fn moves(&mut self, place: usize, row: usize, to: Standing, attempt: Option<AttemptId>) {
        let before = self.places[place].database.rows[row].clone();
        self.places[place].database.put(row, to, attempt);
        self.check_move(place, row, &before, None);
    }

    /// A write of a dispatcher; what it returns is what the dispatcher learns.
    pub fn commit(&mut self, place: usize, write: Write, commit: Commit) -> bool {
        match commit {
            Commit::Known => self.apply(place, &write),
            Commit::Looked => {
                self.story.count(Trouble::CommitUnknownThere);
                self.apply(place, &write)
            }
            Commit::There => {
                self.story.count(Trouble::CommitUnknownThere);
                self.apply(place, &write);
                false
            }
            Commit::NotThere => {
                self.story.count(Trouble::CommitUnknownNotThere);
                false
            }
            Commit::Late => {
                self.places[place].database.late.push(write);
                false
            }
            Commit::Twice => {
                self.places[place].database.late.push(write.clone());
                self.apply(place, &write)
            }
        }
    }

    fn commit_late(&mut self, place: usize) {
        let database = &mut self.places[place].database;
        if database.late.is_empty() {
            return;
        }
        let write = database.late.remove(0);
        let moved = self.apply(place, &write);
        if moved {
            self.story.count(Trouble::CommitLate);
        }
        self.story.tell(self.now, || format!("database {place}: a commit nobody waits for any more: row {}, {moved}", write.row));
    }

    fn apply(&mut self, place: usize, write: &Write) -> bool {
        let before = self.places[place].database.rows[write.row].clone();
        let moved = self.places[place].database.apply(write, self.mutant);
        if moved {
            self.check_move(place, write.row, &before, Some(write));
        }
        moved
    }
}
