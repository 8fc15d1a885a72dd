//! The end of a person's second factor, and the one-time code without which nobody sets up their next one.

use std::fmt;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;

use super::recovery::{folded, random_code};
use super::{RequestState, State, letters, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::people::{self, PasswordHash};

/// How long a one-time code counts.
pub const CODE_IS_GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Characters of its two groups: short enough to be read out over a telephone. Guessing is counted and locked like wrong codes.
const GROUPS: [usize; 2] = [4, 4];

/// A code that an account manager tells a person: `4K7Q-M2X9`. Shown once; only a hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeCode(String);

impl fmt::Display for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl OneTimeCode {
    fn random() -> Self {
        Self(random_code(&GROUPS))
    }

    /// As it is hashed and compared.
    pub(in crate::people) fn folded(typed: &str) -> String {
        folded(typed)
    }

    /// A slow hash, because the code is short.
    fn hash(&self) -> db::Result<PasswordHash> {
        // Argon2 with its defaults hashes any text; should it not, nothing may be reset.
        let hash = Argon2::default().hash_password(folded(&self.0).as_bytes()).map_err(|_| db::Error::Conflict)?;
        Ok(PasswordHash(hash.to_string()))
    }
}

/// Ends secret, recovery codes and sessions; returns the code for the next one, and until when it counts.
pub(super) fn reset(tx: &mut WriteTx<'_>, user: &UserId) -> db::Result<(OneTimeCode, Instant)> {
    let (code, until) = (OneTimeCode::random(), tx.now().after(CODE_IS_GOOD_FOR));
    store::end(tx, user, State::Dead)?;
    store::end_sessions(tx, user)?;
    store::set_enrolment_code(tx, user, &code.hash()?, until)?;
    Ok((code, until))
}

/// A person was deactivated: nothing of their second factor is left, and should they come back, they ask for a new one.
///
/// # Errors
/// The database's.
pub fn end(tx: &mut WriteTx<'_>, by: &By, user: &UserId) -> db::Result<()> {
    if let Some((request, _)) = store::open_request(tx, user)? {
        let by = by.id.as_ref().map_or(by.name.as_str(), UserId::as_str);
        store::decide_request(tx, &request, RequestState::Withdrawn, by, None)?;
    }
    store::end(tx, user, State::Dead)?;
    store::forget_enrolment_code(tx, user)
}

#[derive(Debug, thiserror::Error)]
pub enum OperatorRefusal {
    #[error("there is no active person with the user name «{0}»")]
    NoSuchPerson(String),
    #[error("{0} has no second factor that could be reset")]
    NothingToReset(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for OperatorRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// What an account manager does for others, done by the operator: for the only account manager, and for both at once.
///
/// # Errors
/// [`OperatorRefusal`].
pub fn reset_by_operator(tx: &mut WriteTx<'_>, by: &By, user_name: &str) -> Result<(OneTimeCode, Instant), OperatorRefusal> {
    let person = people::find_by_name(tx, &people::fold_user_name(user_name))?.filter(|person| person.is_active);
    let person = person.ok_or_else(|| OperatorRefusal::NoSuchPerson(user_name.to_owned()))?;
    if store::factor(tx, &person.id)?.is_none_or(|factor| factor.state == State::Off) {
        return Err(OperatorRefusal::NothingToReset(person.full_name));
    }
    if let Some((request, _)) = store::open_request(tx, &person.id)? {
        store::decide_request(tx, &request, RequestState::Allowed, &by.name, None)?;
    }
    let made = reset(tx, &person.id)?;
    let mut event = Event::new(by.clone(), What::SecondFactorReset, Subject::new("user", &person.id));
    event.branch = Some(person.branch.clone());
    audit::record(tx, &event)?;
    letters::was_reset(tx, &person, &by.name)?;
    Ok(made)
}
