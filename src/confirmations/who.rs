//! Who may decide on a confirmation: an active account manager who neither asked for it nor is the one it is about; the operator
//! where there is no such person.

use super::{Confirmation, Refusal, State, store};
use crate::audit::{ActorKind, By};
use crate::db::WriteTx;
use crate::ids::ConfirmationId;
use crate::privileges::{Authorise, NotAllowed};

/// The confirmation, where it waits and `by` may decide on it now.
pub(super) fn decidable(tx: &mut WriteTx<'_>, by: &By, id: &ConfirmationId) -> Result<Confirmation, Refusal> {
    if by.kind == ActorKind::User {
        administers(tx, by)?;
    }
    let asked = waiting(tx, id)?;
    match (by.kind, &by.id) {
        (ActorKind::User, Some(user)) if *user == asked.asked_by => Err(Refusal::OwnRequest),
        (ActorKind::User, user) if *user == asked.user => Err(Refusal::AboutYourself),
        (ActorKind::User, Some(_)) => Ok(asked),
        (ActorKind::Operator, _) => {
            let others = store::deciders(tx, &asked.asked_by, asked.user.as_ref())?;
            if others.is_empty() { Ok(asked) } else { Err(Refusal::OthersCan(others.into_iter().map(|other| other.name).collect())) }
        }
        _ => Err(Refusal::NotAccountManager),
    }
}

/// The confirmation, where it waits still.
pub(super) fn waiting(tx: &mut WriteTx<'_>, id: &ConfirmationId) -> Result<Confirmation, Refusal> {
    let asked = store::find(tx, id)?.ok_or(Refusal::NoSuchConfirmation)?;
    match (asked.state, &asked.decided) {
        (State::Waiting, _) => Ok(asked),
        (state, Some(decided)) => Err(Refusal::AlreadyDecided(state, decided.clone())),
        (_, None) => Err(Refusal::NoSuchConfirmation),
    }
}

pub(super) fn administers(tx: &mut WriteTx<'_>, by: &By) -> Result<(), Refusal> {
    let user = by.id.as_ref().ok_or(Refusal::NotAccountManager)?;
    match tx.administer(user) {
        Ok(_) => Ok(()),
        Err(NotAllowed::Db(error)) => Err(error.into()),
        Err(_) => Err(Refusal::NotAccountManager),
    }
}
