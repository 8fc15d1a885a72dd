//! The actions that can be granted, and what each needs beside it.

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
        /// Says what became of a payment that the network does not tell about.
        ResolvePayment = "resolve_payment",
        ManageFunding = "manage_funding",
        ViewReports = "view_reports",
        ViewAuditLog = "view_audit_log",
    }
}

/// How forms and the matrix group actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionGroup {
    Make,
    Decide,
    See,
    Administer,
}

impl ActionGroup {
    pub const ALL: [Self; 4] = [Self::Make, Self::Decide, Self::See, Self::Administer];

    /// Its name in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Decide => "decide",
            Self::See => "see",
            Self::Administer => "administer",
        }
    }

    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == name)
    }

    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| action.group() == self)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Make => "Make",
            Self::Decide => "Decide",
            Self::See => "See",
            Self::Administer => "Administer",
        }
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
            Self::ResolvePayment => "Resolve Payment",
            Self::ManageFunding => "Manage Funding",
            Self::ViewReports => "View Reports",
            Self::ViewAuditLog => "View Audit Log",
        }
    }

    pub const fn group(self) -> ActionGroup {
        match self {
            Self::MakePayment | Self::DeletePayment | Self::MakePayroll | Self::MakeLoanDisbursement | Self::MakeLoanRepayment => {
                ActionGroup::Make
            }
            Self::ApprovePayment | Self::RejectPayment | Self::ResolvePayment => ActionGroup::Decide,
            Self::DownloadPayment | Self::ViewPayroll | Self::ViewLoanDisbursement | Self::ViewLoanRepayment => ActionGroup::See,
            Self::ManageFunding | Self::ViewReports | Self::ViewAuditLog => ActionGroup::Administer,
        }
    }

    /// The actions an account manager may hold too; all others touch payments (house rule 6).
    pub const FOR_ACCOUNT_MANAGERS: &'static [Self] = &[Self::ManageFunding, Self::ViewReports, Self::ViewAuditLog];

    /// Granted only when another account manager has confirmed it: with these alone one person could let money out.
    pub const SENSITIVE: &'static [Self] = &[Self::ApprovePayment, Self::ResolvePayment, Self::ManageFunding];

    pub fn is_for_account_managers(self) -> bool {
        Self::FOR_ACCOUNT_MANAGERS.contains(&self)
    }

    pub fn is_sensitive(self) -> bool {
        Self::SENSITIVE.contains(&self)
    }
}
