//! Makes an empty database into an institution's.

use super::{Mode, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Failure, WriteTx};
use crate::ids::InstitutionId;

#[derive(Debug, thiserror::Error)]
pub enum AlreadyThere {
    #[error("the database belongs to an institution already")]
    AlreadyThere,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for AlreadyThere {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// [`AlreadyThere`].
pub fn create(tx: &mut WriteTx<'_>, by: &By, mode: Mode) -> Result<InstitutionId, AlreadyThere> {
    if store::institution(tx)?.is_some() {
        return Err(AlreadyThere::AlreadyThere);
    }
    let id = InstitutionId::new(tx.now());
    store::insert(tx, &id, mode)?;
    let event = Event::new(by.clone(), What::InstitutionAdded, Subject::new("institution", &id))
        .changing(serde_json::json!({ "mode": mode.as_str() }));
    audit::record(tx, &event)?;
    Ok(id)
}
