//! Confirmations as lists show them.

use super::{Confirmation, State, store};
use crate::db::{Conn, Result};
use crate::ids::{ConfirmationId, UserId};
use crate::search::{Part, Slice};

/// Those that wait, and those decided, that one list shows at most.
pub const LISTED_MAX: i64 = 200;

/// A confirmation and the names it is read with.
#[derive(Debug, Clone)]
pub struct Listed {
    pub confirmation: Confirmation,
    /// Whom it is about: full name and user name.
    pub person: Option<(String, String)>,
    pub asker: String,
}

impl Listed {
    /// Whether the account manager may decide on it.
    pub fn is_for(&self, user: &UserId) -> bool {
        self.confirmation.state == State::Waiting && self.confirmation.asked_by != *user && self.confirmation.user.as_ref() != Some(user)
    }

    pub(super) fn new(row: store::Row) -> Result<Self> {
        let person = row.person.clone().zip(row.user_name.clone());
        let asker = row.asker.clone();
        Ok(Self { confirmation: row.confirmation()?, person, asker })
    }
}

/// How many the account manager may decide on, counted no further than `most`.
///
/// # Errors
/// The database's.
pub fn waiting_for(conn: &mut Conn, user: &UserId, most: i64) -> Result<i64> {
    store::count_for(conn, user, most)
}

/// All that wait, oldest first, at most [`LISTED_MAX`].
///
/// # Errors
/// The database's.
pub fn waiting(conn: &mut Conn) -> Result<Vec<Listed>> {
    store::waiting(conn, LISTED_MAX)?.into_iter().map(Listed::new).collect()
}

/// Those that do not wait any more, the newest decision first.
///
/// # Errors
/// The database's.
pub fn decided(conn: &mut Conn, slice: Slice) -> Result<Part<Listed>> {
    let part = store::decided(conn, slice)?;
    Ok(Part { rows: part.rows.into_iter().map(Listed::new).collect::<Result<_>>()?, counted: part.counted })
}

/// One with the names it is read with.
///
/// # Errors
/// The database's.
pub fn listed(conn: &mut Conn, id: &ConfirmationId) -> Result<Option<Listed>> {
    store::row(conn, id)?.map(Listed::new).transpose()
}

/// Who may decide on it, by name; nobody where only the operator is left.
///
/// # Errors
/// The database's.
pub fn deciders_of(conn: &mut Conn, asked: &Confirmation) -> Result<Vec<String>> {
    Ok(store::deciders(conn, &asked.asked_by, asked.user.as_ref())?.into_iter().map(|decider| decider.name).collect())
}
