//! Persons as account managers look after them: all their details, and who else must not be like them.

use diesel::prelude::*;

use super::{COLUMNS, Row, user};
use crate::clock::Instant;
use crate::db::schema::{branches, grants, user_periods, users};
use crate::db::{Conn, Error, Result, WriteTx, on};
use crate::ids::{BranchId, UserId};
use crate::people::{Details, PasswordHash, Person, User, fold_name};
use crate::privileges::Action;

type Names = (Option<String>, Option<String>, Option<String>);
type Contact = (Option<String>, Option<String>, Option<String>);
type Times = (bool, String, Instant, Option<Instant>);

/// Everything that is kept of a person.
///
/// # Errors
/// The database's.
pub fn person(conn: &mut Conn, id: &UserId) -> Result<Option<Person>> {
    let row: Option<(Row, Names, Contact, Times)> = users::table
        .find(id)
        .select((
            COLUMNS,
            (users::first_name, users::middle_name, users::last_name),
            (users::phone, users::email, users::job_title),
            (users::must_set_password, users::password_hash, users::created_at, users::last_sign_in_at),
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, names, contact, (must_set_password, hash, created_at, last_sign_in_at))| {
        let user = user(row);
        let details = Details {
            full_name: user.full_name.clone(),
            user_name: user.user_name.clone(),
            first_name: names.0,
            middle_name: names.1,
            last_name: names.2,
            phone: contact.0,
            email: contact.1,
            job_title: contact.2,
        };
        let has_password = !hash.is_empty() && !must_set_password;
        Person { user, details, created_at, last_sign_in_at, has_password }
    }))
}

/// The active account managers, by name.
pub(in crate::people) fn managers(conn: &mut Conn) -> Result<Vec<User>> {
    let rows: Vec<Row> = users::table
        .filter(users::is_account_manager.eq(true))
        .filter(users::is_active.eq(true))
        .order((users::name_folded, users::id))
        .select(COLUMNS)
        .load(conn)?;
    Ok(rows.into_iter().map(user).collect())
}

/// The names of the active account managers.
pub(in crate::people) fn account_managers(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(managers(conn)?.into_iter().map(|manager| manager.full_name).collect())
}

/// Whoever has that phone, active or not; one left aside.
pub(in crate::people) fn with_phone(conn: &mut Conn, phone: &str, aside: Option<&UserId>) -> Result<Option<User>> {
    let nobody = UserId::from("");
    let theirs = users::table.filter(users::phone.eq(phone)).filter(users::id.ne(aside.unwrap_or(&nobody)));
    Ok(theirs.order(users::id).select(COLUMNS).first(conn).optional()?.map(user))
}

/// A person on their way into the table.
pub(in crate::people) struct NewRow<'a> {
    pub user: &'a User,
    pub details: &'a Details,
    pub password: &'a PasswordHash,
    pub must_set_password: bool,
}

