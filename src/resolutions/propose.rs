//! One person says how a payment ended.

use super::refusal::checked;
use super::{Case, EVIDENCE_CHARS_MAX, NOTE_CHARS_MAX, Refusal, State, store, tell, who};
use crate::audit::{self, Event, What};
use crate::db::WriteTx;
use crate::dispatch::{self, Ending, TransferState};
use crate::ids::{ResolutionId, RowId};
use crate::people::Actor;

/// What one person says, and how they know.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub row: RowId,
    pub ending: Ending,
    pub note: String,
    /// Who confirmed it, when, under which reference: what the other person can check.
    pub evidence: String,
}

/// # Errors
/// [`Refusal`].
pub fn propose(tx: &mut WriteTx<'_>, actor: &Actor, proposal: &Proposal) -> Result<ResolutionId, Refusal> {
    let case = who::resolvable(tx, actor, &proposal.row)?;
    who::no_maker(tx, actor, &case)?;
    if case.state != TransferState::NeedsAttention {
        return Err(Refusal::WrongState(case.state));
    }
    if store::is_any_open(tx, &proposal.row)? {
        return Err(Refusal::AlreadyProposed);
    }
    let note = checked(&proposal.note, NOTE_CHARS_MAX, Refusal::NoteMissing, Refusal::NoteTooLong)?;
    let evidence = checked(&proposal.evidence, EVIDENCE_CHARS_MAX, Refusal::EvidenceMissing, Refusal::EvidenceTooLong)?;
    let (transfer, n) = dispatch::id_in_use(tx, &proposal.row)?.ok_or(Refusal::NotHere)?;
    let new = store::New {
        row: &proposal.row,
        batch: &case.batch,
        transfer: &transfer,
        n,
        ending: proposal.ending,
        note: &note,
        evidence: &evidence,
    };
    let id = store::insert(tx, &new, &actor.id)?;
    audit::record(tx, &event(actor, What::OutcomeProposed, &case, proposal.ending).because(note))?;
    tell::proposed(tx, actor, &id, &case, proposal.ending)?;
    Ok(id)
}

/// An event of the batch that names the payment by its line alone.
pub(super) fn event(actor: &Actor, what: What, case: &Case, ending: Ending) -> Event {
    let changes =
        serde_json::json!({ "line": case.line, "outcome": ending.as_str(), "sum": case.amount.units(), "currency": case.currency.code() });
    Event::of_batch(actor.by(), what, &case.batch, &case.branch).changing(changes)
}

/// It does not wait any more, by this person.
pub(super) fn decide(tx: &mut WriteTx<'_>, actor: &Actor, id: &ResolutionId, to: State, because: Option<&str>) -> Result<(), Refusal> {
    Ok(store::decide(tx, id, to, &actor.id, because)?)
}
