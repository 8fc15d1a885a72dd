//! How fast Outlay pays, durable, against a client that makes the same calls and keeps nothing, in turn, on the same processors, with the
//! same number of calls in flight. Figures of one machine at one time: read the ratios.
//!
//! `cargo bench --bench dispatch`; `-- --help` tells what can be chosen.

mod support;

use std::time::Duration;

use clap::Parser;
use support::bare;
use support::house::{House, Paid, write_file};
use support::machine::{cpu_seconds, cpu_seconds_of_threads};
use support::network::Network;
use support::postgres::Postgres;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
struct Args {
    /// Transfers in a round, without a delay; with one a quarter of it.
    #[arg(long, default_value_t = 12_000)]
    rows: usize,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Calls in flight.
    #[arg(long, default_value_t = outlay::dispatch::CONCURRENCY)]
    in_flight: usize,
    /// How long the SDK takes for every answer.
    #[arg(long, value_delimiter = ',', default_value = "0ms,20ms")]
    delay: Vec<String>,
    /// Of sqlite and postgres, only this.
    #[arg(long)]
    only: Option<String>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One engine's rounds, or the bare client's.
#[derive(Default)]
struct Series {
    rates: Vec<f64>,
    ratios: Vec<f64>,
    cpu: Vec<f64>,
    from_approval: Vec<f64>,
    spent: Vec<Spent>,
}

/// Processor seconds, by who used them.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    /// This process, but for the next.
    calls: f64,
    /// SQLite's one writer thread.
    writer: f64,
    /// The PostgreSQL server.
    server: f64,
    /// The simulated network.
    network: f64,
}

impl Spent {
    fn until_now(network: &Network, server: Option<&Postgres>) -> Self {
        let writer = cpu_seconds_of_threads("outlay-writer");
        let server = server.map_or(0.0, Postgres::cpu_seconds);
        Self { calls: cpu_seconds(std::process::id()) - writer, writer, server, network: cpu_seconds(network.pid()) }
    }

    /// What was used since then, in microseconds for each of so many transfers.
    fn since(self, then: Self, rows: usize) -> Self {
        let each = |now: f64, then: f64| (now - then) * 1e6 / number(rows);
        Self {
            calls: each(self.calls, then.calls),
            writer: each(self.writer, then.writer),
            server: each(self.server, then.server),
            network: each(self.network, then.network),
        }
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    outlay::logging::start("warn", false);
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(&args))
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let wants = |name: &str| args.only.as_ref().is_none_or(|only| only == name);
    let postgres = if wants("postgres") { Some(Postgres::start()?) } else { None };
    let postgres = match postgres {
        Some(Err(why)) => {
            println!("PostgreSQL is left out: {why}.");
            None
        }
        Some(Ok(server)) => Some(server),
        None => None,
    };
    println!("{} calls in flight, {} rounds; medians. A transfer is a lookup, a quote and a send.", args.in_flight, args.rounds);
    for delay in &args.delay {
        let rows = if delay.starts_with('0') { args.rows } else { args.rows / 4 };
        measure(args, delay, rows, wants("sqlite"), postgres.as_ref()).await?;
    }
    Ok(())
}

