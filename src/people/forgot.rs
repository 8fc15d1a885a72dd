//! A person forgot their password and asks for a link by mail.
//!
//! Nobody learns from it whether a name is known: for an unknown one the same rows are read and written, with a letter that is over
//! before it begins.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::invite::reset;
use super::links::{LinkKind, RESET_GOOD, Way, new_token};
use super::lockout::{Bucket, take};
use super::{User, fold_user_name, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BranchId, UserId};
use crate::mail::{self, Letter, LetterKind};

/// Requests from one address.
const FROM_ADDRESS: Bucket = Bucket { holds: 20, leaks_every: Duration::from_secs(60) };
/// Requests for one name or address: more are answered alike and do nothing.
const FOR_NAME: Bucket = Bucket { holds: 3, leaks_every: Duration::from_secs(20 * 60) };
/// Characters of what somebody typed that are looked at: the longest email address.
const ASKED_CHARS_MAX: usize = 254;
/// What these requests are counted under: no user name has such a sign.
const COUNTED_AS: &str = "?forgot";

#[derive(Debug, thiserror::Error)]
pub enum ForgotRefusal {
    #[error("too many requests from this address")]
    TooMany { again_at: Instant },
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for ForgotRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// Sends a link to the person whom a user name or an email address names, where there is one. The answer is the same for all.
///
/// # Errors
/// [`ForgotRefusal::TooMany`] for the address the request came from, known name or not.
pub fn forgot(tx: &mut WriteTx<'_>, asked: &str, address: &str) -> Result<(), ForgotRefusal> {
    if let Some(again_at) = take(tx, FROM_ADDRESS, COUNTED_AS, address)? {
        return Err(ForgotRefusal::TooMany { again_at });
    }
    let asked = fold_user_name(&asked.chars().filter(|c| !c.is_control()).take(ASKED_CHARS_MAX).collect::<String>());
    let too_often = take(tx, FOR_NAME, COUNTED_AS, &fingerprint(&asked))?.is_some();
    let person = store::by_name_or_email(tx, &asked)?.filter(|_| !too_often);
    let person = person.and_then(|(user, email)| Some((user, email?)));
    Ok(send(tx, person, address)?)
}

/// What somebody typed may be a password: only its fingerprint is kept.
fn fingerprint(asked: &str) -> String {
    Sha256::digest(asked.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Each line does as much for nobody as for somebody.
fn send(tx: &mut WriteTx<'_>, person: Option<(User, String)>, from: &str) -> db::Result<()> {
    let now = tx.now();
    let (user, email) = person.map_or((None, String::new()), |(user, email)| (Some(user), email));
    let id = user.as_ref().map(|user| &user.id);
    let (token, digest) = new_token();
    let until = if user.is_some() { now.after(RESET_GOOD) } else { now };
    store::end_mailed_resets(tx, id)?;
    let link = store::NewLink { user: id, kind: LinkKind::Reset, way: Way::Mail, digest: &digest, made_by: "", until };
    store::insert_link(tx, &link)?;
    let text = reset(&user.clone().unwrap_or_else(nobody), &token);
    mail::send(tx, &Letter { kind: LetterKind::PasswordReset, user: id.cloned(), address: email, text, until: Some(until) })?;
    let subject = id.map_or("unknown", UserId::as_str);
    let mut event = Event::new(By::system(), What::PasswordForgotten, Subject::new("user", subject));
    event.branch = user.as_ref().map(|user| user.branch.clone());
    audit::record(tx, &event.changing(serde_json::json!({ "address": from })))
}

fn nobody() -> User {
    User {
        id: UserId::from(""),
        user_name: String::new(),
        full_name: String::new(),
        branch: BranchId::from(""),
        is_account_manager: false,
        is_active: false,
    }
}
