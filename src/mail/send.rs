//! Puts a letter into the outbox.

use super::{Letter, store};
use crate::db::{Result, WriteTx};

/// The letter goes out after the transaction is committed, and only then.
///
/// # Errors
/// The database's.
pub fn send(tx: &mut WriteTx<'_>, letter: &Letter) -> Result<()> {
    store::outbox::insert(tx, letter)
}
