//! The users and sign-in failure tables.

use diesel::prelude::*;

use super::{Actor, PasswordHash, User};
use crate::clock::Instant;
use crate::db::schema::{branches, sign_in_failures, users};
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
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The active person of that name and their password's hash.
pub(super) fn credentials(conn: &mut Conn, user_name: &str) -> Result<Option<(User, PasswordHash)>> {
    let row: Option<(Row, String)> = users::table
        .filter(users::user_name.eq(user_name))
        .filter(users::is_active.eq(true))
        .select((COLUMNS, users::password_hash))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, hash)| (user(row), PasswordHash(hash))))
}

/// What is known of wrong passwords for a name from an address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures {
    pub count: i32,
    pub last_at: Instant,
    pub locked_until: Option<Instant>,
}

pub(super) fn failures(conn: &mut Conn, user_name: &str, address: &str) -> Result<Option<Failures>> {
    let row = sign_in_failures::table
        .find((user_name, address))
        .select((sign_in_failures::failures, sign_in_failures::last_at, sign_in_failures::locked_until))
        .first::<(i32, Instant, Option<Instant>)>(conn)
        .optional()?;
    Ok(row.map(|(count, last_at, locked_until)| Failures { count, last_at, locked_until }))
}

pub(super) fn set_failures(tx: &mut WriteTx<'_>, user_name: &str, address: &str, failures: Failures) -> Result<()> {
    forget_failures(tx, user_name, address)?;
    diesel::insert_into(sign_in_failures::table)
        .values((
            sign_in_failures::user_name.eq(user_name),
            sign_in_failures::address.eq(address),
            sign_in_failures::failures.eq(failures.count),
            sign_in_failures::last_at.eq(failures.last_at),
            sign_in_failures::locked_until.eq(failures.locked_until),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

pub(super) fn forget_failures(tx: &mut WriteTx<'_>, user_name: &str, address: &str) -> Result<()> {
    diesel::delete(sign_in_failures::table.find((user_name, address))).execute(&mut **tx)?;
    Ok(())
}

/// Forgets what is older than `before`, so that guessed names do not fill the table.
pub(super) fn forget_old_failures(tx: &mut WriteTx<'_>, before: Instant) -> Result<()> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_at.lt(before))).execute(&mut **tx)?;
    Ok(())
}
