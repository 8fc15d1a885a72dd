//! A SELECT that is put together from parts: its text, and its values, which are always binds and never part of the text.

use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{RunQueryDsl, sql_query};

use super::{Conn, Result};

/// Values of a question in the order they were given; each is named in the text by what [`Question::text`] or
/// [`Question::number`] returned.
#[derive(Debug, Clone, Default)]
pub struct Question {
    values: Vec<Value>,
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Number(i64),
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Question {
    /// Keeps a text; returns its name in the SQL: `$1`.
    pub fn text(&mut self, value: impl Into<String>) -> String {
        self.named(Value::Text(value.into()))
    }

    /// Keeps a whole number; returns its name in the SQL.
    pub fn number(&mut self, value: i64) -> String {
        self.named(Value::Number(value))
    }

    /// Keeps several texts; returns their names in the SQL, for `IN (…)`: `$1, $2`; for none, what is in nothing: `NULL`.
    pub fn texts<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) -> String {
        let names: Vec<String> = values.into_iter().map(|value| self.text(value)).collect();
        if names.is_empty() { "NULL".to_owned() } else { names.join(", ") }
    }

    fn named(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// Asks it.
    ///
    /// # Errors
    /// The database's.
    pub fn load<R>(&self, conn: &mut Conn, sql: &str) -> Result<Vec<R>>
    where
        R: QueryableByName<Pg> + QueryableByName<Sqlite> + 'static,
    {
        match conn {
            Conn::Pg(conn) => {
                let query = self.values.iter().fold(sql_query(sql).into_boxed::<Pg>(), |query, value| match value {
                    Value::Text(text) => query.bind::<Text, _>(text.clone()),
                    Value::Number(number) => query.bind::<BigInt, _>(*number),
                });
                Ok(query.load(conn)?)
            }
            Conn::Sqlite(conn) => {
                // `?1` is the first value wherever it stands; `$1` would be whatever stands first.
                let sql = sql.replace('$', "?");
                let query = self.values.iter().fold(sql_query(sql).into_boxed::<Sqlite>(), |query, value| match value {
                    Value::Text(text) => query.bind::<Text, _>(text.clone()),
                    Value::Number(number) => query.bind::<BigInt, _>(*number),
                });
                Ok(query.load(conn)?)
            }
        }
    }

    /// How many rows `FROM … WHERE …` has, counted no further than `most` + 1.
    ///
    /// # Errors
    /// The database's.
    pub fn count(&self, conn: &mut Conn, from: &str, most: i64) -> Result<i64> {
        let sql = format!("SELECT COUNT(*) AS count FROM (SELECT 1 AS one {from} LIMIT {}) AS counted", most.saturating_add(1));
        let counted: Vec<Counted> = self.load(conn, &sql)?;
        Ok(counted.first().map_or(0, |counted| counted.count))
    }
}
