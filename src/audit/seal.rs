//! Appends what is not sealed yet to the chain.

use super::chain::START;
use super::{ChainKey, store};
use crate::db::{Result, WriteTx};

/// Events sealed in one transaction.
pub const SEALED_AT_ONCE: i64 = 500;

/// Seals the oldest waiting events, at most [`SEALED_AT_ONCE`]; returns how many. Two sealers at once cannot fork the chain:
/// a place in it is a primary key.
///
/// # Errors
/// The database's.
pub fn seal(tx: &mut WriteTx<'_>, key: &ChainKey) -> Result<usize> {
    let events = store::unsealed(tx, SEALED_AT_ONCE)?;
    if events.is_empty() {
        return Ok(0);
    }
    let (mut sequence, mut before) = store::head(tx)?.unwrap_or((0, START.to_owned()));
    for event in &events {
        sequence += 1;
        before = key.link(&before, sequence, event);
        store::append_seal(tx, sequence, &event.id, &before)?;
    }
    Ok(events.len())
}
