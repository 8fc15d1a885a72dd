//! The network tells another end of a payment than was told here before: an alarm that no one can miss.

use super::{store, tell, words_of_alarm};
use crate::audit::{self, By, Event, What};
use crate::db::{Result, WriteTx};
use crate::dispatch::AlarmKind;
use crate::ids::{RowId, TransferId};

/// Once for each id and kind, however often the network says so.
///
/// # Errors
/// The database's.
pub fn raise(tx: &mut WriteTx<'_>, row: &RowId, transfer: &TransferId, kind: AlarmKind) -> Result<()> {
    let Some(case) = store::case(tx, row)? else { return Ok(()) };
    let Some(id) = store::insert_alarm(tx, &case, transfer, kind)? else { return Ok(()) };
    tracing::error!(batch.reference = %case.reference, line = case.line, kind = kind.as_str(), "resolutions.raise: ALARM");
    let changes =
        serde_json::json!({ "line": case.line, "kind": kind.as_str(), "sum": case.amount.units(), "currency": case.currency.code() });
    let event = Event::of_batch(By::system(), What::AlarmRaised, &case.batch, &case.branch);
    audit::record(tx, &event.because(words_of_alarm(kind).english()).changing(changes))?;
    tell::alarm(tx, &id, &case, kind)
}
