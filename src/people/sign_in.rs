//! Signing in and out.

use std::time::Duration;

use secrecy::SecretString;

use super::password::Busy;
use super::store::{self, Failures};
use super::{Passwords, Stage, User, fold_user_name, next_stage};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, Db, Failure, WriteTx};
use crate::ids::UserId;

/// Wrong passwords for one name from one address before it is locked.
const FAILURES_MAX: i32 = 5;
/// The first lock; each further wrong password after it doubles the lock.
const LOCK_FIRST: Duration = Duration::from_secs(60);
/// The longest lock.
const LOCK_MAX: Duration = Duration::from_secs(60 * 60);
/// Failures older than this are forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Longer names are no names; they are neither looked up nor stored.
const USER_NAME_CHARS_MAX: usize = 64;

pub struct Credentials {
    pub user_name: String,
    pub password: SecretString,
    /// Where the request came from: failures are counted for each name and address, so that nobody locks out somebody else.
    pub address: String,
}

/// Until when nobody can sign in under this name from this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    pub until: Instant,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// One answer for a wrong name and a wrong password.
    #[error("wrong user name or password")]
    Wrong,
    #[error("locked")]
    Locked(Lockout),
    #[error("too many people sign in at this moment")]
    Busy,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for SignInRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// Whose password was right, and what is asked of them next.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub user: User,
    pub stage: Stage,
}

/// Checks name and password; the caller makes the session, at the stage it has come to.
///
/// # Errors
/// [`SignInRefusal`]; every wrong try is counted, also those sent side by side.
pub async fn sign_in(db: &Db, passwords: &Passwords, credentials: Credentials) -> Result<SignedIn, SignInRefusal> {
    let user_name = fold_user_name(&credentials.user_name);
    if user_name.chars().count() > USER_NAME_CHARS_MAX {
        return Err(SignInRefusal::Wrong);
    }
    let address = credentials.address;
    let (name, from) = (user_name.clone(), address.clone());
    let known = db.write(move |tx| count_try(tx, &name, &from)).await?;
    let (user, hash) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let right = match passwords.verify(credentials.password, hash).await {
        Ok(right) => right,
        Err(Busy) => {
            db.write(move |tx| take_back_try(tx, &user_name, &address)).await?;
            return Err(SignInRefusal::Busy);
        }
    };
    let Some(user) = user.filter(|_| right) else {
        db.write(move |tx| refuse(tx, &user_name, &address)).await?;
        return Err(SignInRefusal::Wrong);
    };
    db.write(move |tx| welcome(tx, &user, &address)).await
}

/// Counts a try before its password is looked at; refuses where the name is locked for the address.
fn count_try(tx: &mut WriteTx<'_>, user_name: &str, address: &str) -> Result<Option<(User, super::PasswordHash)>, SignInRefusal> {
    let now = tx.now();
    store::forget_old_failures(tx, now.before(FORGET_AFTER))?;
    let before = store::failures(tx, user_name, address)?;
    if let Some(until) = before.and_then(|failures| failures.locked_until).filter(|until| *until > now) {
        return Err(SignInRefusal::Locked(Lockout { until }));
    }
    let count = before.map_or(0, |failures| failures.count).saturating_add(1);
    let locked_until = (count >= FAILURES_MAX).then(|| now.after(lock_after(count)));
    store::set_failures(tx, user_name, address, Failures { count, last_at: now, locked_until })?;
    Ok(store::credentials(tx, user_name)?)
}

fn lock_after(failures: i32) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(FAILURES_MAX)).unwrap_or(0).min(16);
    LOCK_FIRST.saturating_mul(1 << doublings).min(LOCK_MAX)
}

/// Nothing was looked at, so nothing counts.
fn take_back_try(tx: &mut WriteTx<'_>, user_name: &str, address: &str) -> Result<(), SignInRefusal> {
    if let Some(failures) = store::failures(tx, user_name, address)? {
        let count = failures.count.saturating_sub(1);
        store::set_failures(tx, user_name, address, Failures { count, locked_until: None, ..failures })?;
    }
    Ok(())
}

fn refuse(tx: &mut WriteTx<'_>, user_name: &str, address: &str) -> Result<(), SignInRefusal> {
    let locked = store::failures(tx, user_name, address)?.is_some_and(|failures| failures.locked_until.is_some());
    let what = if locked { What::SignInLocked } else { What::SignInRefused };
    // Only names of people are recorded: what somebody typed by mistake may be their password.
    let subject = store::find_by_name(tx, user_name)?.map_or_else(|| "unknown".to_owned(), |user| user.id.to_string());
    let event = Event::new(By::system(), what, Subject::new("user", subject)).changing(serde_json::json!({ "address": address }));
    Ok(audit::record(tx, &event)?)
}

fn welcome(tx: &mut WriteTx<'_>, user: &User, address: &str) -> Result<SignedIn, SignInRefusal> {
    store::forget_failures(tx, &user.user_name, address)?;
    let stage = next_step(tx, &user.id, None, address)?;
    Ok(SignedIn { user: user.clone(), stage })
}

/// The step after `done` (`None`: after the password). Where none is left the person is signed in, which is recorded here and nowhere else.
pub(super) fn next_step(tx: &mut WriteTx<'_>, user: &UserId, done: Option<Stage>, address: &str) -> db::Result<Stage> {
    let stage = next_stage(tx, user, done)?;
    if stage == Stage::Full {
        store::set_last_sign_in(tx, user)?;
        let name = store::find(tx, user)?.map(|user| user.full_name).unwrap_or_default();
        let event = Event::new(By::user(user.clone(), name), What::SignedIn, Subject::new("user", user));
        audit::record(tx, &event.changing(serde_json::json!({ "address": address })))?;
    }
    Ok(stage)
}

/// Records that a person signed out; the caller ends the session.
///
/// # Errors
/// The database's.
pub fn sign_out(tx: &mut WriteTx<'_>, actor: &super::Actor) -> db::Result<()> {
    audit::record(tx, &Event::new(actor.by(), What::SignedOut, Subject::new("user", &actor.id)))
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
}
