//! Two `outlay work` on one PostgreSQL, each with a funding account: nothing is claimed twice, and what a killed one had is taken over
//! when its lease has ended. An embedded database is for one process, so there this story does not happen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use outlay::db::schema::{attempts, batches, leases, transfers};
use outlay::db::{Conn, Error};
use outlay::ids::{BatchId, FundingAccountId};

use super::crew::{start, start_network};
use super::house::House;
use super::{PATIENCE, books, phones};
use crate::support::batches::find;
use crate::support::database::Engine;
use crate::support::process::Process;

/// Times as fast as the machine's clock: a lease lasts for 15 s.
const HURRY: u32 = 2;
const CONCURRENCY: usize = 16;
const DELAY: &str = "5ms";
const ROWS: usize = 1_200;
/// Payments that each account makes before the first look, between the two looks, and after the second one at least.
const STRETCH: i64 = 200;
/// The first process has to stand still for less than its lease; on a busy machine that may need another try.
const TRIES: u32 = 5;
const GLANCE: Duration = Duration::from_millis(20);

/// Both at work, each with an account of its own.
struct Shared {
    house: House,
    _network: Process,
    batches: [BatchId; 2],
    one: Process,
    two: Process,
}

impl Shared {
    /// `None` where the second process got both accounts.
    async fn open() -> Option<Self> {
        let house = House::open(HURRY, CONCURRENCY).await;
        let network = start_network(&house, DELAY);
        let [first, second] = &house.accounts;
        let first_batch = house.approve("first.csv", first, &phones(1, ROWS, 0)).await;
        let one = start(&house, "work", None);
        until("the first process has its account", async || holder(&house, first).await == Some(one.id())).await;
        // It would take both; so it stands still while the other one finds what is left.
        one.signal("STOP");
        let second_batch = house.approve("second.csv", second, &phones(2, ROWS, 0)).await;
        let two = start(&house, "work", None);
        until("the second process has its account", async || holder(&house, second).await == Some(two.id())).await;
        one.signal("CONT");
        let is_shared = holder(&house, first).await == Some(one.id());
        is_shared.then(|| Self { house, _network: network, batches: [first_batch, second_batch], one, two })
    }

    /// Payments made by each account.
    async fn paid(&self) -> [i64; 2] {
        let mut paid = [0; 2];
        for (batch, paid) in self.batches.iter().zip(&mut paid) {
            *paid = find(&self.house.portal, batch).await.counts.succeeded.count;
        }
        paid
    }

    /// Waits until each account made so many payments.
    async fn have_paid(&self, least: [i64; 2]) -> [i64; 2] {
        until("both have paid", async || self.paid().await.iter().zip(least).all(|(paid, least)| *paid >= least)).await;
        self.paid().await
    }
}

/// The first process as it was killed.
struct Killed {
    lease: Lease,
    /// Payments of its account that were left to make.
    left: i64,
}

