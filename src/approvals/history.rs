//! Batch Action History: who did what to which batch, when and why.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde_json::Value;

use crate::audit::What;
use crate::batches::State;
use crate::clock::Instant;
use crate::dispatch::PauseReason;
use crate::ids::{BatchId, Reference, UserId};
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

    /// Why: in their words, or in ours where Outlay did it.
    pub fn why(&self) -> Option<Said> {
        let reason = self.reason.as_ref()?;
        let ours = reason.parse::<PauseReason>().ok().filter(|_| self.action == What::BatchPaused.as_str());
        Some(ours.map_or_else(|| say!("{reason}", reason = reason), PauseReason::said))
    }

    /// What it changed or tells, as the log keeps it.
    pub fn changes(&self) -> Value {
        serde_json::from_str(&self.changes).unwrap_or_default()
    }
}

/// The actions that can be done to a batch.
pub fn actions() -> impl Iterator<Item = What> {
    What::ALL.iter().copied().filter(|what| what.as_str().starts_with("batch."))
}
