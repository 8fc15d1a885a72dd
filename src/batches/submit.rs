//! Submit: what the maker looked at goes to a checker, sealed.

use serde_json::json;

use super::sealing::seal_of;
use super::store::Submission;
use super::store::findings::unacknowledged;
use super::{Refusal, State, may_be_scheduled, store};
use crate::audit::{self, Event, What};
use crate::clock::Instant;
use crate::db::WriteTx;
use crate::funding;
use crate::ids::BatchId;
use crate::mail;
use crate::people::Actor;
use crate::privileges::{Action, Authorise};

/// Submits a draft for approval. `seal_shown`: the seal of what the maker looked at; the batch must still have it.
///
/// # Errors
/// [`Refusal`].
pub fn submit(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId, seal_shown: &str) -> Result<(), Refusal> {
    let batch = store::find(tx, id)?.ok_or(Refusal::NotFound)?;
    tx.authorise(&actor.id, Action::MakePayment, &batch.branch)?;
    tx.authorise(&actor.id, batch.payment_type.make(), &batch.branch)?;
    // A draft has no errors: settling a file with any makes it `needs_correction`.
    if batch.state != State::Draft {
        return Err(Refusal::NotNow(batch.state));
    }
    if batch.counts.total == 0 {
        return Err(Refusal::NoPayments);
    }
    may_be_scheduled(batch.pay_at, tx.now())?;
    let open = unacknowledged(tx, id)?;
    if !open.is_empty() {
        return Err(Refusal::Unacknowledged(open.into_iter().map(|of| of.kind).collect()));
    }
    let account = funding::find_account(tx, &batch.funding_account)?.ok_or(Refusal::Changed)?;
    let seal = seal_of(tx, &batch, account.fee_limit)?;
    if seal != seal_shown {
        return Err(Refusal::Changed);
    }
    store::submit(tx, id, &Submission { seal: &seal, fee_limit: account.fee_limit, by: &actor.id })?;
    store::add_maker(tx, id, &actor.id)?;
    let event = Event::of_batch(actor.by(), What::BatchSubmitted, id, &batch.branch).changing(json!({
        "payments": batch.counts.total, "sum": batch.counts.sum, "currency": batch.currency, "fee_limit": account.fee_limit, "seal": seal,
        "pay_at": batch.pay_at.map(Instant::micros),
    }));
    audit::record(tx, &event)?;
    mail::tell::waits(tx, &batch)?;
    Ok(())
}
