//! The second factor's tables: secrets, recovery codes, enrolment codes. Requests are in a file of their own.

mod requests;

use diesel::dsl::exists;
use diesel::prelude::*;

pub use self::requests::requests_waiting;
pub(in crate::people) use self::requests::{Request, RequestFilter, Requests, last_request, open_request, request, requests};
pub(super) use self::requests::{asked_since, decide_request, insert_request, propose};
use super::State;
use super::secret::Sealed;
use crate::clock::Instant;
use crate::db::schema::{enrolment_codes, grants, recovery_codes, second_factors, sessions, users};
use crate::db::{Conn, Error, Result, WriteTx, on};
use crate::ids::UserId;
use crate::institutions::SecondFactorRule;
use crate::people::PasswordHash;
use crate::privileges::Action;

/// Whether a code is asked of the person when they sign in.
///
/// # Errors
/// The database's.
pub fn is_active(conn: &mut Conn, user: &UserId) -> Result<bool> {
    let active = second_factors::table.find(user).filter(second_factors::state.eq(State::Active)).select(second_factors::user_id);
    Ok(diesel::select(exists(active)).get_result(conn)?)
}

/// Whether the person must have a second factor: where the institution's rule asks it of them, which of the deciders are those who
/// approve, resolve, manage funding or administer; and always where theirs was reset, or the reset would take it away for good.
///
/// # Errors
/// The database's.
pub fn is_required(conn: &mut Conn, user: &UserId, rule: SecondFactorRule) -> Result<bool> {
    let was_reset = second_factors::table.find(user).filter(second_factors::state.eq(State::Dead)).select(second_factors::user_id);
    if diesel::select(exists(was_reset)).get_result(conn)? {
        return Ok(true);
    }
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

/// A person's second factor as it is kept.
#[derive(Debug, Clone)]
pub(in crate::people) struct Factor {
    pub version: i32,
    pub state: State,
    pub sealed: Sealed,
    pub first_at: Instant,
    pub confirmed_at: Instant,
    pub last_step: i64,
    pub wrong_codes: i32,
    pub locked_until: Option<Instant>,
}

type FactorRow = (i32, State, String, Vec<u8>, Instant, Instant, i64, i32, Option<Instant>);

pub(in crate::people) fn factor(conn: &mut Conn, user: &UserId) -> Result<Option<Factor>> {
    let row: Option<FactorRow> = second_factors::table
        .find(user)
        .select((
            second_factors::version,
            second_factors::state,
            second_factors::key_id,
            second_factors::secret,
            second_factors::first_at,
            second_factors::confirmed_at,
            second_factors::last_step,
            second_factors::wrong_codes,
            second_factors::locked_until,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(version, state, key_id, bytes, first_at, confirmed_at, last_step, wrong_codes, locked_until)| {
        let sealed = Sealed { key_id, bytes };
        Factor { version, state, sealed, first_at, confirmed_at, last_step, wrong_codes, locked_until }
    }))
}

/// The secret that `version` stands for is the person's from now on; `step` is the one of the code that confirmed it.
pub(super) fn activate(tx: &mut WriteTx<'_>, user: &UserId, version: i32, sealed: &Sealed, step: i64, first_at: Instant) -> Result<()> {
    let now = tx.now();
    diesel::delete(second_factors::table.find(user)).execute(&mut **tx)?;
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(user),
            second_factors::version.eq(version),
            second_factors::state.eq(State::Active),
            second_factors::key_id.eq(&sealed.key_id),
            second_factors::secret.eq(&sealed.bytes),
            second_factors::first_at.eq(first_at),
            second_factors::confirmed_at.eq(now),
            second_factors::last_step.eq(step),
            second_factors::wrong_codes.eq(0),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The same secret under another key.
pub(super) fn seal_anew(tx: &mut WriteTx<'_>, user: &UserId, version: i32, sealed: &Sealed) -> Result<()> {
    let same = second_factors::table.find(user).filter(second_factors::version.eq(version));
    let sealed = (second_factors::key_id.eq(&sealed.key_id), second_factors::secret.eq(&sealed.bytes));
    one(diesel::update(same).set(sealed).execute(&mut **tx)?)
}

/// Its code was taken: the step is used up, and wrong codes before it are forgiven.
pub(super) fn take_step(tx: &mut WriteTx<'_>, user: &UserId, before: &Factor, step: i64) -> Result<()> {
    let unchanged = second_factors::table
        .find(user)
        .filter(second_factors::state.eq(State::Active))
        .filter(second_factors::version.eq(before.version))
        .filter(second_factors::last_step.eq(before.last_step));
    let taken = (second_factors::last_step.eq(step), second_factors::wrong_codes.eq(0), second_factors::locked_until.eq(None::<Instant>));
    one(diesel::update(unchanged).set(taken).execute(&mut **tx)?)
}

pub(super) fn set_tries(tx: &mut WriteTx<'_>, user: &UserId, wrong_codes: i32, locked_until: Option<Instant>) -> Result<()> {
    let tries = (second_factors::wrong_codes.eq(wrong_codes), second_factors::locked_until.eq(locked_until));
    diesel::update(second_factors::table.find(user)).set(tries).execute(&mut **tx)?;
    Ok(())
}

/// Ends the person's secret, of which nothing is kept, and their recovery codes. `state`: dead or off.
pub(super) fn end(tx: &mut WriteTx<'_>, user: &UserId, state: State) -> Result<()> {
    let nothing: &[u8] = &[];
    diesel::update(second_factors::table.find(user))
        .set((
            second_factors::state.eq(state),
            second_factors::secret.eq(nothing),
            second_factors::wrong_codes.eq(0),
            second_factors::locked_until.eq(None::<Instant>),
        ))
        .execute(&mut **tx)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(&mut **tx)?;
    Ok(())
}

/// Nobody is signed in as the person any more, on no computer and at no step.
pub(super) fn end_sessions(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let now = tx.now();
    let open = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    diesel::update(open).set((sessions::ended_at.eq(now), sessions::state.eq("{}"))).execute(&mut **tx)?;
    Ok(())
}

/// New recovery codes instead of those there were.
pub(super) fn replace_recovery_codes(tx: &mut WriteTx<'_>, user: &UserId, digests: &[String]) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(&mut **tx)?;
    let rows: Vec<_> = digests.iter().map(|digest| (recovery_codes::user_id.eq(user), recovery_codes::digest.eq(digest))).collect();
    on!(&mut **tx, conn => diesel::insert_into(recovery_codes::table).values(&rows).execute(conn))?;
    Ok(())
}

/// Uses up the recovery code with one of these digests; returns whether there was one that was not used.
pub(super) fn use_recovery_code(tx: &mut WriteTx<'_>, user: &UserId, digests: &[String]) -> Result<bool> {
    let now = tx.now();
    let unused = recovery_codes::table
        .filter(recovery_codes::user_id.eq(user))
        .filter(recovery_codes::digest.eq_any(digests))
        .filter(recovery_codes::used_at.is_null());
    Ok(diesel::update(unused).set(recovery_codes::used_at.eq(now)).execute(&mut **tx)? == 1)
}

/// How many recovery codes the person has left.
///
/// # Errors
/// The database's.
pub fn recovery_codes_left(conn: &mut Conn, user: &UserId) -> Result<i64> {
    let unused = recovery_codes::table.filter(recovery_codes::user_id.eq(user)).filter(recovery_codes::used_at.is_null());
    Ok(unused.count().get_result(conn)?)
}

/// The hash of the enrolment code that still counts at `now`.
pub(in crate::people) fn enrolment_code(conn: &mut Conn, user: &UserId, now: Instant) -> Result<Option<PasswordHash>> {
    let open = enrolment_codes::table.find(user).filter(enrolment_codes::until_at.gt(now));
    Ok(open.select(enrolment_codes::hash).first(conn).optional()?.map(PasswordHash))
}

pub(super) fn set_enrolment_code(tx: &mut WriteTx<'_>, user: &UserId, hash: &PasswordHash, until: Instant) -> Result<()> {
    let now = tx.now();
    forget_enrolment_code(tx, user)?;
    diesel::insert_into(enrolment_codes::table)
        .values((
            enrolment_codes::user_id.eq(user),
            enrolment_codes::hash.eq(&hash.0),
            enrolment_codes::made_at.eq(now),
            enrolment_codes::until_at.eq(until),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

pub(super) fn forget_enrolment_code(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    diesel::delete(enrolment_codes::table.find(user)).execute(&mut **tx)?;
    Ok(())
}

/// Where mail reaches a person; `None` where it does not.
pub(super) fn address(conn: &mut Conn, user: &UserId) -> Result<Option<String>> {
    Ok(users::table.find(user).filter(users::is_active.eq(true)).select(users::email).first(conn).optional()?.flatten())
}

/// The account managers and where mail reaches them.
pub(super) fn account_managers(conn: &mut Conn) -> Result<Vec<(UserId, Option<String>)>> {
    let active = users::table.filter(users::is_account_manager.eq(true)).filter(users::is_active.eq(true));
    Ok(active.order(users::id).select((users::id, users::email)).load(conn)?)
}

/// The names of the account managers who may decide on a request of the person.
pub(in crate::people) fn deciders(conn: &mut Conn, user: &UserId) -> Result<Vec<String>> {
    let others = users::table.filter(users::is_account_manager.eq(true)).filter(users::is_active.eq(true)).filter(users::id.ne(user));
    Ok(others.order(users::full_name).select(users::full_name).load(conn)?)
}

/// A person who has set up a second factor.
#[derive(Debug, Clone)]
pub(in crate::people) struct EnrolledPerson {
    pub name: String,
    pub user_name: String,
    pub version: i32,
    pub state: State,
    pub first_at: Instant,
    pub confirmed_at: Instant,
}

type EnrolledRow = (String, String, i32, State, Instant, Instant);

/// Who set one up, newest first, and how many there are.
pub(in crate::people) fn enrolled(conn: &mut Conn, offset: i64, limit: i64) -> Result<(Vec<EnrolledPerson>, i64)> {
    let count = second_factors::table.count().get_result(conn)?;
    let rows: Vec<EnrolledRow> = second_factors::table
        .inner_join(users::table)
        .order((second_factors::confirmed_at.desc(), second_factors::user_id.desc()))
        .offset(offset)
        .limit(limit)
        .select((
            users::full_name,
            users::user_name,
            second_factors::version,
            second_factors::state,
            second_factors::first_at,
            second_factors::confirmed_at,
        ))
        .load(conn)?;
    let enrolled = rows.into_iter().map(|(name, user_name, version, state, first_at, confirmed_at)| EnrolledPerson {
        name,
        user_name,
        version,
        state,
        first_at,
        confirmed_at,
    });
    Ok((enrolled.collect(), count))
}

/// A compare-and-swap hits exactly one row.
fn one(changed: usize) -> Result<()> {
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}
