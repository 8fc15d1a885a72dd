//! A file becomes a batch: read, check, correct, submit, withdraw, delete; and the results file at its end.

pub mod file;
mod finding;
mod seal;
mod state;

pub use finding::{Details, Finding, FindingKind, MAX_SHOWN_CHARS, Severity, shown};
pub use seal::{NotSealed, SealedBatch, SealedRow, Sealer, hex, row_digest};
pub use state::{MOVES, State};

use crate::db::text_enum;
use crate::privileges::Action;

text_enum! {
    /// What a batch's payments are for.
    pub enum PaymentType {
        Payroll = "payroll",
        LoanDisbursement = "loan_disbursement",
        /// Collecting from borrowers: has its actions now and its pages later.
        LoanRepayment = "loan_repayment",
    }
}

impl PaymentType {
    /// The types a file can be uploaded for.
    pub const PAYABLE: &'static [Self] = &[Self::Payroll, Self::LoanDisbursement];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Payroll => "Payroll",
            Self::LoanDisbursement => "Loan Disbursement",
            Self::LoanRepayment => "Loan Repayment",
        }
    }

    /// What one needs, besides Make Payment, to make a batch of this type.
    pub const fn make(self) -> Action {
        match self {
            Self::Payroll => Action::MakePayroll,
            Self::LoanDisbursement => Action::MakeLoanDisbursement,
            Self::LoanRepayment => Action::MakeLoanRepayment,
        }
    }

    /// What one needs to see a batch of this type.
    pub const fn view(self) -> Action {
        match self {
            Self::Payroll => Action::ViewPayroll,
            Self::LoanDisbursement => Action::ViewLoanDisbursement,
            Self::LoanRepayment => Action::ViewLoanRepayment,
        }
    }
}

text_enum! {
    /// The rail a batch goes over.
    pub enum Channel {
        Mojaloop = "mojaloop",
    }
}

impl Channel {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Mojaloop => "Mojaloop",
        }
    }
}
