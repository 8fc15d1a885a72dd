//! Who can do what at a moment, and who can make and approve in one branch: what the reports list.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Action, NotAllowed, Rights};
use crate::clock::Instant;
use crate::db::Conn;
use crate::ids::{BranchId, UserId};
use crate::people::Actor;

/// What narrows the list; all of it must fit.
#[derive(Debug, Clone)]
pub struct ReportCriteria {
    /// Part of a name, or a whole user name; lower case.
    pub person: Option<String>,
    /// Part of a branch's name, or its code; lower case.
    pub branch: Option<String>,
    pub action: Option<Action>,
    pub at: Instant,
    /// Only these branches; `None`: all.
    pub within: Option<Vec<BranchId>>,
}

/// A grant that was in force.
#[derive(Debug, Clone, QueryableByName)]
pub struct GrantInForce {
    #[diesel(sql_type = Text)]
    pub user_id: UserId,
    #[diesel(sql_type = Text)]
    pub user_name: String,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = Text)]
    pub branch_id: BranchId,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub region: String,
    #[diesel(sql_type = Text)]
    pub township: String,
    #[diesel(sql_type = Text)]
    pub branch_name: String,
    #[diesel(sql_type = Text)]
    pub action: Action,
    #[diesel(sql_type = BigInt)]
    pub from_at: Instant,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub until_at: Option<Instant>,
    #[diesel(sql_type = Text)]
    pub given_by: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub confirmed_by: Option<String>,
}

impl GrantInForce {
    pub fn branch(&self) -> String {
        format!("{} - {} - {}", self.region.to_uppercase(), self.township.to_uppercase(), self.branch_name)
    }
}

/// A person who can make and approve in the same branch.
#[derive(Debug, Clone, QueryableByName)]
pub struct BothHands {
    #[diesel(sql_type = Text)]
    pub user_id: UserId,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = Text)]
    pub branch_id: BranchId,
    #[diesel(sql_type = Text)]
    pub region: String,
    #[diesel(sql_type = Text)]
    pub township: String,
    #[diesel(sql_type = Text)]
    pub branch_name: String,
    #[diesel(sql_type = BigInt)]
    pub since: Instant,
    #[diesel(sql_type = Text)]
    pub make_by: String,
    #[diesel(sql_type = Text)]
    pub approve_by: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub confirmed_by: Option<String>,
}

impl BothHands {
    pub fn branch(&self) -> String {
        format!("{} - {} - {}", self.region.to_uppercase(), self.township.to_uppercase(), self.branch_name)
    }
}

/// Since when, and by whom, nobody has to confirm what another account manager asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relaxed {
    pub by: String,
    pub at: Instant,
}

/// Of which branches the person may read reports: an account manager of all (`None`), others where they hold View Reports.
///
/// # Errors
/// [`NotAllowed::NoGrant`] for those who may read none.
pub fn report_scope(conn: &mut Conn, actor: &Actor, now: Instant) -> Result<Option<Vec<BranchId>>, NotAllowed> {
    if actor.is_account_manager {
        return Ok(None);
    }
    let rights = Rights::load(conn, &actor.id, now)?;
    let branches: Vec<BranchId> = rights.branches(Action::ViewReports).cloned().collect();
    if branches.is_empty() { Err(NotAllowed::NoGrant(Action::ViewReports)) } else { Ok(Some(branches)) }
}
