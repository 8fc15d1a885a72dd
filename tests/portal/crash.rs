//! Processes die, stall, lose their wires and their disk while batches are paid, are started again, and die again. At the end the
//! network's ledger and the portal agree row by row: nobody is paid twice, and no payment is lost.
//!
//! A round: the portal's processes die at some of the points between two durable steps; then they and the simulated network are
//! killed, stopped and continued, and at the same time wires are cut and slowed and the disk under the database fills; then everything
//! heals, is paid, and is compared (`plan` draws all of it from a seed). `scripts/crash-test` runs as many rounds as one likes.

mod books;
mod crew;
mod house;
mod plan;
mod release;
mod tally;
mod two_workers;
mod wire;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use outlay::dispatch::CRASH_POINTS;
use outlay::ids::BatchId;
use outlay::simulator::Fault;

use crew::Crew;
use house::House;
use plan::{Plan, ROUNDS_FOR_ALL_POINTS, Step, Trouble};
use tally::{Harm, Tally};

/// How long anything may take: a machine may be busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// Times as fast as the machine's clock.
const HURRY: u32 = 100;
/// Calls in flight for one funding account.
const CONCURRENCY: usize = 4;
/// How long the network takes for a call, so that the batches last for all that is done to them.
const DELAY: &str = "20ms";
/// Rounds at the same time: most of a round is waiting.
const AT_A_TIME: usize = 2;
/// Payments of each batch: a payroll, a larger one beside it from the same account, and one from the other account.
const ROWS: [usize; 3] = [20, 190, 160];
/// Payees of each fault in each of the larger batches. One of those without liquidity: each makes the whole batch wait.
const OF_EACH_FAULT: usize = 2;

#[test]
fn whatever_dies_stalls_or_breaks_everybody_is_paid_once() {
    let (rounds, first) = (number("OUTLAY_CRASH_ROUNDS", ROUNDS_FOR_ALL_POINTS), number("OUTLAY_CRASH_SEED", 1));
    let (next, ended) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::SeqCst)).filter(|nth| *nth < rounds).map(|nth| first + nth) {
                    let named = Named(seed);
                    let round = Round::play(seed);
                    drop(named);
                    let mut ended = ended.lock().unwrap();
                    ended.push(round);
                    println!("round {} of {rounds}, {}", ended.len(), ended.last().unwrap());
                }
            });
        }
    });
    let ended = ended.into_inner().unwrap();
    let mut tally = Tally::default();
    ended.iter().for_each(|round| tally.join(&round.tally));
    let met: BTreeSet<_> = ended.iter().flat_map(|round| &round.met).collect();
    let sum = |of: fn(&Round) -> usize| ended.iter().map(of).sum::<usize>();
    let (rows, differences) = (sum(|round| round.compared.rows), sum(|round| round.compared.differences.len()));
    println!("{rounds} rounds: {tally}; {rows} rows, {differences} differences");
    for round in ended.iter().filter(|round| !round.compared.differences.is_empty()) {
        println!("seed {}: {}", round.seed, round.compared.differences.join("\n"));
    }
    assert_eq!(differences, 0, "portal and network differ");
    assert!(ended.iter().all(|round| round.compared.faults == Fault::ALL.len()), "the batches have payees of every fault");
    assert!(sum(|round| round.compared.given_up.len()) * 500 <= rows, "three times too late is rare");
    if rounds >= ROUNDS_FOR_ALL_POINTS {
        tally.assert_all_done();
        assert_eq!(met.len(), CRASH_POINTS.len(), "nobody died at the others than {met:?}");
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} must be a number")))
}

/// Says which seed it was, where a round breaks off.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was seed {}: scripts/crash-test --rounds 1 --seed {}", self.0, self.0);
        }
    }
}

/// What a round did and found.
struct Round {
    seed: u64,
    tally: Tally,
    /// Points at which a process died.
    met: Vec<&'static str>,
    compared: books::Compared,
}

