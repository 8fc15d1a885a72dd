//! What is in force at a moment: the question behind every authorisation.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::{branches, grants, users};
use crate::db::{Conn, Result};
use crate::ids::{BranchId, UserId};
use crate::privileges::Action;
use crate::privileges::needs::MAKES;

/// Whether the person holds the action in the branch at `now`. An account manager holds none of the payment actions, and nobody makes
/// payments in an inactive branch.
pub(in crate::privileges) fn holds(conn: &mut Conn, user: &UserId, action: Action, branch: &BranchId, now: Instant) -> Result<bool> {
    let grant = grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .inner_join(branches::table.on(branches::id.eq(grants::branch_id)))
        .filter(grants::user_id.eq(user))
        .filter(grants::branch_id.eq(branch))
        .filter(grants::action.eq(action))
        .filter(grants::ended_at.is_null())
        .filter(grants::from_at.le(now))
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(users::is_active.eq(true))
        .filter(users::is_account_manager.eq(false).or(grants::action.eq_any(Action::FOR_ACCOUNT_MANAGERS)))
        .filter(branches::is_active.eq(true).or(grants::action.ne_all(MAKES)))
        .select(grants::id);
    Ok(diesel::select(exists(grant)).get_result(conn)?)
}

/// Every (action, branch) the person holds at `now`.
pub(in crate::privileges) fn held(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Vec<(Action, BranchId)>> {
    Ok(grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .inner_join(branches::table.on(branches::id.eq(grants::branch_id)))
        .filter(grants::user_id.eq(user))
        .filter(grants::ended_at.is_null())
        .filter(grants::from_at.le(now))
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(users::is_active.eq(true))
        .filter(users::is_account_manager.eq(false).or(grants::action.eq_any(Action::FOR_ACCOUNT_MANAGERS)))
        .filter(branches::is_active.eq(true).or(grants::action.ne_all(MAKES)))
        .select((grants::action, grants::branch_id))
        .load(conn)?)
}

/// Active branches in which the person holds all of the actions at `now`, as (id, code, name), in order of code.
///
/// # Errors
/// The database's.
pub fn branches_with_all(conn: &mut Conn, user: &UserId, actions: &[Action], now: Instant) -> Result<Vec<(BranchId, String, String)>> {
    let held = held(conn, user, now)?;
    let wanted: BTreeSet<&BranchId> = held
        .iter()
        .map(|(_, branch)| branch)
        .filter(|branch| actions.iter().all(|action| held.iter().any(|(a, b)| a == action && b == *branch)))
        .collect();
    Ok(branches::table
        .filter(branches::id.eq_any(wanted))
        .filter(branches::is_active.eq(true))
        .order(branches::code)
        .select((branches::id, branches::code, branches::name))
        .load(conn)?)
}

/// Who holds all of the actions in the branch at `now`, as (id, full name), in order of name.
///
/// # Errors
/// The database's.
pub fn people_with_all(conn: &mut Conn, branch: &BranchId, actions: &[Action], now: Instant) -> Result<Vec<(UserId, String)>> {
    let held: Vec<(UserId, String, Action)> = grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::branch_id.eq(branch))
        .filter(grants::action.eq_any(actions))
        .filter(grants::ended_at.is_null())
        .filter(grants::from_at.le(now))
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(users::is_active.eq(true))
        .filter(users::is_account_manager.eq(false))
        .order((users::full_name, users::id))
        .select((users::id, users::full_name, grants::action))
        .load(conn)?;
    let mut people: Vec<(UserId, String)> = held.iter().map(|(id, name, _)| (id.clone(), name.clone())).collect();
    people.dedup();
    people.retain(|(id, _)| actions.iter().all(|action| held.iter().any(|(who, _, what)| who == id && what == action)));
    Ok(people)
}

/// Everybody who holds an action of payments at `now`, with a mail address if they have one: a line for each branch, by person.
///
/// # Errors
/// The database's.
pub fn holders(conn: &mut Conn, action: Action, now: Instant) -> Result<Vec<(UserId, Option<String>, BranchId)>> {
    Ok(grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::action.eq(action))
        .filter(grants::ended_at.is_null())
        .filter(grants::from_at.le(now))
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(users::is_active.eq(true))
        .filter(users::is_account_manager.eq(false))
        .order((users::id, grants::branch_id))
        .select((users::id, users::email, grants::branch_id))
        .load(conn)?)
}

/// Whether the person holds an action that needs two account managers, in any branch, now or from a later moment on.
///
/// # Errors
/// The database's.
pub fn holds_sensitive(conn: &mut Conn, user: &UserId, now: Instant) -> Result<bool> {
    let open = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::action.eq_any(Action::SENSITIVE))
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .select(grants::id);
    Ok(diesel::select(exists(open)).get_result(conn)?)
}
