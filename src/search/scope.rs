//! What a person may see: payments of a type in the branches where they hold its View, and all they made a part of themselves.

use super::TYPES;
use crate::batches::PaymentType;
use crate::db::Question;
use crate::ids::{BranchId, UserId};
use crate::privileges::Rights;

/// What one person may see at one moment.
#[derive(Debug, Clone)]
pub struct Scope {
    user: UserId,
    views: Vec<(PaymentType, Vec<BranchId>)>,
}

impl Scope {
    pub fn of(user: &UserId, rights: &Rights) -> Self {
        let views = TYPES.iter().map(|kind| (*kind, rights.branches(kind.view()).cloned().collect::<Vec<_>>()));
        Self { user: user.clone(), views: views.filter(|(_, branches)| !branches.is_empty()).collect() }
    }

    /// Branches in which the person may see something.
    pub fn branches(&self) -> Vec<BranchId> {
        let mut branches: Vec<_> = self.views.iter().flat_map(|(_, branches)| branches.iter().cloned()).collect();
        branches.sort();
        branches.dedup();
        branches
    }

    /// A condition on `batches b`: View of the type in the batch's branch, or a maker of it.
    pub fn of_batches(&self, question: &mut Question) -> String {
        let mut ways = self.views_of(question, |branches| format!("b.branch_id IN ({branches})"));
        ways.push(self.is_maker(question));
        format!("({})", ways.join(" OR "))
    }

    /// A condition on `transfers t` of `batches b`: as [`Self::of_batches`]; View in the row's own branch is enough too.
    pub fn of_transfers(&self, question: &mut Question) -> String {
        let mut ways = self.views_of(question, |branches| format!("(b.branch_id IN ({branches}) OR t.branch_id IN ({branches}))"));
        ways.push(self.is_maker(question));
        format!("({})", ways.join(" OR "))
    }

    fn views_of(&self, question: &mut Question, within: impl Fn(&str) -> String) -> Vec<String> {
        let mut ways = Vec::new();
        for (kind, branches) in &self.views {
            let kind = question.text(kind.as_str());
            let branches = question.texts(branches.iter().map(BranchId::as_str));
            ways.push(format!("(b.payment_type = {kind} AND {})", within(&branches)));
        }
        ways
    }

    fn is_maker(&self, question: &mut Question) -> String {
        let user = question.text(self.user.as_str());
        format!("EXISTS (SELECT 1 FROM batch_makers m WHERE m.batch_id = b.id AND m.user_id = {user})")
    }
}