impl Shared {
    /// How much each pays beside the other; then the first one is killed. `None` where it had nothing left to do by then.
    async fn killed_at_work(&mut self) -> Option<Killed> {
        let rows = i64::try_from(ROWS).unwrap();
        let before = self.have_paid([STRETCH; 2]).await;
        let began = Instant::now();
        let after = self.have_paid(before.map(|paid| (paid + STRETCH).min(rows))).await;
        let took = began.elapsed().as_secs_f64();
        let rate = |nth: usize| f64::from(i32::try_from(after[nth] - before[nth]).unwrap()) / took;
        println!("two processes: {:.0} and {:.0} transfers/s, {:.0} together (a test's build)", rate(0), rate(1), rate(0) + rate(1));
        self.one.kill();
        let lease = lease(&self.house, &self.house.accounts[0]).await?;
        let left = rows - self.paid().await[0];
        (lease.process() == self.one.id() && left > 0).then_some(Killed { lease, left })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_two_accounts_and_one_takes_over_what_a_killed_one_had() {
    if Engine::under_test() == Engine::Sqlite {
        return;
    }
    let mut tries = 1;
    let (shared, killed) = loop {
        if let Some(mut shared) = Shared::open().await
            && let Some(killed) = shared.killed_at_work().await
        {
            break (shared, killed);
        }
        assert!(tries < TRIES, "the machine is too busy for two processes to share");
        tries += 1;
    };
    let ([first, second], dead) = (&shared.house.accounts, &killed.lease);
    until("all is paid", async || shared.house.is_processed(&shared.batches).await).await;
    until("all is sealed", async || shared.house.unsealed().await == 0).await;

    let (two, heir) = (shared.two.id(), lease(&shared.house, first).await.unwrap());
    assert_eq!((heir.process(), heir.epoch), (two, dead.epoch + 1));
    let claims = claims(&shared.house).await;
    let taken_over = claims.iter().filter(|claim| claim.account == *first && claim.process() == two);
    let soonest = taken_over.map(|claim| claim.at).min().expect("something was left to take over");
    assert!(soonest > dead.until_at, "taken over {} µs before the dead one's lease ended", dead.until_at - soonest);
    assert!(claims.iter().filter(|claim| claim.account == *second).all(|claim| claim.process() == two));
    assert_claimed_once(&claims);
    let compared = books::compare(&shared.house, &shared.batches).await;
    assert_eq!((compared.succeeded, compared.differences.as_slice()), (2 * ROWS, [].as_slice()));
    println!("killed with {} payments to make; the other took over when its lease had ended, and nothing was claimed twice", killed.left);
}

/// No payment in two hands: a claim follows only on one that has ended, and one of the other process only where its own one died.
fn assert_claimed_once(claims: &[Claim]) {
    let mut of_row = BTreeMap::<&str, Vec<&Claim>>::new();
    for claim in claims.iter().filter(|claim| claim.purpose == "pay") {
        of_row.entry(&claim.row).or_default().push(claim);
    }
    assert_eq!(of_row.len(), 2 * ROWS);
    for (row, claims) in of_row {
        for (earlier, later) in claims.iter().zip(claims.iter().skip(1)) {
            let was_free = earlier.ended_at.is_some_and(|at| at <= later.at);
            let may_change_hands = earlier.worker == later.worker || earlier.outcome.as_deref() == Some("lease_ended");
            assert!(was_free && may_change_hands, "{row} was claimed twice: {claims:#?}");
        }
    }
}

#[derive(Debug, Queryable)]
struct Lease {
    holder: String,
    epoch: i64,
    until_at: i64,
}

impl Lease {
    fn process(&self) -> u32 {
        process(&self.holder)
    }
}

#[derive(Debug, Queryable)]
struct Claim {
    row: String,
    account: FundingAccountId,
    purpose: String,
    worker: String,
    at: i64,
    ended_at: Option<i64>,
    outcome: Option<String>,
}

impl Claim {
    fn process(&self) -> u32 {
        process(&self.worker)
    }
}

/// A worker's name begins with its process id.
fn process(worker: &str) -> u32 {
    worker.split('-').next().unwrap().parse().unwrap()
}

async fn lease(house: &House, account: &FundingAccountId) -> Option<Lease> {
    let name = format!("funding-account:{account}");
    let find = move |conn: &mut Conn| {
        let lease = leases::table.find(name).select((leases::holder, leases::epoch, leases::until_at));
        Ok::<_, Error>(lease.first(conn).optional()?)
    };
    house.portal.institution.db.read(find).await.unwrap()
}

async fn holder(house: &House, account: &FundingAccountId) -> Option<u32> {
    lease(house, account).await.map(|lease| lease.process())
}

/// Every claim, in order of time.
async fn claims(house: &House) -> Vec<Claim> {
    let load = |conn: &mut Conn| {
        let rows = attempts::table.inner_join(transfers::table.inner_join(batches::table)).order((attempts::claimed_at, attempts::id));
        let columns = (
            attempts::row_id,
            batches::funding_account_id,
            attempts::purpose,
            attempts::worker,
            attempts::claimed_at,
            attempts::ended_at,
            attempts::outcome,
        );
        Ok::<_, Error>(rows.select(columns).load(conn)?)
    };
    house.portal.institution.db.read(load).await.unwrap()
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(GLANCE).await;
    }
}
