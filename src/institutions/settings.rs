//! What a registry file says. Every setting has a default and a limit, or is required; docs/settings.md lists them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::db::{DatabaseUrl, text_enum};
use crate::mail::MailSettings;
use crate::money::Currency;
use crate::sdk::SdkSettings;

text_enum! {
    /// How real an institution's payments are.
    pub enum Mode {
        /// Play money: the simulator.
        Training = "training",
        /// A real SDK, few payments, watched closely.
        Pilot = "pilot",
        Live = "live",
    }
}

/// One institution's file in the registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub name: String,
    pub mode: Mode,
    /// Host names without port, lower case; a request's host must equal one.
    pub hosts: Vec<String>,
    /// Where people reach it, for links in mail: `https://pay.example.org`.
    pub public_url: String,
    /// `sqlite:PATH` (relative to the registry file) or `postgres://…`.
    #[serde(deserialize_with = "database_url")]
    pub database: DatabaseUrl,
    /// 64 hexadecimal characters or more: the secret behind the audit chain and the cookies.
    pub key_file: PathBuf,
    /// Key files that were in use before, newest first, while anything was written with them. Default: none; at most 8.
    #[serde(default)]
    pub old_key_files: Vec<PathBuf>,
    /// Kept away from the database and its backups.
    pub epoch_file: PathBuf,
    /// An IANA name. Default: Asia/Yangon.
    #[serde(default = "defaults::time_zone")]
    pub time_zone: String,
    /// Default: MMK.
    #[serde(default = "defaults::currency")]
    pub currency: Currency,
    /// ISO 3166 code of the country of phone numbers without a country code. Default: MM.
    #[serde(default = "defaults::phone_country")]
    pub phone_country: String,
    /// A catalogue in `locales/`. Default: en.
    #[serde(default = "defaults::language")]
    pub language: String,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub sessions: SessionLimits,
    /// Calls in flight for each funding account. Default 32; 1 to 512.
    #[serde(default = "defaults::concurrency")]
    pub concurrency: usize,
    #[serde(default)]
    pub sdk: Vec<SdkSettings>,
    /// Without it no mail is sent, and invitations are printed.
    #[serde(default)]
    pub mail: Option<MailSettings>,
}

/// Limits of an upload.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a file. Default 50 MB, at most 200 MB.
    pub upload_bytes: u64,
    /// Rows of a file. Default and most: 1,000,000.
    pub upload_rows: u64,
    /// An upload is cut when nothing arrived for so long, in milliseconds. Default 60,000; 50 to 600,000.
    pub upload_idle_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { upload_bytes: 50_000_000, upload_rows: 1_000_000, upload_idle_ms: 60_000 }
    }
}

/// How long a session lives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionLimits {
    /// Minutes without a click. Default 30; 1 to 720.
    pub idle_minutes: u64,
    /// Hours since signing in. Default 12; 1 to 24.
    pub absolute_hours: u64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 12 }
    }
}

impl SessionLimits {
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_minutes * 60)
    }

    pub fn absolute(&self) -> Duration {
        Duration::from_secs(self.absolute_hours * 3600)
    }
}

mod defaults {
    use crate::money::Currency;

    pub(super) const fn concurrency() -> usize {
        crate::dispatch::CONCURRENCY
    }

    pub(super) fn time_zone() -> String {
        "Asia/Yangon".to_owned()
    }

    pub(super) fn currency() -> Currency {
        Currency::MMK
    }

    pub(super) fn phone_country() -> String {
        "MM".to_owned()
    }

    pub(super) fn language() -> String {
        "en".to_owned()
    }
}

fn database_url<'de, D: serde::Deserializer<'de>>(from: D) -> Result<DatabaseUrl, D::Error> {
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    #[error("{file}: {problem}")]
    Unreadable { file: String, problem: String },
    #[error("{file}: {setting} {rule}")]
    Refused { file: String, setting: &'static str, rule: &'static str },
}

impl Settings {
    /// Reads and checks one file. Relative paths in it start from its folder.
    ///
    /// # Errors
    /// [`BadSettings`], naming file and setting, never a value.
    pub fn read(file: &Path) -> Result<Self, BadSettings> {
        let name = file.display().to_string();
        let unreadable = |problem: String| BadSettings::Unreadable { file: name.clone(), problem };
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        let mut settings: Self = toml::from_str(&text).map_err(|error| unreadable(error.message().to_owned()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        settings.key_file = folder.join(&settings.key_file);
        settings.epoch_file = folder.join(&settings.epoch_file);
        settings.old_key_files.iter_mut().for_each(|file| *file = folder.join(&*file));
        if let Some(mail) = &mut settings.mail {
            mail.password_file = mail.password_file.as_ref().map(|file| folder.join(file));
            mail.ca_file = mail.ca_file.as_ref().map(|file| folder.join(file));
        }
        if let DatabaseUrl::Sqlite(path) = &settings.database {
            settings.database = DatabaseUrl::Sqlite(folder.join(path));
        }
        settings.check().map_err(|(setting, rule)| BadSettings::Refused { file: name, setting, rule })?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.name.trim().is_empty() {
            return Err(("name", "is empty"));
        }
        if self.hosts.is_empty()
            || self.hosts.iter().any(|host| host.is_empty() || host.contains([':', '/']) || *host != host.to_lowercase())
        {
            return Err(("hosts", "must list host names in lower case, without port or path"));
        }
        if !self.public_url.starts_with("https://") && !self.public_url.starts_with("http://") {
            return Err(("public_url", "must begin with https:// (or http:// on a private network)"));
        }
        if self.old_key_files.len() > super::OLD_KEY_FILES_MAX {
            return Err(("old_key_files", "may name at most 8 files"));
        }
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return Err(("time_zone", "is no IANA time zone, such as Asia/Yangon"));
        }
        if self.phone_country.len() != 2 {
            return Err(("phone_country", "must be two letters, such as MM"));
        }
        let limits = &self.limits;
        if !(1..=200_000_000).contains(&limits.upload_bytes) {
            return Err(("limits.upload_bytes", "must be 1 to 200,000,000"));
        }
        if !(1..=1_000_000).contains(&limits.upload_rows) {
            return Err(("limits.upload_rows", "must be 1 to 1,000,000"));
        }
        if !(50..=600_000).contains(&limits.upload_idle_ms) {
            return Err(("limits.upload_idle_ms", "must be 50 to 600,000"));
        }
        if !(1..=720).contains(&self.sessions.idle_minutes) {
            return Err(("sessions.idle_minutes", "must be 1 to 720"));
        }
        if !(1..=24).contains(&self.sessions.absolute_hours) {
            return Err(("sessions.absolute_hours", "must be 1 to 24"));
        }
        if !(1..=512).contains(&self.concurrency) {
            return Err(("concurrency", "must be 1 to 512"));
        }
        let names: std::collections::BTreeSet<_> = self.sdk.iter().map(|sdk| &sdk.name).collect();
        if names.len() != self.sdk.len() {
            return Err(("sdk.name", "is used twice"));
        }
        if self.sdk.iter().any(|sdk| sdk.check().is_err()) {
            return Err(("sdk", "has a setting outside its limits (see docs/settings.md)"));
        }
        self.mail.as_ref().map_or(Ok(()), MailSettings::check)
    }

    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// Cookies are marked secure, and named so that no other host can set them, where people use https.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
