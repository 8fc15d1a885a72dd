//! Another person confirms how a payment ended: it is closed, and asked about from then on.

use super::propose::{decide, event};
use super::{Refusal, State, store, who};
use crate::audit::{self, What};
use crate::db::WriteTx;
use crate::dispatch::{self, Ending, TransferState};
use crate::ids::ResolutionId;
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

/// # Errors
/// [`Refusal`]; nothing is closed then.
pub fn confirm(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId) -> Result<Ending, Refusal> {
    let (proposal, case) = who::waiting(tx, actor, id)?;
    if proposal.proposed_by_id == actor.id {
        return Err(Refusal::OwnProposal);
    }
    who::no_maker(tx, actor, &case)?;
    // Two people's words: the first one's must still count.
    match tx.authorise(&proposal.proposed_by_id, Action::ResolvePayment, &case.branch) {
        Err(NotAllowed::NoGrant(_)) => return Err(Refusal::ProposerGone),
        stands => stands?,
    };
    if case.state != TransferState::NeedsAttention {
        return Err(Refusal::WrongState(case.state));
    }
    decide(tx, actor, id, State::Confirmed, None)?;
    let closed = dispatch::close(tx, &proposal.row_id, proposal.n, proposal.ending)?;
    store::watch(tx, id, &closed)?;
    audit::record(tx, &event(actor, What::OutcomeConfirmed, &case, proposal.ending))?;
    Ok(proposal.ending)
}
