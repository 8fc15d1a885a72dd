//! Which mail server sends an institution's mail. docs/settings.md lists the settings.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
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
    /// Whether `tls = "off"` may be used with a server on another machine: links in mail can then be read on the way. Default: false.
    #[serde(default)]
    pub clear_text: bool,
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

/// Characters of a host name, at most.
const HOST_CHARS_MAX: usize = 253;

impl MailSettings {
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// Whom mail comes from; `None` where that is no mail address.
    pub(super) fn sender(&self) -> Option<Mailbox> {
        self.from.parse().ok()
    }

    /// Whether the server is this very machine, as far as its name tells.
    fn is_local(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// # Errors
    /// The setting that cannot be used, and the rule it breaks; never its value.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.host.is_empty() || self.host.len() > HOST_CHARS_MAX || self.host.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(("mail.host", "must be a host name or an address, without port or path"));
        }
        if self.port == 0 {
            return Err(("mail.port", "must be 1 to 65535"));
        }
        if self.sender().is_none() {
            return Err(("mail.from", "must be a mail address, as in Outlay <outlay@example.org>"));
        }
        if !(1..=300).contains(&self.timeout_seconds) {
            return Err(("mail.timeout_seconds", "must be 1 to 300"));
        }
        match (&self.user, &self.password_file) {
            (Some(_), None) => return Err(("mail.password_file", "is missing: mail.user needs a password")),
            (None, Some(_)) => return Err(("mail.user", "is missing: mail.password_file needs a user")),
            (Some(user), Some(_)) if user.is_empty() => return Err(("mail.user", "is empty")),
            _ => {}
        }
        if self.tls == Tls::Off && !self.is_local() {
            if self.user.is_some() {
                return Err(("mail.tls", "must be starttls or tls: the password is never sent in clear to another machine"));
            }
            if !self.clear_text {
                return Err(("mail.tls", "must be starttls or tls for a server on another machine (or set mail.clear_text)"));
            }
        }
        if self.tls == Tls::Off && self.ca_file.is_some() {
            return Err(("mail.ca_file", "has no use with mail.tls = \"off\""));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a file of these lines, by its setting.
    fn refused(more: &str) -> Option<&'static str> {
        let text = format!("port = 25\nfrom = 'Outlay <outlay@upendo.example>'\n{more}");
        toml::from_str::<MailSettings>(&text).unwrap().check().err().map(|(setting, _)| setting)
    }

    #[test]
    fn a_password_is_never_sent_in_clear_to_another_machine() {
        let user = "user = 'outlay'\npassword_file = 'p'";
        assert_eq!(refused(&format!("host = 'mail.example'\ntls = 'off'\nclear_text = true\n{user}")), Some("mail.tls"));
        assert_eq!(refused(&format!("host = '127.0.0.1'\ntls = 'off'\n{user}")), None);
        assert_eq!(refused(&format!("host = 'mail.example'\n{user}")), None);
    }

    #[test]
    fn clear_text_to_another_machine_must_be_asked_for() {
        assert_eq!(refused("host = 'mailpit'\ntls = 'off'"), Some("mail.tls"));
        assert_eq!(refused("host = 'mailpit'\ntls = 'off'\nclear_text = true"), None);
        // A name that only begins like this machine's.
        assert_eq!(refused("host = 'localhost.example'\ntls = 'off'"), Some("mail.tls"));
        for host in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(refused(&format!("host = '{host}'\ntls = 'off'")), None);
        }
    }

    #[test]
    fn each_setting_is_checked_at_its_edge() {
        let host = "host = 'mail.example'";
        for (more, setting) in [
            ("host = ''", "mail.host"),
            ("host = 'mail.example/x'", "mail.host"),
            ("host = 'mail.example'\ntimeout_seconds = 0", "mail.timeout_seconds"),
            ("host = 'mail.example'\ntimeout_seconds = 301", "mail.timeout_seconds"),
            ("host = 'mail.example'\nuser = 'outlay'", "mail.password_file"),
            ("host = 'mail.example'\npassword_file = 'p'", "mail.user"),
            ("host = '127.0.0.1'\ntls = 'off'\nca_file = 'ca'", "mail.ca_file"),
        ] {
            assert_eq!(refused(more), Some(setting), "{more}");
        }
        assert_eq!(refused(&format!("{host}\ntimeout_seconds = 300")), None);
        let no_sender = toml::from_str::<MailSettings>("host = 'a'\nport = 25\nfrom = 'the office'").unwrap();
        assert_eq!(no_sender.check().unwrap_err().0, "mail.from");
    }
}
