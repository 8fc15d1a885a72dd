//! A person changes their password.

use secrecy::SecretString;

use super::lockout::{Origin, Try};
use super::set_password::{record, replaced, tell};
use super::{Passwords, SetPasswordRefusal, User, store};
use crate::audit::What;
use crate::db::Db;
use crate::ids::SessionId;
use crate::say;

/// What a person changes their password with.
pub struct PasswordChange {
    pub user: User,
    pub old: SecretString,
    pub new: SecretString,
    pub origin: Origin,
    /// The session it is done from, which stays.
    pub session: Option<SessionId>,
}

/// Changes the person's password; all their other sessions and their links end. Tries of the old one are counted like sign-ins.
///
/// # Errors
/// [`SetPasswordRefusal::Wrong`], `Locked`, `Same`, `Bad`, `Busy`.
pub async fn change_password(db: &Db, passwords: &Passwords, change: PasswordChange) -> Result<(), SetPasswordRefusal> {
    let place = passwords.place()?;
    let PasswordChange { user, old, new, origin, session } = change;
    let tried = Try { user_name: user.user_name.clone(), origin };
    let known = {
        let _turn = place.counting().await;
        let tried = tried.clone();
        db.write(move |tx| {
            tried.count(tx)?.map_err(SetPasswordRefusal::Locked)?;
            Ok::<_, SetPasswordRefusal>(store::credentials(tx, &tried.user_name)?)
        })
        .await?
    };
    let hash = known.map(|(_, hash)| hash);
    let right = place.verify(old, hash.clone()).await;
    let Some(before) = hash.filter(|_| right) else {
        let _turn = place.counting().await;
        db.write(move |tx| tried.record_refusal(tx)).await?;
        return Err(SetPasswordRefusal::Wrong);
    };
    {
        let _turn = place.counting().await;
        let tried = tried.clone();
        db.write(move |tx| tried.forgive(tx)).await?;
    }
    let hash = replaced(&place, &user, &before, new).await?;
    db.write(move |tx| {
        store::set_password(tx, &user.id, &hash, Some(&before))?;
        store::end_links(tx, Some(&user.id))?;
        let ended = store::end_sessions(tx, &user.id, session.as_ref())?;
        record(tx, &user, What::PasswordChanged, serde_json::json!({ "address": tried.origin.address, "sessions_ended": ended }))?;
        Ok(tell(
            tx,
            &user,
            say!("The password of your user name {name} was changed. You were signed out everywhere else.", name = user.user_name.clone()),
        )?)
    })
    .await
}
