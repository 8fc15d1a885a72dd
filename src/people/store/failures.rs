//! Wrong passwords, counted by name and address.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::sign_in_failures;
use crate::db::{Conn, Result, WriteTx};

/// What is known of wrong passwords for a name from an address.
#[derive(Debug, Clone, Copy)]
pub(in crate::people) struct Failures {
    pub count: i32,
    pub last_at: Instant,
    pub locked_until: Option<Instant>,
}

pub(in crate::people) fn failures(conn: &mut Conn, user_name: &str, address: &str) -> Result<Option<Failures>> {
    let row = sign_in_failures::table
        .find((user_name, address))
        .select((sign_in_failures::failures, sign_in_failures::last_at, sign_in_failures::locked_until))
        .first::<(i32, Instant, Option<Instant>)>(conn)
        .optional()?;
    Ok(row.map(|(count, last_at, locked_until)| Failures { count, last_at, locked_until }))
}

pub(in crate::people) fn set_failures(tx: &mut WriteTx<'_>, user_name: &str, address: &str, failures: Failures) -> Result<()> {
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

pub(in crate::people) fn forget_failures(tx: &mut WriteTx<'_>, user_name: &str, address: &str) -> Result<()> {
    diesel::delete(sign_in_failures::table.find((user_name, address))).execute(&mut **tx)?;
    Ok(())
}

/// Every count under this name.
pub(in crate::people) fn forget_failures_of(tx: &mut WriteTx<'_>, user_name: &str) -> Result<()> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::user_name.eq(user_name))).execute(&mut **tx)?;
    Ok(())
}

pub(in crate::people) fn locked_until(conn: &mut Conn, user_name: &str, now: Instant) -> Result<Option<Instant>> {
    let until: Option<Option<Instant>> = sign_in_failures::table
        .filter(sign_in_failures::user_name.eq(user_name))
        .filter(sign_in_failures::locked_until.gt(now))
        .order(sign_in_failures::locked_until.desc())
        .select(sign_in_failures::locked_until)
        .first(conn)
        .optional()?;
    Ok(until.flatten())
}

/// Forgets what is older than `before`, so that guessed names do not fill the table.
pub(in crate::people) fn forget_old_failures(tx: &mut WriteTx<'_>, before: Instant) -> Result<()> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_at.lt(before))).execute(&mut **tx)?;
    Ok(())
}
