//! Institutions: each a tenant with its own database, people, audit log, keys and settings.
//!
//! The registry is a folder with one TOML file for each ([`Settings`]); the institution of a request is the one whose
//! configured host equals the request's. Nothing else ever chooses a database.

mod create;
mod keys;
mod lock;
mod registry;
mod security;
mod settings;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;

pub use self::create::{AlreadyThere, create};
pub use self::keys::{BadKey, DerivedKey, Keys, OLD_KEY_FILES_MAX};
pub use self::lock::{NotAlone, ProcessLock};
pub use self::registry::{BadRegistry, load_registry};
pub use self::security::{CONFIRMATIONS, SECOND_FACTOR, STEP_UP, SecondFactorRule, Security, security};
pub use self::settings::{BadSettings, Limits, Mode, SessionLimits, Settings};
use crate::clock::Clock;
use crate::db::{DatabaseUrl, Db, NotOurVersion};
use crate::dispatch::EpochFile;
use crate::ids::InstitutionId;
use crate::sdk::SdkSettings;
use crate::words::Language;

/// One institution, opened.
pub struct Institution {
    pub id: InstitutionId,
    pub settings: Settings,
    pub db: Db,
    pub keys: Keys,
    pub language: Language,
    work: Arc<Notify>,
}

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
    Io { institution: String, problem: std::io::Error },
}

impl Institution {
    /// Opens what the settings describe, after checking that this program may work on it. `durable`: refuse a database
    /// that could forget a commit (tests alone say no).
    ///
    /// # Errors
    /// [`CannotOpen`], each a sentence for the operator.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>, durable: bool) -> Result<Self, CannotOpen> {
        let name = settings.name.clone();
        let language = Language::load(&settings.language)
            .ok_or_else(|| CannotOpen::NoLanguage { institution: name.clone(), language: settings.language.clone() })?;
        let keys = Keys::read(&settings.key_file).and_then(|keys| keys.with_older(&settings.old_key_files));
        let keys = keys.map_err(|problem| CannotOpen::Key { institution: name.clone(), problem })?;
        let db = Db::new(settings.database.clone(), clock).map_err(|problem| CannotOpen::Io { institution: name.clone(), problem })?;
        db.check(durable).map_err(|problem| CannotOpen::Database { institution: name.clone(), problem })?;
        let found = db
            .read(store::institution)
            .await
            .map_err(|error| CannotOpen::Database { institution: name.clone(), problem: NotOurVersion::Unreadable(error.to_string()) })?;
        let (id, mode) = found.ok_or_else(|| CannotOpen::NoInstitution(name.clone()))?;
        if mode != settings.mode {
            return Err(CannotOpen::OtherMode { institution: name, database: mode.as_str(), registry: settings.mode.as_str() });
        }
        Ok(Self { id, settings, db, keys, language, work: Arc::new(Notify::new()) })
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.db.clock()
    }

    /// What the background work sleeps on.
    pub fn work(&self) -> Arc<Notify> {
        Arc::clone(&self.work)
    }

    /// Tells the background work of this process that there is something to do; without it, it looks by itself a little later.
    pub fn wake(&self) {
        self.work.notify_one();
    }

    pub fn sdk(&self, name: &str) -> Option<&SdkSettings> {
        self.settings.sdk.iter().find(|sdk| sdk.name == name)
    }

    /// The file outside the database that carries the dispatch epoch (ARCHITECTURE.md, Copies).
    pub fn epoch_file(&self) -> EpochFile {
        let is_shared = matches!(self.settings.database, DatabaseUrl::Postgres(_));
        EpochFile { path: self.settings.epoch_file.clone(), house: self.id.clone(), is_shared }
    }
}

/// All institutions of this process by host name.
pub type Hosts = BTreeMap<String, Arc<Institution>>;
