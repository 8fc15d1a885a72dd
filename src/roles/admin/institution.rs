//! `admin add-institution` and `admin institutions …`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;

use super::{AdminArgs, Ended, must_be_durable, operator, settings, system_clock};
use crate::db::{self, DatabaseUrl, Db};
use crate::dispatch::QUIET_POLL;
use crate::institutions::{
    self, CannotOpen, FRESH_FOR, Institution, Keys, ProcessLock, Settings, create, last_seen, load_registry, record_host_renamed,
    registry_files, renamed_host,
};

/// What can be done with the institutions of the registry.
#[derive(Debug, Subcommand)]
pub enum Institutions {
    /// Name, mode, hosts, database engine, state, version and last activity of each
    List,
    /// Close an institution's pages and begin no new payment of it
    Suspend {
        /// As in the registry
        name: String,
        /// For the audit log; people do not see it
        #[arg(long)]
        because: String,
    },
    /// Open a suspended institution again
    Resume {
        /// As in the registry
        name: String,
    },
    /// Give an institution another host name in its registry file; everybody has to sign in again
    RenameHost {
        /// As in the registry
        name: String,
        /// As it is
        old: String,
        /// As it shall be
        new: String,
    },
}

/// # Errors
/// A sentence for the operator.
pub(super) async fn institutions(registry: &Path, verb: Institutions) -> Ended {
    match verb {
        Institutions::List => list(registry).await,
        Institutions::Suspend { name, because } => suspend(registry, &name, because).await,
        Institutions::Resume { name } => resume(registry, &name).await,
        Institutions::RenameHost { name, old, new } => rename_host(registry, &name, &old, &new).await,
    }
}

async fn list(registry: &Path) -> Ended {
    for settings in load_registry(registry)? {
        let engine = match settings.database {
            DatabaseUrl::Sqlite(_) => "SQLite",
            DatabaseUrl::Postgres(_) => "PostgreSQL",
        };
        println!("{} ({}, {engine}): {}", settings.name, settings.mode.as_str(), settings.hosts.join(", "));
        match Institution::open(settings, system_clock(), must_be_durable()).await {
            Ok(institution) => println!("    {}", state(&institution).await?),
            Err(CannotOpen::Database { problem, .. }) => println!("    closed: {problem}"),
            Err(error) => println!("    closed: {error}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// State, version and last activity of an institution that opens.
async fn state(institution: &Institution) -> db::Result<String> {
    let seen = institution.db.read(last_seen).await?;
    let zone = institution.house().zone.clone();
    let seen = seen.map_or_else(
        || "nobody has signed in lately".to_owned(),
        |at| format!("last seen {}", at.timestamp().to_zoned(zone).strftime("%Y-%m-%d %H:%M %Z")),
    );
    let suspended = if institution.is_suspended() { "suspended" } else { "open" };
    Ok(format!("{suspended}, database up to date, {seen}"))
}

async fn suspend(registry: &Path, name: &str, because: String) -> Ended {
    let institution = open(registry, name).await?;
    institution.db.write(move |tx| institutions::suspend(tx, &operator(), &because)).await?;
    println!("{name} is suspended. Running servers notice within {} seconds; payments that were", FRESH_FOR.max(QUIET_POLL).as_secs());
    println!("recorded before are still settled. «outlay admin institutions resume» opens it again.");
    Ok(ExitCode::SUCCESS)
}

async fn resume(registry: &Path, name: &str) -> Ended {
    let institution = open(registry, name).await?;
    institution.db.write(|tx| institutions::resume(tx, &operator())).await?;
    println!("{name} is open again. Running servers notice within {} seconds.", FRESH_FOR.max(QUIET_POLL).as_secs());
    Ok(ExitCode::SUCCESS)
}

async fn rename_host(registry: &Path, name: &str, old: &str, new: &str) -> Ended {
    let all = load_registry(registry)?;
    if let Some(taken) = all.iter().find(|settings| settings.hosts.iter().any(|host| host == new)) {
        bail!("the host «{new}» belongs to {} already", taken.name);
    }
    let file = file_of(registry, name)?;
    let text = renamed_host(&std::fs::read_to_string(&file)?, old, new)?;
    let written = written_beside(&file, &text)?;
    // Read as a server would: a name it could not take is found before anything has changed.
    if let Err(error) = Settings::read(&written) {
        std::fs::remove_file(&written)?;
        return Err(error.into());
    }
    let institution = open(registry, name).await?;
    let (from, to) = (old.to_owned(), new.to_owned());
    let ended = institution.db.write(move |tx| record_host_renamed(tx, &operator(), &from, &to)).await?;
    std::fs::rename(&written, &file).with_context(|| format!("{} could not be replaced; its hosts are as they were", file.display()))?;
    println!("{name} answers to {new} instead of {old} once its servers have been restarted. {ended} sessions ended.");
    println!("Let the proxy and the name servers know; links in mails that were sent lead to {old}.");
    Ok(ExitCode::SUCCESS)
}

/// Writes the new text beside the file, durably, under a name that is no registry file's.
fn written_beside(file: &Path, text: &str) -> anyhow::Result<PathBuf> {
    let written = file.with_extension("toml.new");
    let mut new = std::fs::File::create(&written).with_context(|| format!("cannot write {}", written.display()))?;
    new.set_permissions(std::fs::metadata(file)?.permissions())?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    Ok(written)
}

fn named(registry: &Path, name: &str) -> anyhow::Result<Settings> {
    let all = load_registry(registry)?;
    let names = all.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(", ");
    all.into_iter().find(|one| one.name == name).with_context(|| format!("the registry has no institution «{name}»; it has: {names}"))
}

fn file_of(registry: &Path, name: &str) -> anyhow::Result<PathBuf> {
    for file in registry_files(registry)? {
        if Settings::read(&file)?.name == name {
            return Ok(file);
        }
    }
    bail!("the registry has no institution «{name}»")
}

/// Opens it beside a running server.
async fn open(registry: &Path, name: &str) -> anyhow::Result<Institution> {
    Ok(Institution::open(named(registry, name)?, system_clock(), must_be_durable()).await?)
}

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
