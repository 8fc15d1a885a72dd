//! The steps of one letter: claimed, then sent (outside of any transaction), then marked.

use std::time::Duration;

use serde_json::json;

use super::store::outbox::{Kept, Stand};
use super::{LetterText, MailState, Trouble, TroubleKind, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, WriteTx};
use crate::people;

/// The wait before the second try; doubled after each.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// How often a letter is tried: with these waits, for a little less than 24 hours.
const TRIES_MAX: i32 = 29;

/// How long after the `tries`th try the next one is.
fn wait_after(tries: i32) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

/// What the outbox had for us.
pub(super) enum Claim {
    Nothing,
    /// One letter less, but none to send: its time was over, or another process was faster.
    Done,
    Letter(Box<Claimed>),
}

/// A letter that this process alone sends, until its lease ends.
pub(super) struct Claimed {
    pub kept: Kept,
    pub text: LetterText,
}

/// Claims the letter that is due longest. READ COMMITTED will do: a claim is one compare-and-swap.
pub(super) fn claim(tx: &mut WriteTx<'_>, lease: Duration) -> db::Result<Claim> {
    let now = tx.now();
    let Some(kept) = store::outbox::oldest_due(tx, now)? else { return Ok(Claim::Nothing) };
    if kept.until_at.is_some_and(|until| until <= now) {
        return too_late(tx, &kept).map(|()| Claim::Done);
    }
    let Ok(text) = serde_json::from_str(&kept.letter) else {
        return undelivered(tx, &kept, &Trouble::ended(TroubleKind::Broken)).map(|_| Claim::Done);
    };
    // Only a crash in each of its tries leads here.
    if kept.tries >= TRIES_MAX {
        return undelivered(tx, &kept, &Trouble::ended(TroubleKind::Broken)).map(|_| Claim::Done);
    }
    let (tries, next_at) = (kept.tries.saturating_add(1), Some(now.after(lease)));
    let claimed = Stand { state: MailState::Waiting, tries, next_at, letter: None, trouble: None };
    if !store::outbox::swap(tx, &kept, &claimed)? {
        return Ok(Claim::Done);
    }
    Ok(Claim::Letter(Box::new(Claimed { kept: Kept { tries, next_at, ..kept }, text })))
}

/// Writes down how the sending of a claimed letter ended. `false`: its lease had ended, and another process has it now.
pub(super) fn settle(tx: &mut WriteTx<'_>, claimed: &Claimed, outcome: Result<(), &Trouble>) -> db::Result<bool> {
    let kept = &claimed.kept;
    match outcome {
        Ok(()) => {
            let sent = Stand { state: MailState::Sent, tries: kept.tries, next_at: None, letter: Some(""), trouble: None };
            store::outbox::swap(tx, kept, &sent)
        }
        Err(trouble) if trouble.is_final || kept.tries >= TRIES_MAX => undelivered(tx, kept, trouble),
        Err(trouble) => {
            let next = tx.now().after(wait_after(kept.tries));
            // At the end of its time it is looked at once more, to be given up.
            let next_at = Some(kept.until_at.map_or(next, |until| until.min(next)));
            let again = Stand { state: MailState::Waiting, tries: kept.tries, next_at, letter: None, trouble: Some(trouble.written()) };
            store::outbox::swap(tx, kept, &again)
        }
    }
}

/// Nobody tries any more until an account manager says so; what it says is kept for that.
fn undelivered(tx: &mut WriteTx<'_>, kept: &Kept, trouble: &Trouble) -> db::Result<bool> {
    let given_up =
        Stand { state: MailState::Undelivered, tries: kept.tries, next_at: None, letter: None, trouble: Some(trouble.written()) };
    if !store::outbox::swap(tx, kept, &given_up)? {
        return Ok(false);
    }
    let mut event = Event::new(By::system(), What::MailUndelivered, Subject::new("mail", &kept.id));
    event.branch = match &kept.user_id {
        Some(user) => people::find(tx, user)?.map(|person| person.branch),
        None => None,
    };
    audit::record(tx, &event.changing(json!({ "kind": kept.kind, "person": kept.user_id, "trouble": trouble.kind })))?;
    Ok(true)
}

/// Its link is over. A letter that was tried in vain is shown as undelivered; one that never was, because Outlay itself did not run
/// so long, is dropped.
fn too_late(tx: &mut WriteTx<'_>, kept: &Kept) -> db::Result<()> {
    let trouble = Trouble::ended(TroubleKind::TooLate);
    if kept.tries > 0 {
        undelivered(tx, kept, &trouble)?;
        return Ok(());
    }
    let dropped = Stand { state: MailState::Dropped, tries: 0, next_at: None, letter: Some(""), trouble: Some(trouble.written()) };
    store::outbox::swap(tx, kept, &dropped)?;
    Ok(())
}

/// Whether a letter's link is still good.
pub(super) fn is_in_time(kept: &Kept, now: Instant) -> bool {
    kept.until_at.is_none_or(|until| until > now) && !kept.letter.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_for_a_day_and_no_longer() {
        let waits: Vec<u64> = (1..=8).map(|tries| wait_after(tries).as_secs() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        let last = (1..TRIES_MAX).map(wait_after).sum::<Duration>();
        let day = Duration::from_secs(24 * 3_600);
        assert!(last < day && last + LONGEST_WAIT >= day, "{last:?}");
        assert_eq!(wait_after(i32::MAX), LONGEST_WAIT);
    }
}
