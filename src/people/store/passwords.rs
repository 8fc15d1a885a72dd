//! What the users table keeps of a password, and where its owner is written to.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::{COLUMNS, Row, user};
use crate::db::schema::users;
use crate::db::{Conn, Error, Result, WriteTx};
use crate::ids::UserId;
use crate::people::{PasswordHash, User};

/// The active person of that name and their password's hash; nobody where none is set.
pub(in crate::people) fn credentials(conn: &mut Conn, user_name: &str) -> Result<Option<(User, PasswordHash)>> {
    let row: Option<(Row, String)> = users::table
        .filter(users::user_name.eq(user_name))
        .filter(users::is_active.eq(true))
        .filter(users::password_hash.ne(""))
        .select((COLUMNS, users::password_hash))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, hash)| (user(row), PasswordHash(hash))))
}

pub(in crate::people) fn has_password(conn: &mut Conn, user: &UserId) -> Result<bool> {
    let hash: Option<String> = users::table.find(user).select(users::password_hash).first(conn).optional()?;
    Ok(hash.is_some_and(|hash| !hash.is_empty()))
}

/// Whether their password is not one they set themselves.
pub(in crate::people) fn must_set_password(conn: &mut Conn, user: &UserId) -> Result<bool> {
    Ok(users::table.find(user).select(users::must_set_password).first(conn)?)
}

/// Where mail for them goes.
pub(in crate::people) fn email(conn: &mut Conn, user: &UserId) -> Result<Option<String>> {
    let email: Option<Option<String>> = users::table.find(user).select(users::email).first(conn).optional()?;
    Ok(email.flatten().filter(|email| !email.trim().is_empty()))
}

/// The active person with a password whom a user name or an address names; nobody where an address is shared.
pub(in crate::people) fn by_name_or_email(conn: &mut Conn, asked: &str) -> Result<Option<(User, Option<String>)>> {
    let mut rows: Vec<(Row, Option<String>)> = users::table
        .filter(users::is_active.eq(true))
        .filter(users::password_hash.ne(""))
        .filter(users::user_name.eq(asked).or(sql::<Bool>("lower(users.email) = ").bind::<Text, _>(asked)))
        .order(users::id)
        .limit(3)
        .select((COLUMNS, users::email))
        .load(conn)?;
    let named = rows.iter().position(|(row, _)| row.1 == asked);
    let found = match (named, rows.len()) {
        (Some(at), _) => rows.swap_remove(at),
        (None, 1) => rows.swap_remove(0),
        _ => return Ok(None),
    };
    Ok(Some((user(found.0), found.1)))
}

/// A password of the person's own. `before`: only while it is still this one.
pub(in crate::people) fn set_password(tx: &mut WriteTx<'_>, id: &UserId, new: &PasswordHash, before: Option<&PasswordHash>) -> Result<()> {
    let now = tx.now();
    let set = (users::password_hash.eq(&new.0), users::password_set_at.eq(now), users::must_set_password.eq(false));
    let active = users::table.find(id).filter(users::is_active.eq(true));
    let done = match before {
        Some(before) => diesel::update(active.filter(users::password_hash.eq(&before.0))).set(set).execute(&mut **tx)?,
        None => diesel::update(active).set(set).execute(&mut **tx)?,
    };
    if done == 1 { Ok(()) } else { Err(Error::Conflict) }
}

pub(in crate::people) fn set_last_sign_in(tx: &mut WriteTx<'_>, id: &UserId) -> Result<()> {
    let now = tx.now();
    diesel::update(users::table.find(id)).set(users::last_sign_in_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}
