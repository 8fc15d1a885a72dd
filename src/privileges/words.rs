//! Privileges in words.

use std::collections::{BTreeMap, BTreeSet};

use super::needs::{Actions, Useless};
use super::wanted::{BRANCHES_MAX, ChangeRefusal};
use super::{Action, ActionGroup, RoleName};
use crate::branches::Branch;
use crate::ids::BranchId;
use crate::say;
use crate::words::{Language, Said};

/// Branches that a sentence names; the others it counts.
const NAMED_MAX: usize = 3;

impl Action {
    /// Short, under the heading of its group: `Payroll` under Make.
    pub const fn short(self) -> &'static str {
        match self {
            Self::MakePayment => "Payments",
            Self::DeletePayment => "Delete drafts",
            Self::MakePayroll | Self::ViewPayroll => "Payroll",
            Self::MakeLoanDisbursement | Self::ViewLoanDisbursement => "Loan Disbursement",
            Self::MakeLoanRepayment | Self::ViewLoanRepayment => "Loan Repayment",
            Self::ApprovePayment => "Approve",
            Self::RejectPayment => "Reject",
            Self::ResolvePayment => "Resolve",
            Self::DownloadPayment => "Download",
            Self::ManageFunding => "Funding",
            Self::ViewReports => "Reports",
            Self::ViewAuditLog => "Audit log",
        }
    }

    /// After `Can`; nothing for what only goes with others.
    const fn verb(self) -> Option<&'static str> {
        Some(match self {
            Self::MakePayment => return None,
            Self::DeletePayment => "delete drafts",
            Self::MakePayroll => "make payroll",
            Self::MakeLoanDisbursement => "make loan disbursements",
            Self::MakeLoanRepayment => "make loan repayments",
            Self::ApprovePayment => "approve",
            Self::RejectPayment => "reject",
            Self::ResolvePayment => "say what became of payments",
            Self::DownloadPayment => "download",
            Self::ViewPayroll => "see payroll",
            Self::ViewLoanDisbursement => "see loan disbursements",
            Self::ViewLoanRepayment => "see loan repayments",
            Self::ManageFunding => "manage funding accounts",
            Self::ViewReports => "read reports",
            Self::ViewAuditLog => "read the audit log",
        })
    }
}

/// A branch within a sentence: its name, with the township where the name does not tell.
pub fn place(branch: &Branch) -> String {
    let told = branch.name.to_lowercase().contains(&branch.township.to_lowercase());
    if told { branch.name.clone() } else { format!("{} ({})", branch.name, branch.township) }
}

/// Several branches within a sentence.
pub fn places(names: &[String], language: &Language) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => say!("{first} and {second}", first = first, second = second).in_language(language),
        _ => {
            let named = names.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
            match names.len().saturating_sub(NAMED_MAX) {
                0 => named,
                1 => say!("{names} and 1 more branch", names = named).in_language(language),
                more => say!("{names} and {count} more branches", names = named, count = more).in_language(language),
            }
        }
    }
}

/// What a person can do, in words: `Can make payroll in Insein.`, `Cannot approve.`
/// `names`: each branch by its id; `all`: how many active branches there are.
pub fn summary(held: &BTreeMap<BranchId, Actions>, names: &BTreeMap<BranchId, String>, all: usize, language: &Language) -> Vec<Said> {
    let mut sentences = Vec::new();
    for group in ActionGroup::ALL {
        let mut alike: BTreeMap<BTreeSet<&BranchId>, Vec<String>> = BTreeMap::new();
        for action in Action::ALL.iter().filter(|action| action.group() == group) {
            let branches: BTreeSet<&BranchId> = held.iter().filter(|(_, held)| held.contains(action)).map(|(branch, _)| branch).collect();
            if let (false, Some(verb)) = (branches.is_empty(), action.verb()) {
                alike.entry(branches).or_default().push(Said::new(verb).in_language(language));
            }
        }
        for (branches, verbs) in alike {
            let verbs = verbs.join(", ");
            if branches.len() == all && all > 1 {
                sentences.push(say!("Can {verbs} in every branch.", verbs = verbs));
                continue;
            }
            let mut named: Vec<String> = branches.into_iter().filter_map(|branch| names.get(branch).cloned()).collect();
            named.sort();
            sentences.push(say!("Can {verbs} in {places}.", verbs = verbs, places = places(&named, language)));
        }
    }
    let holds = |wanted: fn(&Action) -> bool| held.values().flatten().any(wanted);
    if !holds(|action| action.makes()) {
        sentences.push(say!("Cannot make payments."));
    }
    if !holds(|action| *action == Action::ApprovePayment) {
        sentences.push(say!("Cannot approve."));
    }
    sentences
}

