//! What transactions can be searched by, and what a list and a page say of each.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::batches::{created, end_of};
use super::{PayeeRead, Span};
use crate::batches::{PaymentType, State};
use crate::clock::Instant;
use crate::db::Question;
use crate::dispatch::{Count, TransferState};
use crate::ids::{AttemptId, BatchId, BranchId, HomeTransactionId, Reference, RowId, TransferId, UserId};
use crate::money::{Currency, Minor};
use crate::payees::PartyIdType;

/// What is searched; all of it must fit.
#[derive(Debug, Clone, Default)]
pub struct TransferCriteria {
    /// A batch's reference in full.
    pub batch: Option<Reference>,
    /// The row's own reference in full.
    pub reference: Option<String>,
    pub payee: Option<PayeeRead>,
    /// The beginning of the payee's name, folded.
    pub name: Option<String>,
    pub amount: Option<Minor>,
    /// A home transaction id or a Mojaloop transfer id.
    pub id: Option<String>,
    pub payment_type: Option<PaymentType>,
    pub count: Option<Count>,
    /// Of the batch or of the row.
    pub branch: Option<BranchId>,
    pub created: Span,
    pub created_by: Option<UserId>,
}

/// Which way through the tables is short: rows found by an index of their own, or the rows of batches, newest batch first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ByRow { order: &'static str },
    ByBatch,
}

impl Way {
    /// The order of the tables is the order in which SQLite reads them (CROSS JOIN keeps it); PostgreSQL finds its own.
    pub(super) fn from(self) -> &'static str {
        match self {
            Self::ByRow { .. } => "FROM transfers t CROSS JOIN batches b WHERE b.id = t.batch_id",
            Self::ByBatch => "FROM batches b CROSS JOIN transfers t WHERE t.batch_id = b.id",
        }
    }

    pub(super) fn order(self) -> &'static str {
        match self {
            Self::ByRow { order } => order,
            Self::ByBatch => "b.created_at DESC, b.id DESC, t.line",
        }
    }
}

impl TransferCriteria {
    pub(super) fn way(&self) -> Way {
        if self.batch.is_some() {
            return Way::ByBatch;
        }
        let one_value = self.id.is_some() || self.reference.is_some();
        match &self.payee {
            _ if one_value => Way::ByRow { order: "t.id DESC" },
            Some(payee) if payee.beginnings.is_empty() => Way::ByRow { order: "t.id DESC" },
            Some(_) => Way::ByRow { order: "t.id_value, t.id DESC" },
            None if self.name.is_some() => Way::ByRow { order: "t.payee_name_folded, t.id DESC" },
            None if self.amount.is_some() => Way::ByRow { order: "t.id DESC" },
            None => Way::ByBatch,
        }
    }

    /// Conditions on `transfers t` and `batches b`.
    pub(super) fn conditions(&self, question: &mut Question) -> Vec<String> {
        let mut all = vec!["b.state <> 'deleted'".to_owned()];
        if let Some(batch) = &self.batch {
            let batch = question.text(batch.as_str());
            all.push(format!("b.reference = {batch}"));
        }
        all.extend(self.conditions_on_row(question));
        if let Some(kind) = self.payment_type {
            let kind = question.text(kind.as_str());
            all.push(format!("b.payment_type = {kind}"));
        }
        if let Some(branch) = &self.branch {
            let branch = question.text(branch.as_str());
            all.push(format!("(b.branch_id = {branch} OR t.branch_id = {branch})"));
        }
        all.extend(created(self.created, question));
        if let Some(user) = &self.created_by {
            let user = question.text(user.as_str());
            all.push(format!("b.created_by = {user}"));
        }
        all
    }

    fn conditions_on_row(&self, question: &mut Question) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(id) = &self.id {
            let id = question.text(id.as_str());
            all.push(format!("((t.home_transaction_id = {id} AND t.superseded_by IS NULL) OR t.transfer_id = {id})"));
        }
        if let Some(reference) = &self.reference {
            let reference = question.text(reference.as_str());
            all.push(format!("t.reference = {reference} AND t.reference <> ''"));
        }
        if let Some(payee) = &self.payee {
            let mut ways = Vec::new();
            for whole in &payee.whole {
                let whole = question.text(whole.as_str());
                ways.push(format!("t.id_value = {whole}"));
            }
            for beginning in &payee.beginnings {
                let (from, to) = (question.text(beginning.as_str()), question.text(end_of(beginning)));
                ways.push(format!("(t.id_value >= {from} AND t.id_value < {to})"));
            }
            all.push(if ways.is_empty() { "1 = 0".to_owned() } else { format!("({})", ways.join(" OR ")) });
        }
        if let Some(name) = &self.name {
            let (from, to) = (question.text(name.as_str()), question.text(end_of(name)));
            all.push(format!("t.payee_name_folded >= {from} AND t.payee_name_folded < {to}"));
        }
        if let Some(amount) = self.amount {
            let amount = question.number(amount.units());
            all.push(format!("t.amount = {amount}"));
        }
        if let Some(count) = self.count {
            let states = TransferState::ALL.iter().filter(|state| Count::of(**state) == count).map(|state| state.as_str());
            let states = question.texts(states);
            all.push(format!("t.state IN ({states})"));
        }
        all
    }
}

