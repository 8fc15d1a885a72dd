//! A person who lost their phone asks for a new QR code.

use std::time::Duration;

use super::{NewRequest, RequestRefusal, State, check, letters, store};
use crate::audit::{self, Event, Subject, What};
use crate::db::WriteTx;
use crate::ids::QrRequestId;
use crate::people;

/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 500;
/// Requests of one person within [`TOO_OFTEN`].
const REQUESTS_MAX: i64 = 5;
const TOO_OFTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Asks the account managers, who are told by mail. Who waits already asks nothing new.
///
/// # Errors
/// [`RequestRefusal`].
pub fn ask(tx: &mut WriteTx<'_>, new: &NewRequest) -> Result<QrRequestId, RequestRefusal> {
    let now = tx.now();
    let has_something = store::factor(tx, &new.user)?.is_some_and(|factor| factor.state != State::Off);
    let person = people::find(tx, &new.user)?.filter(|person| person.is_active && has_something);
    let person = person.ok_or(RequestRefusal::NothingToReplace)?;
    if let Some((waiting, _)) = store::open_request(tx, &new.user)? {
        return Ok(waiting);
    }
    let reason = new.reason.trim();
    if reason.is_empty() {
        return Err(RequestRefusal::ReasonMissing);
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(RequestRefusal::ReasonTooLong);
    }
    if store::asked_since(tx, &new.user, now.before(TOO_OFTEN))? >= REQUESTS_MAX {
        return Err(RequestRefusal::TooOften);
    }
    let id = store::insert_request(tx, &NewRequest { reason: reason.to_owned(), ..new.clone() })?;
    let mut event = Event::new(check::by(tx, &new.user)?, What::QrCodeAsked, Subject::new("user", &new.user)).because(reason);
    event.branch = Some(person.branch.clone());
    audit::record(tx, &event)?;
    letters::asked(tx, &person, &id)?;
    Ok(id)
}
