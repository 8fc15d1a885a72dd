//! Deletes a role of the institution's own. Nobody loses a grant by it: a role only ticked boxes.

use super::roles::{RoleName, roles};
use super::save_role::RoleRefusal;
use super::{Authorise, store};
use crate::audit::{self, Event, Subject, What};
use crate::db::WriteTx;
use crate::ids::RoleId;
use crate::people::Actor;

/// Returns its name.
///
/// # Errors
/// [`RoleRefusal::NoSuchRole`] for a standard one too.
pub fn delete_role(tx: &mut WriteTx<'_>, actor: &Actor, id: &RoleId) -> Result<String, RoleRefusal> {
    tx.administer(&actor.id)?;
    let role = roles(tx)?.into_iter().find(|role| role.key == id.as_str()).ok_or(RoleRefusal::NoSuchRole)?;
    let RoleName::Own(name) = role.name else { return Err(RoleRefusal::NoSuchRole) };
    if !store::delete_role(tx, id)? {
        return Err(RoleRefusal::NoSuchRole);
    }
    let names: Vec<&str> = role.actions.iter().map(|action| action.as_str()).collect();
    let event =
        Event::new(actor.by(), What::RoleDeleted, Subject::new("role", id)).changing(serde_json::json!({ "name": name, "actions": names }));
    audit::record(tx, &event)?;
    Ok(name)
}
