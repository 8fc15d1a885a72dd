//! Opening an institution: first what needs no database, then the database, which may have to wait.

use std::sync::{Arc, OnceLock, RwLock};

use tokio::sync::Notify;

use super::house::{House, Known};
use super::{BadKey, BadLogo, Institution, Keys, Logo, NotAlone, ProcessLock, Settings, store};
use crate::audit;
use crate::clock::Clock;
use crate::db::{self, Db, NotOurVersion};
use crate::words::Language;

#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    #[error("{institution}: {problem}")]
    Database { institution: String, problem: NotOurVersion },
    #[error("{0}: the database has no institution in it; «outlay admin add-institution» makes one")]
    NoInstitution(String),
    #[error("{institution}: the database belongs to an institution in mode {database}, the registry says {registry}")]
    OtherMode { institution: String, database: &'static str, registry: &'static str },
    #[error("{institution}: there is no catalogue for the language «{language}»")]
    NoLanguage { institution: String, language: String },
    #[error("{institution}: {problem}")]
    Key { institution: String, problem: BadKey },
    #[error("{institution}: {problem}")]
    Logo { institution: String, problem: BadLogo },
    #[error("{institution}: {problem}")]
    Lock { institution: String, problem: NotAlone },
    #[error("{institution}: {problem}")]
    Io { institution: String, problem: std::io::Error },
}

impl Institution {
    /// What can be known without its database: its host can answer, if only that it is closed. `durable`: refuse a database that could
    /// forget a commit (tests alone say no).
    ///
    /// # Errors
    /// [`CannotOpen`], each a sentence for the operator: what only they can mend.
    pub fn prepare(settings: Settings, clock: Arc<dyn Clock>, durable: bool) -> Result<Self, CannotOpen> {
        let name = || settings.name.clone();
        if Language::load(&settings.language).is_none() {
            return Err(CannotOpen::NoLanguage { institution: name(), language: settings.language.clone() });
        }
        let keys = Keys::read(&settings.key_file).and_then(|keys| keys.with_older(&settings.old_key_files));
        let keys = keys.map_err(|problem| CannotOpen::Key { institution: name(), problem })?;
        let logo = settings.logo.as_deref().map(Logo::read).transpose();
        let logo = logo.map_err(|problem| CannotOpen::Logo { institution: name(), problem })?;
        let db = Db::new(settings.database.clone(), clock).map_err(|problem| CannotOpen::Io { institution: name(), problem })?;
        let known = RwLock::new(Known { house: Arc::new(House::of(&settings, &[])), is_suspended: false, read_at: None });
        let (id, lock, work) = (OnceLock::new(), OnceLock::new(), Arc::new(Notify::new()));
        Ok(Self { settings, db, keys, logo, chain: audit::Watch::default(), durable, id, lock, known, work })
    }

    /// Prepares and opens it.
    ///
    /// # Errors
    /// [`CannotOpen`], each a sentence for the operator.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>, durable: bool) -> Result<Self, CannotOpen> {
        let institution = Self::prepare(settings, clock, durable)?;
        institution.come_up().await?;
        Ok(institution)
    }

    /// Whether its database was found to be its own, and of this version.
    pub fn is_open(&self) -> bool {
        self.id.get().is_some()
    }

    /// Opens its database, after checking that this program may work on it.
    ///
    /// # Errors
    /// [`CannotOpen`]; may be tried again.
    pub async fn come_up(&self) -> Result<(), CannotOpen> {
        let institution = || self.settings.name.clone();
        let database = |problem| CannotOpen::Database { institution: institution(), problem };
        let lost = |error: &dyn std::fmt::Display| database(NotOurVersion::Unreadable(error.to_string()));
        let (db, durable) = (self.db.clone(), self.durable);
        let checked = tokio::task::spawn_blocking(move || db.check(durable)).await;
        checked.map_err(|error| lost(&error))?.map_err(database)?;
        let found = self.db.read(store::institution).await.map_err(|error: db::Error| lost(&error))?;
        let (id, mode) = found.ok_or_else(|| CannotOpen::NoInstitution(institution()))?;
        if mode != self.settings.mode {
            let (database, registry) = (mode.as_str(), self.settings.mode.as_str());
            return Err(CannotOpen::OtherMode { institution: institution(), database, registry });
        }
        self.refresh().await.map_err(|error| lost(&error))?;
        // A second opening finds the same one.
        drop(self.id.set(id));
        Ok(())
    }

    /// The same for a process that serves it: an embedded database is for one process.
    ///
    /// # Errors
    /// [`CannotOpen`]; may be tried again.
    pub async fn come_up_alone(&self) -> Result<(), CannotOpen> {
        if self.lock.get().is_none() {
            let lock = ProcessLock::take(&self.settings.database);
            let lock = lock.map_err(|problem| CannotOpen::Lock { institution: self.settings.name.clone(), problem })?;
            drop(self.lock.set(lock));
        }
        self.come_up().await
    }
}
