//! An approved batch begins: the seal is verified over all its rows first, so that what is paid is what was approved.

use super::epoch::{self, EpochError, EpochFile};
use super::store::{self, BatchMove, BatchRow, SealedFields};
use super::{PauseReason, TransferState, finish, pause, sealed};
use crate::approvals::{self, Stands};
use crate::audit::{self, By, Event, What};
use crate::batches::{SealedBatch, Sealer, State};
use crate::db::{self, Db, Isolation, Turn, WriteTx};

/// Rows verified at a time, and made ready in one transaction.
const PAGE: i64 = 5_000;

/// Why a batch is not what was approved; for the audit log.
type Altered = &'static str;

/// Begins to pay a batch. `false`: it is not what was approved, and it is stopped.
///
/// # Errors
/// The database's, or the epoch's; then the batch stays approved and is begun again later.
pub(super) async fn start(db: &Db, file: &EpochFile, batch: &BatchRow) -> Result<bool, EpochError> {
    if let Err(why) = verify(db, batch).await? {
        let id = batch.id.clone();
        db.write_as(Turn::Worker, Isolation::Serializable, move |tx| pause::stop_altered(tx, &id, why)).await?;
        return Ok(false);
    }
    epoch::begin(db, file).await?;
    let id = batch.id.clone();
    let mut after = i64::MIN;
    // An approval leaves none: nothing to walk through.
    let mut more = db.read(move |conn| store::has_unready(conn, &id)).await?;
    while more {
        let (id, from) = (batch.id.clone(), after);
        let page = move |tx: &mut WriteTx<'_>| store::make_ready(tx, &id, from, PAGE);
        match db.write_as(Turn::Worker, Isolation::ReadCommitted, page).await? {
            Some(last) => after = last,
            None => more = false,
        }
    }
    let batch = batch.clone();
    db.write_as(Turn::Worker, Isolation::Serializable, move |tx| begin(tx, &batch)).await?;
    Ok(true)
}

fn begin(tx: &mut WriteTx<'_>, batch: &BatchRow) -> db::Result<()> {
    let now = tx.now();
    if approvals::still_stands(tx, &batch.id, now)? != Stands::Yes {
        return pause::stand_still(tx, batch, PauseReason::NeedsApprovalAgain, None);
    }
    let one = BatchMove {
        id: &batch.id,
        from: batch.state,
        to: State::Processing,
        reason: None,
        code: None,
        resume_at: None,
        pauses: batch.pauses,
    };
    store::move_batch(tx, &one)?;
    store::mark_started(tx, &batch.id)?;
    audit::record(tx, &Event::of_batch(By::system(), What::BatchStarted, &batch.id, &batch.branch_id))?;
    tracing::info!(batch.reference = %batch.reference, "dispatch.start: processing");
    // Every row may have been excluded.
    finish::finish(tx, std::iter::once(&batch.id))
}

/// Compares every row with its digest, and all digests with the seal of the decision.
async fn verify(db: &Db, batch: &BatchRow) -> Result<Result<(), Altered>, db::Error> {
    let id = batch.id.clone();
    let Some(fields) = db.read(move |conn| store::sealed_fields(conn, &id)).await? else {
        return Ok(Err("there is no approval"));
    };
    let Some(mut excluded) = excluded_lines(&fields.excluded_lines) else { return Ok(Err("the excluded lines cannot be read")) };
    let mut sealer = sealer(batch, &fields);
    let mut after = i64::MIN;
    loop {
        let (id, from) = (batch.id.clone(), after);
        let rows = db.read(move |conn| store::sealed_rows(conn, &id, from, PAGE)).await?;
        let Some((last, _)) = rows.last() else { break };
        after = last.line;
        for (row, state) in &rows {
            let is_excluded = *state == TransferState::Excluded;
            if is_excluded != excluded.remove(&row.line) {
                return Ok(Err("the excluded lines are not those of the approval"));
            }
            if row.currency.code() != fields.currency || sealed::digest_of(row) != row.row_digest {
                return Ok(Err("a row is not what was approved"));
            }
            if sealer.row(row.line, &row.row_digest).is_err() {
                return Ok(Err("the rows are not in order"));
            }
        }
    }
    if !excluded.is_empty() {
        return Ok(Err("an excluded line is missing"));
    }
    Ok(match sealer.finish() {
        Ok(seal) if seal == fields.decision_seal => Ok(()),
        Ok(_) => Err("the seal is not the one that was approved"),
        Err(_) => Err("rows are missing, or there are too many"),
    })
}

fn sealer(batch: &BatchRow, fields: &SealedFields) -> Sealer {
    Sealer::new(&SealedBatch {
        batch: &batch.id,
        branch: &batch.branch_id,
        payment_type: fields.payment_type,
        channel: fields.channel,
        funding_account: &batch.funding_account_id,
        fee_limit: fields.fee_limit,
        schedule: batch.pay_at,
        rows: u64::try_from(fields.total).unwrap_or(0),
    })
}

/// As the decision keeps them: a JSON list of line numbers, or nothing.
fn excluded_lines(text: &str) -> Option<std::collections::BTreeSet<i64>> {
    if text.is_empty() { Some(std::collections::BTreeSet::new()) } else { serde_json::from_str(text).ok() }
}
