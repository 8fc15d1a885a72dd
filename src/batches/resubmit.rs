//! Correct and submit again: a rejected batch stays as it is, and its file becomes a new draft that is linked to it.

use super::create::{CreateRefusal, NewBatch, create};
use super::file::Summary;
use super::{Batch, Choices, State, schedule_new, store};
use crate::db::{self, Failure, WriteTx};
use crate::ids::BatchId;
use crate::people::Actor;

#[derive(Debug, thiserror::Error)]
pub enum ResubmitRefusal {
    #[error("there is no such batch")]
    NotFound,
    #[error("only a rejected batch is corrected so, not one that is {}", .0.as_str())]
    NotNow(State),
    /// Somebody did so before: this is what came of it.
    #[error("there is a corrected batch already")]
    AlreadyThere(BatchId),
    #[error(transparent)]
    Create(#[from] CreateRefusal),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for ResubmitRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) => Some(error),
            Self::Create(refusal) => refusal.database(),
            _ => None,
        }
    }
}

/// What the maker of a batch chose, for another one like it.
pub fn choices_of(batch: &Batch) -> Choices {
    Choices {
        branch: batch.branch.clone(),
        payment_type: batch.payment_type,
        channel: batch.channel,
        funding_account: batch.funding_account.clone(),
        to_fsp: batch.to_fsp.clone(),
    }
}

/// What a new batch is made of.
pub struct Again<'a> {
    pub id: &'a BatchId,
    pub file_name: &'a str,
    /// What the history says of why the same content is there once more.
    pub reason: &'a str,
    /// The rejected batch's file, read once more.
    pub read: &'a Summary,
}

/// Makes the new batch, in `checking`: its reader fills it from the same file. Whoever made a part of the rejected one made a part of
/// this one too, so none of them decides on it. Its client reference stays with the rejected batch.
///
/// # Errors
/// [`ResubmitRefusal`].
pub fn resubmit(tx: &mut WriteTx<'_>, actor: &Actor, rejected: &BatchId, again: &Again<'_>) -> Result<(), ResubmitRefusal> {
    let batch = store::find(tx, rejected)?.ok_or(ResubmitRefusal::NotFound)?;
    if batch.state != State::Rejected {
        return Err(ResubmitRefusal::NotNow(batch.state));
    }
    if let Some(there) = store::correction_of(tx, rejected)? {
        return Err(ResubmitRefusal::AlreadyThere(there));
    }
    let new = NewBatch {
        choices: choices_of(&batch),
        client_reference: None,
        file_name: again.file_name.to_owned(),
        again: Some(again.reason.to_owned()),
    };
    create(tx, actor, again.id, &new, again.read)?;
    // Its day too, where that is still to come.
    let now = tx.now();
    schedule_new(tx, again.id, batch.pay_at.filter(|day| *day > now))?;
    store::link_correction(tx, again.id, rejected)?;
    Ok(())
}
