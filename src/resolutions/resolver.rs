//! What one person may resolve: payments of the types they see, in the branches where they hold Resolve Payment too.

use crate::batches::PaymentType;
use crate::db::Question;
use crate::ids::{BranchId, UserId};
use crate::privileges::{Action, Rights};

/// A person as this room's lists see them.
#[derive(Debug, Clone)]
pub struct Resolver {
    user: UserId,
    resolves: Vec<BranchId>,
    types: Vec<(PaymentType, Vec<BranchId>)>,
}

impl Resolver {
    pub fn of(user: &UserId, rights: &Rights) -> Self {
        let of_type = |kind: &PaymentType| {
            let branches = rights.branches_with_both(Action::ResolvePayment, kind.view());
            (*kind, branches.into_iter().cloned().collect::<Vec<_>>())
        };
        Self {
            user: user.clone(),
            resolves: rights.branches(Action::ResolvePayment).cloned().collect(),
            types: PaymentType::ALL.iter().map(of_type).filter(|(_, branches)| !branches.is_empty()).collect(),
        }
    }

    pub fn user(&self) -> &UserId {
        &self.user
    }

    pub fn resolves_nothing(&self) -> bool {
        self.types.is_empty()
    }

    /// Branches in which they hold Resolve Payment.
    pub fn branches(&self) -> &[BranchId] {
        &self.resolves
    }

    /// A condition on `batches b`.
    pub(super) fn of_batches(&self, question: &mut Question) -> String {
        let mut ways = Vec::new();
        for (kind, branches) in &self.types {
            let kind = question.text(kind.as_str());
            let branches = question.texts(branches.iter().map(BranchId::as_str));
            ways.push(format!("(b.payment_type = {kind} AND b.branch_id IN ({branches}))"));
        }
        if ways.is_empty() { "1 = 0".to_owned() } else { format!("({})", ways.join(" OR ")) }
    }
}
