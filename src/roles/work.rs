//! `outlay work`: the background work alone, beside any number of other processes on PostgreSQL.

use std::process::ExitCode;

use anyhow::bail;

use super::Ended;
use crate::config::WorkArgs;
use crate::db::{self, DatabaseUrl};
use crate::institutions::load_registry;
use crate::worker::Workers;

/// # Errors
/// A sentence for the operator.
pub async fn work(args: WorkArgs) -> Ended {
    if let Some(embedded) =
        load_registry(&args.registry.registry)?.iter().find(|settings| matches!(settings.database, DatabaseUrl::Sqlite(_)))
    {
        bail!(
            "{} has an embedded database, which one process serves and works on («outlay serve»); «outlay work» needs PostgreSQL",
            embedded.name
        );
    }
    db::limit_connections(usize::from(args.connections));
    let institutions = super::open_all(&args.registry).await?;
    let workers = Workers::start(&institutions)?;
    tracing::info!("working");
    until_told_to_stop().await?;
    workers.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C or a polite kill.
async fn until_told_to_stop() -> std::io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped,
        _ = terminated.recv() => Ok(()),
    }
}
