//! `outlay serve`: the pages and the background work of every institution in the registry.

use std::net::TcpListener;
use std::process::ExitCode;

use anyhow::Context;

use super::Ended;
use crate::app::{self, Portal};
use crate::config::ServeArgs;
use crate::db;
use crate::people::Passwords;
use crate::web::Proxies;
use crate::worker::Workers;

/// # Errors
/// A sentence for the operator.
pub async fn serve(args: ServeArgs) -> Ended {
    db::limit_connections(usize::from(args.connections));
    let institutions = super::open_all(&args.registry).await?;
    let listener = TcpListener::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
    let portal = Portal { institutions, passwords: Passwords::new()?, proxies: Proxies(args.proxies), threads: usize::from(args.threads) };
    let workers = Workers::start(&portal.institutions)?;
    let listening = app::serve(portal, listener)?;
    tracing::info!(address = %listening.address, "listening");
    listening.server.await?;
    workers.stop().await;
    Ok(ExitCode::SUCCESS)
}
