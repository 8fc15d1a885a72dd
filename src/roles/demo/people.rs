//! Who works at the demo's institution, and what it prints about them.

use crate::privileges::Action;

/// One password for all: the demo answers this machine only, and no real money is behind it.
pub(super) const PASSWORD: &str = "Mingalaba-1";

pub(super) struct Person {
    pub user_name: &'static str,
    pub full_name: &'static str,
    pub job_title: &'static str,
    pub branch: &'static str,
    pub is_account_manager: bool,
    /// Branch codes in which they hold the actions.
    pub branches: &'static [&'static str],
    pub actions: &'static [Action],
}

pub(super) struct Office {
    pub code: &'static str,
    pub region: &'static str,
    pub township: &'static str,
    pub name: &'static str,
}

pub(super) const OFFICES: [Office; 2] = [
    Office { code: "YGN-01", region: "Yangon", township: "Insein", name: "Branch 1" },
    Office { code: "MDY-01", region: "Mandalay", township: "Chanayethazan", name: "Branch 2" },
];

pub(super) const MAKER: &str = "maker";
pub(super) const CHECKER: &str = "checker";

pub(super) const PEOPLE: [Person; 5] = [
    Person {
        user_name: MAKER,
        full_name: "Ko Min Thu",
        job_title: "Loan officer",
        branch: "YGN-01",
        is_account_manager: false,
        branches: &["YGN-01", "MDY-01"],
        actions: &[
            Action::MakePayment,
            Action::DeletePayment,
            Action::MakePayroll,
            Action::MakeLoanDisbursement,
            Action::DownloadPayment,
            Action::ViewPayroll,
            Action::ViewLoanDisbursement,
        ],
    },
    Person {
        user_name: CHECKER,
        full_name: "Daw Hla Hla",
        job_title: "Finance officer",
        branch: "YGN-01",
        is_account_manager: false,
        branches: &["YGN-01", "MDY-01"],
        actions: &[
            Action::ApprovePayment,
            Action::RejectPayment,
            Action::DownloadPayment,
            Action::ViewPayroll,
            Action::ViewLoanDisbursement,
            Action::ResolvePayment,
        ],
    },
    Person {
        user_name: "manager",
        full_name: "U Tun Aung",
        job_title: "Branch manager",
        branch: "MDY-01",
        is_account_manager: false,
        branches: &["YGN-01", "MDY-01"],
        actions: &[
            Action::DownloadPayment,
            Action::ViewPayroll,
            Action::ViewLoanDisbursement,
            Action::ResolvePayment,
            Action::ViewReports,
            Action::ViewAuditLog,
        ],
    },
    Person {
        user_name: "accounts",
        full_name: "Daw Aye Aye Mon",
        job_title: "Account manager",
        branch: "YGN-01",
        is_account_manager: true,
        branches: &[],
        actions: &[],
    },
    Person {
        user_name: "accounts2",
        full_name: "U Kyi Win",
        job_title: "Account manager",
        branch: "MDY-01",
        is_account_manager: true,
        branches: &[],
        actions: &[],
    },
];

/// What the demo prints when its pages can be opened.
pub(super) fn welcome(port: u16) -> String {
    let sign_ins = PEOPLE.iter().map(|person| format!("    {:<10} {} ({})", person.user_name, person.full_name, person.job_title));
    let sign_ins = sign_ins.collect::<Vec<_>>().join("\n");
    format!(
        "
Outlay is open at http://127.0.0.1:{port}   (Training: no real money)

Sign in with the password {PASSWORD} as
{sign_ins}

What to try
    1. As maker: Bulk Payment, take the payroll template, fill in a few rows and upload it.
       Phones such as 09770000123 have a wallet; 1000 MMK is a good amount.
    2. Look at the check page and submit the batch.
    3. In another browser (or a private window), as checker: Task, look, approve.
    4. Watch the batch being paid, then download the results.
    5. As checker: pause a batch on its page, let it go on, retry what failed.
    6. As manager: Search, and follow one payment; Reports; Operations, where checker and manager say together how a
       payment ended that the network does not tell about.
Phone numbers that end in certain digits fail in certain ways: «outlay simulate --faults» lists them.

Stop with Ctrl-C; the data stays. Everything is in the data folder.
"
    )
}
