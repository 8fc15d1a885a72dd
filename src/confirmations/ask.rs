//! Asks the other account manager.

use super::{Change, store};
use crate::audit::{self, ActorKind, By, Event, Subject, What};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{ConfirmationId, UserId};
use crate::{institutions, people};

/// Whether `by` needs somebody else's word for such a change: an account manager does, while the institution has not relaxed it;
/// the operator does not.
///
/// # Errors
/// The database's.
pub fn is_needed(conn: &mut Conn, by: &By) -> Result<bool> {
    Ok(by.kind == ActorKind::User && institutions::security(conn)?.confirmations)
}

/// Writes down what `by` asks for. An equal request that waits already is returned instead of a second one.
///
/// # Errors
/// The database's.
pub fn ask(tx: &mut WriteTx<'_>, by: &By, user: Option<&UserId>, change: &Change) -> Result<ConfirmationId> {
    if let Some(waiting) = store::waiting_for(tx, user, change)? {
        return Ok(waiting);
    }
    let id = store::insert(tx, by, user, change)?;
    let mut event = Event::new(by.clone(), What::ConfirmationAsked, Subject::new("confirmation", &id))
        .changing(serde_json::json!({ "kind": change.kind().as_str(), "user": user, "change": change }));
    if let Some(user) = user {
        event.branch = people::find(tx, user)?.map(|person| person.branch);
    }
    audit::record(tx, &event)?;
    Ok(id)
}