/// A transaction in a list.
#[derive(Debug, Clone, QueryableByName)]
pub struct FoundTransfer {
    #[diesel(sql_type = Text)]
    pub id: RowId,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = Text)]
    pub payee_name: String,
    #[diesel(sql_type = Text)]
    pub id_type: PartyIdType,
    #[diesel(sql_type = Text)]
    pub id_value: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub fsp: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Text)]
    pub state: TransferState,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    #[diesel(sql_type = Text)]
    pub batch: Reference,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = BigInt)]
    pub created_at: Instant,
}

/// Everything a transaction's own page tells, beside its attempts.
#[derive(Debug, Clone, QueryableByName)]
pub struct Transfer {
    #[diesel(sql_type = Text)]
    pub id: RowId,
    #[diesel(sql_type = Text)]
    pub home: HomeTransactionId,
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    #[diesel(sql_type = Text)]
    pub reference: String,
    #[diesel(sql_type = Text)]
    pub payee_name: String,
    #[diesel(sql_type = Text)]
    pub id_type: PartyIdType,
    #[diesel(sql_type = Text)]
    pub id_value: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub asked_fsp: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub found_fsp: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub resolved_name: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub fee: Option<Minor>,
    #[diesel(sql_type = Text)]
    pub note: String,
    #[diesel(sql_type = Text)]
    /// Columns of the file that are shown and not used, as JSON pairs of name and value.
    pub extra: String,
    #[diesel(sql_type = Text)]
    pub state: TransferState,
    #[diesel(sql_type = Nullable<Text>)]
    pub transfer_id: Option<TransferId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub doubt_since: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub settled_at: Option<Instant>,
    #[diesel(sql_type = Text)]
    pub row_branch: String,
    #[diesel(sql_type = Text)]
    pub batch_id: BatchId,
    #[diesel(sql_type = Text)]
    pub batch: Reference,
    #[diesel(sql_type = Text)]
    pub batch_name: String,
    #[diesel(sql_type = Text)]
    pub batch_state: State,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = Text)]
    pub account: String,
    #[diesel(sql_type = Text)]
    pub from_fsp: String,
    #[diesel(sql_type = BigInt)]
    pub created_at: Instant,
    #[diesel(sql_type = Text)]
    pub created_by: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub submitted_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub submitted_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub decision: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub decided_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub decided_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub decision_reason: Option<String>,
}

impl Transfer {
    /// Columns of the file that are shown and not used, by their names.
    pub fn extras(&self) -> Vec<(String, String)> {
        serde_json::from_str(&self.extra).unwrap_or_default()
    }
}

/// One try at a transaction.
#[derive(Debug, Clone, QueryableByName)]
pub struct AttemptOf {
    #[diesel(sql_type = Text)]
    pub id: AttemptId,
    #[diesel(sql_type = Text)]
    pub purpose: String,
    #[diesel(sql_type = Text)]
    pub transfer_id: TransferId,
    #[diesel(sql_type = BigInt)]
    pub claimed_at: Instant,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub recorded_at: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub ended_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub outcome: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
}

/// One reply of the network, as it came.
#[derive(Debug, Clone, QueryableByName)]
pub struct ReplyOf {
    #[diesel(sql_type = Text)]
    pub attempt_id: AttemptId,
    #[diesel(sql_type = Text)]
    pub call: String,
    #[diesel(sql_type = BigInt)]
    pub sent_at: Instant,
    #[diesel(sql_type = BigInt)]
    pub took_us: i64,
    #[diesel(sql_type = Nullable<Integer>)]
    pub http_status: Option<i32>,
    #[diesel(sql_type = Text)]
    pub verdict: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    #[diesel(sql_type = Text)]
    pub body: String,
}
