//! The second factor's tables.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::db::schema::{grants, second_factors, users};
use crate::db::{Conn, Result};
use crate::ids::UserId;
use crate::institutions::SecondFactorRule;
use crate::privileges::Action;

/// Whether a code is asked of the person when they sign in.
///
/// # Errors
/// The database's.
pub fn is_active(conn: &mut Conn, user: &UserId) -> Result<bool> {
    let active = second_factors::table.find(user).filter(second_factors::state.eq("active")).select(second_factors::user_id);
    Ok(diesel::select(exists(active)).get_result(conn)?)
}

/// Whether the institution's rule asks the person to have a second factor: those who approve, resolve, manage funding or administer.
///
/// # Errors
/// The database's.
pub fn is_required(conn: &mut Conn, user: &UserId, rule: SecondFactorRule) -> Result<bool> {
    match rule {
        SecondFactorRule::Off => return Ok(false),
        SecondFactorRule::Everybody => return Ok(true),
        SecondFactorRule::Deciders => {}
    }
    let administers = users::table.find(user).filter(users::is_account_manager.eq(true)).select(users::id);
    if diesel::select(exists(administers)).get_result(conn)? {
        return Ok(true);
    }
    let decides = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::action.eq_any(Action::SENSITIVE))
        .filter(grants::ended_at.is_null())
        .select(grants::id);
    Ok(diesel::select(exists(decides)).get_result(conn)?)
}
