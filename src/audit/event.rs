//! What an audit event says.

use serde_json::Value;

use super::What;
use crate::db::text_enum;
use crate::ids::{BatchId, BranchId, UserId};

text_enum! {
    /// Who acted: a person of the institution, whoever runs Outlay's command line, or Outlay itself.
    pub enum ActorKind {
        User = "user",
        Operator = "operator",
        System = "system",
    }
}

/// Who acted, as it stays in the record.
#[derive(Debug, Clone)]
pub struct By {
    pub kind: ActorKind,
    pub id: Option<UserId>,
    pub name: String,
}

impl By {
    pub fn user(id: UserId, name: String) -> Self {
        Self { kind: ActorKind::User, id: Some(id), name }
    }

    /// A verb of the command line, by the name of the operating system's user.
    pub fn operator(name: &str) -> Self {
        Self { kind: ActorKind::Operator, id: None, name: name.to_owned() }
    }

    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: None, name: "Outlay".to_owned() }
    }
}

/// What it was done to.
#[derive(Debug, Clone)]
pub struct Subject {
    pub kind: &'static str,
    pub id: String,
}

impl Subject {
    pub fn new(kind: &'static str, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }
}

/// One event, as a verb writes it.
#[derive(Debug, Clone)]
pub struct Event {
    pub by: By,
    pub what: What,
    pub subject: Subject,
    pub branch: Option<BranchId>,
    pub batch: Option<BatchId>,
    pub reason: Option<String>,
    /// Old and new values, or counts: never a payee's name, number or account.
    pub changes: Value,
}

impl Event {
    pub fn new(by: By, what: What, subject: Subject) -> Self {
        Self { by, what, subject, branch: None, batch: None, reason: None, changes: Value::Object(serde_json::Map::new()) }
    }

    /// An event of a batch, which its branch's people may read in Batch Action History.
    pub fn of_batch(by: By, what: What, batch: &BatchId, branch: &BranchId) -> Self {
        let mut event = Self::new(by, what, Subject::new("batch", batch));
        event.batch = Some(batch.clone());
        event.branch = Some(branch.clone());
        event
    }

    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    #[must_use]
    pub fn changing(mut self, changes: Value) -> Self {
        self.changes = changes;
        self
    }
}
