//! Compares each batch's counts and sums with its rows: `admin verify-counts`.

use super::Count;
use super::store;
use crate::db::{self, Conn};
use crate::ids::{BatchId, Reference};

/// A batch whose counts are not those of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miscount {
    pub batch: BatchId,
    pub reference: Reference,
    pub count: Count,
    /// Number and sum (minor units) that the batch says.
    pub said: (i64, i64),
    /// Number and sum of its rows.
    pub counted: (i64, i64),
}

/// Batches compared, and what does not fit. One pass over the transfers, in the database.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub batches: usize,
    pub miscounts: Vec<Miscount>,
}

/// Compares every batch that has rows.
///
/// # Errors
/// The database's.
pub fn verify_counts(conn: &mut Conn) -> db::Result<Verified> {
    let counted = store::count_rows(conn)?;
    let mut verified = Verified::default();
    for batch in store::said_counts(conn)? {
        verified.batches += 1;
        for (count, said) in batch.counts {
            let counted = counted.get(&(batch.id.clone(), count)).copied().unwrap_or_default();
            if said != counted {
                let (batch, reference) = (batch.id.clone(), batch.reference.clone());
                verified.miscounts.push(Miscount { batch, reference, count, said, counted });
            }
        }
    }
    Ok(verified)
}
