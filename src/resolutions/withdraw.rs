//! Takes back what one proposed.

use super::propose::{decide, event};
use super::{Refusal, State, who};
use crate::audit::{self, What};
use crate::db::WriteTx;
use crate::ids::ResolutionId;
use crate::people::Actor;

/// # Errors
/// [`Refusal`].
pub fn withdraw(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId) -> Result<(), Refusal> {
    let (proposal, case) = who::waiting(tx, actor, id)?;
    if proposal.proposed_by_id != actor.id {
        return Err(Refusal::NotTheProposer);
    }
    decide(tx, actor, id, State::Withdrawn, None)?;
    audit::record(tx, &event(actor, What::OutcomeWithdrawn, &case, proposal.ending))?;
    Ok(())
}
