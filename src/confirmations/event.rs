//! What the audit log keeps of a confirmation.

use super::Confirmation;
use crate::audit::{By, Event, Subject, What};
use crate::db::{Conn, Result};
use crate::people;

/// An event of a confirmation: what was asked for, about whom and by whom, read by the auditors of that person's home branch.
pub(super) fn event_of(conn: &mut Conn, by: &By, what: What, asked: &Confirmation) -> Result<Event> {
    let asker = people::find(conn, &asked.asked_by)?.map(|asker| asker.full_name);
    let person = match &asked.user {
        Some(user) => people::find(conn, user)?,
        None => None,
    };
    let mut event = Event::new(by.clone(), what, Subject::new("confirmation", &asked.id)).changing(serde_json::json!({
        "kind": asked.change.kind().as_str(), "user": asked.user, "change": asked.change, "asked_by": asker,
    }));
    event.branch = person.map(|person| person.branch);
    Ok(event)
}
