//! The digest of a row as dispatch loaded it: what is paid must be what was sealed.

use super::store::Claimable;
use crate::batches::{SealedRow, row_digest};

/// The digest these fields give, to compare with the one that was sealed.
pub(super) fn digest_of(row: &Claimable) -> String {
    row_digest(&SealedRow {
        line: row.line,
        home: &row.home_transaction_id,
        id_type: row.id_type,
        id_value: &row.id_value,
        sub_id: row.sub_id.as_deref(),
        to_fsp: row.to_fsp.as_ref(),
        amount: row.amount,
        currency: row.currency,
        note: &row.note,
    })
}
