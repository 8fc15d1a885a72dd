//! The branches table.

use diesel::prelude::*;

use super::Branch;
use crate::db::schema::branches;
use crate::db::{Conn, Result, WriteTx};
use crate::ids::BranchId;

type Row = (BranchId, String, String, String, String, bool);
const COLUMNS: (branches::id, branches::code, branches::region, branches::township, branches::name, branches::is_active) =
    (branches::id, branches::code, branches::region, branches::township, branches::name, branches::is_active);

fn branch((id, code, region, township, name, is_active): Row) -> Branch {
    Branch { id, code, region, township, name, is_active }
}

/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &BranchId) -> Result<Option<Branch>> {
    Ok(branches::table.find(id).select(COLUMNS).first(conn).optional()?.map(branch))
}

/// # Errors
/// The database's.
pub fn find_by_code(conn: &mut Conn, code: &str) -> Result<Option<Branch>> {
    Ok(branches::table.filter(branches::code.eq(code)).select(COLUMNS).first(conn).optional()?.map(branch))
}

/// Branches by their ids, in order of code.
///
/// # Errors
/// The database's.
pub fn of_ids<'a>(conn: &mut Conn, ids: impl IntoIterator<Item = &'a BranchId>) -> Result<Vec<Branch>> {
    let found: Vec<Row> =
        branches::table.filter(branches::id.eq_any(ids.into_iter().cloned().collect::<Vec<_>>())).order(branches::code).select(COLUMNS).load(conn)?;
    Ok(found.into_iter().map(branch).collect())
}

pub(super) fn insert(tx: &mut WriteTx<'_>, branch: &Branch) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(branches::table)
        .values((
            branches::id.eq(&branch.id),
            branches::code.eq(&branch.code),
            branches::region.eq(&branch.region),
            branches::township.eq(&branch.township),
            branches::name.eq(&branch.name),
            branches::is_active.eq(branch.is_active),
            branches::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
