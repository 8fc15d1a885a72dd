//! What batches can be searched by, and what a list says of each.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Span;
use crate::batches::{PaymentType, State};
use crate::clock::Instant;
use crate::db::Question;
use crate::ids::{BatchId, BranchId, Reference, UserId};
use crate::money::{Currency, Minor};

/// What is searched; all of it must fit.
#[derive(Debug, Clone, Default)]
pub struct BatchCriteria {
    /// The beginning of a reference, or a client reference in full.
    pub reference: Option<String>,
    /// A part of the name.
    pub name: Option<String>,
    pub payment_type: Option<PaymentType>,
    pub state: Option<State>,
    pub branch: Option<BranchId>,
    pub created: Span,
    pub created_by: Option<UserId>,
}

/// A batch in a list.
#[derive(Debug, Clone, QueryableByName)]
pub struct FoundBatch {
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
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub succeeded: i64,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    /// When it is to be paid, where it is not at once.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub pay_at: Option<Instant>,
}

/// A text greater than every text that begins with `beginning`, in the order of both engines: a range finds what LIKE would scan for.
pub(super) fn end_of(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

/// `%` and `_` stand for themselves.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl BatchCriteria {
    /// Conditions on `batches b`.
    pub(super) fn conditions(&self, question: &mut Question) -> Vec<String> {
        let mut all = vec!["b.state <> 'deleted'".to_owned()];
        if let Some(reference) = &self.reference {
            let short = reference.replace(' ', "").to_lowercase();
            let (from, to) = (question.text(short.as_str()), question.text(end_of(&short)));
            let client = question.text(reference.as_str());
            all.push(format!("((b.reference >= {from} AND b.reference < {to}) OR b.client_reference = {client})"));
        }
        if let Some(name) = &self.name {
            let pattern = question.text(containing(name));
            all.push(format!("lower(b.name) LIKE {pattern} ESCAPE '\\'"));
        }
        if let Some(kind) = self.payment_type {
            let kind = question.text(kind.as_str());
            all.push(format!("b.payment_type = {kind}"));
        }
        if let Some(state) = self.state {
            let state = question.text(state.as_str());
            all.push(format!("b.state = {state}"));
        }
        if let Some(branch) = &self.branch {
            let branch = question.text(branch.as_str());
            all.push(format!("b.branch_id = {branch}"));
        }
        all.extend(created(self.created, question));
        if let Some(user) = &self.created_by {
            let user = question.text(user.as_str());
            all.push(format!("b.created_by = {user}"));
        }
        all
    }
}

/// Conditions on when `batches b` were made.
pub(super) fn created(span: Span, question: &mut Question) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(from) = span.from {
        let from = question.number(from.micros());
        all.push(format!("b.created_at >= {from}"));
    }
    if let Some(until) = span.until {
        let until = question.number(until.micros());
        all.push(format!("b.created_at < {until}"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_no_pattern() {
        assert_eq!(containing("50%_Oct"), "%50\\%\\_oct%");
    }
}
