//! A file becomes a batch: read, check, correct, submit, withdraw, delete; and the results file at its end.

mod acknowledge;
mod arrival;
mod batch;
mod correct;
mod create;
mod delete;
pub mod file;
mod finding;
mod load;
pub mod pages;
mod refusal;
mod resubmit;
pub mod results;
mod schedule;
mod seal;
mod sealing;
mod state;
mod store;
mod submit;
mod sweep;
mod upload;
mod withdraw;

pub use acknowledge::acknowledge;
pub use arrival::{Arrived, Arriving, Cut};
pub use batch::{Batch, Counts, Tally};
pub use correct::{CorrectRefusal, correct};
pub use create::{Choices, CreateRefusal, NewBatch, create};
pub use delete::{can_be_deleted, delete};
pub use finding::{Details, Finding, FindingKind, MAX_SHOWN_CHARS, Severity, shown};
pub use load::{CannotLoad, load};
pub use refusal::Refusal;
pub use resubmit::{Again, ResubmitRefusal, choices_of, resubmit};
pub use schedule::{CannotSchedule, NoMoment, SCHEDULE_DAYS_MAX, may_be_scheduled, read_pay_on, schedule, schedule_new};
pub use seal::{NotSealed, SealedBatch, SealedRow, Sealer, hex, row_digest};
pub use sealing::{CannotSeal, seal_of, sealed_fee_limit};
pub use state::{MOVES, State};
pub use store::files::{BatchFile, files};
pub use store::findings::{Acknowledgement, OfKind, acknowledgements, findings_by_kind, first_of, unacknowledged};
pub use store::rows::{ByFsp, PaymentRow, rows_after, rows_page, summary_by_fsp};
pub use store::{add_maker, drafts_of, find, find_visible, is_maker, swap_state};
pub use submit::submit;
pub use sweep::sweep;
pub use upload::{ReadFile, UploadRefusal, read_file, upload};
pub use withdraw::withdraw;

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
