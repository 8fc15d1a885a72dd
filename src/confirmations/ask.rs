//! Asks the other account manager.

use super::event::event_of;
use super::{Change, Confirmation, State, store, tell};
use crate::audit::{self, ActorKind, By, What};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{ConfirmationId, UserId};
use crate::institutions;

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
    let asked = Confirmation {
        id: id.clone(),
        user: user.cloned(),
        change: change.clone(),
        asked_by: by.id.clone().unwrap_or_else(|| UserId::from(by.name.as_str())),
        asked_at: tx.now(),
        state: State::Waiting,
        decided: None,
    };
    let event = event_of(tx, by, What::ConfirmationAsked, &asked)?;
    audit::record(tx, &event)?;
    tell::asked(tx, by, &asked)?;
    Ok(id)
}
