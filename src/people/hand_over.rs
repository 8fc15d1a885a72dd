//! A draft of one who leaves goes to another maker of its branch, or is deleted.

use serde_json::json;

use super::User;
use super::deactivation::TheirBatch;
use crate::audit::{self, By, Event, What};
use crate::batches::{self, State};
use crate::db::{self, WriteTx};
use crate::ids::UserId;
use crate::privileges::{Action, Authorise, NotAllowed};

#[derive(Debug, thiserror::Error)]
pub(super) enum CannotHandOver {
    #[error("the person may not make it")]
    NotAMaker,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<NotAllowed> for CannotHandOver {
    fn from(refusal: NotAllowed) -> Self {
        match refusal {
            NotAllowed::Db(error) => Self::Db(error),
            _ => Self::NotAMaker,
        }
    }
}

/// The heir becomes a maker of the draft: they may go on with it, and will never decide on it.
pub(super) fn hand_over(tx: &mut WriteTx<'_>, by: &By, from: &User, draft: &TheirBatch, heir: &UserId) -> Result<(), CannotHandOver> {
    tx.authorise(heir, Action::MakePayment, &draft.branch)?;
    tx.authorise(heir, draft.payment_type.make(), &draft.branch)?;
    let to = super::find(tx, heir)?.ok_or(CannotHandOver::NotAMaker)?;
    batches::add_maker(tx, &draft.id, heir)?;
    let event = Event::of_batch(by.clone(), What::BatchHandedOver, &draft.id, &draft.branch)
        .changing(json!({ "from": from.full_name, "to": to.full_name }));
    Ok(audit::record(tx, &event)?)
}

/// The draft goes out of every list. Its rows stay for the record; nothing can pay them.
pub(super) fn delete_left(tx: &mut WriteTx<'_>, by: &By, from: &User, draft: &TheirBatch) -> db::Result<()> {
    batches::swap_state(tx, &draft.id, draft.state, State::Deleted)?;
    let event = Event::of_batch(by.clone(), What::BatchDeleted, &draft.id, &draft.branch).changing(json!({
        "from": draft.state, "of": from.full_name, "payments": draft.total, "sum": draft.sum, "currency": draft.currency,
    }));
    audit::record(tx, &event)
}
