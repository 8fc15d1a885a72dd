//! Breakers that are not closed, for pages and for whoever takes an account over; and the rows that wait for them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::clock::Instant;
use crate::db::schema::breakers as table;
use crate::db::{Conn, Result, WriteTx};
use crate::dispatch::breakers::{Waiting, Whom};
use crate::dispatch::core::{Ailment, Shut};
use crate::ids::{BatchId, FspId, FundingAccountId};

/// Rows of a batch that are looked at in one claim for an FSP that has to wait.
const WINDOW: i64 = 5_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    funding_account_id: FundingAccountId,
    whom: String,
    ailment: Ailment,
    since: Instant,
    retry_at: Instant,
    times: i32,
}

impl From<Row> for Waiting {
    fn from(row: Row) -> Self {
        let shut = Shut { ailment: row.ailment, since: row.since, retry_at: row.retry_at, times: row.times };
        Self { account: row.funding_account_id, whom: Whom::from_text(&row.whom), shut }
    }
}

pub(in crate::dispatch) fn breakers(conn: &mut Conn) -> Result<Vec<Waiting>> {
    let rows: Vec<Row> = table::table.order((table::funding_account_id, table::whom)).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Waiting::from).collect())
}

pub(in crate::dispatch) fn breakers_of(conn: &mut Conn, account: &FundingAccountId) -> Result<Vec<Waiting>> {
    let rows: Vec<Row> = table::table.filter(table::funding_account_id.eq(account)).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Waiting::from).collect())
}

/// `None`: it is closed.
pub(in crate::dispatch) fn keep_breaker(tx: &mut WriteTx<'_>, account: &FundingAccountId, whom: &Whom, shut: Option<&Shut>) -> Result<()> {
    let old = table::table.filter(table::funding_account_id.eq(account)).filter(table::whom.eq(whom.as_str()));
    diesel::delete(old).execute(&mut **tx)?;
    let Some(shut) = shut else { return Ok(()) };
    diesel::insert_into(table::table)
        .values((
            table::funding_account_id.eq(account),
            table::whom.eq(whom.as_str()),
            table::ailment.eq(shut.ailment),
            table::since.eq(shut.since),
            table::retry_at.eq(shut.retry_at),
            table::times.eq(shut.times),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Rows that wait to be paid through this FSP, among those that are due first, are looked at again at `until`, so that nobody claims them
/// again and again. Only their time changes, and only while nobody holds them.
pub(in crate::dispatch) fn set_aside(tx: &mut WriteTx<'_>, batch: &BatchId, fsp: &FspId, now: Instant, until: Instant) -> Result<usize> {
    let sql = format!(
        "UPDATE transfers SET next_at = $1 WHERE state = 'ready' AND id IN (SELECT due.id FROM \
         (SELECT id, COALESCE(payee_fsp, to_fsp) AS fsp FROM transfers WHERE batch_id = $2 AND state = 'ready' AND next_at <= $3 \
         ORDER BY next_at, line LIMIT {WINDOW}) AS due WHERE due.fsp = $4)"
    );
    let query = diesel::sql_query(sql).bind::<BigInt, _>(until).bind::<Text, _>(batch).bind::<BigInt, _>(now).bind::<Text, _>(fsp);
    Ok(query.execute(&mut **tx)?)
}
