//! A person's notices become one letter.

use std::time::Duration;

use super::store::notices::{self, Kept};
use super::tell::Told;
use super::{Letter, LetterKind, NoticeKind, send, store, words};
use crate::approvals::Checker;
use crate::batches::State;
use crate::db::{Result, WriteTx};
use crate::dispatch::PauseReason;
use crate::ids::UserId;
use crate::privileges::Rights;
use crate::search::Scope;
use crate::words::Language;

/// A person gets at most one gathered mail in so long: the first notice goes out at once, what follows waits for the next.
pub const GATHER_FOR: Duration = Duration::from_secs(600);
/// Notices read for one letter; more wait for the next.
const READ_MAX: i64 = 500;

/// Puts a letter into the outbox that says what the person is still to be told. All the notices it was made of are gone then, and so
/// are those of somebody who is not active, has no address, or may not see the batch any more.
pub(super) fn gather(tx: &mut WriteTx<'_>, person: &UserId, language: &Language) -> Result<()> {
    let now = tx.now();
    let Some(address) = notices::address_of(tx, person)? else {
        return notices::delete(tx, person, None).map(drop);
    };
    let rights = Rights::load(tx, person, now)?;
    let kept = notices::of_person(tx, person, &Scope::of(person, &rights), &Checker::of(person, &rights), READ_MAX)?;
    notices::delete(tx, person, Some(&kept))?;
    let off = store::choices::turned_off(tx, person)?;
    let news: Vec<_> = kept.into_iter().filter(|kept| !off.contains(&kept.kind)).filter_map(still_true).collect();
    let Some(text) = words::of(&newest(news), language) else { return Ok(()) };
    notices::remember_gathering(tx, person)?;
    send(tx, &Letter { kind: LetterKind::Gathered, user: Some(person.clone()), address, text, until: None })
}

/// The notice with what it remembers, if it still means something to this person.
fn still_true(kept: Kept) -> Option<(Kept, Told)> {
    let told: Told = serde_json::from_str(&kept.details).ok()?;
    let is_true = match &told {
        Told::Waits => kept.waits_for_them == 1,
        Told::Decided { .. } | Told::Finished { .. } | Told::GoesOn { .. } | Told::Cancelling { .. } | Told::Cancelled { .. } => true,
        Told::Unresolved => kept.needs_attention > 0,
        Told::Held { .. } => kept.state == State::Paused && kept.pause_reason.as_deref() == Some(PauseReason::ByPerson.as_str()),
        Told::Paused { reason } => kept.state == State::Paused && kept.pause_reason.as_deref() == Some(reason.as_str()),
    };
    (is_true && kept.sees == 1 && kept.state != State::Deleted).then_some((kept, told))
}

/// Of several notices of a kind about one batch, the newest. What a finished batch says of payments in need of a person is not said twice.
fn newest(news: Vec<(Kept, Told)>) -> Vec<(Kept, Told)> {
    let is_said_again = |at: usize, (kept, told): &(Kept, Told)| {
        let later = news.get(at.saturating_add(1)..).unwrap_or_default();
        later.iter().any(|(other, _)| other.kind == kept.kind && other.batch == kept.batch)
            || (*told == Told::Unresolved
                && news.iter().any(|(other, _)| other.kind == NoticeKind::BatchFinished && other.batch == kept.batch))
    };
    let superfluous: Vec<bool> = news.iter().enumerate().map(|(at, one)| is_said_again(at, one)).collect();
    news.into_iter().zip(superfluous).filter(|(_, superfluous)| !superfluous).map(|(one, _)| one).collect()
}