/// Adds them all in one statement, each with the period that begins now.
pub(in crate::people) fn insert(tx: &mut WriteTx<'_>, new: &[NewRow<'_>]) -> Result<()> {
    let now = tx.now();
    let rows: Vec<_> = new
        .iter()
        .map(|row| {
            let (user, details) = (row.user, row.details);
            (
                (users::id.eq(&user.id), users::user_name.eq(&user.user_name), users::full_name.eq(&user.full_name)),
                (users::first_name.eq(&details.first_name), users::middle_name.eq(&details.middle_name)),
                (users::last_name.eq(&details.last_name), users::name_folded.eq(fold_name(&user.full_name))),
                (users::phone.eq(&details.phone), users::email.eq(&details.email), users::job_title.eq(&details.job_title)),
                (users::branch_id.eq(&user.branch), users::is_account_manager.eq(user.is_account_manager)),
                (users::is_active.eq(user.is_active), users::password_hash.eq(&row.password.0)),
                (users::must_set_password.eq(row.must_set_password), users::password_set_at.eq(now), users::created_at.eq(now)),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    on!(&mut **tx, conn => diesel::insert_into(users::table).values(&rows).execute(conn))?;
    let periods: Vec<_> = new
        .iter()
        .map(|row| {
            (
                user_periods::user_id.eq(&row.user.id),
                user_periods::from_at.eq(now),
                user_periods::is_active.eq(row.user.is_active),
                user_periods::is_account_manager.eq(row.user.is_account_manager),
            )
        })
        .collect();
    on!(&mut **tx, conn => diesel::insert_into(user_periods::table).values(&periods).execute(conn))?;
    Ok(())
}

/// Their details, branch and whether they administer. The user name and the address stay: see [`set_address`].
pub(in crate::people) fn update(tx: &mut WriteTx<'_>, user: &User, details: &Details) -> Result<()> {
    let changed = diesel::update(users::table.find(&user.id))
        .set((
            users::full_name.eq(&user.full_name),
            users::name_folded.eq(fold_name(&user.full_name)),
            users::first_name.eq(&details.first_name),
            users::middle_name.eq(&details.middle_name),
            users::last_name.eq(&details.last_name),
            users::phone.eq(&details.phone),
            users::job_title.eq(&details.job_title),
            users::branch_id.eq(&user.branch),
            users::is_account_manager.eq(user.is_account_manager),
        ))
        .execute(&mut **tx)?;
    one(changed)
}

pub(in crate::people) fn set_address(tx: &mut WriteTx<'_>, user: &UserId, email: Option<&str>) -> Result<()> {
    one(diesel::update(users::table.find(user)).set(users::email.eq(email)).execute(&mut **tx)?)
}

/// An account manager or not from now on; exactly one person, who was the other.
pub(in crate::people) fn set_account_manager(tx: &mut WriteTx<'_>, user: &UserId, shall: bool) -> Result<()> {
    let other = users::table.find(user).filter(users::is_account_manager.eq(!shall));
    one(diesel::update(other).set(users::is_account_manager.eq(shall)).execute(&mut **tx)?)
}

fn one(rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// What the person holds of these actions, now or from a later moment on: each with the branch's code.
pub(in crate::people) fn open_grants(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Vec<(Action, String)>> {
    Ok(grants::table
        .inner_join(branches::table)
        .filter(grants::user_id.eq(user))
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .order((branches::code, grants::action))
        .select((grants::action, branches::code))
        .load(conn)?)
}

/// Addresses of everybody else who may approve where this person holds anything.
pub(in crate::people) fn checkers_beside(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Vec<(UserId, String)>> {
    let theirs: Vec<BranchId> = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::ended_at.is_null())
        .select(grants::branch_id)
        .distinct()
        .load(conn)?;
    checkers_in(conn, Some(&theirs), user, now)
}

/// Addresses of everybody but one who may approve in these branches; `None`: anywhere.
fn checkers_in(conn: &mut Conn, within: Option<&[BranchId]>, aside: &UserId, now: Instant) -> Result<Vec<(UserId, String)>> {
    let mut checkers = grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::action.eq(Action::ApprovePayment))
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(users::is_active.eq(true))
        .filter(users::email.is_not_null())
        .filter(users::id.ne(aside))
        .select((users::id, users::email.assume_not_null()))
        .distinct()
        .into_boxed();
    if let Some(branches) = within {
        checkers = checkers.filter(grants::branch_id.eq_any(branches.to_vec()));
    }
    Ok(checkers.load(conn)?)
}

/// Addresses of everybody but one who may approve anywhere, and of the other account managers.
pub(in crate::people) fn guardians(conn: &mut Conn, aside: &UserId, now: Instant) -> Result<Vec<(UserId, String)>> {
    let mut told = checkers_in(conn, None, aside, now)?;
    let managers: Vec<(UserId, String)> = users::table
        .filter(users::is_account_manager.eq(true))
        .filter(users::is_active.eq(true))
        .filter(users::email.is_not_null())
        .filter(users::id.ne(aside))
        .select((users::id, users::email.assume_not_null()))
        .load(conn)?;
    told.extend(managers);
    told.sort();
    told.dedup();
    Ok(told)
}
