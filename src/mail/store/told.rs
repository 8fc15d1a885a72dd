//! Whom a batch concerns: those who made a part of it, and the one who approved it.

use diesel::prelude::*;

use crate::db::schema::{batch_makers, batches, decisions};
use crate::db::{Conn, Result};
use crate::ids::{BatchId, UserId};

pub(in crate::mail) fn makers(conn: &mut Conn, batch: &BatchId) -> Result<Vec<UserId>> {
    let mut makers: Vec<UserId> = batch_makers::table.filter(batch_makers::batch_id.eq(batch)).select(batch_makers::user_id).load(conn)?;
    makers.extend(batches::table.find(batch).select(batches::created_by).first::<UserId>(conn).optional()?);
    makers.sort();
    makers.dedup();
    Ok(makers)
}

pub(in crate::mail) fn checker(conn: &mut Conn, batch: &BatchId) -> Result<Option<UserId>> {
    Ok(decisions::table.filter(decisions::batch_id.eq(batch)).select(decisions::user_id).first(conn).optional()?)
}
