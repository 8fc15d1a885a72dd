//! One batch of a million, end to end: upload, check, submit, approve, paid. Prints how long each part took, the rate over time, the
//! most memory this process had (Outlay with its worker; the simulator is another process), and the size of the database.
//!
//! `cargo bench --bench million`; `-- --rows 100000` for a smaller one, `-- --postgres` for the other engine.

mod support;

use std::time::Duration;

use clap::Parser;
use support::house::{House, write_file};
use support::machine::{memory_mb, size_mb};
use support::network::Network;
use support::postgres::Postgres;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
struct Args {
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// Calls in flight.
    #[arg(long, default_value_t = outlay::dispatch::CONCURRENCY)]
    in_flight: usize,
    /// On a PostgreSQL server of its own instead of SQLite.
    #[arg(long)]
    postgres: bool,
    /// Seconds between two lines while it is paid.
    #[arg(long, default_value_t = 15)]
    every: u64,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    outlay::logging::start("warn", false);
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(&args))
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let server = match args.postgres.then(Postgres::start).transpose()? {
        Some(Err(why)) => anyhow::bail!("{why}"),
        Some(Ok(server)) => Some(server),
        None => None,
    };
    let network = Network::start("0ms")?;
    let database = server.as_ref().map(Postgres::database).transpose()?;
    let house = House::open(database, &network.url, args.in_flight).await?;
    let file = house.folder().join("payroll.csv");
    write_file(&file, args.rows)?;
    println!("{} payments, a file of {:.0} MB, {} calls in flight", args.rows, size_mb(&file), args.in_flight);
    println!("{:>8} {:>10} {:>12} {:>10}", "seconds", "paid", "transfers/s", "memory MB");
    let mut last = (0.0, 0_i64);
    let paid = house
        .pay(&file, Duration::from_secs(args.every.max(1)), |batch, seconds| {
            let done = batch.counts.succeeded.count;
            #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "printed without decimals")]
            let rate = (done - last.1) as f64 / f64::max(seconds - last.0, 0.001);
            println!("{seconds:>8.0} {done:>10} {rate:>12.0} {:>10.0}", memory_mb());
            last = (seconds, done);
        })
        .await?;
    let steps = [("upload and check", paid.upload), ("submit", paid.submit), ("approve", paid.approve)];
    let all = steps.iter().map(|(_, step)| step.seconds).sum::<f64>() + paid.start + paid.paying;
    #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "printed without decimals")]
    let rows = args.rows as f64;
    println!();
    for (name, step) in steps {
        println!("{name:<18} {:>8.1} s, peak memory {:>4.0} MB", step.seconds, step.peak_mb);
    }
    println!("{:<18} {:>8.1} s", "seal verified", paid.start);
    println!("paid in {:.1} s: {:.0} transfers/s; in all {all:.1} s", paid.paying, rows / paid.paying);
    let size = house.file().map(|file| format!(", database {:.0} MB", size_mb(&file))).unwrap_or_default();
    println!("peak memory while it was paid {:.0} MB{size}", paid.peak_mb);
    house.close().await;
    Ok(())
}
