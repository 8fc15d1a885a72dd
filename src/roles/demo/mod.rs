//! `outlay demo`: the whole job on one machine with nothing set up: an institution in Training, its people, a simulated payment
//! network, the pages and the worker. With `--run FILE`, the same verbs without a browser.

mod institution;
mod people;
mod report;
mod run;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::Ended;
use crate::app::{self, Portal};
use crate::db::DatabaseUrl;
use crate::institutions::Institution;
use crate::people::Passwords;
use crate::web::Proxies;
use crate::worker::Workers;

#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Folder for the demo's data
    #[arg(long, default_value = "data")]
    pub data: PathBuf,
    /// Port to listen on at 127.0.0.1; 0 for a free one
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// A PostgreSQL database instead of a file in the data folder: postgres://…
    #[arg(long)]
    pub database: Option<DatabaseUrl>,
    /// A real Mojaloop SDK instead of the simulator; the institution is then in mode Pilot
    #[arg(long)]
    pub sdk: Option<String>,
    /// Pay this file and print what became of every row, instead of serving pages
    #[arg(long, value_name = "FILE")]
    pub run: Option<PathBuf>,
    /// The file's payment type
    #[arg(long = "type", default_value = "payroll", requires = "run")]
    pub payment_type: run::Type,
    /// Seconds to wait until the batch is Processed
    #[arg(long, default_value_t = 600, requires = "run")]
    pub wait: u64,
    /// Print one JSON object instead of a table
    #[arg(long, requires = "run")]
    pub json: bool,
}

/// # Errors
/// A sentence for who tries it.
pub async fn demo(args: DemoArgs) -> Ended {
    let listener = if args.run.is_none() { Some(listen(args.port)?) } else { None };
    let demo = institution::open(&args).await?;
    let workers = Workers::start(std::slice::from_ref(&demo.institution))?;
    let code = match (&args.run, listener) {
        (Some(file), _) => run::run(&demo.institution, &args, file).await?,
        (None, Some(listener)) => serve(Arc::clone(&demo.institution), listener).await?,
        (None, None) => ExitCode::FAILURE,
    };
    workers.stop().await;
    demo.close().await;
    Ok(code)
}

/// Taken before anything is made, so that a second demo leaves nothing behind.
fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on 127.0.0.1:{port}; is another program using it? Choose another with --port, or --port 0"))
}

async fn serve(institution: Arc<Institution>, listener: TcpListener) -> Ended {
    let portal = Portal { institutions: vec![institution], passwords: Passwords::new()?, proxies: Proxies::default(), threads: 2 };
    let listening = app::serve(portal, listener)?;
    println!("{}", people::welcome(listening.address.port()));
    listening.server.await?;
    Ok(ExitCode::SUCCESS)
}
