//! Has the network asked about a payment at once.

use super::{Refusal, who};
use crate::audit::{self, Event, What};
use crate::db::WriteTx;
use crate::dispatch::{self, TransferState};
use crate::ids::RowId;
use crate::people::Actor;

/// # Errors
/// [`Refusal`].
pub fn ask_again(tx: &mut WriteTx<'_>, actor: &Actor, row: &RowId) -> Result<(), Refusal> {
    let case = who::resolvable(tx, actor, row)?;
    if !matches!(case.state, TransferState::InDoubt | TransferState::NeedsAttention) {
        return Err(Refusal::WrongState(case.state));
    }
    if !dispatch::ask_again(tx, row)? {
        return Err(Refusal::JustAsked);
    }
    let changes = serde_json::json!({ "line": case.line });
    audit::record(tx, &Event::of_batch(actor.by(), What::NetworkAskedAgain, &case.batch, &case.branch).changing(changes))?;
    Ok(())
}
