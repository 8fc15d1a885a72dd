//! A person in their first sign-in sets a password of their own; and what every way to a new password has in common.

use secrecy::SecretString;

use super::hashing::{Busy, Place};
use super::lockout::Lockout;
use super::{BadPassword, PasswordHash, Passwords, Stage, User, next_stage, signed_in, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Db, Failure, WriteTx};
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::say;
use crate::words::Said;

#[derive(Debug, thiserror::Error)]
pub enum SetPasswordRefusal {
    /// Unknown, used, ended by a newer one, or too old: one answer for all.
    #[error("the link or code is not good any more")]
    Dead,
    #[error("the old password is wrong")]
    Wrong,
    #[error("the new password is the old one")]
    Same,
    #[error("locked")]
    Locked(Lockout),
    #[error(transparent)]
    Bad(#[from] BadPassword),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for SetPasswordRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// Sets the password of a person's own in their first sign-in; answers the step after it.
///
/// # Errors
/// [`SetPasswordRefusal::Same`] for the one they were given, `Bad`, `Busy`.
pub async fn set_first_password(
    db: &Db,
    passwords: &Passwords,
    user: User,
    new: SecretString,
    address: String,
) -> Result<Stage, SetPasswordRefusal> {
    let place = passwords.place()?;
    let name = user.user_name.clone();
    let known = db.read(move |conn| store::credentials(conn, &name)).await?;
    let Some((_, before)) = known else { return Err(SetPasswordRefusal::Dead) };
    let hash = replaced(&place, &user, &before, new).await?;
    db.write(move |tx| {
        // A second window of the same first sign-in comes too late.
        if !store::must_set_password(tx, &user.id)? {
            return Err(SetPasswordRefusal::Dead);
        }
        store::set_password(tx, &user.id, &hash, Some(&before))?;
        store::end_links(tx, Some(&user.id))?;
        store::end_sessions(tx, &user.id, None)?;
        record(tx, &user, What::PasswordChanged, serde_json::json!({ "first": true, "address": address }))?;
        let stage = next_stage(tx, &user.id, Some(Stage::Password))?;
        if stage == Stage::Full {
            signed_in(tx, &user, &address)?;
        }
        Ok(stage)
    })
    .await
}

/// The hash of a new password that is not the old one again.
pub(super) async fn replaced(
    place: &Place,
    user: &User,
    before: &PasswordHash,
    new: SecretString,
) -> Result<PasswordHash, SetPasswordRefusal> {
    let hash = place.of_new(new.clone(), &user.user_name).await?;
    if place.verify(new, Some(before.clone())).await {
        return Err(SetPasswordRefusal::Same);
    }
    Ok(hash)
}

pub(super) fn record(tx: &mut WriteTx<'_>, user: &User, what: What, changes: serde_json::Value) -> db::Result<()> {
    let by = By::user(user.id.clone(), user.full_name.clone());
    let mut event = Event::new(by, what, Subject::new("user", &user.id)).changing(changes);
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event)
}

/// Tells the person, so that they notice where it was not them.
pub(super) fn tell(tx: &mut WriteTx<'_>, user: &User, what: Said) -> db::Result<()> {
    let Some(address) = store::email(tx, &user.id)? else { return Ok(()) };
    let text = LetterText {
        subject: say!("Your password was changed"),
        paragraphs: vec![what, say!("If it was not you, tell an account manager at once.")],
        link: None,
    };
    mail::send(tx, &Letter { kind: LetterKind::Account, user: Some(user.id.clone()), address, text, until: None })
}
