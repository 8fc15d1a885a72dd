//! Who may say something about a payment: whoever may resolve payments in its batch's branch and sees payments of its type there.

use super::{Case, Refusal, store};
use crate::batches;
use crate::db::WriteTx;
use crate::ids::{ResolutionId, RowId};
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

/// The payment, for one who may resolve it.
pub(super) fn resolvable(tx: &mut WriteTx<'_>, actor: &Actor, row: &RowId) -> Result<Case, Refusal> {
    let case = store::case(tx, row)?.ok_or(Refusal::NotHere)?;
    match tx.authorise(&actor.id, case.payment_type.view(), &case.branch) {
        Err(NotAllowed::NoGrant(_)) => return Err(Refusal::NotHere),
        seen => seen?,
    };
    tx.authorise(&actor.id, Action::ResolvePayment, &case.branch)?;
    Ok(case)
}

/// Nobody says how a payment ended that they made a part of.
pub(super) fn no_maker(tx: &mut WriteTx<'_>, actor: &Actor, case: &Case) -> Result<(), Refusal> {
    if batches::is_maker(tx, &case.batch, &actor.id)? { Err(Refusal::Maker) } else { Ok(()) }
}

/// A proposal that waits, with its payment.
pub(super) fn waiting(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId) -> Result<(store::Resolution, Case), Refusal> {
    let proposal = store::find(tx, id)?.ok_or(Refusal::NotHere)?;
    let case = resolvable(tx, actor, &proposal.row_id)?;
    if proposal.state != super::State::Proposed {
        return Err(Refusal::AlreadyDecided { state: proposal.state, by: proposal.decided_by, at: proposal.decided_at });
    }
    Ok((proposal, case))
}
