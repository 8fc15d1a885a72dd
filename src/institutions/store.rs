//! The institution's one row, and its settings.

use diesel::prelude::*;

use super::Mode;
use crate::clock::Instant;
use crate::db::schema::{institution, sessions, settings, users};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{InstitutionId, UserId};

pub(super) fn institution(conn: &mut Conn) -> Result<Option<(InstitutionId, Mode)>> {
    Ok(institution::table.select((institution::id, institution::mode)).first(conn).optional()?)
}

/// When the institution was made in this database.
///
/// # Errors
/// The database's.
pub fn founded_at(conn: &mut Conn) -> Result<Option<Instant>> {
    Ok(institution::table.select(institution::created_at).first(conn).optional()?)
}

pub(super) fn insert(tx: &mut WriteTx<'_>, id: &InstitutionId, mode: Mode) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(institution::table)
        .values((
            institution::id.eq(id),
            institution::only_row.eq(1),
            institution::mode.eq(mode),
            institution::dispatch_epoch.eq(0_i64),
            institution::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// What the institution changed itself: names and values.
pub(super) fn settings(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    Ok(settings::table.select((settings::name, settings::value)).load(conn)?)
}

/// A setting as its page shows it.
#[derive(Debug, Clone, Queryable)]
pub(super) struct SettingRow {
    pub name: String,
    pub value: String,
    pub changed_by: String,
    pub changed_at: Instant,
}

pub(super) fn setting_rows(conn: &mut Conn) -> Result<Vec<SettingRow>> {
    Ok(settings::table.select((settings::name, settings::value, settings::changed_by, settings::changed_at)).load(conn)?)
}

pub(super) fn put_setting(tx: &mut WriteTx<'_>, name: &str, value: &str, changed_by: &str) -> Result<()> {
    let now = tx.now();
    let set = (settings::value.eq(value), settings::changed_by.eq(changed_by), settings::changed_at.eq(now));
    if diesel::update(settings::table.find(name)).set(set).execute(&mut **tx)? == 0 {
        diesel::insert_into(settings::table).values((settings::name.eq(name), set)).execute(&mut **tx)?;
    }
    Ok(())
}

pub(super) fn is_suspended(conn: &mut Conn) -> Result<bool> {
    let at: Option<Option<Instant>> = institution::table.select(institution::suspended_at).first(conn).optional()?;
    Ok(at.flatten().is_some())
}

pub(super) fn set_suspended(tx: &mut WriteTx<'_>, at: Option<Instant>, because: Option<&str>) -> Result<()> {
    let columns = (institution::suspended_at.eq(at), institution::suspended_because.eq(because));
    diesel::update(institution::table).set(columns).execute(&mut **tx)?;
    Ok(())
}

/// Whoever is signed in has to do it again.
pub(super) fn end_sessions(tx: &mut WriteTx<'_>) -> Result<usize> {
    let now = tx.now();
    let open = sessions::table.filter(sessions::ended_at.is_null());
    Ok(diesel::update(open).set((sessions::ended_at.eq(now), sessions::state.eq("{}"))).execute(&mut **tx)?)
}

pub(super) fn last_seen(conn: &mut Conn) -> Result<Option<Instant>> {
    Ok(sessions::table.select(diesel::dsl::max(sessions::seen_at)).first(conn)?)
}

/// Names of people by their ids; who is no person keeps the name the table has.
pub(super) fn names(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<(UserId, String)>> {
    Ok(users::table.filter(users::id.eq_any(ids.to_vec())).select((users::id, users::full_name)).load(conn)?)
}