async fn measure(args: &Args, delay: &str, rows: usize, sqlite: bool, postgres: Option<&Postgres>) -> anyhow::Result<()> {
    let network = Network::start(delay)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("payroll.csv");
    write_file(&file, rows)?;
    let mut houses = Vec::new();
    if sqlite {
        houses.push(("Outlay on SQLite", None, House::open(None, &network.url, args.in_flight).await?));
    }
    if let Some(server) = postgres {
        let house = House::open(Some(server.database()?), &network.url, args.in_flight).await?;
        houses.push(("Outlay on PostgreSQL", Some(server), house));
    }
    let (mut floor, mut series): (Series, Vec<Series>) = (Series::default(), houses.iter().map(|_| Series::default()).collect());
    // The first round opens connections and fills caches; it is not counted.
    for round in 0..=args.rounds {
        for (place, (_, server, house)) in houses.iter().enumerate() {
            let bare = measure_bare(&network, round * 10 + place, rows, args.in_flight).await?;
            let other = || server.map_or(0.0, Postgres::cpu_seconds);
            let before = cpu_seconds(std::process::id()) + other();
            let mut spent: Option<(Spent, Spent)> = None;
            let paid = house
                .pay(&file, Duration::from_millis(50), |_, _| {
                    let now = Spent::until_now(&network, *server);
                    spent = Some((spent.map_or(now, |(first, _)| first), now));
                })
                .await?;
            let cpu = cpu_seconds(std::process::id()) + other() - before;
            if round > 0 {
                floor.rates.push(bare.0);
                floor.cpu.push(bare.1);
                floor.spent.push(bare.2);
                if let Some(series) = series.get_mut(place) {
                    note(series, &paid, rows, cpu, bare.0);
                    series.spent.extend(spent.map(|(first, last)| last.since(first, rows)));
                }
            }
        }
    }
    println!("\nSDK delay {delay}, {rows} transfers a round:");
    println!("{:<22} {:>12} {:>7} {:>16} {:>20}", "", "transfers/s", "ratio", "CPU µs/transfer", "/s from approval on");
    print("bare client", &floor);
    for ((name, _, _), series) in houses.iter().zip(&series) {
        print(name, series);
    }
    println!("Processor time while it is paid, µs a transfer:");
    println!("{:<22} {:>14} {:>14} {:>14} {:>14}", "", "calls and core", "SQLite writer", "PostgreSQL", "simulator");
    print_spent("bare client", &floor);
    for ((name, _, _), series) in houses.iter().zip(&series) {
        print_spent(name, series);
    }
    for (_, server, house) in houses {
        let url = house.institution.settings.database.clone();
        house.close().await;
        if let Some(server) = server {
            server.drop_database(&url)?;
        }
    }
    Ok(())
}

/// Transfers a second, this process's CPU microseconds for each, and everybody's.
async fn measure_bare(network: &Network, round: usize, rows: usize, in_flight: usize) -> anyhow::Result<(f64, f64, Spent)> {
    let before = Spent::until_now(network, None);
    let seconds = bare::pay(&network.url, round, rows, in_flight).await?;
    let spent = Spent::until_now(network, None).since(before, rows);
    Ok((number(rows) / seconds, spent.calls + spent.writer, spent))
}

fn note(series: &mut Series, paid: &Paid, rows: usize, cpu: f64, bare: f64) {
    let rate = number(rows) / paid.paying;
    series.rates.push(rate);
    series.ratios.push(rate / bare);
    // With upload, check and approval: they are Outlay's too.
    series.cpu.push(cpu * 1e6 / number(rows));
    series.from_approval.push(number(rows) / (paid.start + paid.paying));
}

fn print_spent(name: &str, series: &Series) {
    let part = |of: fn(&Spent) -> f64| median(&series.spent.iter().map(of).collect::<Vec<_>>());
    println!(
        "{name:<22} {:>14.0} {:>14.0} {:>14.0} {:>14.0}",
        part(|spent| spent.calls),
        part(|spent| spent.writer),
        part(|spent| spent.server),
        part(|spent| spent.network)
    );
}

fn number(rows: usize) -> f64 {
    f64::from(u32::try_from(rows).unwrap_or(u32::MAX))
}

fn print(name: &str, series: &Series) {
    let optional = |values: &[f64], digits: usize| if values.is_empty() { String::new() } else { format!("{:.digits$}", median(values)) };
    println!(
        "{name:<22} {:>12} {:>7} {:>16} {:>20}",
        optional(&series.rates, 0),
        optional(&series.ratios, 2),
        optional(&series.cpu, 0),
        optional(&series.from_approval, 0)
    );
}
