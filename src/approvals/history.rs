//! Batch Action History: who did what to which batch, when and why.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde_json::Value;

use crate::audit::What;
use crate::batches::State;
use crate::clock::Instant;
use crate::ids::{BatchId, Reference, UserId};
use crate::money::{Currency, Minor};
use crate::say;
use crate::search::Span;
use crate::words::Said;

/// What narrows the list; all of it must fit.
#[derive(Debug, Clone, Default)]
pub struct HistoryCriteria {
    pub person: Option<UserId>,
    pub what: Option<What>,
    pub span: Span,
}

/// One action.
#[derive(Debug, Clone, QueryableByName)]
pub struct HistoryEntry {
    #[diesel(sql_type = BigInt)]
    pub at: Instant,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub action: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Text)]
    pub changes: String,
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub batch_name: String,
    #[diesel(sql_type = Text)]
    pub state: State,
}

impl HistoryEntry {
    /// What was done; its name in the log where this version has no word for it.
    pub fn label(&self) -> Said {
        self.action.parse::<What>().map_or_else(|_| say!("{action}", action = &self.action), |what| Said::new(what.label()))
    }

    /// Counts and values that it changed, as the log keeps them: `payments 22`. Money is printed, digests are cut.
    pub fn changed(&self) -> Vec<(String, String)> {
        let Ok(Value::Object(changes)) = serde_json::from_str(&self.changes) else { return Vec::new() };
        let currency = changes.get("currency").and_then(Value::as_str).and_then(Currency::find);
        let nothing = |value: &Value| value.is_null() || value.as_i64() == Some(0);
        let told = changes.iter().filter(|(name, value)| !nothing(value) && !UNTOLD.contains(&name.as_str()));
        told.map(|(name, value)| (name.replace('_', " "), printed(name, value, currency))).collect()
    }
}

/// What only an audit needs, or what another value says already.
const UNTOLD: [&str; 4] = ["currency", "bytes", "digest", "rows"];
/// Names under which verbs keep amounts in minor units, of the currency beside them.
const AMOUNTS: [&str; 2] = ["sum", "fee_limit"];
/// Characters of a seal or digest that people compare.
const DIGEST_CHARS: usize = 8;

fn printed(name: &str, value: &Value, currency: Option<Currency>) -> String {
    match (value, currency) {
        (Value::Number(units), Some(currency)) if AMOUNTS.contains(&name) => {
            units.as_i64().map_or_else(|| units.to_string(), |units| currency.show(Minor::new(units)))
        }
        (Value::String(text), _) if name == "seal" || name.ends_with("digest") => text.chars().take(DIGEST_CHARS).collect(),
        (Value::String(text), _) if name == "kinds" => text.replace('_', " "),
        (Value::String(text), _) => text.clone(),
        (Value::Array(values), _) => values.iter().map(|value| printed(name, value, currency)).collect::<Vec<_>>().join(", "),
        (other, _) => other.to_string(),
    }
}

/// The actions that can be done to a batch.
pub fn actions() -> impl Iterator<Item = What> {
    What::ALL.iter().copied().filter(|what| what.as_str().starts_with("batch."))
}
