//! An account manager invites a person, or gives one who forgot their password a way to set a new one. They never see a password.

use super::links::{INVITATION_GOOD, Invited, LinkKind, RESET_GOOD, Slip, Way, new_code, new_token};
use super::{User, guards_money, may_administer, store, will_guard_money};
use crate::audit::{self, By, Event, Subject, What};
use crate::confirmations::{self, Change};
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::privileges::NotAllowed;
use crate::say;

#[derive(Debug, thiserror::Error)]
pub enum InviteRefusal {
    #[error("{0}")]
    NotAllowed(NotAllowed),
    #[error("nobody invites themselves or makes a code for themselves")]
    Oneself,
    #[error("the person is not active")]
    NotActive,
    #[error("the person has set a password already; they need a reset, not an invitation")]
    HasPassword,
    #[error("the person has not set a password yet; they need an invitation, not a reset")]
    NoPassword,
    #[error("the person has no email address")]
    NoAddress,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for InviteRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<NotAllowed> for InviteRefusal {
    fn from(refusal: NotAllowed) -> Self {
        if let NotAllowed::Db(error) = refusal { Self::Db(error) } else { Self::NotAllowed(refusal) }
    }
}

/// Invites a person who has no password yet. Earlier invitations of theirs end. `Way::Mail` only where the institution has mail.
///
/// # Errors
/// [`InviteRefusal`].
pub fn invite(tx: &mut WriteTx<'_>, by: &By, user: &User, way: Way) -> Result<Invited, InviteRefusal> {
    let user = allowed(tx, by, user)?;
    if store::has_password(tx, &user.id)? {
        return Err(InviteRefusal::HasPassword);
    }
    give(tx, by, &user, LinkKind::Invitation, way)
}

/// Gives a person who forgot their password a link or a printed code. Their old password works until they have used it.
///
/// # Errors
/// [`InviteRefusal`].
pub fn offer_reset(tx: &mut WriteTx<'_>, by: &By, user: &User, way: Way) -> Result<Invited, InviteRefusal> {
    let user = allowed(tx, by, user)?;
    if !store::has_password(tx, &user.id)? {
        return Err(InviteRefusal::NoPassword);
    }
    give(tx, by, &user, LinkKind::Reset, way)
}

/// Gives a person a printed code: an invitation where they have no password yet, a reset where they have one.
///
/// # Errors
/// [`InviteRefusal`].
pub fn give_code(tx: &mut WriteTx<'_>, by: &By, user: &User) -> Result<Invited, InviteRefusal> {
    if store::has_password(tx, &user.id)? { offer_reset(tx, by, user, Way::Slip) } else { invite(tx, by, user, Way::Slip) }
}

/// The person as they stand now, where `by` may do this for them.
fn allowed(tx: &mut WriteTx<'_>, by: &By, user: &User) -> Result<User, InviteRefusal> {
    may_administer(tx, by)?;
    if by.id.as_ref() == Some(&user.id) {
        return Err(InviteRefusal::Oneself);
    }
    let user = super::find(tx, &user.id)?.ok_or(InviteRefusal::NotActive)?;
    if user.is_active { Ok(user) } else { Err(InviteRefusal::NotActive) }
}

fn give(tx: &mut WriteTx<'_>, by: &By, user: &User, kind: LinkKind, way: Way) -> Result<Invited, InviteRefusal> {
    let address = store::email(tx, &user.id)?;
    let given = match (way, address) {
        (Way::Mail, None) => return Err(InviteRefusal::NoAddress),
        (Way::Mail, Some(address)) => send(tx, by, user, kind, address)?,
        (Way::Slip, address) => {
            if needs_confirmation(tx, by, user, kind)? && !confirmations::spend_password_code(tx, &user.id)? {
                return Ok(Invited::Asked(confirmations::ask(tx, by, Some(&user.id), &Change::PasswordCode)?));
            }
            print(tx, by, user, kind, address)?
        }
    };
    let what = if kind == LinkKind::Invitation { What::UserInvited } else { What::ResetCodeMade };
    let mut event = Event::new(by.clone(), what, Subject::new("user", &user.id)).changing(serde_json::json!({ "way": way.as_str() }));
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event)?;
    Ok(given)
}