impl Round {
    fn play(seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (house, batches) = runtime.block_on(opened());
        let plan = Plan::of(seed, house.roles().len(), house.database.is_some());
        let mut crew = Crew::begin(&house, &batches);
        runtime.block_on(crew.die_at(&plan.points));
        crew.start_all(None);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let troubled = scope.spawn(|| trouble(&house, &plan.troubles, &is_over));
            runtime.block_on(crew.suffer(&plan.blows));
            is_over.store(runtime.block_on(house.is_processed(&batches)), Ordering::SeqCst);
            crew.tally.join(&troubled.join().unwrap());
        });
        runtime.block_on(crew.pay_the_rest());
        let (tally, met) = (crew.tally, crew.met);
        let compared = runtime.block_on(books::compare(&house, &batches));
        Self { seed, tally, met, compared }
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let books::Compared { rows, succeeded, failed, need_attention, given_up, faults, differences } = &self.compared;
        write!(
            f,
            "seed {}: {} ({}); {rows} rows with {faults} faults, {succeeded} succeeded, {failed} failed ({} of them too late: [{}]), \
             {need_attention} need attention; {} differences",
            self.seed,
            self.tally,
            self.met.join(", "),
            given_up.len(),
            given_up.join(", "),
            differences.len()
        )
    }
}

/// A payroll and a larger batch from one account, another from the second; payees of every fault among them.
async fn opened() -> (House, Vec<BatchId>) {
    let house = House::open(HURRY, CONCURRENCY).await;
    let [first, second] = house.accounts.clone();
    let [payroll, larger, other] = ROWS;
    let batches = vec![
        house.approve("larger.csv", &first, &phones(1, larger, OF_EACH_FAULT)).await,
        house.approve("payroll.csv", &first, &phones(2, payroll, 0)).await,
        house.approve("other.csv", &second, &phones(3, other, OF_EACH_FAULT)).await,
    ];
    (house, batches)
}

/// The payees' phone numbers, of one batch only: every fault of the network in turn among people whom nothing happens to.
fn phones(batch: u32, rows: usize, of_each: usize) -> Vec<String> {
    let mut faulty = Vec::new();
    for nth in 0..of_each {
        let mut some = Fault::ALL.iter().filter(|(fault, ..)| *fault != Fault::NoLiquidity || nth == 0);
        faulty.extend(some.by_ref().map(|(_, digits, ..)| format!("0977{batch}3{nth}{digits}")));
    }
    let every = rows / faulty.len().max(1);
    let mut faulty = faulty.into_iter();
    let plain = |row: usize| format!("0977{batch}2{row:05}");
    (0..rows).map(|row| if row % every == 0 { faulty.next() } else { None }.unwrap_or_else(|| plain(row))).collect()
}

/// One trouble after the other, until all were made or the round is over.
fn trouble(house: &House, troubles: &[Step<Trouble>], is_over: &AtomicBool) -> Tally {
    let mut tally = Tally::default();
    for step in troubles {
        std::thread::sleep(step.after);
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let database = house.database.as_ref();
        match (step.what, database) {
            (Trouble::CutNetwork, _) => house.sdk.cut(),
            (Trouble::SlowNetwork(piece), _) => house.sdk.slow_down(piece),
            (Trouble::CutDatabase, Some(wire)) => wire.cut(),
            (Trouble::SlowDatabase(piece), Some(wire)) => wire.slow_down(piece),
            (Trouble::Full, _) => house.fill(),
            (_, None) => unreachable!("no wire leads to this database"),
        }
        std::thread::sleep(step.lasts);
        house.sdk.mend();
        database.inspect(|wire| wire.mend());
        house.make_room();
        tally.add(harm_of(step.what), 1);
    }
    tally.add(Harm::ConnectionCut, house.sdk.connections_cut());
    tally.add(Harm::PieceSlowed, house.sdk.pieces_slowed());
    if let Some(wire) = &house.database {
        tally.add(Harm::DatabaseConnectionCut, wire.connections_cut());
        tally.add(Harm::DatabasePieceSlowed, wire.pieces_slowed());
    }
    tally
}

fn harm_of(trouble: Trouble) -> Harm {
    match trouble {
        Trouble::CutNetwork => Harm::Cut,
        Trouble::SlowNetwork(_) => Harm::SlowDown,
        Trouble::CutDatabase => Harm::DatabaseCut,
        Trouble::SlowDatabase(_) => Harm::DatabaseSlowDown,
        Trouble::Full => Harm::Fill,
    }
}
