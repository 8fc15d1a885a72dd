//! An account manager allows a new QR code; where the person could let money out, a second one confirms it.

use super::reset::{self, OneTimeCode};
use super::{RequestRefusal, RequestState, letters, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::confirmations::{self, Change};
use crate::db::{self, WriteTx};
use crate::ids::{QrRequestId, UserId};
use crate::people::{self, Actor, User};
use crate::privileges::{self, Authorise};

/// What came of allowing it.
#[derive(Debug, Clone)]
pub enum Allowed {
    /// The old one is dead. The code is shown once, and told to the person.
    Now { code: OneTimeCode, until: Instant },
    /// It is so when another account manager has confirmed it.
    WhenConfirmed,
}

/// `is_recognised`: the account manager says that they spoke to the person and know that it is them.
///
/// # Errors
/// [`RequestRefusal`].
pub fn allow(tx: &mut WriteTx<'_>, actor: &Actor, id: &QrRequestId, is_recognised: bool) -> Result<Allowed, RequestRefusal> {
    tx.administer(&actor.id)?;
    let person = waiting(tx, id, &actor.by())?;
    if !is_recognised {
        return Err(RequestRefusal::NotRecognised);
    }
    let now = tx.now();
    if privileges::holds_sensitive(tx, &person.id, now)? && confirmations::is_needed(tx, &actor.by())? {
        store::propose(tx, id, Some(actor.id.as_str()))?;
        confirmations::ask(tx, &actor.by(), Some(&person.id), &Change::SecondFactor { request: id.clone() })?;
        return Ok(Allowed::WhenConfirmed);
    }
    let (code, until) = carry_out(tx, &person, id, &actor.by(), None)?;
    Ok(Allowed::Now { code, until })
}

/// What `by` allowed is so, because `confirmer` confirmed it; returns the code to show to the confirmer, once, and until when it counts.
///
/// # Errors
/// [`RequestRefusal`].
pub fn allow_confirmed(
    tx: &mut WriteTx<'_>,
    by: &UserId,
    confirmer: &By,
    id: &QrRequestId,
) -> Result<(OneTimeCode, Instant), RequestRefusal> {
    let person = waiting(tx, id, confirmer)?;
    if person.id == *by {
        return Err(RequestRefusal::OwnRequest);
    }
    carry_out(tx, &person, id, confirmer, Some(by))
}

/// The other account manager did not confirm: the request waits for a decision again.
///
/// # Errors
/// The database's.
pub fn confirmation_refused(tx: &mut WriteTx<'_>, id: &QrRequestId) -> db::Result<()> {
    match store::request(tx, id)? {
        Some(request) if request.state == RequestState::Waiting => store::propose(tx, id, None),
        _ => Ok(()),
    }
}

/// Whose waiting request it is, when `by` may decide on it.
pub(super) fn waiting(tx: &mut WriteTx<'_>, id: &QrRequestId, by: &By) -> Result<User, RequestRefusal> {
    let request = store::request(tx, id)?.ok_or(RequestRefusal::NoSuchRequest)?;
    if by.id.as_ref() == Some(&request.user) {
        return Err(RequestRefusal::OwnRequest);
    }
    if request.state != RequestState::Waiting {
        return Err(RequestRefusal::Decided(request.state));
    }
    let person = people::find(tx, &request.user)?.filter(|person| person.is_active);
    person.ok_or(RequestRefusal::NoSuchRequest)
}

fn carry_out(
    tx: &mut WriteTx<'_>,
    person: &User,
    id: &QrRequestId,
    by: &By,
    proposed_by: Option<&UserId>,
) -> Result<(OneTimeCode, Instant), RequestRefusal> {
    store::decide_request(tx, id, RequestState::Allowed, by.id.as_ref().map_or(by.name.as_str(), UserId::as_str), None)?;
    let made = reset::reset(tx, &person.id)?;
    let mut event = Event::new(by.clone(), What::QrCodeAllowed, Subject::new("user", &person.id))
        .changing(serde_json::json!({ "request": id, "proposed_by": proposed_by }));
    event.branch = Some(person.branch.clone());
    audit::record(tx, &event)?;
    letters::was_reset(tx, person, &by.name)?;
    Ok(made)
}
