//! What people can be searched by, and what a list says of each.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Nullable, Text};

use super::{fold_name, fold_user_name};
use crate::clock::Instant;
use crate::db::{Question, text_enum};
use crate::ids::{BranchId, UserId};
use crate::privileges::{Action, StandardRole};

text_enum! {
    /// What a person is, by what they hold at this moment. Several can be true of one.
    pub enum HeldRole {
        AccountManager = "account_manager",
        Maker = "maker",
        Checker = "checker",
        BranchManager = "branch_manager",
        Auditor = "auditor",
        /// Nothing at all.
        Nothing = "nothing",
    }
}

/// With one of these somebody makes.
const MAKES: &[Action] = &[Action::MakePayment];
/// With one of these somebody decides.
const DECIDES: &[Action] = &[Action::ApprovePayment, Action::RejectPayment];
/// With one of these somebody looks after the institution's books.
const AUDITS: &[Action] = &[Action::ViewAuditLog, Action::ViewReports];

impl HeldRole {
    pub const fn label(self) -> &'static str {
        match self {
            Self::AccountManager => "Account manager",
            Self::Maker => StandardRole::Maker.label(),
            Self::Checker => StandardRole::Checker.label(),
            Self::BranchManager => StandardRole::BranchManager.label(),
            Self::Auditor => StandardRole::Auditor.label(),
            Self::Nothing => "No privileges",
        }
    }

    /// What one with these actions is.
    pub fn of(is_account_manager: bool, held: &BTreeSet<Action>) -> Vec<Self> {
        let holds = |actions: &[Action]| actions.iter().any(|action| held.contains(action));
        let mut roles = Vec::new();
        let mut add = |is_one: bool, role: Self| {
            if is_one {
                roles.push(role);
            }
        };
        add(is_account_manager, Self::AccountManager);
        add(holds(MAKES), Self::Maker);
        add(holds(DECIDES), Self::Checker);
        add(holds(AUDITS), Self::Auditor);
        let only_looks = !held.is_empty() && !holds(MAKES) && !holds(DECIDES) && !holds(AUDITS);
        add(only_looks, Self::BranchManager);
        add(held.is_empty() && !is_account_manager, Self::Nothing);
        roles
    }

    /// A condition on `users u` that says the same.
    fn condition(self, question: &mut Question, now: Instant) -> String {
        let mut holds = |actions: &[Action]| {
            let names = question.texts(actions.iter().map(|action| action.as_str()));
            let now = question.number(now.micros());
            format!("EXISTS (SELECT 1 FROM grants g WHERE g.user_id = u.id AND g.action IN ({names}) AND {})", in_force(&now))
        };
        match self {
            Self::AccountManager => "u.is_account_manager".to_owned(),
            Self::Maker => holds(MAKES),
            Self::Checker => holds(DECIDES),
            Self::Auditor => holds(AUDITS),
            Self::BranchManager => {
                let anything = holds(Action::ALL);
                let more = [holds(MAKES), holds(DECIDES), holds(AUDITS)].join(" OR ");
                format!("({anything} AND NOT ({more}))")
            }
            Self::Nothing => format!("(NOT u.is_account_manager AND NOT {})", holds(Action::ALL)),
        }
    }
}

/// A condition on `grants g`: begun, not ended, not run out.
pub(super) fn in_force(now: &str) -> String {
    format!("g.ended_at IS NULL AND g.from_at <= {now} AND (g.until_at IS NULL OR g.until_at > {now})")
}

/// A condition on `users u`: wrong passwords keep them out somewhere.
pub(super) fn locked(now: &str) -> String {
    format!("EXISTS (SELECT 1 FROM sign_in_failures f WHERE f.user_name = u.user_name AND f.locked_until > {now})")
}

/// What is searched; all of it must fit.
#[derive(Debug, Clone, Default)]
pub struct UserCriteria {
    /// A part of the name, or the beginning of the user name or the phone.
    pub anything: Option<String>,
    /// What of [`Self::anything`] is a phone, with country code.
    pub anything_as_phone: Option<String>,
    pub user_name: Option<String>,
    /// The beginning of a number, with country code.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub job_title: Option<String>,
    pub branch: Option<BranchId>,
    pub role: Option<HeldRole>,
    pub is_active: Option<bool>,
    /// Wrong passwords keep them out somewhere.
    pub is_locked: bool,
}

/// A person in a list.
#[derive(Debug, Clone, QueryableByName)]
pub struct FoundUser {
    #[diesel(sql_type = Text)]
    pub id: UserId,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = Text)]
    pub user_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub phone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub job_title: Option<String>,
    #[diesel(sql_type = Text)]
    pub branch: String,
    #[diesel(sql_type = Bool)]
    pub is_account_manager: bool,
    #[diesel(sql_type = Bool)]
    pub is_active: bool,
}

/// A person, and what they are by what they hold.
#[derive(Debug, Clone)]
pub struct Listed {
    pub user: FoundUser,
    pub roles: Vec<HeldRole>,
}

/// `%` and `_` stand for themselves.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// `column` begins with the text: as a range, which an index answers.
fn beginning(question: &mut Question, column: &str, text: &str) -> String {
    let (from, to) = (question.text(text), question.text(format!("{text}\u{10ffff}")));
    format!("({column} >= {from} AND {column} < {to})")
}

impl UserCriteria {
    /// Conditions on `users u`.
    pub(super) fn conditions(&self, question: &mut Question, now: Instant) -> Vec<String> {
        let mut all = vec!["1 = 1".to_owned()];
        if let Some(typed) = &self.anything {
            let name = question.text(containing(&fold_name(typed)));
            let mut ways = vec![format!("u.name_folded LIKE {name} ESCAPE '\\'")];
            ways.push(beginning(question, "u.user_name", &fold_user_name(typed)));
            if let Some(phone) = &self.anything_as_phone {
                ways.push(beginning(question, "u.phone", phone));
            }
            all.push(format!("({})", ways.join(" OR ")));
        }
        for (column, typed) in [("u.user_name", &self.user_name), ("lower(u.email)", &self.email), ("lower(u.job_title)", &self.job_title)]
        {
            if let Some(typed) = typed {
                let part = question.text(containing(&typed.to_lowercase()));
                all.push(format!("{column} LIKE {part} ESCAPE '\\'"));
            }
        }
        if let Some(phone) = &self.phone {
            all.push(beginning(question, "u.phone", phone));
        }
        if let Some(branch) = &self.branch {
            let branch = question.text(branch.as_str());
            all.push(format!("u.branch_id = {branch}"));
        }
        if let Some(role) = self.role {
            all.push(role.condition(question, now));
        }
        if let Some(is_active) = self.is_active {
            all.push(if is_active { "u.is_active" } else { "NOT u.is_active" }.to_owned());
        }
        if self.is_locked {
            all.push(locked(&question.number(now.micros())));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_standard_role_is_found_under_its_own_name() {
        for (standard, held) in [
            (StandardRole::Maker, HeldRole::Maker),
            (StandardRole::Checker, HeldRole::Checker),
            (StandardRole::BranchManager, HeldRole::BranchManager),
            (StandardRole::Auditor, HeldRole::Auditor),
        ] {
            let actions = standard.actions().iter().copied().collect();
            assert_eq!(HeldRole::of(false, &actions), [held]);
            assert_eq!(held.label(), standard.label());
        }
        assert_eq!(HeldRole::of(false, &BTreeSet::new()), [HeldRole::Nothing]);
        assert_eq!(HeldRole::of(true, &BTreeSet::new()), [HeldRole::AccountManager]);
    }
}
