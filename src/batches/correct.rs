//! A corrected file takes the place of the one before: its rows, findings and acknowledgements go; the file itself stays listed.

use super::create::tidy_file_name;
use super::file::Summary;
use super::store::files::insert_file;
use super::store::findings::forget_acknowledgements;
use super::store::sighting::sight;
use super::{Batch, State, store};
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BatchId, FileId};
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

#[derive(Debug, thiserror::Error)]
pub enum CorrectRefusal {
    #[error("there is no such batch of this maker")]
    NotYours,
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// It is not a batch that waits for a correction, or was changed since.
    #[error("the batch cannot be corrected as it stands: {}", .0.as_str())]
    NotNow(State),
    /// Another batch has the same content.
    #[error("the same content was uploaded before")]
    SameContent(Box<Batch>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CorrectRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// Opens the batch for its new file: back in `checking`, for its reader to fill. `again`: the maker was told that the content was
/// here before.
///
/// # Errors
/// [`CorrectRefusal`].
pub fn correct(
    tx: &mut WriteTx<'_>,
    actor: &Actor,
    id: &BatchId,
    file: &FileId,
    file_name: &str,
    read: &Summary,
    again: bool,
) -> Result<(), CorrectRefusal> {
    let batch = store::find(tx, id)?.ok_or(CorrectRefusal::NotYours)?;
    if !store::is_maker(tx, id, &actor.id)? {
        return Err(CorrectRefusal::NotYours);
    }
    tx.authorise(&actor.id, Action::MakePayment, &batch.branch)?;
    tx.authorise(&actor.id, batch.payment_type.make(), &batch.branch)?;
    if !matches!(batch.state, State::NeedsCorrection | State::Draft) {
        return Err(CorrectRefusal::NotNow(batch.state));
    }
    if !again && let Some(first) = store::first_of_content(tx, &read.content_digest, Some(id))? {
        return Err(CorrectRefusal::SameContent(Box::new(first)));
    }
    store::swap_state(tx, id, batch.state, State::Checking)?;
    let same = batch.content_digest == read.content_digest && batch.content_seen > 0;
    if !same {
        let seen = sight(tx, &read.content_digest)?;
        store::set_content(tx, id, &read.content_digest, seen)?;
    }
    forget_acknowledgements(tx, id)?;
    insert_file(tx, file, id, &tidy_file_name(file_name), read, &actor.id)?;
    Ok(())
}
