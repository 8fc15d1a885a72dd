//! A person chooses which mails they get.

use serde_json::json;

use super::{NoticeKind, Refusal, store};
use crate::audit::{self, Event, Subject, What};
use crate::db::WriteTx;
use crate::people::Actor;

/// All kinds that are not wanted are turned off. Mails about one's own account cannot be.
///
/// # Errors
/// [`Refusal`].
pub fn choose(tx: &mut WriteTx<'_>, actor: &Actor, wanted: &[NoticeKind]) -> Result<(), Refusal> {
    let before = store::choices::turned_off(tx, &actor.id)?;
    let off: Vec<NoticeKind> = NoticeKind::ALL.iter().copied().filter(|kind| !wanted.contains(kind)).collect();
    let changed = |kind: &&NoticeKind| before.contains(kind) != off.contains(kind);
    let changes: serde_json::Map<_, _> =
        NoticeKind::ALL.iter().filter(changed).map(|kind| (kind.as_str().to_owned(), json!(!off.contains(kind)))).collect();
    if changes.is_empty() {
        return Ok(());
    }
    store::choices::turn_off(tx, &actor.id, &off)?;
    let mut event = Event::new(actor.by(), What::MailChoiceChanged, Subject::new("user", &actor.id));
    event.branch = Some(actor.branch.clone());
    audit::record(tx, &event.changing(changes.into()))?;
    Ok(())
}
