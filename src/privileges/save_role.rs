//! Saves a set of actions under a name of the institution's own.

use super::roles::{ROLES_MAX, fold, roles};
use super::{Actions, Authorise, NotAllowed, Useless, store, useless, with_needs};
use crate::audit::{self, Event, Subject, What};
use crate::db::{self, Failure, WriteTx};
use crate::ids::RoleId;
use crate::people::Actor;

/// Characters of a role's name.
pub const ROLE_NAME_CHARS_MAX: usize = 60;

#[derive(Debug, thiserror::Error)]
pub enum RoleRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("a role needs a name")]
    NoName,
    #[error("the name is longer than {ROLE_NAME_CHARS_MAX} characters")]
    NameTooLong,
    #[error("there is a role with this name already")]
    NameTaken,
    #[error("there are {ROLES_MAX} roles already")]
    TooMany,
    #[error("no action is chosen")]
    NoAction,
    #[error("{0:?}")]
    Useless(Useless),
    #[error("there is no such role")]
    NoSuchRole,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for RoleRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// The actions are saved with what they need.
///
/// # Errors
/// [`RoleRefusal`].
pub fn save_role(tx: &mut WriteTx<'_>, actor: &Actor, name: &str, actions: &Actions) -> Result<RoleId, RoleRefusal> {
    tx.administer(&actor.id)?;
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(RoleRefusal::NoName);
    }
    if name.chars().count() > ROLE_NAME_CHARS_MAX {
        return Err(RoleRefusal::NameTooLong);
    }
    if actions.is_empty() {
        return Err(RoleRefusal::NoAction);
    }
    let actions = with_needs(actions);
    if let Some(why) = useless(&actions) {
        return Err(RoleRefusal::Useless(why));
    }
    let known = roles(tx)?;
    if known.iter().any(|role| fold(role.english()) == fold(&name)) {
        return Err(RoleRefusal::NameTaken);
    }
    if i64::try_from(known.len()).is_ok_and(|count| count >= ROLES_MAX) {
        return Err(RoleRefusal::TooMany);
    }
    let id = store::insert_role(tx, &name, &actions, &actor.id)?;
    let names: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    let event =
        Event::new(actor.by(), What::RoleSaved, Subject::new("role", &id)).changing(serde_json::json!({ "name": name, "actions": names }));
    audit::record(tx, &event)?;
    Ok(id)
}
