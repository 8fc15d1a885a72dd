//! Takes a code: of the app, or a recovery code. A try is counted before the code is looked at; a right one forgives those before it.

use std::time::Duration;

use super::secret::{Purpose, Vault};
use super::store::{self, Factor};
use super::{AsksForCode, RequestState, State, Unreadable, recovery, totp};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, Db, Failure, WriteTx};
use crate::ids::UserId;
use crate::people::sign_in::next_step;
use crate::people::{Stage, User};

/// Wrong codes of a person, wherever they were typed, before codes are locked.
const WRONG_MAX: i32 = 5;
/// The first lock; each further wrong code after it doubles the lock.
const LOCK_FIRST: Duration = Duration::from_secs(60);
/// The longest lock.
const LOCK_MAX: Duration = Duration::from_secs(60 * 60);

/// Why a code is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeRefusal {
    #[error("a code is asked for")]
    Missing,
    #[error("wrong code")]
    Wrong,
    /// It was right, and taken before.
    #[error("this code was used already")]
    Used,
    #[error("too many wrong codes")]
    Locked { until: Instant },
    /// One is required here, and they have none: they set one up first.
    #[error("the person has no second factor")]
    NoFactor,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CodeRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

impl CodeRefusal {
    /// Whether somebody guessed, or might have.
    pub(super) const fn is_guess(&self) -> bool {
        matches!(self, Self::Wrong | Self::Used)
    }
}

/// What a person types when they sign in.
#[derive(Debug, Clone)]
pub enum Given {
    Code(String),
    RecoveryCode(String),
}

/// The code was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// What is asked of them next.
    pub stage: Stage,
    /// How many recovery codes are left, where one was used.
    pub recovery_codes_left: Option<i64>,
}

/// Takes a code in the middle of signing in; the caller lets the session come to the next stage.
///
/// # Errors
/// [`CodeRefusal`]; every wrong code is counted, also those sent side by side.
pub async fn pass(db: &Db, vault: &Vault, user: &UserId, given: Given, address: &str) -> Result<Passed, CodeRefusal> {
    let person = user.clone();
    db.write(move |tx| count_try(tx, &person)).await?;
    let (vault, person, from) = (vault.clone(), user.clone(), address.to_owned());
    let passed = db.write(move |tx| welcome(tx, &vault, &person, &given, &from)).await;
    settle_try(db, user, passed).await
}

fn welcome(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, given: &Given, address: &str) -> Result<Passed, CodeRefusal> {
    let recovery_codes_left = match given {
        Given::Code(code) => take(tx, vault, user, code).map(|()| None)?,
        Given::RecoveryCode(code) => Some(recovery::take(tx, vault, user, code)?),
    };
    // Who can sign in needs no new QR code.
    if let Some((request, _)) = store::open_request(tx, user)? {
        store::decide_request(tx, &request, RequestState::Withdrawn, user.as_str(), None)?;
        let event = Event::new(by(tx, user)?, What::QrCodeWithdrawn, Subject::new("user", user));
        audit::record(tx, &event)?;
    }
    Ok(Passed { stage: next_step(tx, user, Some(Stage::Code), address)?, recovery_codes_left })
}

/// Counts a try before its code is looked at; refuses while codes are locked.
pub(super) fn count_try(tx: &mut WriteTx<'_>, user: &UserId) -> Result<(), CodeRefusal> {
    let now = tx.now();
    let factor = store::factor(tx, user)?.ok_or(CodeRefusal::NoFactor)?;
    if let Some(until) = factor.locked_until.filter(|until| *until > now) {
        return Err(CodeRefusal::Locked { until });
    }
    let wrong = factor.wrong_codes.saturating_add(1);
    let locked_until = (wrong >= WRONG_MAX).then(|| now.after(lock_after(wrong)));
    Ok(store::set_tries(tx, user, wrong, locked_until)?)
}

fn lock_after(wrong_codes: i32) -> Duration {
    let doublings = u32::try_from(wrong_codes.saturating_sub(WRONG_MAX)).unwrap_or(0).min(16);
    LOCK_FIRST.saturating_mul(1 << doublings).min(LOCK_MAX)
}

/// After a counted try: a guess goes into the audit log; where no code was looked at (another refusal, a second click), it does not count.
pub(super) async fn settle_try<T, E: AsksForCode>(db: &Db, user: &UserId, done: Result<T, E>) -> Result<T, E> {
    let is_guess = done.as_ref().err().and_then(AsksForCode::code).is_some_and(CodeRefusal::is_guess);
    let person = user.clone();
    if is_guess {
        db.write(move |tx| record_guess(tx, &person)).await?;
        return done;
    }
    let counted = db.read(move |conn| store::factor(conn, &person)).await?.is_some_and(|factor| factor.wrong_codes > 0);
    if counted {
        let person = user.clone();
        db.write(move |tx| take_back_try(tx, &person)).await?;
    }
    done
}

fn record_guess(tx: &mut WriteTx<'_>, user: &UserId) -> db::Result<()> {
    let is_locked = store::factor(tx, user)?.is_some_and(|factor| factor.locked_until.is_some());
    let what = if is_locked { What::SecondFactorLocked } else { What::SecondFactorRefused };
    let event = Event::new(by(tx, user)?, what, Subject::new("user", user));
    audit::record(tx, &event)
}

fn take_back_try(tx: &mut WriteTx<'_>, user: &UserId) -> db::Result<()> {
    let Some(factor) = store::factor(tx, user)? else { return Ok(()) };
    store::set_tries(tx, user, factor.wrong_codes.saturating_sub(1).max(0), None)
}

/// Takes a code of the app, once. A secret under an older key is encrypted anew.
pub(super) fn take(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, code: &str) -> Result<(), CodeRefusal> {
    let factor = active(tx, user)?;
    let secret = vault.open(Purpose::InUse, user, factor.version, &factor.sealed)?;
    let step = totp::step_of(&secret, code, tx.now()).ok_or(CodeRefusal::Wrong)?;
    if step <= factor.last_step {
        return Err(CodeRefusal::Used);
    }
    store::take_step(tx, user, &factor, step)?;
    if !vault.is_newest(&factor.sealed) {
        let sealed = vault.seal(Purpose::InUse, user, factor.version, &secret)?;
        store::seal_anew(tx, user, factor.version, &sealed)?;
    }
    Ok(())
}

pub(super) fn active(tx: &mut WriteTx<'_>, user: &UserId) -> Result<Factor, CodeRefusal> {
    store::factor(tx, user)?.filter(|factor| factor.state == State::Active).ok_or(CodeRefusal::NoFactor)
}

/// The person, as the audit log names them.
pub(super) fn by(tx: &mut WriteTx<'_>, user: &UserId) -> db::Result<By> {
    let name = crate::people::find(tx, user)?.map(|User { full_name, .. }| full_name);
    Ok(By::user(user.clone(), name.unwrap_or_default()))
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
