//! Tries to get in, counted before they are looked at, so that guesses sent side by side all count.
//!
//! Wrong passwords for one name from one place lock that name for that place, for longer each time. Who guesses under many names from
//! one address, or under one name from many addresses, is slowed down to a try in so many seconds, and never locked: nobody can keep all
//! checkers out on payday. A browser in which the person has signed in before is a place of its own, which neither slowness touches.
//! Unknown names are counted like known ones.

use std::time::Duration;

use super::store::{self, Failures};
use super::{User, find_by_name, may_administer};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, Conn, Failure, WriteTx};
use crate::privileges::NotAllowed;

/// Wrong passwords for one name from one place before it is locked there.
const FAILURES_MAX: i32 = 5;
/// The first lock; each further wrong password after it doubles the lock.
const LOCK_FIRST: Duration = Duration::from_secs(60);
/// The longest lock.
const LOCK_MAX: Duration = Duration::from_secs(60 * 60);
/// Failures older than this are forgotten.
pub(super) const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Stands for every name, or every address, in the rows that count all of them.
const ALL: &str = "";

/// So many tries at once, and then one each time another has leaked away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub holds: i32,
    pub leaks_every: Duration,
}

/// Wrong passwords from one address, under any name: an office of forty behind one address never meets it.
const OF_ADDRESS: Bucket = Bucket { holds: 60, leaks_every: Duration::from_secs(30) };
/// Wrong passwords for one name, from any address.
const OF_NAME: Bucket = Bucket { holds: 30, leaks_every: Duration::from_secs(5) };

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Origin {
    pub address: String,
    /// The mark of a browser in which this very person has signed in before.
    pub known_browser: Option<String>,
}

impl Origin {
    /// What failures are counted under.
    fn place(&self) -> String {
        self.known_browser.as_ref().map_or_else(|| self.address.clone(), |mark| format!("browser {mark}"))
    }
}

/// What stops a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockedBy {
    /// Wrong passwords for this name from this place. An account manager can unlock it.
    Name,
    /// So many tries for this name from everywhere, or from this address for any name: it goes on in seconds.
    Crowd,
}

/// Until when a try is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockout {
    pub until: Instant,
    pub by: LockedBy,
    /// Full names of the account managers.
    pub can_unlock: Vec<String>,
}

/// A try that is under way.
#[derive(Debug, Clone)]
pub(super) struct Try {
    /// Folded.
    pub user_name: String,
    pub origin: Origin,
}

impl Try {
    /// Counts the try; the answer says whether it is looked at.
    pub(super) fn count(&self, tx: &mut WriteTx<'_>) -> db::Result<Result<(), Lockout>> {
        let now = tx.now();
        let place = self.origin.place();
        let before = recent(store::failures(tx, &self.user_name, &place)?, now);
        if let Some(until) = before.and_then(|failures| failures.locked_until).filter(|until| *until > now) {
            return Ok(Err(Lockout { until, by: LockedBy::Name, can_unlock: super::names_of_account_managers(tx)? }));
        }
        if self.origin.known_browser.is_none() {
            let of_address = room_again(tx, OF_ADDRESS, ALL, &self.origin.address, now)?;
            let of_name = room_again(tx, OF_NAME, &self.user_name, ALL, now)?;
            if let Some(until) = of_address.max(of_name) {
                return Ok(Err(Lockout { until, by: LockedBy::Crowd, can_unlock: super::names_of_account_managers(tx)? }));
            }
            take(tx, OF_ADDRESS, ALL, &self.origin.address)?;
            take(tx, OF_NAME, &self.user_name, ALL)?;
        }
        let count = before.map_or(0, |failures| failures.count).saturating_add(1);
        let locked_until = (count >= FAILURES_MAX).then(|| now.after(lock_after(count)));
        store::set_failures(tx, &self.user_name, &place, Failures { count, last_at: now, locked_until })?;
        Ok(Ok(()))
    }

    /// It was right: nothing is held against the name here.
    pub(super) fn forgive(&self, tx: &mut WriteTx<'_>) -> db::Result<()> {
        store::forget_failures(tx, &self.user_name, &self.origin.place())?;
        if self.origin.known_browser.is_none() {
            give_back(tx, ALL, &self.origin.address)?;
            give_back(tx, &self.user_name, ALL)?;
        }
        Ok(())
    }

