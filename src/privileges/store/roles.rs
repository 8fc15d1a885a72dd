//! The roles table: an institution's own sets of actions.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::db::schema::roles;
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{RoleId, UserId};
use crate::privileges::roles::ROLES_MAX;
use crate::privileges::{Action, Role};

/// By name.
pub(in crate::privileges) fn own_roles(conn: &mut Conn) -> Result<Vec<Role>> {
    let rows: Vec<(RoleId, String, String)> =
        roles::table.order((roles::name, roles::id)).limit(ROLES_MAX).select((roles::id, roles::name, roles::actions)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name, actions)| Role::own(&id, name, read(&actions))).collect())
}

pub(in crate::privileges) fn insert_role(tx: &mut WriteTx<'_>, name: &str, actions: &BTreeSet<Action>, by: &UserId) -> Result<RoleId> {
    let now = tx.now();
    let id = RoleId::new(now);
    let written = actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(",");
    diesel::insert_into(roles::table)
        .values((roles::id.eq(&id), roles::name.eq(name), roles::actions.eq(written), roles::made_by.eq(by), roles::made_at.eq(now)))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Returns whether there was one.
pub(in crate::privileges) fn delete_role(tx: &mut WriteTx<'_>, id: &RoleId) -> Result<bool> {
    Ok(diesel::delete(roles::table.find(id)).execute(&mut **tx)? > 0)
}

/// What this version does not know any more is left out: a role only ticks boxes.
fn read(actions: &str) -> BTreeSet<Action> {
    actions.split(',').filter_map(|name| name.parse().ok()).collect()
}
