//! The registry: a folder with one file for each institution.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{BadSettings, Settings};

#[derive(Debug, thiserror::Error)]
pub enum BadRegistry {
    #[error("the registry folder {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    #[error("the registry folder {0} has no .toml file; «outlay admin add-institution» tells how to make one")]
    Empty(String),
    #[error("the host «{0}» is claimed by two institutions")]
    HostTwice(String),
    #[error("two institutions share one database ({0})")]
    DatabaseTwice(String),
    #[error(transparent)]
    Settings(#[from] BadSettings),
}

/// Reads every `*.toml` of the folder, in order of name.
///
/// # Errors
/// [`BadRegistry`]: one bad file stops them all, because a host that silently vanished would be worse.
pub fn load_registry(folder: &Path) -> Result<Vec<Settings>, BadRegistry> {
    let files = registry_files(folder)?;
    let all = files.iter().map(|file| Settings::read(file)).collect::<Result<Vec<_>, _>>()?;
    let mut hosts = BTreeMap::new();
    let mut databases = BTreeMap::new();
    for settings in &all {
        if let Some(host) = settings.hosts.iter().find(|host| hosts.insert((*host).clone(), ()).is_some()) {
            return Err(BadRegistry::HostTwice(host.clone()));
        }
        if databases.insert(settings.database.to_string(), ()).is_some() {
            return Err(BadRegistry::DatabaseTwice(settings.database.to_string()));
        }
    }
    Ok(all)
}

/// Every `*.toml` of the folder, in order of name.
///
/// # Errors
/// [`BadRegistry`] where the folder cannot be read or has none.
pub fn registry_files(folder: &Path) -> Result<Vec<PathBuf>, BadRegistry> {
    let name = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|error| BadRegistry::Unreadable(name.clone(), error))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    if files.is_empty() { Err(BadRegistry::Empty(name)) } else { Ok(files) }
}
