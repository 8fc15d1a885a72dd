//! The actions that can be granted.

use crate::db::text_enum;

text_enum! {
    /// Something a person may be granted in a branch.
    pub enum Action {
        MakePayment = "make_payment",
        DeletePayment = "delete_payment",
        MakePayroll = "make_payroll",
        MakeLoanDisbursement = "make_loan_disbursement",
        MakeLoanRepayment = "make_loan_repayment",
        ApprovePayment = "approve_payment",
        RejectPayment = "reject_payment",
        DownloadPayment = "download_payment",
        ViewPayroll = "view_payroll",
        ViewLoanDisbursement = "view_loan_disbursement",
        ViewLoanRepayment = "view_loan_repayment",
    }
}

impl Action {
    pub const fn label(self) -> &'static str {
        match self {
            Self::MakePayment => "Make Payment",
            Self::DeletePayment => "Delete Payment",
            Self::MakePayroll => "Make Payroll",
            Self::MakeLoanDisbursement => "Make Loan Disbursement",
            Self::MakeLoanRepayment => "Make Loan Repayment",
            Self::ApprovePayment => "Approve Payment",
            Self::RejectPayment => "Reject Payment",
            Self::DownloadPayment => "Download Payment",
            Self::ViewPayroll => "View Payroll",
            Self::ViewLoanDisbursement => "View Loan Disbursement",
            Self::ViewLoanRepayment => "View Loan Repayment",
        }
    }
}
