//! The seal of a batch as it stands in the database.

use super::seal::{NotSealed, SealedBatch, Sealer};
use super::{Batch, State, store};
use crate::db::{self, Conn, Failure};
use crate::money::Minor;

/// Row digests read at once: what a seal of any number of rows needs in memory.
const DIGESTS_AT_ONCE: i64 = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum CannotSeal {
    /// The rows are not those that the batch counts.
    #[error(transparent)]
    Rows(#[from] NotSealed),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CannotSeal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// The seal over the batch and all its rows, with the highest fee for one transfer that it is or will be submitted with.
///
/// # Errors
/// [`CannotSeal`].
pub fn seal_of(conn: &mut Conn, batch: &Batch, fee_limit: Minor) -> Result<String, CannotSeal> {
    let mut sealer = Sealer::new(&SealedBatch {
        batch: &batch.id,
        branch: &batch.branch,
        payment_type: batch.payment_type,
        channel: batch.channel,
        funding_account: &batch.funding_account,
        fee_limit,
        schedule: batch.pay_at,
        rows: u64::try_from(batch.counts.total).unwrap_or(0),
    });
    let mut last = -1;
    loop {
        let digests = store::rows::digests_after(conn, &batch.id, last, DIGESTS_AT_ONCE)?;
        let Some((line, _)) = digests.last() else { return Ok(sealer.finish()?) };
        last = *line;
        for (line, digest) in &digests {
            sealer.row(*line, digest)?;
        }
    }
}

/// The fee limit that the batch's seal carries: its own once it is submitted, its account's before.
pub fn sealed_fee_limit(batch: &Batch, of_account: Minor) -> Minor {
    let open = matches!(batch.state, State::Checking | State::NeedsCorrection | State::Draft);
    if open { of_account } else { batch.fee_limit }
}
