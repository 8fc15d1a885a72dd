//! The operator suspends an institution: its pages answer so, and nothing new of it is paid. What was recorded is still settled.

use super::store;
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Conn, Failure, WriteTx};

#[derive(Debug, thiserror::Error)]
pub enum NotSuspended {
    #[error("there is no institution in the database")]
    NoInstitution,
    #[error("it is suspended already")]
    Already,
    #[error("it is not suspended")]
    NotSuspended,
    #[error("say why, with --because")]
    NoReason,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for NotSuspended {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// The database's.
pub fn is_suspended(conn: &mut Conn) -> db::Result<bool> {
    store::is_suspended(conn)
}

/// # Errors
/// [`NotSuspended`].
pub fn suspend(tx: &mut WriteTx<'_>, by: &By, because: &str) -> Result<(), NotSuspended> {
    let because = because.trim();
    if because.is_empty() {
        return Err(NotSuspended::NoReason);
    }
    let (id, _) = store::institution(tx)?.ok_or(NotSuspended::NoInstitution)?;
    if is_suspended(tx)? {
        return Err(NotSuspended::Already);
    }
    let now = tx.now();
    store::set_suspended(tx, Some(now), Some(because))?;
    let event = Event::new(by.clone(), What::InstitutionSuspended, Subject::new("institution", id)).because(because);
    Ok(audit::record(tx, &event)?)
}

/// # Errors
/// [`NotSuspended`].
pub fn resume(tx: &mut WriteTx<'_>, by: &By) -> Result<(), NotSuspended> {
    let (id, _) = store::institution(tx)?.ok_or(NotSuspended::NoInstitution)?;
    if !is_suspended(tx)? {
        return Err(NotSuspended::NotSuspended);
    }
    store::set_suspended(tx, None, None)?;
    Ok(audit::record(tx, &Event::new(by.clone(), What::InstitutionResumed, Subject::new("institution", id)))?)
}
