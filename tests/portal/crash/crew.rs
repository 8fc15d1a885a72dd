//! The processes of a round: the portal's and the simulated network. They die, stall, and are started again.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use outlay::ids::BatchId;

use super::books::open_rows;
use super::house::{House, refusals_for_want_of_room};
use super::plan::{Blow, Step, Whom};
use super::tally::{Harm, Tally};
use super::{DELAY, PATIENCE};
use crate::support::process::Process;

const GLANCE: Duration = Duration::from_millis(20);
const SIGABRT: i32 = 6;

pub struct Crew<'a> {
    house: &'a House,
    batches: &'a [BatchId],
    portal: Vec<Process>,
    network: Process,
    pub tally: Tally,
    /// Points at which a process died.
    pub met: Vec<&'static str>,
}

impl<'a> Crew<'a> {
    /// The network alone.
    pub fn begin(house: &'a House, batches: &'a [BatchId]) -> Self {
        let network = start_network(house, DELAY);
        Self { house, batches, portal: Vec::new(), network, tally: Tally::default(), met: Vec::new() }
    }

    /// Dies at each point, as long as there is anything left to pay.
    pub async fn die_at(&mut self, points: &[(&'static str, u32)]) {
        for (point, passage) in points {
            if self.house.is_processed(self.batches).await {
                return;
            }
            self.start_all(Some(&format!("{point}:{passage}")));
            if self.one_died().await {
                self.met.push(point);
            }
            self.kill_all();
        }
    }

    /// Whether one of them died at its point; not so where everything was paid without passing it.
    async fn one_died(&mut self) -> bool {
        let began = Instant::now();
        loop {
            for process in &mut self.portal {
                if let Some(status) = process.has_ended() {
                    let words = process.last_words();
                    assert_eq!(status.signal(), Some(SIGABRT), "it ended by itself: {status}\n{words}");
                    self.tally.add(Harm::DeathAtAPoint, 1);
                    return true;
                }
            }
            if self.house.is_processed(self.batches).await {
                return false;
            }
            assert!(began.elapsed() < PATIENCE, "nobody passed the point within {PATIENCE:?}\n{}", self.said());
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// All of them, with one point to die at or none.
    pub fn start_all(&mut self, crash: Option<&str>) {
        assert!(self.portal.is_empty());
        self.portal = self.house.roles().iter().map(|role| start(self.house, role, crash)).collect();
    }

    fn kill_all(&mut self) {
        for mut process in std::mem::take(&mut self.portal) {
            if process.has_ended().is_none() {
                process.kill();
                self.tally.add(Harm::Kill, 1);
            }
            self.tally.add(Harm::WriteRefused, refusals(&mut process));
        }
    }

    /// One blow after the other, until all are struck or everything is paid.
    pub async fn suffer(&mut self, blows: &[Step<Blow>]) {
        for step in blows {
            tokio::time::sleep(step.after).await;
            if self.house.is_processed(self.batches).await {
                return;
            }
            self.start_the_ended();
            match step.what {
                Blow::Kill(whom) => {
                    self.process(whom).kill();
                    self.tally.add(if whom == Whom::Network { Harm::NetworkKill } else { Harm::Kill }, 1);
                    tokio::time::sleep(step.lasts).await;
                    self.start_again(whom);
                }
                Blow::Stop(whom) => {
                    self.process(whom).signal("STOP");
                    self.tally.add(if whom == Whom::Network { Harm::NetworkStop } else { Harm::Stop }, 1);
                    tokio::time::sleep(step.lasts).await;
                    self.process(whom).signal("CONT");
                }
            }
        }
    }

    fn process(&mut self, whom: Whom) -> &mut Process {
        match whom {
            Whom::Portal(nth) => &mut self.portal[nth],
            Whom::Network => &mut self.network,
        }
    }

    fn start_again(&mut self, whom: Whom) {
        match whom {
            Whom::Portal(nth) => {
                self.tally.add(Harm::WriteRefused, refusals(&mut self.portal[nth]));
                self.portal[nth] = start(self.house, self.house.roles()[nth], None);
            }
            Whom::Network => self.network = start_network(self.house, DELAY),
        }
    }

    /// One that was started while its database was out of reach says so and ends; whoever runs it starts it again.
    fn start_the_ended(&mut self) {
        for nth in 0..self.portal.len() {
            if let Some(status) = self.portal[nth].has_ended() {
                let words = self.portal[nth].last_words();
                assert!(status.code() == Some(1) && words.contains("database could not be read"), "it ended: {status}\n{words}");
                self.tally.add(Harm::VainStart, 1);
                self.start_again(Whom::Portal(nth));
            }
        }
    }

    /// Unharmed, until every batch is processed, every row is at its end and every audit event is sealed.
    pub async fn pay_the_rest(&mut self) {
        let began = Instant::now();
        while !self.is_at_the_end().await {
            self.start_the_ended();
            assert_eq!(self.network.has_ended(), None, "{}", self.network.said());
            if began.elapsed() > PATIENCE {
                let open = open_rows(self.house).await;
                panic!("not paid after {PATIENCE:?}: {open:#?}\n{}", self.said());
            }
            tokio::time::sleep(GLANCE).await;
        }
        for process in &mut self.portal {
            process.kill();
            self.tally.add(Harm::WriteRefused, refusals(process));
        }
        self.network.kill();
    }

    async fn is_at_the_end(&self) -> bool {
        self.house.is_processed(self.batches).await && open_rows(self.house).await.is_empty() && self.house.unsealed().await == 0
    }

    fn said(&mut self) -> String {
        self.portal.iter_mut().map(Process::said).collect::<Vec<_>>().join("\n-- the next process:\n")
    }
}

pub fn start(house: &House, role: &str, crash: Option<&str>) -> Process {
    Process::start(&mut house.portal_process(role, crash), house.folder.path())
}

/// The wire to the network leads to this one from now on.
pub fn start_network(house: &House, delay: &str) -> Process {
    let mut process = Process::start(&mut house.network_process(delay), house.folder.path());
    let line = process.says("Simulated SDK on http://");
    let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once(',')).unwrap().0;
    house.sdk.lead_to(address.parse::<SocketAddr>().unwrap());
    process
}

fn refusals(process: &mut Process) -> u64 {
    u64::try_from(refusals_for_want_of_room(&process.last_words())).unwrap()
}
