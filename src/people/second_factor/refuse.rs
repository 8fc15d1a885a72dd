//! An account manager refuses a new QR code, with a reason that the person reads.

use super::{REASON_CHARS_MAX, RequestRefusal, RequestState, allow, letters, store};
use crate::audit::{self, Event, Subject, What};
use crate::db::WriteTx;
use crate::ids::QrRequestId;
use crate::people::Actor;
use crate::privileges::Authorise;

/// # Errors
/// [`RequestRefusal`].
pub fn refuse(tx: &mut WriteTx<'_>, actor: &Actor, id: &QrRequestId, reason: &str) -> Result<(), RequestRefusal> {
    tx.administer(&actor.id)?;
    let person = allow::waiting(tx, id, &actor.by())?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(RequestRefusal::ReasonMissing);
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(RequestRefusal::ReasonTooLong);
    }
    store::decide_request(tx, id, RequestState::Refused, actor.id.as_str(), Some(reason))?;
    let mut event = Event::new(actor.by(), What::QrCodeRefused, Subject::new("user", &person.id)).because(reason);
    event.branch = Some(person.branch.clone());
    audit::record(tx, &event)?;
    letters::refused(tx, &person, &actor.full_name, reason)?;
    Ok(())
}
