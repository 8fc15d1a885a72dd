//! Another person does not confirm how a payment is said to have ended.

use super::propose::{decide, event};
use super::refusal::checked;
use super::{NOTE_CHARS_MAX, Refusal, State, tell, who};
use crate::audit::{self, What};
use crate::db::WriteTx;
use crate::ids::ResolutionId;
use crate::people::Actor;

/// # Errors
/// [`Refusal`].
pub fn refuse(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId, reason: &str) -> Result<(), Refusal> {
    let (proposal, case) = who::waiting(tx, actor, id)?;
    if proposal.proposed_by_id == actor.id {
        return Err(Refusal::OwnProposal);
    }
    who::no_maker(tx, actor, &case)?;
    let reason = checked(reason, NOTE_CHARS_MAX, Refusal::NoteMissing, Refusal::NoteTooLong)?;
    decide(tx, actor, id, State::Refused, Some(&reason))?;
    tell::refused(tx, actor, &proposal, &reason)?;
    audit::record(tx, &event(actor, What::OutcomeRefused, &case, proposal.ending).because(reason))?;
    Ok(())
}
