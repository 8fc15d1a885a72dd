//! The tables of people: users here, the others in files of their own.

mod deactivation;
mod failures;
mod home;
mod links;
mod passwords;
mod persons;
mod search;
mod sessions;

use diesel::prelude::*;

pub(super) use self::deactivation::{
    confirmations_of, drafts_of_leaver, granted_by, make_account_manager, on_the_way, open_sessions, set_active, withdraw_confirmations,
};
pub(super) use self::failures::{Failures, failures, forget_failures, forget_failures_of, forget_old_failures, locked_until, set_failures};
pub(super) use self::home::{administration, in_states_of, rejected_of, troubled};
pub(super) use self::links::{
    NewLink, end_links, end_mailed_links, end_mailed_resets, end_resets, forget_old_links, good_link, insert_link, use_link,
};
pub(super) use self::passwords::{by_name_or_email, credentials, must_set_password, set_last_sign_in, set_password};
pub use self::passwords::{email, has_password};
pub use self::persons::person;
pub(super) use self::persons::{
    NewRow, account_managers, checkers_beside, guardians, insert, managers, open_grants, set_account_manager, set_address, update,
    with_phone,
};
pub use self::search::{BranchChoice, LastLink, branch_choices, last_link, roles_held, search_users};
pub(super) use self::sessions::{end_session, end_sessions, sessions_of};
use super::{Actor, User};
use crate::db::schema::{branches, user_periods, users};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{BranchId, UserId};

pub(super) type Row = (UserId, String, String, BranchId, bool, bool);
pub(super) type Columns = (users::id, users::user_name, users::full_name, users::branch_id, users::is_account_manager, users::is_active);
pub(super) const COLUMNS: Columns =
    (users::id, users::user_name, users::full_name, users::branch_id, users::is_account_manager, users::is_active);

pub(super) fn user((id, user_name, full_name, branch, is_account_manager, is_active): Row) -> User {
    User { id, user_name, full_name, branch, is_account_manager, is_active }
}

/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &UserId) -> Result<Option<User>> {
    Ok(users::table.find(id).select(COLUMNS).first(conn).optional()?.map(user))
}

/// By user name, already folded.
///
/// # Errors
/// The database's.
pub fn find_by_name(conn: &mut Conn, user_name: &str) -> Result<Option<User>> {
    Ok(users::table.filter(users::user_name.eq(user_name)).select(COLUMNS).first(conn).optional()?.map(user))
}

/// The person on whose behalf a verb may run, while active.
///
/// # Errors
/// The database's.
pub fn actor(conn: &mut Conn, id: &UserId) -> Result<Option<Actor>> {
    let row = users::table
        .inner_join(branches::table)
        .filter(users::id.eq(id))
        .filter(users::is_active.eq(true))
        .select((users::id, users::user_name, users::full_name, users::branch_id, branches::name, users::is_account_manager))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, user_name, full_name, branch, branch_name, is_account_manager)| Actor {
        id,
        user_name,
        full_name,
        branch,
        branch_name,
        is_account_manager,
    }))
}

/// From now on the person is (no longer) active, (no longer) an account manager: the open period ends and a new one begins.
pub(super) fn begin_period(tx: &mut WriteTx<'_>, user: &UserId, is_active: bool, is_account_manager: bool) -> Result<()> {
    let now = tx.now();
    let open = user_periods::table.filter(user_periods::user_id.eq(user)).filter(user_periods::until_at.is_null());
    // Two changes within one microsecond leave only the second.
    diesel::delete(open.filter(user_periods::from_at.eq(now))).execute(&mut **tx)?;
    diesel::update(open).set(user_periods::until_at.eq(now)).execute(&mut **tx)?;
    diesel::insert_into(user_periods::table)
        .values((
            user_periods::user_id.eq(user),
            user_periods::from_at.eq(now),
            user_periods::is_active.eq(is_active),
            user_periods::is_account_manager.eq(is_account_manager),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
