//! `outlay migrate`: brings every institution's database up to this version.

use std::process::ExitCode;

use super::Ended;
use crate::config::RegistryArgs;
use crate::db;
use crate::institutions::{ProcessLock, load_registry};

/// # Errors
/// A sentence for the operator; databases before the one that failed stay up to date.
pub async fn migrate(args: RegistryArgs) -> Ended {
    for settings in load_registry(&args.registry)? {
        let _lock = ProcessLock::take(&settings.database)?;
        let url = settings.database.clone();
        let steps = tokio::task::spawn_blocking(move || db::bring_up(&url)).await??;
        println!("{}: {}", settings.name, if steps == 0 { "up to date".to_owned() } else { format!("{steps} steps done") });
    }
    Ok(ExitCode::SUCCESS)
}
