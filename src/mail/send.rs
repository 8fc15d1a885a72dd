//! Puts a letter into the outbox.

use super::{Letter, NoticeKind, store};
use crate::db::{Result, WriteTx};

/// The letter goes out after the transaction is committed, and only then.
///
/// # Errors
/// The database's.
pub fn send(tx: &mut WriteTx<'_>, letter: &Letter) -> Result<()> {
    store::outbox::insert(tx, letter)
}

/// The same for a kind of mail that each person may turn off; `false` where they did.
///
/// # Errors
/// The database's.
pub fn send_if_wanted(tx: &mut WriteTx<'_>, kind: NoticeKind, letter: &Letter) -> Result<bool> {
    if let Some(user) = &letter.user
        && store::choices::turned_off(tx, user)?.contains(&kind)
    {
        return Ok(false);
    }
    send(tx, letter)?;
    Ok(true)
}
