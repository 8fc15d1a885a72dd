//! Where a person is signed in, and ending it: by themselves, or by an account manager.

use super::{User, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{SessionId, UserId};
use crate::institutions::SessionLimits;

/// So many sessions of a person are listed.
const LISTED_MAX: i64 = 100;

/// A session of a person that is open.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    /// Not so in the middle of signing in.
    pub is_signed_in: bool,
    /// As the browser named itself; [`super::Browser`] reads it.
    pub browser: String,
    pub address: String,
    pub begun_at: Instant,
    pub seen_at: Instant,
}

/// Which sessions are still alive: seen and begun not longer ago than this.
#[derive(Debug, Clone, Copy)]
pub struct Lives {
    pub seen_since: Instant,
    pub begun_since: Instant,
}

impl Lives {
    pub fn at(now: Instant, limits: &SessionLimits) -> Self {
        Self { seen_since: now.before(limits.idle()), begun_since: now.before(limits.absolute()) }
    }
}

/// The person's open sessions, the last seen first.
///
/// # Errors
/// The database's.
pub fn sessions_of(conn: &mut Conn, user: &UserId, lives: Lives) -> Result<Vec<Session>> {
    store::sessions_of(conn, user, lives, LISTED_MAX)
}

/// Which sessions to end.
#[derive(Debug, Clone)]
pub enum Ending {
    One(SessionId),
    /// All, but the one it is done from.
    Others(Option<SessionId>),
}

/// Ends sessions of the person; each is dead at its next request. Returns how many were open. Whose right it is, is the caller's question.
///
/// # Errors
/// The database's.
pub fn end_sessions(tx: &mut WriteTx<'_>, by: &By, user: &User, ending: &Ending) -> Result<usize> {
    let ended = match ending {
        Ending::One(session) => usize::from(store::end_session(tx, &user.id, session)?),
        Ending::Others(kept) => store::end_sessions(tx, &user.id, kept.as_ref())?,
    };
    if ended > 0 {
        let mut event = Event::new(by.clone(), What::SessionEnded, Subject::new("user", &user.id));
        event.branch = Some(user.branch.clone());
        audit::record(tx, &event.changing(serde_json::json!({ "sessions": ended })))?;
    }
    Ok(ended)
}

/// Ends everything with which the person could come in without their password: sessions, invitations, resets and codes.
/// For one who leaves; the caller records why.
///
/// # Errors
/// The database's.
pub fn end_access(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    store::end_links(tx, Some(user))?;
    store::end_sessions(tx, user, None)?;
    Ok(())
}
