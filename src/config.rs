//! Every setting of the process: its argument, its variable, its default and limit. Settings of an institution stand in its
//! registry file ([`crate::institutions::Settings`]). No secret is an argument.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::db::CONNECTIONS;
use crate::roles::admin::AdminArgs;
use crate::roles::demo::DemoArgs;
use crate::simulator::SimulateArgs;

/// Bulk disbursement portal for microfinance institutions, over a Mojaloop SDK.
#[derive(Debug, Parser)]
#[command(name = "outlay", version, about)]
pub struct Cli {
    #[command(flatten)]
    pub logging: Logging,
    #[command(subcommand)]
    pub role: Role,
}

#[derive(Debug, Subcommand)]
pub enum Role {
    /// Serve the pages, and do the background work
    Serve(ServeArgs),
    /// Do the background work only (PostgreSQL)
    Work(WorkArgs),
    /// Try Outlay with a simulated payment network: no other set-up
    Demo(DemoArgs),
    /// Serve a simulated Mojaloop SDK
    Simulate(SimulateArgs),
    /// Bring every institution's database up to this version
    Migrate(RegistryArgs),
    /// Set an institution up and look after it
    Admin(AdminArgs),
}

#[derive(Debug, Args)]
pub struct Logging {
    /// What is logged to standard error, as in «info» or «outlay=debug,warn»
    #[arg(long, env = "OUTLAY_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Log as JSON lines
    #[arg(long, env = "OUTLAY_LOG_JSON", global = true)]
    pub log_json: bool,
}

#[derive(Debug, Clone, Args)]
pub struct RegistryArgs {
    /// Folder with one TOML file for each institution
    #[arg(long, env = "OUTLAY_REGISTRY", default_value = "institutions")]
    pub registry: PathBuf,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Address and port to listen on; put a proxy that speaks TLS before it
    #[arg(long, env = "OUTLAY_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Addresses of proxies whose X-Forwarded-For counts, separated by commas
    #[arg(long, env = "OUTLAY_PROXIES", value_delimiter = ',')]
    pub proxies: Vec<IpAddr>,
    /// Threads that answer requests, 1 to 64
    #[arg(long, env = "OUTLAY_THREADS", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// Connections to databases, over all institutions, 20 to 2000
    #[arg(long, env = "OUTLAY_CONNECTIONS", default_value_t = CONNECTIONS, value_parser = clap::value_parser!(u16).range(20..=2000))]
    pub connections: u16,
}

#[derive(Debug, Args)]
pub struct WorkArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,
    /// Connections to databases, over all institutions, 20 to 2000
    #[arg(long, env = "OUTLAY_CONNECTIONS", default_value_t = CONNECTIONS, value_parser = clap::value_parser!(u16).range(20..=2000))]
    pub connections: u16,
}
