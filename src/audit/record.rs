//! Writes an event in the verb's own transaction.

use super::{Event, store};
use crate::db::{Result, WriteTx};

/// Records what the verb does. Called by every verb that changes something, before its transaction ends.
///
/// # Errors
/// The database's.
pub fn record(tx: &mut WriteTx<'_>, event: &Event) -> Result<()> {
    store::append(tx, event)
}
