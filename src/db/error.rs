//! What can go wrong with a database, as questions one can ask of it.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("database: {0}")]
    Diesel(#[from] Diesel),
    /// A compare-and-swap found another state than the one it started from.
    #[error("someone else changed it first")]
    Conflict,
    /// No connection within the limit, or the server cannot be reached.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The connection broke while COMMIT was on its way: look before doing anything again.
    #[error("the connection broke at commit: the outcome is not known")]
    OutcomeUnknown,
}

/// An error of a verb or a page: it can be made from a database error, and tells whether it is one,
/// so that a write may be tried again where the database asks for it.
pub trait Failure: From<Error> + Send + 'static {
    fn database(&self) -> Option<&Error>;
}

impl Failure for Error {
    fn database(&self) -> Option<&Error> {
        Some(self)
    }
}

impl Error {
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Diesel(Diesel::NotFound))
    }

    /// Whether a unique rule over exactly these columns refused the row.
    /// SQLite names the columns in its message, PostgreSQL in the error's detail.
    pub fn is_unique(&self, table: &str, columns: &[&str]) -> bool {
        let Self::Diesel(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) = self else { return false };
        let sqlite = columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ");
        if info.message() == format!("UNIQUE constraint failed: {sqlite}") {
            return true;
        }
        // The word before it is in the server's language.
        let postgres = format!("({})=(", columns.join(", "));
        info.table_name() == Some(table) && info.details().is_some_and(|details| details.contains(&postgres))
    }

    /// PostgreSQL's 40001 and 40P01: the transaction may be run again from its start. Nothing else may.
    pub(super) fn asks_for_another_try(&self) -> bool {
        match self {
            Self::Diesel(Diesel::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Diesel(Diesel::DatabaseError(DatabaseErrorKind::Unknown, info)) => info.message().contains("deadlock detected"),
            _ => false,
        }
    }

    pub(super) fn is_lost_connection(&self) -> bool {
        matches!(self, Self::Diesel(Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)))
    }
}
