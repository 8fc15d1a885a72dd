//! A batch is paid through a real Mojaloop SDK, whose hub is `outlay simulate --hub`, while the SDK, its Redis and Outlay are killed
//! and come back. At the end the portal and the hub's ledger agree, row by row. `scripts/sdk-test` installs the SDK and runs this.

mod books;
mod house;
mod machine;

use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::portal::SDK;
use crate::support::process::{outlay, run};
use house::House;
use machine::Part;

/// How long the rest may take once nobody is killed any more, where time hurries.
const PATIENCE: Duration = Duration::from_secs(1_200);
/// The same where it does not: a number that nobody knows is tried for 25 minutes.
const LONG_PATIENCE: Duration = Duration::from_secs(3_000);
/// At most one row in so many may fail only because everything died: a dead attempt's late quote can take the place of the one that is paid.
const UNLUCKY_ONE_IN: usize = 100;
const GLANCE: Duration = Duration::from_millis(100);

/// A number from the environment.
fn number(name: &str, usual: u32) -> u32 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Node, Redis and an SDK: scripts/sdk-test"]
async fn a_mixed_batch_is_paid_through_a_real_sdk_while_everything_dies() {
    let rows = usize::try_from(number("OUTLAY_SDK_TEST_ROWS", 300)).unwrap();
    let kills = number("OUTLAY_SDK_TEST_KILLS", 5);
    let seed = u64::from(number("OUTLAY_SDK_TEST_SEED", 7));
    let began = Instant::now();
    let mut house = House::open(rows).await;
    assert_checked(&house);
    let mut chance = StdRng::seed_from_u64(seed);
    let parts = house.mortal();
    let mut killed = vec![0_u32; parts.len()];
    house.start(Part::Outlay);
    for _ in 0..kills {
        for (nth, part) in parts.iter().enumerate() {
            house.glance_for(Duration::from_millis(chance.random_range(300..2_500))).await;
            if house.is_processed().await {
                continue;
            }
            house.kill(*part);
            killed[nth] += 1;
            house.glance_for(Duration::from_millis(chance.random_range(0..1_500))).await;
            house.start(*part);
        }
    }
    let unpaid_at_last_kill = !house.is_processed().await;
    house.pay_the_rest(if house.hurries() { PATIENCE } else { LONG_PATIENCE }).await;
    let books = books::compare(&house).await;
    println!("\nPaid through a real SDK in {:.0} s (seed {seed}):", began.elapsed().as_secs_f64());
    for (part, times) in parts.iter().zip(&killed) {
        println!("{times:>7} times killed: {part:?}");
    }
    println!("{:>7} times the SDK ended by itself and was started again", house.fell);
    books.print();
    assert!(unpaid_at_last_kill, "everything was paid before the last kill; use more rows (OUTLAY_SDK_TEST_ROWS)");
    assert!(books.differences.is_empty(), "{} differences", books.differences.len());
    let unlucky = books.unlucky.len();
    assert!(unlucky * UNLUCKY_ONE_IN <= rows, "{unlucky} payments ended badly that a better SDK would have made: see the notes");
}

/// The real thing passes `admin check-sdk`, and the same SDK's inbound API does not.
fn assert_checked(house: &House) {
    let check = |arguments: &[&str]| {
        let mut command = outlay(["--log", "error", "admin", "--registry", house.registry().to_str().unwrap(), "check-sdk"]);
        run(command.args(arguments).env("OUTLAY_REHEARSAL_FORGETS", "yes"))
    };
    let good = check(&[SDK, "--payee", "MSISDN", "09777123456"]);
    print!("{}", good.out);
    assert!(good.status.success(), "{good:?}");
    let inbound = check(&["inbound"]);
    assert!(!inbound.status.success() && inbound.out.contains("is an SDK's inbound API"), "{inbound:?}");
    let unknown = check(&[SDK, "--payee", "MSISDN", "09777129001"]);
    assert!(!unknown.status.success() && unknown.out.contains("knows nobody by this id (3204)"), "{unknown:?}");
}
