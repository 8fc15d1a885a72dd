//! The institution's one row.

use diesel::prelude::*;

use super::Mode;
use crate::db::schema::{institution, settings};
use crate::db::{Conn, Result, WriteTx};
use crate::ids::InstitutionId;

pub(super) fn institution(conn: &mut Conn) -> Result<Option<(InstitutionId, Mode)>> {
    Ok(institution::table.select((institution::id, institution::mode)).first(conn).optional()?)
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
