//! How often the institution has seen a file's content: what tells a file uploaded twice on purpose from the same file met again.

use diesel::prelude::*;

use super::one;
use crate::db::schema::content_sightings as sightings;
use crate::db::{Conn, Result, WriteTx};

fn seen(conn: &mut Conn, digest: &str) -> Result<Option<i64>> {
    Ok(sightings::table.find(digest).select(sightings::seen).first(conn).optional()?)
}

/// Counts the content once more; returns how often it was seen, this time included.
pub(in crate::batches) fn sight(tx: &mut WriteTx<'_>, digest: &str) -> Result<i64> {
    let Some(before) = seen(tx, digest)? else {
        diesel::insert_into(sightings::table)
            .values((sightings::content_digest.eq(digest), sightings::seen.eq(1_i64)))
            .execute(&mut **tx)?;
        return Ok(1);
    };
    let unchanged = sightings::table.find(digest).filter(sightings::seen.eq(before));
    one(diesel::update(unchanged).set(sightings::seen.eq(before + 1)).execute(&mut **tx)?)?;
    Ok(before + 1)
}

/// Takes a sighting back of which no row is left, if none came after it: so that the next upload meets the same ids as it would
/// on a copy of the database that never saw this one.
pub(in crate::batches) fn unsight(tx: &mut WriteTx<'_>, digest: &str, which: i64) -> Result<()> {
    let latest = sightings::table.find(digest).filter(sightings::seen.eq(which));
    if which > 1 {
        diesel::update(latest).set(sightings::seen.eq(which - 1)).execute(&mut **tx)?;
    } else {
        diesel::delete(latest).execute(&mut **tx)?;
    }
    Ok(())
}
