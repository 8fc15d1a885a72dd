//! `admin add-institution`.

use std::process::ExitCode;

use super::{AdminArgs, Ended, operator, settings, system_clock};
use crate::db::{self, Db};
use crate::institutions::{Keys, ProcessLock, create};

/// Makes key file and database of a registry file that was just written, and the institution in it.
pub(super) async fn add(args: &AdminArgs) -> Ended {
    let settings = settings(args)?;
    let _lock = ProcessLock::take(&settings.database)?;
    Keys::create_if_missing(&settings.key_file)?;
    let url = settings.database.clone();
    tokio::task::spawn_blocking(move || db::bring_up(&url)).await??;
    let mode = settings.mode;
    let database = Db::new(settings.database.clone(), system_clock())?;
    let id = database.write(move |tx| create(tx, &operator(), mode)).await?;
    println!("{} is ready ({id}). Keep a copy of {} apart from the database.", settings.name, settings.key_file.display());
    println!("Next: add-branch, add-fsp, add-funding-account, add-user, grant.");
    Ok(ExitCode::SUCCESS)
}
