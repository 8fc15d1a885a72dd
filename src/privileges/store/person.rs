//! What one person holds and waits for, all at once: for planning a change and for their matrix.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::branches::Branch;
use crate::clock::Instant;
use crate::confirmations::{Change, GrantAsked, Kind, State};
use crate::db::schema::{branches, confirmations, grants, users};
use crate::db::{Conn, Result};
use crate::ids::{BranchId, ConfirmationId, GrantId, UserId};
use crate::privileges::Action;

/// A grant that nobody has ended; it may have run out by itself.
#[derive(Debug, Clone, Queryable)]
pub struct OpenGrant {
    pub id: GrantId,
    pub branch: BranchId,
    pub action: Action,
    pub from: Instant,
    pub until: Option<Instant>,
    /// The id of a person, or the name of an operator.
    pub given_by: String,
    pub confirmed_by: Option<String>,
}

impl OpenGrant {
    pub fn is_expired(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// In order of id. Not more than one for each branch and action.
pub(in crate::privileges) fn open_grants(conn: &mut Conn, user: &UserId) -> Result<Vec<OpenGrant>> {
    Ok(grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::ended_at.is_null())
        .order(grants::id)
        .select((grants::id, grants::branch_id, grants::action, grants::from_at, grants::until_at, grants::given_by, grants::confirmed_by))
        .load(conn)?)
}

/// Sensitive actions that somebody asked for and nobody has confirmed or refused yet.
#[derive(Debug, Clone)]
pub struct WaitingGrants {
    pub id: ConfirmationId,
    pub asked_by: String,
    pub asked_at: Instant,
    pub grants: Vec<GrantAsked>,
}

/// The oldest first.
pub(in crate::privileges) fn waiting(conn: &mut Conn, user: &UserId) -> Result<Vec<WaitingGrants>> {
    let rows: Vec<(ConfirmationId, String, Instant, String)> = confirmations::table
        .inner_join(users::table.on(users::id.eq(confirmations::asked_by)))
        .filter(confirmations::user_id.eq(user))
        .filter(confirmations::kind.eq(Kind::Grants))
        .filter(confirmations::state.eq(State::Waiting))
        .order((confirmations::asked_at, confirmations::id))
        .select((confirmations::id, users::full_name, confirmations::asked_at, confirmations::change))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, asked_by, asked_at, change)| WaitingGrants { id, asked_by, asked_at, grants: read(&change) }).collect())
}

/// What another version wrote and this one cannot read is asked for by nobody.
pub(in crate::privileges::store) fn read(change: &str) -> Vec<GrantAsked> {
    match serde_json::from_str(change) {
        Ok(Change::Grants(grants)) => grants,
        _ => Vec::new(),
    }
}

/// Active account managers but these two, in order of name: who may confirm what one of them asks for the other.
pub(in crate::privileges) fn confirmers(conn: &mut Conn, asker: &UserId, person: &UserId) -> Result<Vec<String>> {
    Ok(users::table
        .filter(users::is_account_manager.eq(true))
        .filter(users::is_active.eq(true))
        .filter(users::id.ne(asker))
        .filter(users::id.ne(person))
        .order((users::full_name, users::id))
        .select(users::full_name)
        .load(conn)?)
}

/// Where mail reaches an active person, if anywhere.
pub(in crate::privileges) fn address(conn: &mut Conn, user: &UserId) -> Result<Option<String>> {
    let active = users::table.find(user).filter(users::is_active.eq(true));
    let found: Option<Option<String>> = active.select(users::email).first(conn).optional()?;
    Ok(found.flatten())
}

/// Who else holds Approve Payment in one of the branches at `now` and has an address, in order of id, each once; not more than `most`.
pub(in crate::privileges) fn checkers(
    conn: &mut Conn,
    branches: &[BranchId],
    but: &UserId,
    now: Instant,
    most: i64,
) -> Result<Vec<(UserId, String)>> {
    let rows: Vec<(UserId, Option<String>)> = grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::branch_id.eq_any(branches))
        .filter(grants::action.eq(Action::ApprovePayment))
        .filter(grants::ended_at.is_null())
        .filter(grants::from_at.le(now))
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(users::is_active.eq(true))
        .filter(users::is_account_manager.eq(false))
        .filter(users::email.is_not_null())
        .filter(users::id.ne(but))
        .distinct()
        .order(users::id)
        .limit(most)
        .select((users::id, users::email))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, address)| Some((id, address?))).collect())
}

/// Their full names; who is no person of ours, an operator, is called by what is asked for.
pub(in crate::privileges) fn names(conn: &mut Conn, ids: impl IntoIterator<Item = String>) -> Result<BTreeMap<String, String>> {
    let mut names: BTreeMap<String, String> = ids.into_iter().map(|id| (id.clone(), id)).collect();
    let known: Vec<(String, String)> =
        users::table.filter(users::id.eq_any(names.keys())).select((users::id, users::full_name)).load(conn)?;
    names.extend(known);
    Ok(names)
}

/// The branches with these ids.
pub(in crate::privileges) fn branches_of<'a>(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = &'a BranchId>,
) -> Result<BTreeMap<BranchId, Branch>> {
    let rows: Vec<BranchRow> = branches::table.filter(branches::id.eq_any(ids)).select(BRANCH).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.0.clone(), branch(row))).collect())
}

pub(in crate::privileges::store) type BranchRow = (BranchId, String, String, String, String, bool);
pub(in crate::privileges::store) type BranchColumns =
    (branches::id, branches::code, branches::region, branches::township, branches::name, branches::is_active);
pub(in crate::privileges::store) const BRANCH: BranchColumns =
    (branches::id, branches::code, branches::region, branches::township, branches::name, branches::is_active);

pub(in crate::privileges::store) fn branch((id, code, region, township, name, is_active): BranchRow) -> Branch {
    Branch { id, code, region, township, name, is_active }
}
