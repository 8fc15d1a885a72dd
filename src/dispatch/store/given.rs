//! Many rows as one parameter: `$1` is a JSON array, which each engine reads as a table.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Text, Untyped};

use crate::db::Conn;

/// A statement over many rows. Its text is the same at every call, so that each connection prepares it once: diesel would prepare an
/// `sql_query` anew every time.
pub(in crate::dispatch) struct Statement {
    sql: String,
    rows: String,
}

/// `rows`: the JSON array that `$1` stands for. Nothing in `sql` may differ from call to call.
pub(in crate::dispatch) const fn statement(sql: String, rows: String) -> Statement {
    Statement { sql, rows }
}

impl QueryFragment<<Conn as Connection>::Backend> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, <Conn as Connection>::Backend>) -> QueryResult<()> {
        out.push_sql(&self.sql);
        out.push_bind_param_value_only::<Text, _>(&self.rows)
    }
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Statement {}

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
