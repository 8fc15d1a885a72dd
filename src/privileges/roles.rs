//! Roles: sets of actions under a name. Choosing one ticks boxes; nobody *has* a role, they have grants.

use std::collections::BTreeSet;

use super::{Action, store};
use crate::db::{Conn, Result, text_enum};
use crate::ids::RoleId;

/// Roles an institution may save for itself.
pub const ROLES_MAX: i64 = 100;

text_enum! {
    /// The roles that every institution has.
    pub enum StandardRole {
        Maker = "maker",
        Checker = "checker",
        BranchManager = "branch_manager",
        Auditor = "auditor",
    }
}

impl StandardRole {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Maker => "Maker",
            Self::Checker => "Checker",
            Self::BranchManager => "Branch manager",
            Self::Auditor => "Auditor",
        }
    }

    /// Every set shows something by itself: each holds the View that its other actions need (a test checks).
    pub const fn actions(self) -> &'static [Action] {
        match self {
            Self::Maker => &[
                Action::MakePayment,
                Action::DeletePayment,
                Action::MakePayroll,
                Action::MakeLoanDisbursement,
                Action::DownloadPayment,
                Action::ViewPayroll,
                Action::ViewLoanDisbursement,
            ],
            Self::Checker => {
                &[Action::ApprovePayment, Action::RejectPayment, Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement]
            }
            Self::BranchManager => &[Action::DownloadPayment, Action::ViewPayroll, Action::ViewLoanDisbursement],
            Self::Auditor => &[
                Action::DownloadPayment,
                Action::ViewPayroll,
                Action::ViewLoanDisbursement,
                Action::ViewLoanRepayment,
                Action::ViewReports,
                Action::ViewAuditLog,
            ],
        }
    }
}

/// What a role is called: a standard one in words that are translated, an institution's own as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleName {
    Standard(StandardRole),
    Own(String),
}

/// A role as forms offer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What forms and addresses call it: `maker`, or the id of an institution's own.
    pub key: String,
    pub name: RoleName,
    pub actions: BTreeSet<Action>,
}

impl Role {
    fn standard(role: StandardRole) -> Self {
        Self { key: role.as_str().to_owned(), name: RoleName::Standard(role), actions: role.actions().iter().copied().collect() }
    }

    /// An institution's own.
    pub(super) fn own(id: &RoleId, name: String, actions: BTreeSet<Action>) -> Self {
        Self { key: id.to_string(), name: RoleName::Own(name), actions }
    }

    /// Its name in English: for the command line, files and comparing what was typed.
    pub fn english(&self) -> &str {
        match &self.name {
            RoleName::Standard(role) => role.label(),
            RoleName::Own(name) => name,
        }
    }

    /// Whether somebody who wrote this meant the role; case and outer spaces do not matter, nor `_` for a space.
    pub fn is_called(&self, typed: &str) -> bool {
        fold(typed) == fold(self.english())
    }
}

/// How names of roles are compared: no two roles of an institution read alike.
pub(super) fn fold(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.replace('_', " ").split_whitespace().collect::<Vec<_>>().join(" ").nfkc().collect::<String>().to_lowercase()
}

/// The standard roles, then the institution's own by name.
///
/// # Errors
/// The database's.
pub fn roles(conn: &mut Conn) -> Result<Vec<Role>> {
    let mut roles: Vec<Role> = StandardRole::ALL.iter().copied().map(Role::standard).collect();
    roles.extend(store::own_roles(conn)?);
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_as_people_write_it() {
        let manager = Role::standard(StandardRole::BranchManager);
        assert!(manager.is_called(" Branch  MANAGER ") && manager.is_called("branch_manager"));
        assert!(!manager.is_called("manager"));
    }
}
