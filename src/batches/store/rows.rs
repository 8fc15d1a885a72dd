//! A batch's rows: a page of them, all of them in order, and what they add up to by payee's FSP.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::batches::batch::Tally;
use crate::clock::Instant;
use crate::db::schema::{fsps, transfers};
use crate::db::{Conn, Error, Result};
use crate::dispatch::why::Why;
use crate::dispatch::{Count, TransferState};
use crate::ids::{BatchId, FspId, HomeTransactionId, RowId, TransferId};
use crate::money::Minor;
use crate::payees::PartyIdType;

/// A row of a batch, as lists show it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = transfers)]
pub struct PaymentRow {
    pub id: RowId,
    pub home_transaction_id: HomeTransactionId,
    pub line: i64,
    pub reference: String,
    pub payee_name: String,
    pub id_type: PartyIdType,
    pub id_value: String,
    /// As the file or the batch says.
    pub to_fsp: Option<FspId>,
    /// As the network found it.
    pub payee_fsp: Option<FspId>,
    pub amount: Minor,
    pub state: TransferState,
    pub transfer_id: Option<TransferId>,
    pub code: Option<String>,
    /// As `dispatch` keeps it.
    pub reason: Option<String>,
    pub settled_at: Option<Instant>,
}

/// The states that a count holds: the other way round of [`Count::of`].
fn states_of(count: Count) -> Vec<TransferState> {
    TransferState::ALL.iter().copied().filter(|state| Count::of(*state) == count).collect()
}

impl PaymentRow {
    /// Why it stands as it does, where there is more to say than its state.
    pub fn why(&self) -> Option<Why> {
        self.reason.as_deref().and_then(Why::from_text)
    }
}

/// Rows in line order, all or of one count, after skipping `skip`; at most `limit`.
///
/// # Errors
/// The database's.
pub fn rows_page(conn: &mut Conn, batch: &BatchId, only: Option<Count>, skip: i64, limit: i64) -> Result<Vec<PaymentRow>> {
    let mut rows = transfers::table.filter(transfers::batch_id.eq(batch)).select(PaymentRow::as_select()).into_boxed();
    if let Some(count) = only {
        rows = rows.filter(transfers::state.eq_any(states_of(count)));
    }
    Ok(rows.order(transfers::line).offset(skip).limit(limit).load(conn)?)
}

/// The next rows after a line, in line order; at most `limit`. Start with a line below zero.
///
/// # Errors
/// The database's.
pub fn rows_after(conn: &mut Conn, batch: &BatchId, line: i64, limit: i64) -> Result<Vec<PaymentRow>> {
    Ok(transfers::table
        .filter(transfers::batch_id.eq(batch))
        .filter(transfers::line.gt(line))
        .order(transfers::line)
        .limit(limit)
        .select(PaymentRow::as_select())
        .load(conn)?)
}

/// What goes to one FSP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByFsp {
    /// The payees' FSP, as the network found it or else as the file says; `None`: not known yet.
    pub fsp: Option<FspId>,
    /// The name people know; its id where it has none here.
    pub name: Option<String>,
    pub total: Tally,
    pub succeeded: Tally,
    pub failed: Tally,
}

#[derive(QueryableByName)]
struct Group {
    #[diesel(sql_type = Nullable<Text>)]
    fsp: Option<FspId>,
    #[diesel(sql_type = Text)]
    state: TransferState,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    sum: Minor,
}

/// The batch by payee's FSP, in order of name, the unknown one last.
///
/// # Errors
/// The database's.
pub fn summary_by_fsp(conn: &mut Conn, batch: &BatchId) -> Result<Vec<ByFsp>> {
    let groups: Vec<Group> = diesel::sql_query(
        "SELECT COALESCE(payee_fsp, to_fsp) AS fsp, state, COUNT(*) AS count, CAST(SUM(amount) AS BIGINT) AS sum \
         FROM transfers WHERE batch_id = $1 GROUP BY COALESCE(payee_fsp, to_fsp), state",
    )
    .bind::<Text, _>(batch)
    .load(conn)?;
    let names: Vec<(FspId, String)> = fsps::table.select((fsps::id, fsps::name)).load(conn)?;
    let name = |fsp: &FspId| names.iter().find(|(id, _)| id == fsp).map_or_else(|| fsp.to_string(), |(_, name)| name.clone());
    let mut lines: BTreeMap<Option<FspId>, ByFsp> = BTreeMap::new();
    for group in groups {
        let new = || ByFsp { name: group.fsp.as_ref().map(name), fsp: group.fsp.clone(), ..ByFsp::default() };
        let line = lines.entry(group.fsp.clone()).or_insert_with(new);
        let added = Tally { count: group.count, sum: group.sum };
        line.total = plus(line.total, added)?;
        match Count::of(group.state) {
            Count::Succeeded => line.succeeded = plus(line.succeeded, added)?,
            Count::Failed => line.failed = plus(line.failed, added)?,
            _ => {}
        }
    }
    let mut lines: Vec<ByFsp> = lines.into_values().collect();
    lines.sort_by(|one, other| (one.name.is_none(), &one.name).cmp(&(other.name.is_none(), &other.name)));
    Ok(lines)
}

/// A batch's sum was checked when its file was read, so parts of it fit.
fn plus(one: Tally, other: Tally) -> Result<Tally> {
    let sum = one.sum.plus(other.sum).ok_or(Error::Diesel(diesel::result::Error::RollbackTransaction))?;
    Ok(Tally { count: one.count + other.count, sum })
}

/// Row digests after a line, in line order.
pub(in crate::batches) fn digests_after(conn: &mut Conn, batch: &BatchId, line: i64, limit: i64) -> Result<Vec<(i64, String)>> {
    Ok(transfers::table
        .filter(transfers::batch_id.eq(batch))
        .filter(transfers::line.gt(line))
        .order(transfers::line)
        .limit(limit)
        .select((transfers::line, transfers::row_digest))
        .load(conn)?)
}
