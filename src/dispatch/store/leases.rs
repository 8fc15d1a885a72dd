//! Who dispatches which funding account, and which copy of the database this is.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::given::Given;
use crate::clock::Instant;
use crate::db::schema::{institution, leases};
use crate::db::{Conn, Error, Result, WriteTx};
use crate::ids::InstitutionId;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = leases)]
pub(in crate::dispatch) struct LeaseRow {
    pub name: String,
    pub holder: String,
    pub epoch: i64,
    pub until_at: Instant,
}

pub(in crate::dispatch) fn find_lease(conn: &mut Conn, name: &str) -> Result<Option<LeaseRow>> {
    Ok(leases::table.find(name).select(LeaseRow::as_select()).first(conn).optional()?)
}

pub(in crate::dispatch) fn insert_lease(tx: &mut WriteTx<'_>, lease: &LeaseRow) -> Result<()> {
    diesel::insert_into(leases::table)
        .values((
            leases::name.eq(&lease.name),
            leases::holder.eq(&lease.holder),
            leases::epoch.eq(lease.epoch),
            leases::until_at.eq(lease.until_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Replaces a lease that is still as it was read.
pub(in crate::dispatch) fn swap_lease(tx: &mut WriteTx<'_>, old: &LeaseRow, new: &LeaseRow) -> Result<()> {
    let same = leases::table
        .filter(leases::name.eq(&old.name))
        .filter(leases::holder.eq(&old.holder))
        .filter(leases::epoch.eq(old.epoch))
        .filter(leases::until_at.eq(old.until_at));
    let changed = diesel::update(same)
        .set((leases::holder.eq(&new.holder), leases::epoch.eq(new.epoch), leases::until_at.eq(new.until_at)))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}

#[derive(QueryableByName)]
struct Still {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

/// Of these leases (name, epoch), those the holder still has. Takes their rows, so that a take-over waits until this transaction ends.
pub(in crate::dispatch) fn still_held(tx: &mut WriteTx<'_>, holder: &str, held: &[(String, i64)]) -> Result<Vec<(String, i64)>> {
    let given =
        Given::of(held).text("lease", |(lease, _)| lease.as_str()).text("owner", |_| holder).bigint("at_epoch", |(_, epoch)| *epoch);
    let take = |given: &str| {
        format!(
            "UPDATE leases SET until_at = leases.until_at FROM {given} \
             WHERE leases.name = given.lease AND leases.holder = given.owner AND leases.epoch = given.at_epoch RETURNING name, epoch"
        )
    };
    let still: Vec<Still> = given.load(tx, take)?;
    Ok(still.into_iter().map(|row| (row.name, row.epoch)).collect())
}

/// How often dispatch began on this database, and who says so outside it: see `epoch.rs`.
pub(in crate::dispatch) fn dispatch_epoch(conn: &mut Conn) -> Result<i64> {
    Ok(institution::table.select(institution::dispatch_epoch).first(conn)?)
}

/// The namespace of every transfer id here.
pub(in crate::dispatch) fn house(conn: &mut Conn) -> Result<InstitutionId> {
    Ok(institution::table.select(institution::id).first(conn)?)
}

pub(in crate::dispatch) fn set_dispatch_epoch(tx: &mut WriteTx<'_>, from: i64, to: i64) -> Result<()> {
    let changed = diesel::update(institution::table.filter(institution::dispatch_epoch.eq(from)))
        .set(institution::dispatch_epoch.eq(to))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}
