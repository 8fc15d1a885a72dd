//! A person sets up an authenticator app: a secret is proposed, shown, and theirs once a code of it was typed; or they turn theirs off.
//!
//! What is proposed is kept, encrypted, in the session that was shown it and nowhere else: a secret that somebody else saw before is never
//! the one a person confirms.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::check::{self, CodeRefusal};
use super::secret::{self, Purpose, Sealed, Unreadable, Vault};
use super::{AsksForCode, Shown, State, letters, recovery, store, totp};
use crate::audit::{self, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, Conn, Failure, WriteTx};
use crate::ids::UserId;
use crate::institutions;
use crate::people::PasswordHash;

/// What a person has to give beside a code of the new app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Nothing,
    /// A code of the app they have: they change their phone.
    OldCode,
    /// Theirs was reset: the code an account manager told them.
    OneTimeCode,
    /// Theirs was reset, and there is no such code, or none any more: they have to ask.
    Request,
}

/// Where a person stands before they set up an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub proof: Proof,
    /// The number of their next secret.
    pub next_version: i32,
}

/// # Errors
/// The database's.
pub fn standing(conn: &mut Conn, user: &UserId, now: Instant) -> db::Result<Standing> {
    let Some(factor) = store::factor(conn, user)? else { return Ok(Standing { proof: Proof::Nothing, next_version: 1 }) };
    let proof = match factor.state {
        State::Off => Proof::Nothing,
        State::Active => Proof::OldCode,
        State::Dead if store::enrolment_code(conn, user, now)?.is_some() => Proof::OneTimeCode,
        State::Dead => Proof::Request,
    };
    Ok(Standing { proof, next_version: factor.version.saturating_add(1) })
}

/// A new secret, as the session keeps it.
///
/// # Errors
/// [`Unreadable`] where the cipher refuses, which it does for no text of ours.
pub fn propose(vault: &Vault, user: &UserId, standing: Standing) -> Result<String, Unreadable> {
    let sealed = vault.seal(Purpose::Proposed, user, standing.next_version, &secret::random())?;
    Ok(format!("{}:{}", sealed.key_id, STANDARD.encode(sealed.bytes)))
}

fn opened(vault: &Vault, user: &UserId, standing: Standing, proposal: &str) -> Result<totp_rs::Secret, Unreadable> {
    let (key_id, bytes) = proposal.split_once(':').ok_or(Unreadable)?;
    let sealed = Sealed { key_id: key_id.to_owned(), bytes: STANDARD.decode(bytes).map_err(|_| Unreadable)? };
    vault.open(Purpose::Proposed, user, standing.next_version, &sealed)
}

/// A proposed secret as the page shows it. `issuer`: the institution's name; `account`: the user name.
///
/// # Errors
/// [`Unreadable`] where it is not this person's next secret any more.
pub fn shown(vault: &Vault, user: &UserId, standing: Standing, proposal: &str, issuer: &str, account: &str) -> Result<Shown, Unreadable> {
    Ok(totp::shown(&opened(vault, user, standing, proposal)?, issuer, account))
}

/// What a person sends to confirm a proposed secret.
#[derive(Clone)]
pub struct Confirmation {
    /// As the session keeps it.
    pub proposal: String,
    /// Of the new app.
    pub code: String,
    /// Of the app they have, where that is the proof.
    pub old_code: String,
    /// The hash that the one-time code was compared with and fitted, where that is the proof.
    pub one_time_code: Option<PasswordHash>,
}

/// It is set up.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The number of the secret.
    pub version: i32,
    /// To be shown once and never again.
    pub recovery_codes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum EnrolRefusal {
    /// About the code of the new app.
    #[error("the new app: {0}")]
    NewCode(CodeRefusal),
    /// About a code of the app that they have.
    #[error("the app in use: {0}")]
    OldCode(CodeRefusal),
    #[error("the one-time code: {0}")]
    OneTimeCode(CodeRefusal),
    #[error("the person has to ask an account manager first")]
    RequestNeeded,
    /// Another secret was set up since this one was shown, or it was shown elsewhere.
    #[error("the secret is not the one that was shown")]
    Stale,
    #[error("a second factor is required of this person")]
    Required,
    #[error("too many people sign in at this moment")]
    Busy,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for EnrolRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) => Some(error),
            Self::NewCode(refusal) | Self::OldCode(refusal) | Self::OneTimeCode(refusal) => refusal.database(),
            _ => None,
        }
    }
}

