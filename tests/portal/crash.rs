//! The program dies between every two durable steps while a batch is paid, is started again, and dies again. At the end the
//! network's ledger and the portal agree row by row: nobody is paid twice, and no payment is lost.

mod books;
mod house;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use outlay::dispatch::CRASH_POINTS;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::process::Process;
use house::House;

/// Passages at which each point kills: the first in every run, more in a long one.
const PASSAGES: &[u32] = &[1, 3];
/// Kills from outside, at a moment by chance.
const KILLS: u32 = 4;
/// A batch begins once, so this point is passed once.
const ONCE: &str = "after-start-of-batch";
/// How long a point that was met before may take to be met again; then the process is killed where it is.
const AGAIN_WITHIN: Duration = Duration::from_millis(1_500);
/// How long anything else may take.
const PATIENCE: Duration = Duration::from_secs(90);
const GLANCE: Duration = Duration::from_millis(20);
const SIGABRT: i32 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_dies_between_any_two_steps_pays_everybody_once() {
    let house = House::open(500).await;
    let mut chance = StdRng::seed_from_u64(7);
    let mut rounds = Rounds::default();
    for passage in PASSAGES {
        rounds.die_at_each(&house, *passage).await;
    }
    for _ in 0..KILLS {
        rounds.die_by_chance(&house, &mut chance).await;
    }
    rounds.assert_all_met();
    assert!(!house.is_processed().await, "it lived too long: everything was paid after {} deaths", rounds.deaths);
    println!("{} deaths, {} of them by hand", rounds.deaths, rounds.by_hand);
    house.pay_the_rest(PATIENCE).await;
    books::assert_agree(&house).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: OUTLAY_CRASH_ROUNDS batches, 3 unless set"]
async fn many_batches_are_paid_by_a_program_that_keeps_dying() {
    let batches = std::env::var("OUTLAY_CRASH_ROUNDS").map_or(3, |text| text.parse().unwrap());
    for seed in 0..batches {
        println!("batch {} of {batches}", seed + 1);
        let house = House::open(500).await;
        let mut chance = StdRng::seed_from_u64(seed);
        let mut rounds = Rounds::default();
        for _ in 0..4 {
            rounds.die_at_each(&house, chance.random_range(1..=12)).await;
            rounds.die_by_chance(&house, &mut chance).await;
        }
        house.pay_the_rest(PATIENCE * 2).await;
        books::assert_agree(&house).await;
    }
}

/// What the deaths so far showed.
#[derive(Default)]
struct Rounds {
    met: BTreeSet<&'static str>,
    deaths: u32,
    /// Those by SIGKILL from outside.
    by_hand: u32,
}

impl Rounds {
    /// Dies once at the nth passage of every point, as long as there is anything left to pay.
    async fn die_at_each(&mut self, house: &House, passage: u32) {
        for point in CRASH_POINTS {
            let is_new = !self.met.contains(point);
            if house.is_processed().await || (*point == ONCE && !is_new) {
                continue;
            }
            let passage = if *point == ONCE { 1 } else { passage };
            let (crash, within) = (format!("{point}:{passage}"), if is_new && passage == 1 { PATIENCE } else { AGAIN_WITHIN });
            let mut process = house.start(house.role_of_round(self.deaths), Some(&crash));
            if self.died_by_itself(house, &mut process, within).await {
                self.met.insert(point);
            }
        }
    }

    /// Whether the process died at its point; one that did not within the time is killed, or stopped if everything is paid.
    async fn died_by_itself(&mut self, house: &House, process: &mut Process, within: Duration) -> bool {
        let began = Instant::now();
        loop {
            if let Some(status) = process.has_ended() {
                assert_eq!(status.signal(), Some(SIGABRT), "it ended by itself: {status}\n{}", process.said());
                self.deaths += 1;
                return true;
            }
            if began.elapsed() > within || house.is_processed().await {
                process.kill();
                self.deaths += 1;
                self.by_hand += 1;
                return false;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// SIGKILL from outside, to one process after the other where several work.
    async fn die_by_chance(&mut self, house: &House, chance: &mut StdRng) {
        let mut processes: Vec<_> = house.roles().iter().map(|role| house.start(role, None)).collect();
        for process in &mut processes {
            tokio::time::sleep(Duration::from_millis(chance.random_range(300..1_200))).await;
            assert_eq!(process.has_ended(), None, "{}", process.said());
            process.kill();
            self.deaths += 1;
            self.by_hand += 1;
        }
    }

    fn assert_all_met(&self) {
        let missed: Vec<_> = CRASH_POINTS.iter().filter(|point| !self.met.contains(*point)).collect();
        assert!(missed.is_empty(), "no process passed {missed:?}, in {} rounds", self.deaths);
    }
}
