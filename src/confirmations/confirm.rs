//! Confirms what another account manager asked for: it is so from now on.

use super::apply::{CannotApply, apply};
use super::event::event_of;
use super::{Refusal, State, refuse, store, tell, who};
use crate::audit::{self, By, What};
use crate::clock::Instant;
use crate::db::WriteTx;
use crate::ids::ConfirmationId;
use crate::people::second_factor::OneTimeCode;
use crate::words::Said;

/// What came of it.
#[derive(Debug, Clone)]
pub enum Confirmed {
    /// It is so now. `code`: the one-time code for a new second factor and until when it counts, to be shown once and never again.
    Done { code: Option<(OneTimeCode, Instant)> },
    /// It could not be done any more, so it is refused for this reason.
    Overtaken(Said),
}

/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn confirm(tx: &mut WriteTx<'_>, by: &By, id: &ConfirmationId) -> Result<Confirmed, Refusal> {
    let asked = who::decidable(tx, by, id)?;
    // It is decided before it is done: deactivating somebody withdraws what waits about them.
    let done = tx.attempt(|tx| {
        store::decide(tx, &asked, State::Confirmed, by, None)?;
        apply(tx, by, &asked)
    });
    match done {
        Ok(code) => {
            let event = event_of(tx, by, What::Confirmed, &asked)?;
            audit::record(tx, &event)?;
            tell::confirmed(tx, by, &asked)?;
            Ok(Confirmed::Done { code })
        }
        Err(CannotApply::Overtaken(why)) => {
            let reason = why.english();
            refuse::end(tx, &asked, State::Refused, by, Some(&reason))?;
            let event = event_of(tx, by, What::ConfirmationRefused, &asked)?.because(&reason);
            audit::record(tx, &event)?;
            tell::refused(tx, by, &asked, &reason)?;
            Ok(Confirmed::Overtaken(why))
        }
        Err(CannotApply::Db(error)) => Err(error.into()),
    }
}
