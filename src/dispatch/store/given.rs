//! Many rows as one parameter: `$1` is a JSON array, which each engine reads as a table.

use crate::db::Conn;

/// A column's type, as both engines understand it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum Kind {
    Text,
    Integer,
    Bigint,
    Boolean,
}

impl Kind {
    const fn postgres(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Boolean => "boolean",
        }
    }
}

/// The rows of `$1` as the table `given` with these columns: for the FROM of a statement.
pub(in crate::dispatch) fn given(conn: &Conn, columns: &[(&str, Kind)]) -> String {
    match conn {
        Conn::Pg(_) => {
            let columns: Vec<_> = columns.iter().map(|(name, kind)| format!("{name} {}", kind.postgres())).collect();
            format!("json_to_recordset(CAST($1 AS json)) AS given({})", columns.join(", "))
        }
        Conn::Sqlite(_) => {
            let columns: Vec<_> = columns.iter().map(|(name, _)| format!("json_extract(value, '$.{name}') AS {name}")).collect();
            format!("(SELECT {} FROM json_each($1)) AS given", columns.join(", "))
        }
    }
}
