//! Delete: a batch that nobody approved yet goes out of every list. Its rows stay for the record; nothing can pay them.

use serde_json::json;

use super::{Refusal, State, store};
use crate::audit::{self, Event, What};
use crate::db::WriteTx;
use crate::ids::BatchId;
use crate::people::Actor;
use crate::privileges::{Action, Authorise};

/// # Errors
/// [`Refusal`].
pub fn delete(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId) -> Result<(), Refusal> {
    let batch = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    tx.authorise(&actor.id, Action::DeletePayment, &batch.branch)?;
    if !can_be_deleted(batch.state) {
        return Err(Refusal::NotNow(batch.state));
    }
    store::swap_state(tx, id, batch.state, State::Deleted)?;
    let event = Event::of_batch(actor.by(), What::BatchDeleted, id, &batch.branch).changing(json!({
        "from": batch.state, "payments": batch.counts.total, "sum": batch.counts.sum, "currency": batch.currency,
    }));
    audit::record(tx, &event)?;
    Ok(())
}

/// Before a decision, and not while its file is being read.
pub fn can_be_deleted(state: State) -> bool {
    state.is_undecided() && state != State::Checking
}
