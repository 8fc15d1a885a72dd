//! Changing what an institution sets itself. What would protect its money less waits for the other account manager.

use serde_json::json;

use super::{Setting, Settings, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::confirmations::{self, Change};
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::people::Actor;
use crate::privileges::{Authorise, NotAllowed};

#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("{} cannot be that", .0.label())]
    NoSuchValue(Setting),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for NotChanged {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// What came of it; a setting that was so already is in neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    pub now: Vec<Setting>,
    /// Until the other account manager confirms it.
    pub waiting: Vec<Setting>,
}

/// Sets each of these, or asks for it. `defaults`: the registry file.
///
/// # Errors
/// [`NotChanged`]; nothing is changed then.
pub fn change_settings(
    tx: &mut WriteTx<'_>,
    actor: &Actor,
    defaults: &Settings,
    wanted: &[(Setting, String)],
) -> Result<Changed, NotChanged> {
    tx.administer(&actor.id)?;
    let set = store::settings(tx)?;
    // Asked before anything changes: turning confirmations off needs one.
    let is_needed = confirmations::is_needed(tx, &actor.by())?;
    let mut changed = Changed::default();
    for (setting, typed) in wanted {
        let to = setting.read(typed).ok_or(NotChanged::NoSuchValue(*setting))?;
        let known = set.iter().find(|(name, _)| name == setting.as_str()).map(|(_, value)| value.clone());
        let from = known.unwrap_or_else(|| setting.default_of(defaults));
        if from == to {
            continue;
        }
        if is_needed && setting.is_weaker(&from, &to) {
            let change = Change::Setting { name: setting.as_str().to_owned(), from, to };
            confirmations::ask(tx, &actor.by(), None, &change)?;
            changed.waiting.push(*setting);
        } else {
            put(tx, actor.id.as_str(), &actor.by(), setting.as_str(), &from, &to)?;
            changed.now.push(*setting);
        }
    }
    Ok(changed)
}

/// Sets what one account manager asked for and another, or the operator, has now confirmed.
///
/// # Errors
/// The database's; [`db::Error::Conflict`] for a setting this version does not know.
pub fn change_setting_confirmed(tx: &mut WriteTx<'_>, asked_by: &UserId, by: &By, name: &str, to: &str) -> db::Result<()> {
    let setting: Setting = name.parse().map_err(|_| db::Error::Conflict)?;
    let to = setting.read(to).ok_or(db::Error::Conflict)?;
    let from = store::settings(tx)?.into_iter().find(|(known, _)| known == name).map_or_else(|| "default".to_owned(), |(_, value)| value);
    put(tx, asked_by.as_str(), by, name, &from, &to)
}

fn put(tx: &mut WriteTx<'_>, changed_by: &str, by: &By, name: &str, from: &str, to: &str) -> db::Result<()> {
    store::put_setting(tx, name, to, changed_by)?;
    let changes = json!({ "from": from, "to": to, "asked_by": changed_by });
    audit::record(tx, &Event::new(by.clone(), What::SettingChanged, Subject::new("setting", name)).changing(changes))
}
