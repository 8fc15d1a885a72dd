//! Signing in and out.

use secrecy::SecretString;

use super::hashing::Busy;
use super::lockout::{Lockout, Origin, Try};
use super::store;
use super::{PasswordHash, Passwords, Stage, User, fold_user_name, next_stage};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Db, Failure, WriteTx};
use crate::ids::UserId;

/// Longer names are no names; they are neither looked up nor stored.
const USER_NAME_CHARS_MAX: usize = 64;

pub struct Credentials {
    pub user_name: String,
    pub password: SecretString,
    pub origin: Origin,
}

#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// One answer for a wrong name, a wrong password and one who is not active.
    #[error("wrong user name or password")]
    Wrong,
    #[error("locked")]
    Locked(Lockout),
    #[error(transparent)]
    Busy(#[from] Busy),
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

/// A user name as it is looked up; `None` for what can be nobody's.
pub(super) fn could_be_a_user_name(typed: &str) -> Option<String> {
    let short: String = typed.trim().chars().take(USER_NAME_CHARS_MAX + 1).collect();
    let name = fold_user_name(&short);
    let allowed = name.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c));
    (allowed && (1..=USER_NAME_CHARS_MAX).contains(&name.chars().count())).then_some(name)
}

/// Checks name and password; the caller makes the session, at the stage it has come to.
///
/// # Errors
/// [`SignInRefusal`]; every wrong try is counted, also those sent side by side.
pub async fn sign_in(db: &Db, passwords: &Passwords, credentials: Credentials) -> Result<SignedIn, SignInRefusal> {
    let Some(user_name) = could_be_a_user_name(&credentials.user_name) else { return Err(SignInRefusal::Wrong) };
    let place = passwords.place()?;
    let tried = Try { user_name, origin: credentials.origin };
    let known = {
        let _turn = place.counting().await;
        let tried = tried.clone();
        db.write(move |tx| count(tx, &tried)).await?
    };
    let (user, hash) = known.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let right = place.verify(credentials.password, hash.clone()).await;
    let _turn = place.counting().await;
    match (user, hash) {
        (Some(user), Some(hash)) if right => db.write(move |tx| welcome(tx, &tried, &user, &hash)).await,
        _ => {
            db.write(move |tx| tried.record_refusal(tx)).await?;
            Err(SignInRefusal::Wrong)
        }
    }
}

fn count(tx: &mut WriteTx<'_>, tried: &Try) -> Result<Option<(User, PasswordHash)>, SignInRefusal> {
    tried.count(tx)?.map_err(SignInRefusal::Locked)?;
    Ok(store::credentials(tx, &tried.user_name)?)
}

fn welcome(tx: &mut WriteTx<'_>, tried: &Try, user: &User, hash: &PasswordHash) -> Result<SignedIn, SignInRefusal> {
    // Changed or deactivated while the password was being looked at.
    if store::credentials(tx, &user.user_name)?.is_none_or(|(_, now)| now.0 != hash.0) {
        return Err(SignInRefusal::Wrong);
    }
    tried.forgive(tx)?;
    Ok(SignedIn { user: user.clone(), stage: come_in(tx, user, &tried.origin.address)? })
}

/// Where one stands whose password (or link to set one) was right.
pub(super) fn come_in(tx: &mut WriteTx<'_>, user: &User, address: &str) -> db::Result<Stage> {
    next_step(tx, &user.id, None, address)
}

/// Records that a person has come to the end of signing in. Every way to [`Stage::Full`] goes through here.
///
/// # Errors
/// The database's.
pub fn signed_in(tx: &mut WriteTx<'_>, user: &User, address: &str) -> db::Result<()> {
    store::set_last_sign_in(tx, &user.id)?;
    let by = By::user(user.id.clone(), user.full_name.clone());
    let mut event = Event::new(by, What::SignedIn, Subject::new("user", &user.id));
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event.changing(serde_json::json!({ "address": address })))
}

/// The step after `done` (`None`: after the password). Where none is left, the person is signed in and it is recorded.
pub(super) fn next_step(tx: &mut WriteTx<'_>, user: &UserId, done: Option<Stage>, address: &str) -> db::Result<Stage> {
    let stage = next_stage(tx, user, done)?;
    if stage == Stage::Full
        && let Some(user) = store::find(tx, user)?
    {
        signed_in(tx, &user, address)?;
    }
    Ok(stage)
}

/// Records that a person signed out; the caller ends the session.
///
/// # Errors
/// The database's.
pub fn sign_out(tx: &mut WriteTx<'_>, actor: &super::Actor) -> db::Result<()> {
    let mut event = Event::new(actor.by(), What::SignedOut, Subject::new("user", &actor.id));
    event.branch = Some(actor.branch.clone());
    audit::record(tx, &event)
}
