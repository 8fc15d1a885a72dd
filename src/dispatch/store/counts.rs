//! Counts as the batches say them, and as their rows are.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db::{Conn, Result};
use crate::dispatch::{Count, TransferState};
use crate::ids::{BatchId, Reference};

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    id: BatchId,
    #[diesel(sql_type = Text)]
    reference: Reference,
    #[diesel(sql_type = Text)]
    name: Count,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// A batch and what it says of its rows.
pub(in crate::dispatch) struct SaidCounts {
    pub id: BatchId,
    pub reference: Reference,
    pub counts: BTreeMap<Count, (i64, i64)>,
}

/// The counts of every batch that has rows.
pub(in crate::dispatch) fn said_counts(conn: &mut Conn) -> Result<Vec<SaidCounts>> {
    let one = |count: &Count| {
        let name = count.as_str();
        format!("SELECT id, reference, '{name}' AS name, {name} AS number, sum_{name} AS sum FROM batches WHERE state <> 'deleted'")
    };
    let sql = format!("{} ORDER BY id, name", Count::ALL.iter().map(one).collect::<Vec<_>>().join(" UNION ALL "));
    let mut batches: Vec<SaidCounts> = Vec::new();
    for said in diesel::sql_query(sql).load::<Said>(conn)? {
        match batches.last_mut() {
            Some(batch) if batch.id == said.id => {
                batch.counts.insert(said.name, (said.number, said.sum));
            }
            _ => batches.push(SaidCounts {
                id: said.id,
                reference: said.reference,
                counts: BTreeMap::from([(said.name, (said.number, said.sum))]),
            }),
        }
    }
    Ok(batches)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    batch_id: BatchId,
    #[diesel(sql_type = Text)]
    state: TransferState,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// Number and sum of rows by batch and count.
pub(in crate::dispatch) fn count_rows(conn: &mut Conn) -> Result<BTreeMap<(BatchId, Count), (i64, i64)>> {
    let sql = "SELECT batch_id, state, COUNT(*) AS number, CAST(SUM(amount) AS BIGINT) AS sum FROM transfers GROUP BY batch_id, state";
    let mut counts: BTreeMap<_, (i64, i64)> = BTreeMap::new();
    for row in diesel::sql_query(sql).load::<Counted>(conn)? {
        let entry = counts.entry((row.batch_id, Count::of(row.state))).or_default();
        entry.0 = entry.0.saturating_add(row.number);
        entry.1 = entry.1.saturating_add(row.sum);
    }
    Ok(counts)
}
