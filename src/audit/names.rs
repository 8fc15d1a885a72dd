//! What the things are called that events name by their ids.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::Text;
use serde_json::Value;

use super::Entry;
use crate::db::{Conn, Question, Result};

/// Names by id.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<String, String>);

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    name: String,
}

impl Names {
    /// For a part of the log: its subjects and branches, and every id among the values that changed.
    ///
    /// # Errors
    /// The database's.
    pub fn of(conn: &mut Conn, entries: &[Entry]) -> Result<Self> {
        let mut ids = BTreeSet::new();
        for entry in entries {
            ids.insert(entry.subject_id.clone());
            ids.extend(entry.branch_id.as_ref().map(ToString::to_string));
            collect(&entry.changes(), &mut ids);
        }
        Self::load(conn, &ids)
    }

    /// For values alone.
    ///
    /// # Errors
    /// The database's.
    pub fn of_values<'a>(conn: &mut Conn, values: impl IntoIterator<Item = &'a Value>) -> Result<Self> {
        let mut ids = BTreeSet::new();
        for value in values {
            collect(value, &mut ids);
        }
        Self::load(conn, &ids)
    }

    fn load(conn: &mut Conn, ids: &BTreeSet<String>) -> Result<Self> {
        let mut question = Question::default();
        let list = question.texts(ids.iter().map(String::as_str));
        let sql = format!(
            "SELECT id, full_name || ' (' || user_name || ')' AS name FROM users WHERE id IN ({list}) \
             UNION ALL SELECT id, code FROM branches WHERE id IN ({list}) \
             UNION ALL SELECT id, name || ' (' || reference || ')' FROM batches WHERE id IN ({list}) \
             UNION ALL SELECT id, name FROM funding_accounts WHERE id IN ({list}) \
             UNION ALL SELECT id, name FROM fsps WHERE id IN ({list}) \
             UNION ALL SELECT id, name FROM roles WHERE id IN ({list})"
        );
        let named: Vec<Named> = question.load(conn, &sql)?;
        Ok(Self(named.into_iter().map(|named| (named.id, named.name)).collect()))
    }

    /// The name, or what stands in the log where nothing has that id.
    pub fn get<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    pub fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }
}

/// Texts that look like ids of ours, or short ones like an FSP's.
fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if is_id(text) => {
            ids.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, ids)),
        _ => {}
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
