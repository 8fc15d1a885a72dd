//! What went wrong with a letter, in words for the people who look after it.

use serde::{Deserialize, Serialize};

use crate::db::text_enum;
use crate::say;
use crate::words::Said;

text_enum! {
    /// Kinds of what can go wrong.
    pub enum TroubleKind {
        NoServer = "no_server",
        BadAddress = "bad_address",
        TooLate = "too_late",
        NoSuchHost = "no_such_host",
        Unreachable = "unreachable",
        TimedOut = "timed_out",
        NoStarttls = "no_starttls",
        Certificate = "certificate",
        BadTls = "bad_tls",
        SignInRefused = "sign_in_refused",
        NoSignIn = "no_sign_in",
        /// 5xx.
        Refused = "refused",
        /// 4xx.
        Later = "later",
        Broken = "broken",
    }
}

/// What went wrong, and the mail server's own words where it said any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// As in `550 5.1.1 User unknown`.
    pub server: Option<String>,
    /// Whether trying again is of no use.
    #[serde(default)]
    pub is_final: bool,
}

/// Characters of the server's words that are kept.
const SERVER_CHARS_MAX: usize = 200;

impl Trouble {
    pub(super) const fn of(kind: TroubleKind) -> Self {
        Self { kind, server: None, is_final: false }
    }

    pub(super) const fn ended(kind: TroubleKind) -> Self {
        Self { kind, server: None, is_final: true }
    }

    pub(super) fn said_by_server(kind: TroubleKind, words: &str, is_final: bool) -> Self {
        let words = words.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Self { kind, server: Some(words.chars().take(SERVER_CHARS_MAX).collect()), is_final }
    }

    /// As the outbox keeps it.
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether it is about the server, so that the next letter would fare no better.
    pub(super) const fn is_of_server(&self) -> bool {
        !matches!(self.kind, TroubleKind::BadAddress | TroubleKind::TooLate | TroubleKind::Refused | TroubleKind::Later)
    }

    /// For the page of undelivered mail and the command line.
    pub fn said(&self) -> Said {
        match self.kind {
            TroubleKind::NoServer => say!("No mail server is set up."),
            TroubleKind::BadAddress => say!("This is not a mail address."),
            TroubleKind::TooLate => say!("It could not be sent before its link ended."),
            TroubleKind::NoSuchHost => say!("The mail server's name was not found. Ask the operator to look at the mail settings."),
            TroubleKind::Unreachable => say!("The mail server could not be reached. Ask the operator whether it runs."),
            TroubleKind::TimedOut => say!("The mail server did not answer in time."),
            TroubleKind::NoStarttls => say!("The mail server offers no encrypted connection, so nothing was sent to it."),
            TroubleKind::Certificate => say!("The mail server's certificate is not one to trust, so nothing was sent to it."),
            TroubleKind::BadTls => say!("No encrypted connection to the mail server could be made, so nothing was sent to it."),
            TroubleKind::SignInRefused => say!("The mail server did not accept Outlay's user name and password."),
            TroubleKind::NoSignIn => say!("The mail server offers no way of signing in that Outlay knows."),
            TroubleKind::Refused => say!("The mail server refused this letter."),
            TroubleKind::Later => say!("The mail server wants it to be sent again later."),
            TroubleKind::Broken => say!("The connection to the mail server broke."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_kept_on_one_line_and_short() {
        let trouble = Trouble::said_by_server(TroubleKind::Refused, &format!("550 no\r\n\u{7}{}", "x".repeat(500)), true);
        let words = trouble.server.clone().unwrap();
        assert!(words.starts_with("550 no xxx") && words.chars().count() == SERVER_CHARS_MAX, "{words}");
        assert_eq!(Trouble::read(&trouble.written()), Some(trouble));
    }
}
