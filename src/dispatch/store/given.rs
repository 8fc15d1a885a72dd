//! Many rows as one table in the FROM of a statement, each value bound: PostgreSQL takes every column as an array, SQLite takes VALUES.
//!
//! Measured: as one JSON parameter, which both engines can read as well, the same rows cost twice the time on SQLite, which reads the
//! text anew for every value, and several times on PostgreSQL, whose planner guesses wrong how many rows a JSON text holds.

use std::borrow::Cow;
use std::ops::Range;

use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Untyped};
use diesel::sqlite::Sqlite;

use crate::db::{Conn, Result};

/// How many rows go into one statement on SQLite: few sizes, so that each connection prepares few texts; what is left over goes into the
/// next smaller ones.
const CHUNKS: [usize; 3] = [32, 8, 1];

/// One column's values, one for each row.
enum Cells<'a> {
    Text(Vec<Option<&'a str>>),
    Integer(Vec<Option<i32>>),
    Bigint(Vec<Option<i64>>),
    Boolean(Vec<Option<bool>>),
}

type Column<'a> = (Cow<'static, str>, Cells<'a>);

/// Rows that a statement reads as the table `given`.
pub(in crate::dispatch) struct Given<'a, T> {
    rows: &'a [T],
    columns: Vec<Column<'a>>,
}

impl<'a, T> Given<'a, T> {
    pub const fn of(rows: &'a [T]) -> Self {
        Self { rows, columns: Vec::new() }
    }

    pub fn text<V: Into<Option<&'a str>>>(self, name: impl Into<Cow<'static, str>>, value: impl Fn(&'a T) -> V) -> Self {
        let cells = Cells::Text(self.rows.iter().map(|row| value(row).into()).collect());
        self.with(name, cells)
    }

    pub fn integer<V: Into<Option<i32>>>(self, name: impl Into<Cow<'static, str>>, value: impl Fn(&'a T) -> V) -> Self {
        let cells = Cells::Integer(self.rows.iter().map(|row| value(row).into()).collect());
        self.with(name, cells)
    }

    pub fn bigint<V: Into<Option<i64>>>(self, name: impl Into<Cow<'static, str>>, value: impl Fn(&'a T) -> V) -> Self {
        let cells = Cells::Bigint(self.rows.iter().map(|row| value(row).into()).collect());
        self.with(name, cells)
    }

    pub fn boolean<V: Into<Option<bool>>>(self, name: impl Into<Cow<'static, str>>, value: impl Fn(&'a T) -> V) -> Self {
        let cells = Cells::Boolean(self.rows.iter().map(|row| value(row).into()).collect());
        self.with(name, cells)
    }

    fn with(mut self, name: impl Into<Cow<'static, str>>, cells: Cells<'a>) -> Self {
        self.columns.push((name.into(), cells));
        self
    }

    /// Runs a statement over the rows; without rows none is run. `sql` gets what stands for them in a FROM, and nothing else in it may
    /// differ from call to call, so that each connection prepares it once. Returns how many rows it touched.
    pub fn execute(&self, conn: &mut Conn, sql: impl Fn(&str) -> String) -> Result<usize> {
        if self.rows.is_empty() {
            return Ok(0);
        }
        match conn {
            Conn::Pg(conn) => Ok(self.arrays(sql).execute(conn)?),
            Conn::Sqlite(conn) => {
                let mut touched = 0;
                for chunk in chunks(self.rows.len()) {
                    touched += self.values(chunk, &sql).execute(conn)?;
                }
                Ok(touched)
            }
        }
    }

    /// The same for a statement that returns rows.
    pub fn load<U>(&self, conn: &mut Conn, sql: impl Fn(&str) -> String) -> Result<Vec<U>>
    where
        U: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        match conn {
            Conn::Pg(conn) => Ok(self.arrays(sql).load(conn)?),
            Conn::Sqlite(conn) => {
                let mut loaded = Vec::with_capacity(self.rows.len());
                for chunk in chunks(self.rows.len()) {
                    loaded.extend(self.values(chunk, &sql).load::<U>(conn)?);
                }
                Ok(loaded)
            }
        }
    }

    fn arrays(&self, sql: impl Fn(&str) -> String) -> Arrays<'_, 'a> {
        let (mut arrays, mut names) = (Vec::with_capacity(self.columns.len()), Vec::with_capacity(self.columns.len()));
        for (place, (name, cells)) in self.columns.iter().enumerate() {
            arrays.push(format!("${}::{}[]", place + 1, cells.kind()));
            names.push(name.as_ref());
        }
        Arrays { sql: sql(&format!("unnest({}) AS given({})", arrays.join(", "), names.join(", "))), columns: &self.columns }
    }

    fn values(&self, rows: Range<usize>, sql: impl Fn(&str) -> String) -> Values<'_, 'a> {
        let name = |(place, (name, _)): (usize, &Column<'_>)| format!("column{} AS {name}", place + 1);
        let names: Vec<_> = self.columns.iter().enumerate().map(name).collect();
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let values = vec![row; rows.len()].join(", ");
        Values { sql: sql(&format!("(SELECT {} FROM (VALUES {values})) AS given", names.join(", "))), columns: &self.columns, rows }
    }
}

