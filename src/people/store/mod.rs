//! The tables of people: users here, the others in files of their own.

mod failures;
mod links;
mod passwords;
mod sessions;

use diesel::prelude::*;

pub(super) use self::failures::{
    Failures, failures, forget_failures, forget_failures_of, forget_old_failures, locked, locked_until, set_failures,
};
pub(super) use self::links::{NewLink, end_links, end_mailed_resets, forget_old_links, good_link, insert_link, use_link};
pub(super) use self::passwords::{by_name_or_email, credentials, must_set_password, set_last_sign_in, set_password};
pub use self::passwords::{email, has_password};
pub(super) use self::sessions::{end_session, end_sessions, sessions_of};
use super::{Actor, PasswordHash, User, fold_name};
use crate::db::schema::{branches, user_periods, users};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{BranchId, UserId};

type Row = (UserId, String, String, BranchId, bool, bool);
type Columns = (users::id, users::user_name, users::full_name, users::branch_id, users::is_account_manager, users::is_active);
const COLUMNS: Columns = (users::id, users::user_name, users::full_name, users::branch_id, users::is_account_manager, users::is_active);

fn user((id, user_name, full_name, branch, is_account_manager, is_active): Row) -> User {
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

pub(super) fn account_managers(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(users::table
        .filter(users::is_account_manager.eq(true))
        .filter(users::is_active.eq(true))
        .order(users::full_name)
        .select(users::full_name)
        .load(conn)?)
}

pub(super) struct NewRow<'a> {
    pub user: &'a User,
    pub phone: Option<&'a str>,
    pub email: Option<&'a str>,
    pub job_title: Option<&'a str>,
    pub password: &'a PasswordHash,
}

pub(super) fn insert(tx: &mut WriteTx<'_>, row: &NewRow<'_>) -> Result<()> {
    let now = tx.now();
    let user = row.user;
    diesel::insert_into(users::table)
        .values((
            users::id.eq(&user.id),
            users::user_name.eq(&user.user_name),
            users::full_name.eq(&user.full_name),
            users::phone.eq(row.phone),
            users::email.eq(row.email),
            users::job_title.eq(row.job_title),
            users::branch_id.eq(&user.branch),
            users::is_account_manager.eq(user.is_account_manager),
            users::is_active.eq(user.is_active),
            users::password_hash.eq(&row.password.0),
            users::password_set_at.eq(now),
            users::created_at.eq(now),
            users::name_folded.eq(fold_name(&user.full_name)),
        ))
        .execute(&mut **tx)?;
    begin_period(tx, &user.id, user.is_active, user.is_account_manager)
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
