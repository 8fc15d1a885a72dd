//! Batches and transactions across rooms, read only; and the page of one transaction.
//!
//! Every question is put within a [`Scope`]: what a person may see. A person never learns from an answer, or from the lack of
//! one, whether there is something beyond it.

mod batches;
mod payee;
mod scope;
mod sentence;
mod span;
mod store;
mod transfers;

pub mod pages;

pub use self::batches::{BatchCriteria, FoundBatch};
pub use self::payee::PayeeRead;
pub use self::scope::Scope;
pub use self::sentence::{happened, to_do, why};
pub use self::span::{Span, read_date};
pub use self::store::{
    Part, Slice, Told, batch_of_reference, batches, branches_of, may_see_batch, only_transfer, people, reference_of, transfer, transfers,
};
pub use self::transfers::{AttemptOf, FoundTransfer, ReplyOf, Transfer, TransferCriteria};
use crate::batches::PaymentType;
use crate::privileges::Action;

/// Who has anything to search: those who may see or make something.
pub const SEARCHERS: &[Action] = &[
    Action::ViewPayroll,
    Action::ViewLoanDisbursement,
    Action::ViewLoanRepayment,
    Action::MakePayment,
    Action::MakePayroll,
    Action::MakeLoanDisbursement,
    Action::MakeLoanRepayment,
];

/// The types in the order they are shown.
const TYPES: &[PaymentType] = PaymentType::ALL;
