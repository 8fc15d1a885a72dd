//! The tables of sessions and once-keys.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::{once_keys, sessions};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{OnceKey, UserId};

/// A session as it is kept: its key only as a digest.
pub(super) struct SessionRow {
    pub state: HashMap<String, String>,
    pub created_at: Instant,
    pub seen_at: Instant,
}

pub(super) fn session(conn: &mut Conn, key_digest: &str) -> Result<Option<SessionRow>> {
    let row = sessions::table
        .find(key_digest)
        .filter(sessions::ended_at.is_null())
        .select((sessions::state, sessions::created_at, sessions::seen_at))
        .first::<(String, Instant, Instant)>(conn)
        .optional()?;
    Ok(row.and_then(|(state, created_at, seen_at)| Some(SessionRow { state: serde_json::from_str(&state).ok()?, created_at, seen_at })))
}

pub(super) struct NewSession<'a> {
    pub key_digest: &'a str,
    pub id: &'a str,
    pub stage: &'a str,
    pub state: &'a str,
    pub user: Option<&'a UserId>,
    pub browser: &'a str,
    pub address: &'a str,
}

pub(super) fn insert_session(tx: &mut WriteTx<'_>, new: &NewSession<'_>) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(sessions::table)
        .values((
            sessions::key_digest.eq(new.key_digest),
            sessions::id.eq(new.id),
            sessions::stage.eq(new.stage),
            sessions::state.eq(new.state),
            sessions::user_id.eq(new.user),
            sessions::browser.eq(new.browser),
            sessions::address.eq(new.address),
            sessions::created_at.eq(now),
            sessions::seen_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Returns whether there was such a session that had not ended.
pub(super) fn update_session(tx: &mut WriteTx<'_>, key_digest: &str, state: &str) -> Result<bool> {
    let now = tx.now();
    let open = sessions::table.find(key_digest).filter(sessions::ended_at.is_null());
    Ok(diesel::update(open).set((sessions::state.eq(state), sessions::seen_at.eq(now))).execute(&mut **tx)? == 1)
}

pub(super) fn touch_session(tx: &mut WriteTx<'_>, key_digest: &str) -> Result<()> {
    let now = tx.now();
    diesel::update(sessions::table.find(key_digest)).set(sessions::seen_at.eq(now)).execute(&mut **tx)?;
    Ok(())
}

pub(super) fn end_session(tx: &mut WriteTx<'_>, key_digest: &str) -> Result<()> {
    let now = tx.now();
    let open = sessions::table.find(key_digest).filter(sessions::ended_at.is_null());
    diesel::update(open).set((sessions::ended_at.eq(now), sessions::state.eq("{}"))).execute(&mut **tx)?;
    Ok(())
}

/// Where the first post of a form led, and what it said.
pub(super) fn once_result(conn: &mut Conn, key: &OnceKey, user: &UserId) -> Result<Option<(String, Option<String>)>> {
    Ok(once_keys::table
        .find(key)
        .filter(once_keys::user_id.eq(user))
        .select((once_keys::location, once_keys::flash))
        .first(conn)
        .optional()?)
}

pub(super) fn insert_once(tx: &mut WriteTx<'_>, key: &OnceKey, user: &UserId, location: &str, flash: Option<&str>) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(once_keys::table)
        .values((
            once_keys::once_key.eq(key),
            once_keys::user_id.eq(user),
            once_keys::location.eq(location),
            once_keys::flash.eq(flash),
            once_keys::at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ended or long unseen sessions and old once-keys are forgotten: the worker calls this once an hour.
///
/// # Errors
/// The database's.
pub fn forget(tx: &mut WriteTx<'_>, unseen_since: Instant) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::seen_at.lt(unseen_since))).execute(&mut **tx)?;
    diesel::delete(once_keys::table.filter(once_keys::at.lt(unseen_since))).execute(&mut **tx)?;
    Ok(())
}
