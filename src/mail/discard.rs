//! An account manager drops an undelivered letter: nobody is to get it any more.

use serde_json::json;

use super::store::outbox::Stand;
use super::{MailState, Refusal, store};
use crate::audit::{self, Event, Subject, What};
use crate::db::{self, WriteTx};
use crate::ids::MailId;
use crate::people::Actor;
use crate::privileges::Authorise;

/// What it said is forgotten.
///
/// # Errors
/// [`Refusal`].
pub fn discard(tx: &mut WriteTx<'_>, actor: &Actor, id: &MailId) -> Result<(), Refusal> {
    tx.administer(&actor.id)?;
    let kept = store::outbox::find(tx, id)?.filter(|kept| kept.state == MailState::Undelivered).ok_or(Refusal::NoSuchLetter)?;
    let dropped = Stand { state: MailState::Dropped, tries: kept.tries, next_at: None, letter: Some(""), trouble: None };
    if !store::outbox::swap(tx, &kept, &dropped)? {
        return Err(db::Error::Conflict.into());
    }
    let event = Event::new(actor.by(), What::MailDropped, Subject::new("mail", id));
    audit::record(tx, &event.changing(json!({ "kind": kept.kind, "person": kept.user_id })))?;
    Ok(())
}
