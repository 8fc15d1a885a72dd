//! A mailed link or a printed code sets a password, once.

use secrecy::SecretString;

use super::links::{self, LinkKind, PasswordLink, Way};
use super::lockout::{Origin, Try};
use super::set_password::{record, tell};
use super::sign_in::{come_in, could_be_a_user_name};
use super::{PasswordHash, Passwords, SetPasswordRefusal, SignedIn, User, find, find_by_name, store};
use crate::audit::What;
use crate::clock::Instant;
use crate::db::{self, Conn, Db, WriteTx};
use crate::ids::UserId;
use crate::say;

/// Whose link it is, while it is good. Looking does not use it: mail scanners open every link.
///
/// # Errors
/// The database's.
pub fn look_at_link(conn: &mut Conn, token: &SecretString, now: Instant) -> db::Result<Option<(User, LinkKind)>> {
    let Some(digest) = links::token_digest(token) else { return Ok(None) };
    let Some(link) = store::good_link(conn, &digest, Way::Mail, now)? else { return Ok(None) };
    Ok(find(conn, &link.user)?.map(|user| (user, link.kind)))
}

/// Sets a password by a mailed link. One request alone succeeds for each link; the person's sessions and other links end.
///
/// # Errors
/// [`SetPasswordRefusal::Dead`], `Bad`, `Busy`.
pub async fn use_link(
    db: &Db,
    passwords: &Passwords,
    token: SecretString,
    new: SecretString,
    address: String,
) -> Result<SignedIn, SetPasswordRefusal> {
    let digest = links::token_digest(&token).ok_or(SetPasswordRefusal::Dead)?;
    let place = passwords.place()?;
    let (now, wanted) = (db.clock().now(), digest.clone());
    let found = db.read(move |conn| look_at(conn, &wanted, Way::Mail, now)).await?;
    let (_, user) = found.ok_or(SetPasswordRefusal::Dead)?;
    let hash = place.of_new(new, &user.user_name).await?;
    db.write(move |tx| spend(tx, &digest, Way::Mail, &hash, &address)).await
}

/// Sets a password by a printed code. Its tries are counted like those of passwords.
///
/// # Errors
/// [`SetPasswordRefusal::Dead`] for a wrong code and an unknown name alike, `Locked`, `Bad`, `Busy`.
pub async fn use_code(
    db: &Db,
    passwords: &Passwords,
    user_name: &str,
    code: SecretString,
    new: SecretString,
    origin: Origin,
) -> Result<SignedIn, SetPasswordRefusal> {
    let user_name = could_be_a_user_name(user_name).ok_or(SetPasswordRefusal::Dead)?;
    let place = passwords.place()?;
    let tried = Try { user_name, origin };
    let found = {
        let _turn = place.counting().await;
        let tried = tried.clone();
        db.write(move |tx| try_code(tx, &tried, &code)).await?
    };
    let (digest, user) = found.ok_or(SetPasswordRefusal::Dead)?;
    let hash = place.of_new(new, &user.user_name).await?;
    let address = tried.origin.address;
    db.write(move |tx| spend(tx, &digest, Way::Slip, &hash, &address)).await
}

/// The digest of a good code and its owner. The try is counted first, and forgiven when the code was right.
fn try_code(tx: &mut WriteTx<'_>, tried: &Try, code: &SecretString) -> Result<Option<(String, User)>, SetPasswordRefusal> {
    tried.count(tx)?.map_err(SetPasswordRefusal::Locked)?;
    let owner = find_by_name(tx, &tried.user_name)?.map_or_else(|| UserId::from("nobody"), |user| user.id);
    let digest = links::code_digest(&owner, code);
    let now = tx.now();
    let Some((_, user)) = look_at(tx, &digest, Way::Slip, now)? else {
        tried.record_refusal(tx)?;
        return Ok(None);
    };
    tried.forgive(tx)?;
    Ok(Some((digest, user)))
}

fn look_at(conn: &mut Conn, digest: &str, way: Way, now: Instant) -> db::Result<Option<(PasswordLink, User)>> {
    let Some(link) = store::good_link(conn, digest, way, now)? else { return Ok(None) };
    Ok(find(conn, &link.user)?.map(|user| (link, user)))
}

/// The link becomes used and the password set, in one transaction.
fn spend(tx: &mut WriteTx<'_>, digest: &str, way: Way, hash: &PasswordHash, address: &str) -> Result<SignedIn, SetPasswordRefusal> {
    let now = tx.now();
    let (link, user) = look_at(tx, digest, way, now)?.ok_or(SetPasswordRefusal::Dead)?;
    store::use_link(tx, &link.id)?;
    store::set_password(tx, &user.id, hash, None)?;
    store::end_links(tx, Some(&user.id))?;
    let ended = store::end_sessions(tx, &user.id, None)?;
    store::forget_failures_of(tx, &user.user_name)?;
    let what = if link.kind == LinkKind::Invitation { What::InvitationAccepted } else { What::PasswordReset };
    record(tx, &user, what, serde_json::json!({ "way": way.as_str(), "address": address, "sessions_ended": ended }))?;
    if link.kind == LinkKind::Reset {
        tell(
            tx,
            &user,
            say!("A new password was set for your user name {name}. You were signed out everywhere.", name = user.user_name.clone()),
        )?;
    }
    Ok(come_in(tx, &user, address)?)
}