/// Whoever holds a printed code can become the person: where that person lets money out, or gives rights, two account managers have to
/// want it. Who never had a password is invited while their first rights wait: whoever confirms those sees that it is so.
fn needs_confirmation(tx: &mut WriteTx<'_>, by: &By, user: &User, kind: LinkKind) -> db::Result<bool> {
    let now = tx.now();
    let is_guarded = match kind {
        LinkKind::Invitation => guards_money(tx, user, now)?,
        LinkKind::Reset => will_guard_money(tx, user, now)?,
    };
    Ok(is_guarded && confirmations::is_needed(tx, by)?)
}

fn print(tx: &mut WriteTx<'_>, by: &By, user: &User, kind: LinkKind, address: Option<String>) -> Result<Invited, InviteRefusal> {
    let (code, digest) = new_code(&user.id);
    let until = tx.now().after(INVITATION_GOOD);
    begin(tx, by, &user.id, kind, Way::Slip, &digest, until)?;
    if let (LinkKind::Reset, Some(address)) = (kind, address) {
        tell_of_code(tx, by, user, address)?;
    }
    Ok(Invited::Printed(Slip::new(&user.full_name, &user.user_name, kind, &code, until)))
}

/// A code that somebody else was given would be seen by its owner.
fn tell_of_code(tx: &mut WriteTx<'_>, by: &By, user: &User, address: String) -> db::Result<()> {
    let text = LetterText {
        subject: say!("A code for a new password was printed for you"),
        paragraphs: vec![
            say!(
                "{name} printed a code with which a new password can be set for your user name {user_name}.",
                name = &by.name,
                user_name = &user.user_name
            ),
            say!("If you did not ask for it, tell an account manager or your manager at once."),
        ],
        link: None,
    };
    mail::send(tx, &Letter { kind: LetterKind::Account, user: Some(user.id.clone()), address, text, until: None })
}

fn send(tx: &mut WriteTx<'_>, by: &By, user: &User, kind: LinkKind, address: String) -> Result<Invited, InviteRefusal> {
    let (token, digest) = new_token();
    let now = tx.now();
    let (until, letter_kind, text) = match kind {
        LinkKind::Invitation => (now.after(INVITATION_GOOD), LetterKind::Invitation, invitation(user, by, &token)),
        LinkKind::Reset => (now.after(RESET_GOOD), LetterKind::PasswordReset, reset(user, &token)),
    };
    begin(tx, by, &user.id, kind, Way::Mail, &digest, until)?;
    let letter = Letter { kind: letter_kind, user: Some(user.id.clone()), address: address.clone(), text, until: Some(until) };
    mail::send(tx, &letter)?;
    Ok(Invited::Mailed { address, until })
}

/// Ends the person's earlier links and codes, and keeps the new one's digest.
fn begin(
    tx: &mut WriteTx<'_>,
    by: &By,
    user: &UserId,
    kind: LinkKind,
    way: Way,
    digest: &str,
    until: crate::clock::Instant,
) -> db::Result<()> {
    store::end_links(tx, Some(user))?;
    let made_by = by.id.as_ref().map_or(by.name.as_str(), UserId::as_str);
    store::insert_link(tx, &store::NewLink { user: Some(user), kind, way, digest, made_by, until })
}

fn invitation(user: &User, by: &By, token: &str) -> LetterText {
    LetterText {
        subject: say!("You are invited to Outlay"),
        paragraphs: vec![
            say!(
                "{name}, {inviter} has added you to Outlay. Your user name is {user_name}.",
                name = &user.full_name,
                inviter = &by.name,
                user_name = &user.user_name
            ),
            say!(
                "Open the link and set a password of your own. The link works once, for 7 days. Nobody else needs your password, and nobody will ask you for it."
            ),
        ],
        link: Some((say!("Set your password"), format!("/invitations/{token}"))),
    }
}

/// The words of a mailed reset.
pub(super) fn reset(user: &User, token: &str) -> LetterText {
    LetterText {
        subject: say!("Set a new password"),
        paragraphs: vec![
            say!(
                "A new password was asked for, for the user name {user_name}. Open the link and set one. The link works once, for 30 minutes.",
                user_name = &user.user_name
            ),
            say!("If you did not ask for it, do nothing: your password stays as it is. Tell an account manager if it happens again."),
        ],
        link: Some((say!("Set a new password"), format!("/resets/{token}"))),
    }
}
