//! What waits for a checker.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Decision;
use crate::batches::{PaymentType, State};
use crate::clock::Instant;
use crate::db::Question;
use crate::ids::{BatchId, BranchId, Reference, UserId};
use crate::money::{Currency, Minor};
use crate::privileges::Rights;

/// A person as one who decides: the branches in which they may decide on and see each type.
#[derive(Debug, Clone)]
pub struct Checker {
    user: UserId,
    may: Vec<(PaymentType, Vec<BranchId>)>,
    /// Where they may approve, and so approve again.
    approves: Vec<BranchId>,
}

impl Checker {
    pub fn of(user: &UserId, rights: &Rights) -> Self {
        let decides = |branch: &&BranchId| Decision::ALL.iter().any(|decision| rights.has(decision.needs(), branch));
        let may = PaymentType::ALL.iter().map(|kind| (*kind, rights.branches(kind.view()).filter(decides).cloned().collect::<Vec<_>>()));
        let approves = rights.branches(Decision::Approved.needs()).cloned().collect();
        Self { user: user.clone(), approves, may: may.filter(|(_, branches)| !branches.is_empty()).collect() }
    }

    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Nothing can ever wait for them.
    pub fn decides_nothing(&self) -> bool {
        self.may.is_empty()
    }

    /// Branches in which they decide on something.
    pub fn branches(&self) -> Vec<BranchId> {
        let mut branches: Vec<_> = self.may.iter().flat_map(|(_, branches)| branches.iter().cloned()).collect();
        branches.sort();
        branches.dedup();
        branches
    }

    pub fn types(&self) -> impl Iterator<Item = PaymentType> {
        self.may.iter().map(|(kind, _)| *kind)
    }

    /// A condition on `batches b`: it waits for a decision or needs approval again, they may decide on it and see it, and they made no part of it.
    pub(crate) fn tasks(&self, question: &mut Question) -> String {
        let mut ways = Vec::new();
        for (kind, branches) in &self.may {
            let kind = question.text(kind.as_str());
            let branches = question.texts(branches.iter().map(BranchId::as_str));
            ways.push(format!("(b.payment_type = {kind} AND b.branch_id IN ({branches}))"));
        }
        let may = if ways.is_empty() { "1 = 0".to_owned() } else { ways.join(" OR ") };
        let approves = question.texts(self.approves.iter().map(BranchId::as_str));
        let user = question.text(self.user.as_str());
        format!(
            "b.state IN ('pending_approval', 'paused') AND (b.state = 'pending_approval' OR (b.pause_reason = 'needs_approval_again' \
             AND b.branch_id IN ({approves}))) AND ({may}) AND b.created_by <> {user} \
             AND NOT EXISTS (SELECT 1 FROM batch_makers m WHERE m.batch_id = b.id AND m.user_id = {user})"
        )
    }
}

/// What narrows the list.
#[derive(Debug, Clone, Default)]
pub struct TaskCriteria {
    pub branch: Option<BranchId>,
    pub payment_type: Option<PaymentType>,
}

/// A batch that waits.
#[derive(Debug, Clone, QueryableByName)]
pub struct Task {
    #[diesel(sql_type = Text)]
    pub id: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub created_by: String,
    #[diesel(sql_type = BigInt)]
    pub created_at: Instant,
    #[diesel(sql_type = Text)]
    pub branch: String,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    /// Payments that wait to be paid.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub warnings: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub submitted_at: Option<Instant>,
    /// Waiting for a decision, or paused until it is approved again.
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub pay_at: Option<Instant>,
}

/// Batches that wait for one checker, in one currency.
#[derive(Debug, Clone, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub batches: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub oldest: Option<Instant>,
}
