//! What people are told by mail: whose second factor it is, and the account managers.

use super::store;
use crate::db::{Result, WriteTx};
use crate::ids::{QrRequestId, UserId};
use crate::mail::{self, Letter, LetterKind, LetterText};
use crate::people::User;
use crate::say;
use crate::words::Said;

type Link = Option<(Said, String)>;

fn tell(tx: &mut WriteTx<'_>, user: &UserId, subject: Said, paragraphs: Vec<Said>) -> Result<()> {
    let Some(address) = store::address(tx, user)? else { return Ok(()) };
    let text = LetterText { subject, paragraphs, link: None };
    mail::send(tx, &Letter { kind: LetterKind::Account, user: Some(user.clone()), address, text, until: None })
}

/// All account managers but the one it is about.
fn tell_account_managers(tx: &mut WriteTx<'_>, about: &UserId, subject: Said, paragraphs: Vec<Said>, link: Link) -> Result<()> {
    for (id, address) in store::account_managers(tx)? {
        let Some(address) = address.filter(|_| id != *about) else { continue };
        let text = LetterText { subject: subject.clone(), paragraphs: paragraphs.clone(), link: link.clone() };
        mail::send(tx, &Letter { kind: LetterKind::Administration, user: Some(id), address, text, until: None })?;
    }
    Ok(())
}

fn if_not_you() -> Said {
    say!("If this was not you, tell an account manager at once.")
}

pub(super) fn enrolled(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let what = say!("An authenticator app was set up for your account. Its codes are asked for from now on.");
    tell(tx, user, say!("Your authenticator app is set up"), vec![what, if_not_you()])
}

pub(super) fn turned_off(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let what = say!("Your authenticator app was turned off: your password alone opens your account now.");
    tell(tx, user, say!("Your authenticator app is turned off"), vec![what, if_not_you()])
}

pub(super) fn recovery_code_used(tx: &mut WriteTx<'_>, user: &UserId, left: i64) -> Result<()> {
    let what = say!("Somebody signed in to your account with one of your recovery codes. You have {left} left.", left = left);
    let then = say!("Make new ones when few are left: on the page of your second factor.");
    tell(tx, user, say!("A recovery code was used"), vec![what, then, if_not_you()])
}

pub(super) fn asked(tx: &mut WriteTx<'_>, person: &User, request: &QrRequestId) -> Result<()> {
    let subject = say!("{name} asks for a new QR code", name = &person.full_name);
    let what = say!("{name} lost the phone with the authenticator app, or says so, and cannot sign in.", name = &person.full_name);
    let then = say!("Call them on a number that you know before you allow it.");
    let link = (say!("Look at the request"), format!("/qr-code-requests/{request}"));
    tell_account_managers(tx, &person.id, subject, vec![what, then], Some(link))?;
    let what = say!("A new QR code was asked for in your name. The account managers decide, and will call you.");
    tell(tx, &person.id, say!("A new QR code was asked for"), vec![what, if_not_you()])
}

pub(super) fn was_reset(tx: &mut WriteTx<'_>, person: &User, by: &str) -> Result<()> {
    let subject = say!("{name} may set up a new authenticator app", name = &person.full_name);
    let what = say!(
        "{by} allowed it. The old app and recovery codes of {name} are worth nothing any more, and nobody is signed in as them.",
        by = by,
        name = &person.full_name
    );
    tell_account_managers(tx, &person.id, subject, vec![what], None)?;
    let what = say!(
        "{by} allowed you to set up a new authenticator app. Your old one and your recovery codes are worth nothing any more.",
        by = by
    );
    let then = say!("Sign in within 7 days and type the one-time code that you are told.");
    tell(tx, &person.id, say!("You may set up a new authenticator app"), vec![what, then, if_not_you()])
}

pub(super) fn refused(tx: &mut WriteTx<'_>, person: &User, by: &str, reason: &str) -> Result<()> {
    let subject = say!("{name} gets no new QR code", name = &person.full_name);
    let what = say!("{by} refused it: {reason}", by = by, reason = reason);
    tell_account_managers(tx, &person.id, subject, vec![what.clone()], None)?;
    tell(tx, &person.id, say!("Your request for a new QR code was refused"), vec![what, if_not_you()])
}
