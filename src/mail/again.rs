//! An account manager has an undelivered letter sent again.

use serde_json::json;

use super::deliver::is_in_time;
use super::store::outbox::Stand;
use super::{MailState, Refusal, store};
use crate::audit::{self, Event, Subject, What};
use crate::db::{self, WriteTx};
use crate::ids::MailId;
use crate::people::Actor;
use crate::privileges::Authorise;

/// It is tried anew, for a day, to the same address: what was written to one person is never redirected to another.
///
/// # Errors
/// [`Refusal`].
pub fn send_again(tx: &mut WriteTx<'_>, actor: &Actor, id: &MailId) -> Result<(), Refusal> {
    tx.administer(&actor.id)?;
    let now = tx.now();
    let kept = store::outbox::find(tx, id)?.filter(|kept| kept.state == MailState::Undelivered).ok_or(Refusal::NoSuchLetter)?;
    if !is_in_time(&kept, now) {
        return Err(Refusal::TooLate);
    }
    let waiting = Stand { state: MailState::Waiting, tries: 0, next_at: Some(now), letter: None, trouble: None };
    if !store::outbox::swap(tx, &kept, &waiting)? {
        return Err(db::Error::Conflict.into());
    }
    let event = Event::new(actor.by(), What::MailSentAgain, Subject::new("mail", id));
    audit::record(tx, &event.changing(json!({ "kind": kept.kind, "person": kept.user_id })))?;
    Ok(())
}
