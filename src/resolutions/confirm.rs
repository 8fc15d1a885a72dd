//! Another person confirms how a payment ended: it is closed, and asked about from then on. "Not paid" lets the money go out again, so it
//! takes the code of their app, as an approval does.

use super::propose::{decide, event};
use super::{Refusal, State, store, who};
use crate::audit::{self, What};
use crate::db::WriteTx;
use crate::dispatch::{self, Ending, TransferState};
use crate::ids::ResolutionId;
use crate::people::Actor;
use crate::people::second_factor::{self, Vault};
use crate::privileges::{Action, Authorise, NotAllowed};

/// Confirms where no code is asked for.
///
/// # Errors
/// [`Refusal`]; nothing is closed then.
pub fn confirm(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId) -> Result<Ending, Refusal> {
    confirm_with_code(tx, actor, id, None)
}

/// Confirms; the code, where one is asked for, is used up in this very transaction.
///
/// # Errors
/// [`Refusal`]; nothing is closed then.
pub fn confirm_with_code(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId, code: Option<(&Vault, &str)>) -> Result<Ending, Refusal> {
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
    if proposal.ending == Ending::NotPaid {
        second_factor::step_up(tx, &actor.id, code)?;
    }
    decide(tx, actor, id, State::Confirmed, None)?;
    let closed = dispatch::close(tx, &proposal.row_id, proposal.n, proposal.ending)?;
    store::watch(tx, id, &closed)?;
    audit::record(tx, &event(actor, What::OutcomeConfirmed, &case, proposal.ending))?;
    Ok(proposal.ending)
}