impl AsksForCode for EnrolRefusal {
    /// A wrong code of the new app is no guess: its secret stands on the page.
    fn code(&self) -> Option<&CodeRefusal> {
        if let Self::OldCode(refusal) | Self::OneTimeCode(refusal) = self { Some(refusal) } else { None }
    }
}

impl From<CodeRefusal> for EnrolRefusal {
    fn from(refusal: CodeRefusal) -> Self {
        match refusal {
            CodeRefusal::Db(error) => Self::Db(error),
            refusal => Self::OldCode(refusal),
        }
    }
}

/// Makes the proposed secret the person's own, where the code is of it and the proof is given. The one before is worth nothing then.
///
/// # Errors
/// [`EnrolRefusal`]; nothing is set up then.
pub fn confirm(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, sent: &Confirmation) -> Result<Enrolled, EnrolRefusal> {
    let now = tx.now();
    let standing = standing(tx, user, now)?;
    prove(tx, vault, user, standing, sent)?;
    let secret = opened(vault, user, standing, &sent.proposal).map_err(|Unreadable| EnrolRefusal::Stale)?;
    if sent.code.trim().is_empty() {
        return Err(EnrolRefusal::NewCode(CodeRefusal::Missing));
    }
    let step = totp::step_of(&secret, &sent.code, now).ok_or(EnrolRefusal::NewCode(CodeRefusal::Wrong))?;
    let version = standing.next_version;
    let sealed = vault.seal(Purpose::InUse, user, version, &secret).map_err(|refusal| EnrolRefusal::NewCode(refusal.into()))?;
    let first_at = store::factor(tx, user)?.map_or(now, |before| before.first_at);
    store::activate(tx, user, version, &sealed, step, first_at)?;
    store::forget_enrolment_code(tx, user)?;
    let recovery_codes = recovery::make(tx, vault, user)?;
    let event = Event::new(check::by(tx, user)?, What::SecondFactorEnrolled, Subject::new("user", user))
        .changing(serde_json::json!({ "version": version }));
    audit::record(tx, &event)?;
    letters::enrolled(tx, user)?;
    Ok(Enrolled { version, recovery_codes })
}

fn prove(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, standing: Standing, sent: &Confirmation) -> Result<(), EnrolRefusal> {
    match standing.proof {
        Proof::Nothing => Ok(()),
        Proof::OldCode if sent.old_code.trim().is_empty() => Err(EnrolRefusal::OldCode(CodeRefusal::Missing)),
        Proof::OldCode => Ok(check::take(tx, vault, user, &sent.old_code)?),
        Proof::OneTimeCode => {
            let now = tx.now();
            let asked = store::enrolment_code(tx, user, now)?;
            // Compared outside, where it cannot hold up the database; it must be the same code still.
            match (asked, &sent.one_time_code) {
                (Some(asked), Some(fitted)) if asked.0 == fitted.0 => Ok(()),
                (_, None) => Err(EnrolRefusal::OneTimeCode(CodeRefusal::Missing)),
                _ => Err(EnrolRefusal::OneTimeCode(CodeRefusal::Wrong)),
            }
        }
        Proof::Request => Err(EnrolRefusal::RequestNeeded),
    }
}

/// The person does without a second factor from now on, where nothing requires one of them.
///
/// # Errors
/// [`EnrolRefusal`].
pub fn turn_off(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, code: &str) -> Result<(), EnrolRefusal> {
    let rule = institutions::security(tx)?.second_factor;
    if store::is_required(tx, user, rule)? {
        return Err(EnrolRefusal::Required);
    }
    if code.trim().is_empty() {
        return Err(EnrolRefusal::OldCode(CodeRefusal::Missing));
    }
    check::take(tx, vault, user, code)?;
    store::end(tx, user, State::Off)?;
    let event = Event::new(check::by(tx, user)?, What::SecondFactorTurnedOff, Subject::new("user", user));
    audit::record(tx, &event)?;
    letters::turned_off(tx, user)?;
    Ok(())
}
