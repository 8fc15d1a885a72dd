//! Old mail is cleared away.

use std::time::Duration;

use super::{MailState, store};
use crate::db::{Result, WriteTx};

/// That a letter was sent or dropped is kept for so long.
const ENDED_FOR: Duration = Duration::from_secs(30 * 24 * 3_600);
/// That one could not be delivered is shown for so long.
const UNDELIVERED_FOR: Duration = Duration::from_secs(90 * 24 * 3_600);

/// Forgets what undelivered letters said whose links are over, and the letters that ended long ago.
///
/// # Errors
/// The database's.
pub fn forget(tx: &mut WriteTx<'_>) -> Result<()> {
    let now = tx.now();
    store::outbox::forget_texts(tx)?;
    store::outbox::delete_ended(tx, &[MailState::Sent, MailState::Dropped], now.before(ENDED_FOR))?;
    store::outbox::delete_ended(tx, &[MailState::Undelivered], now.before(UNDELIVERED_FOR))
}
