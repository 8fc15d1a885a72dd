//! Institutions: each a tenant with its own database, people, audit log, keys and settings.
//!
//! The registry is a folder with one TOML file for each ([`Settings`]); the institution of a request is the one whose
//! configured host equals the request's. Nothing else ever chooses a database. What an institution may change itself ([`Setting`])
//! stands in its database, over the defaults of its file. An [`Institution`] whose database cannot be used is closed: its host
//! answers so in words while it is tried again, and the others do not notice.

mod change_settings;
mod create;
mod house;
mod keys;
mod lock;
mod logo;
mod open;
pub mod pages;
mod registry;
mod rename_host;
mod security;
mod setting;
mod settings;
mod store;
mod suspend;

use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock};

use tokio::sync::Notify;

pub use self::change_settings::{Changed, NotChanged, change_setting_confirmed, change_settings};
pub use self::create::{AlreadyThere, create};
use self::house::Known;
pub use self::house::{FRESH_FOR, House};
pub use self::keys::{BadKey, DerivedKey, Keys, OLD_KEY_FILES_MAX};
pub use self::lock::{NotAlone, ProcessLock};
pub use self::logo::{BadLogo, LOGO_BYTES_MAX, Logo};
pub use self::open::CannotOpen;
pub use self::registry::{BadRegistry, load_registry, registry_files};
pub use self::rename_host::{CannotRename, record_host_renamed, renamed_host};
pub use self::security::{CONFIRMATIONS, SECOND_FACTOR, STEP_UP, SecondFactorRule, Security, security};
pub use self::setting::{Group, Setting};
pub use self::settings::{BadSettings, Limits, Mode, SessionLimits, Settings};
pub use self::store::founded_at;
pub use self::suspend::{NotSuspended, is_suspended, resume, suspend};
use crate::audit;
use crate::clock::{Clock, Instant};
use crate::db::{self, Conn, DatabaseUrl, Db};
use crate::dispatch::EpochFile;
use crate::ids::InstitutionId;
use crate::sdk::SdkSettings;

/// One institution, with its database, which may be out of reach.
pub struct Institution {
    /// What its registry file says. Time zone, currency and language are only defaults there: ask [`Institution::house`].
    pub settings: Settings,
    pub db: Db,
    pub keys: Keys,
    pub logo: Option<Logo>,
    /// How far this process has verified the audit chain.
    pub chain: audit::Watch,
    /// Whether a database that could forget a commit is refused.
    durable: bool,
    /// Known once the database was found to be its own.
    id: OnceLock<InstitutionId>,
    /// Keeps other processes away from an embedded database.
    lock: OnceLock<ProcessLock>,
    known: RwLock<Known>,
    work: Arc<Notify>,
}

impl Institution {
    /// # Errors
    /// [`db::Error::Unavailable`] while the database has not been opened.
    pub fn id(&self) -> db::Result<InstitutionId> {
        self.id.get().cloned().ok_or_else(|| db::Error::Unavailable(format!("{} is not open yet", self.settings.name)))
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
    ///
    /// # Errors
    /// As for [`Self::id`].
    pub fn epoch_file(&self) -> db::Result<EpochFile> {
        let is_shared = matches!(self.settings.database, DatabaseUrl::Postgres(_));
        Ok(EpochFile { path: self.settings.epoch_file.clone(), house: self.id()?, is_shared })
    }
}

/// When a person of the institution was last seen on its pages.
///
/// # Errors
/// The database's.
pub fn last_seen(conn: &mut Conn) -> db::Result<Option<Instant>> {
    store::last_seen(conn)
}

/// A file named in a registry file, from that file's folder.
fn beside(registry_file: &Path, named: &Path) -> std::path::PathBuf {
    registry_file.parent().unwrap_or(Path::new(".")).join(named)
}
