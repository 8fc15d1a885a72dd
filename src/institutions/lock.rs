//! One process at a time serves an embedded database.

use std::fs::File;
use std::path::PathBuf;

use crate::db::DatabaseUrl;

#[derive(Debug, thiserror::Error)]
pub enum NotAlone {
    #[error("another Outlay process works on {0} already; stop it first, or use PostgreSQL for several processes")]
    Taken(String),
    #[error("the lock file {0} cannot be opened: {1}")]
    Unusable(String, std::io::Error),
}

/// Held for as long as it lives; the operating system lets go of it when the process dies, however it dies.
#[derive(Debug)]
pub struct ProcessLock {
    _file: Option<File>,
}

impl ProcessLock {
    /// Takes the lock beside a SQLite file; PostgreSQL needs none.
    ///
    /// # Errors
    /// [`NotAlone`].
    pub fn take(database: &DatabaseUrl) -> Result<Self, NotAlone> {
        let DatabaseUrl::Sqlite(path) = database else { return Ok(Self { _file: None }) };
        let mut lock = path.clone().into_os_string();
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        let unusable = |error| NotAlone::Unusable(lock.display().to_string(), error);
        let file = File::options().create(true).truncate(false).write(true).open(&lock).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(std::fs::TryLockError::WouldBlock) => Err(NotAlone::Taken(path.display().to_string())),
            Err(std::fs::TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