    /// It was wrong. Only people are named: what somebody typed by mistake in place of a name may be their password.
    pub(super) fn record_refusal(&self, tx: &mut WriteTx<'_>) -> db::Result<()> {
        let locked = store::failures(tx, &self.user_name, &self.origin.place())?.is_some_and(|failures| failures.locked_until.is_some());
        let what = if locked { What::SignInLocked } else { What::SignInRefused };
        let person = find_by_name(tx, &self.user_name)?;
        let subject = person.as_ref().map_or_else(|| "unknown".to_owned(), |user| user.id.to_string());
        let mut event = Event::new(By::system(), what, Subject::new("user", subject));
        event.branch = person.map(|user| user.branch);
        audit::record(tx, &event.changing(serde_json::json!({ "address": self.origin.address })))
    }
}

fn recent(failures: Option<Failures>, now: Instant) -> Option<Failures> {
    failures.filter(|failures| now.since(failures.last_at) < FORGET_AFTER)
}

fn lock_after(failures: i32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(FAILURES_MAX)).unwrap_or(0).min(16);
    LOCK_FIRST.saturating_mul(1 << doublings).min(LOCK_MAX)
}

/// What is left in a bucket now: how many, and since when it leaks.
fn level(bucket: Bucket, kept: Option<Failures>, now: Instant) -> (i32, Instant) {
    let Some(kept) = kept else { return (0, now) };
    let leaked = now.since(kept.last_at).as_micros().checked_div(bucket.leaks_every.as_micros()).unwrap_or(0);
    let leaked = i32::try_from(leaked).unwrap_or(i32::MAX);
    if leaked >= kept.count {
        return (0, now);
    }
    (kept.count.saturating_sub(leaked), kept.last_at.after(bucket.leaks_every.saturating_mul(leaked.unsigned_abs())))
}

/// When there is room again in a bucket that is full; nothing while there is.
fn room_again(conn: &mut Conn, bucket: Bucket, name: &str, address: &str, now: Instant) -> db::Result<Option<Instant>> {
    let (count, since) = level(bucket, store::failures(conn, name, address)?, now);
    Ok((count >= bucket.holds).then(|| since.after(bucket.leaks_every)))
}

/// Puts one into a bucket. When there was no room: says when there is.
pub(super) fn take(tx: &mut WriteTx<'_>, bucket: Bucket, name: &str, address: &str) -> db::Result<Option<Instant>> {
    let now = tx.now();
    let (count, since) = level(bucket, store::failures(tx, name, address)?, now);
    if count >= bucket.holds {
        return Ok(Some(since.after(bucket.leaks_every)));
    }
    let failures = Failures { count: count.saturating_add(1), last_at: since, locked_until: None };
    store::set_failures(tx, name, address, failures)?;
    Ok(None)
}

fn give_back(tx: &mut WriteTx<'_>, name: &str, address: &str) -> db::Result<()> {
    let Some(failures) = store::failures(tx, name, address)? else { return Ok(()) };
    if failures.count <= 1 {
        return store::forget_failures(tx, name, address);
    }
    store::set_failures(tx, name, address, Failures { count: failures.count.saturating_sub(1), ..failures })
}

#[derive(Debug, thiserror::Error)]
pub enum UnlockRefusal {
    #[error("{0}")]
    NotAllowed(NotAllowed),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for UnlockRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            Self::NotAllowed(_) => None,
        }
    }
}

/// Forgets all wrong passwords for the person's name, from everywhere.
///
/// # Errors
/// [`UnlockRefusal`].
pub fn unlock(tx: &mut WriteTx<'_>, by: &By, user: &User) -> Result<(), UnlockRefusal> {
    may_administer(tx, by).map_err(UnlockRefusal::NotAllowed)?;
    store::forget_failures_of(tx, &user.user_name)?;
    let mut event = Event::new(by.clone(), What::SignInUnlocked, Subject::new("user", &user.id));
    event.branch = Some(user.branch.clone());
    Ok(audit::record(tx, &event)?)
}

/// Until when this person's sign-in is locked somewhere.
///
/// # Errors
/// The database's.
pub fn locked_until(conn: &mut Conn, user: &User, now: Instant) -> db::Result<Option<Instant>> {
    store::locked_until(conn, &user.user_name, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_grow_and_stop_growing() {
        assert_eq!(lock_after(5), Duration::from_secs(60));
        assert_eq!(lock_after(6), Duration::from_secs(120));
        assert_eq!(lock_after(1000), LOCK_MAX);
    }

    #[test]
    fn a_bucket_leaks_one_at_a_time() {
        let began = Instant::from_micros(0);
        let full = Some(Failures { count: 30, last_at: began, locked_until: None });
        assert_eq!(level(OF_NAME, full, began.after(Duration::from_secs(4))), (30, began));
        assert_eq!(level(OF_NAME, full, began.after(Duration::from_secs(12))), (28, began.after(Duration::from_secs(10))));
        let late = began.after(Duration::from_secs(3600));
        assert_eq!(level(OF_NAME, full, late), (0, late));
    }
}
