//! Uses up a confirmed right to print a password code.

use std::time::Duration;

use super::store;
use crate::db::{Result, WriteTx};
use crate::ids::UserId;

/// So long after it was confirmed a password code may be printed.
pub const CODE_GOOD_FOR: Duration = Duration::from_hours(24);

/// Whether a password code for the person was confirmed within [`CODE_GOOD_FOR`]; it is used up by this. Who calls it has checked that
/// an account manager prints the code, and for somebody else.
///
/// # Errors
/// The database's; [`crate::db::Error::Conflict`] where somebody else used it up at the same moment.
pub fn spend_password_code(tx: &mut WriteTx<'_>, user: &UserId) -> Result<bool> {
    let since = tx.now().before(CODE_GOOD_FOR);
    let Some(id) = store::password_code_since(tx, user, since)? else { return Ok(false) };
    store::spend(tx, &id)?;
    Ok(true)
}