impl RoleName {
    /// In the reader's language where it is one of ours.
    pub fn said(&self) -> Said {
        match self {
            Self::Standard(role) => Said::new(role.label()),
            Self::Own(name) => say!("{name}", name = name),
        }
    }
}

impl Useless {
    /// Why, and what to do about it; `places`: where.
    pub fn said(self, places: &str) -> Said {
        match self {
            Self::MakesNothing => {
                say!(
                    "With Make Payment alone nothing can be made in {places}. Tick a payment type too, or take Make Payment away.",
                    places = places
                )
            }
            Self::Lacks { action, needed } => say!(
                "{action} needs {needed} in {places}. Tick both or neither.",
                action = action.label(),
                needed = needed.label(),
                places = places
            ),
            Self::ShowsNothing(action) => say!(
                "{action} would show nothing in {places}. Tick a View too, or take {action} away.",
                action = action.label(),
                places = places
            ),
        }
    }
}

impl ChangeRefusal {
    /// What is wrong and what to do, as a sentence; `None` for what is no matter of words.
    pub fn said(&self, language: &Language) -> Option<Said> {
        Some(match self {
            Self::NotAllowed(_) | Self::NoSuchUser | Self::Db(_) => return None,
            Self::OwnGrant => say!("Nobody changes their own privileges. The other account manager can."),
            Self::Inactive(name) => say!("{name} is deactivated, so nothing can be given. Things can still be taken away.", name = name),
            Self::AccountManager(actions) => {
                let names = actions.iter().map(|action| action.label()).collect::<Vec<_>>().join(", ");
                say!("An account manager holds nothing that touches payments: {actions}.", actions = names)
            }
            Self::NoSuchBranch => say!("One of the branches does not exist."),
            Self::InactiveBranches(names) => {
                say!("Nothing can be given in a branch that is not active: {places}.", places = places(names, language))
            }
            Self::NoBranch => say!("Choose at least one branch."),
            Self::TooManyBranches => say!("Choose at most {count} branches at once.", count = BRANCHES_MAX),
            Self::NoAction => say!("Choose at least one action."),
            Self::UntilPast => say!("The last day is over. Choose a day from today on."),
            Self::CopyOfSelf => say!("Choose somebody else to copy from."),
            Self::Useless { why, branches } => why.said(&places(branches, language)),
            Self::NothingChanges => say!("This changes nothing: it is so already."),
            Self::WaitsAlready => say!("This was asked for already and waits to be confirmed."),
            Self::BothHands(names) => {
                say!("Say that one person may make and approve in {places}, or go back and change it.", places = places(names, language))
            }
            Self::Changed => say!("Somebody changed these privileges since you looked."),
            Self::NotTheirsToConfirm => say!("Somebody else has to confirm this."),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_in_two_sentences_what_they_can_do_and_what_not() {
        let insein = BranchId::from("b1");
        let held = BTreeMap::from([(insein.clone(), Actions::from([Action::MakePayment, Action::MakePayroll]))]);
        let names = BTreeMap::from([(insein, "Insein".to_owned())]);
        let said: Vec<String> = summary(&held, &names, 5, &Language::english()).iter().map(Said::english).collect();
        assert_eq!(said, ["Can make payroll in Insein.", "Cannot approve."]);
    }

    #[test]
    fn many_branches_are_counted() {
        let names: Vec<String> = (1..=5).map(|n| format!("B{n}")).collect();
        assert_eq!(places(&names, &Language::english()), "B1, B2, B3 and 2 more branches");
        assert_eq!(places(&names[..2], &Language::english()), "B1 and B2");
    }
}
