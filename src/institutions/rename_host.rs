//! Another host name for an institution: its registry file with one name changed and everything else, comments too, as it was.

use toml_edit::{DocumentMut, Formatted, Value};

use super::store;
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, WriteTx};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CannotRename {
    #[error("the registry file cannot be read: {0}")]
    Unreadable(String),
    #[error("the registry file does not list the host «{0}»")]
    NoSuchHost(String),
}

/// The text of a registry file with `new` instead of `old` among its hosts, and in `public_url` where that names the old one.
///
/// # Errors
/// [`CannotRename`].
pub fn renamed_host(text: &str, old: &str, new: &str) -> Result<String, CannotRename> {
    let mut file: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| CannotRename::Unreadable(error.message().to_owned()))?;
    let no_such = || CannotRename::NoSuchHost(old.to_owned());
    let hosts = file.get_mut("hosts").and_then(|hosts| hosts.as_array_mut()).ok_or_else(no_such)?;
    let host = hosts.iter_mut().find(|host| host.as_str() == Some(old)).ok_or_else(no_such)?;
    put(host, new);
    if let Some(url) = file.get_mut("public_url").and_then(|url| url.as_value_mut())
        && let Some(renamed) = url.as_str().and_then(|text| with_host(text, old, new))
    {
        put(url, &renamed);
    }
    Ok(file.to_string())
}

/// A text where another one stood; what is written round it stays.
fn put(value: &mut Value, text: &str) {
    let decor = value.decor().clone();
    *value = Value::String(Formatted::new(text.to_owned()));
    *value.decor_mut() = decor;
}

/// A URL at another host, if it is at the old one.
fn with_host(url: &str, old: &str, new: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let after = rest.strip_prefix(old)?;
    (after.is_empty() || after.starts_with([':', '/'])).then(|| format!("{scheme}://{new}{after}"))
}

/// Remembers it, and signs everybody out: their cookies are of the old name. Returns how many sessions ended.
///
/// # Errors
/// The database's.
pub fn record_host_renamed(tx: &mut WriteTx<'_>, by: &By, old: &str, new: &str) -> db::Result<usize> {
    let ended = store::end_sessions(tx)?;
    let subject = Subject::new("institution", store::institution(tx)?.map(|(id, _)| id.to_string()).unwrap_or_default());
    let changes = serde_json::json!({ "from": old, "to": new, "sessions_ended": ended });
    audit::record(tx, &Event::new(by.clone(), What::HostRenamed, subject).changing(changes))?;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Our people know this name\nname = 'Upendo'\nhosts = [\n  'pay.old.example', # printed on slips\n  'localhost',\n]\n\
        public_url = 'https://pay.old.example:8443/' # TLS by the proxy\n";

    #[test]
    fn only_the_name_changes() {
        let renamed = renamed_host(FILE, "pay.old.example", "pay.new.example").unwrap();
        assert_eq!(renamed.replace('"', "'"), FILE.replace("pay.old.example", "pay.new.example"));
    }

    #[test]
    fn a_name_that_is_not_there_is_told() {
        assert_eq!(renamed_host(FILE, "old.example", "new.example"), Err(CannotRename::NoSuchHost("old.example".to_owned())));
    }

    #[test]
    fn an_address_elsewhere_stays() {
        assert_eq!(with_host("https://pay.old.example.org/", "pay.old.example", "x"), None);
    }
}
