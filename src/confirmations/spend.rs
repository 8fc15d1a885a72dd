//! Uses a confirmed right to print a password code, once.

use std::time::Duration;

use super::store;
use crate::db::{self, WriteTx};
use crate::ids::UserId;

/// How long after it was confirmed the code may be printed.
const CONFIRMED_GOOD: Duration = Duration::from_secs(24 * 3600);

/// Spends a confirmed `Change::PasswordCode` for this person, if there is one that is not too old; returns whether there was.
///
/// # Errors
/// The database's.
pub fn spend_password_code(tx: &mut WriteTx<'_>, user: &UserId) -> db::Result<bool> {
    let since = tx.now().before(CONFIRMED_GOOD);
    store::spend_password_code(tx, user, since)
}