/// So many rows, in pieces of the sizes that statements have.
fn chunks(count: usize) -> Vec<Range<usize>> {
    let (mut chunks, mut at) = (Vec::new(), 0);
    for size in CHUNKS {
        while count - at >= size {
            chunks.push(at..at + size);
            at += size;
        }
    }
    chunks
}

impl Cells<'_> {
    /// Its type's name on PostgreSQL.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) => "integer",
            Self::Bigint(_) => "bigint",
            Self::Boolean(_) => "boolean",
        }
    }
}

/// A statement with an array for each column. `QueryFragment`, not `sql_query`: diesel would prepare that anew at every call.
struct Arrays<'s, 'a> {
    sql: String,
    columns: &'s [Column<'a>],
}

impl QueryFragment<Pg> for Arrays<'_, '_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.sql);
        for (_, cells) in self.columns {
            match cells {
                Cells::Text(values) => out.push_bind_param_value_only::<Array<Nullable<Text>>, _>(values)?,
                Cells::Integer(values) => out.push_bind_param_value_only::<Array<Nullable<Integer>>, _>(values)?,
                Cells::Bigint(values) => out.push_bind_param_value_only::<Array<Nullable<BigInt>>, _>(values)?,
                Cells::Boolean(values) => out.push_bind_param_value_only::<Array<Nullable<Bool>>, _>(values)?,
            }
        }
        Ok(())
    }
}

/// A statement with a value for each column of each of these rows.
struct Values<'s, 'a> {
    sql: String,
    columns: &'s [Column<'a>],
    rows: Range<usize>,
}

impl QueryFragment<Sqlite> for Values<'_, '_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(&self.sql);
        for row in self.rows.clone() {
            for (_, cells) in self.columns {
                match cells {
                    Cells::Text(values) => push::<Nullable<Text>, _>(&mut out, values.get(row))?,
                    Cells::Integer(values) => push::<Nullable<Integer>, _>(&mut out, values.get(row))?,
                    Cells::Bigint(values) => push::<Nullable<BigInt>, _>(&mut out, values.get(row))?,
                    Cells::Boolean(values) => push::<Nullable<Bool>, _>(&mut out, values.get(row))?,
                }
            }
        }
        Ok(())
    }
}

/// Every row has a value in every column, NULL among them.
fn push<'b, S, V>(out: &mut AstPass<'_, 'b, Sqlite>, value: Option<&'b V>) -> QueryResult<()>
where
    Sqlite: diesel::sql_types::HasSqlType<S>,
    V: diesel::serialize::ToSql<S, Sqlite>,
{
    value.map_or(Ok(()), |value| out.push_bind_param_value_only::<S, V>(value))
}

impl QueryId for Arrays<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for Values<'_, '_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Arrays<'_, '_> {
    type SqlType = Untyped;
}

impl Query for Values<'_, '_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Arrays<'_, '_> {}
impl<C> RunQueryDsl<C> for Values<'_, '_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_is_in_one_piece(count in 0_usize..700) {
            let rows: Vec<_> = chunks(count).into_iter().flatten().collect();
            prop_assert_eq!(rows, (0..count).collect::<Vec<_>>());
        }
    }
}
