//! Which mail server sends an institution's mail. docs/settings.md lists the settings.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::db::text_enum;

text_enum! {
    /// How the connection to the mail server is protected.
    pub enum Tls {
        /// Not at all: only for a server on the same machine.
        Off = "off",
        /// STARTTLS, and no mail without it.
        Starttls = "starttls",
        /// TLS from the first byte (port 465).
        Tls = "tls",
    }
}

/// `[mail]` of a registry file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    /// Default: starttls.
    #[serde(default = "starttls")]
    pub tls: Tls,
    /// Whom mail comes from: `Outlay <outlay@example.org>`.
    pub from: String,
    #[serde(default)]
    pub user: Option<String>,
    /// A file with the password, readable by Outlay alone; needed where there is a user.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Certificates in PEM to trust instead of the well-known ones.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Seconds for each step with the server. Default 30; 1 to 300.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
}

const fn starttls() -> Tls {
    Tls::Starttls
}

const fn thirty() -> u64 {
    30
}

impl MailSettings {
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}
