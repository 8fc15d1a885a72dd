//! What writes the grants table, many at a time.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::grants;
use crate::db::{Error, Result, WriteTx, on};
use crate::ids::{BranchId, GrantId, UserId};
use crate::privileges::Action;

/// Grants that are written or ended by one statement.
const GRANTS_AT_ONCE: usize = 1_000;

/// A grant as it is written.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = grants, treat_none_as_default_value = false)]
pub(in crate::privileges) struct NewRow {
    pub id: GrantId,
    pub user_id: UserId,
    pub branch_id: BranchId,
    pub action: Action,
    pub given_by: String,
    pub from_at: Instant,
    pub until_at: Option<Instant>,
    pub confirmed_by: Option<String>,
    pub confirmed_at: Option<Instant>,
}

pub(in crate::privileges) fn insert(tx: &mut WriteTx<'_>, rows: &[NewRow]) -> Result<()> {
    for some in rows.chunks(GRANTS_AT_ONCE) {
        on!(&mut **tx, conn => diesel::insert_into(grants::table).values(some).execute(conn))?;
    }
    Ok(())
}

/// Ends grants that are open.
///
/// # Errors
/// [`Error::Conflict`] where one of them is not.
pub(in crate::privileges) fn end(tx: &mut WriteTx<'_>, ids: &[GrantId], by: &str) -> Result<()> {
    let now = tx.now();
    for some in ids.chunks(GRANTS_AT_ONCE) {
        let open = grants::table.filter(grants::id.eq_any(some)).filter(grants::ended_at.is_null());
        let ended = diesel::update(open).set((grants::ended_at.eq(now), grants::ended_by.eq(by))).execute(&mut **tx)?;
        all_of(some.len(), ended)?;
    }
    Ok(())
}

/// Lets grants that are open run out earlier. Who gave and confirmed them stays: less than that was never asked for twice.
///
/// # Errors
/// [`Error::Conflict`] where one of them is not open.
pub(in crate::privileges) fn shorten(tx: &mut WriteTx<'_>, ids: &[GrantId], until: Instant) -> Result<()> {
    for some in ids.chunks(GRANTS_AT_ONCE) {
        let open = grants::table.filter(grants::id.eq_any(some)).filter(grants::ended_at.is_null());
        let moved = diesel::update(open).set(grants::until_at.eq(until)).execute(&mut **tx)?;
        all_of(some.len(), moved)?;
    }
    Ok(())
}

fn all_of(asked: usize, done: usize) -> Result<()> {
    if asked == done { Ok(()) } else { Err(Error::Conflict) }
}
