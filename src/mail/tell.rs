//! Who is told of what becomes of a batch. Each is called in the transaction in which it happens; what a notice has lost by the time
//! its mail is written (the right to see the batch, its meaning) is looked at then.

use serde::{Deserialize, Serialize};

use super::{Notice, NoticeKind, notify, store};
use crate::approvals::Decision;
use crate::audit::By;
use crate::batches::Batch;
use crate::db::{Conn, Result, WriteTx};
use crate::dispatch::PauseReason;
use crate::ids::{BatchId, BranchId, UserId};
use crate::privileges::{Action, people_with_all};

/// What a notice has to remember of its moment; the rest is read from the batch when the mail is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    Waits,
    Decided { decision: Decision, by: String, reason: Option<String> },
    Finished { succeeded: i64, failed: i64, needs_attention: i64 },
    Unresolved,
    Paused { reason: PauseReason },
    Held { by: String, note: Option<String> },
    GoesOn { by: String },
    Cancelling { by: String, reason: String },
    Cancelled { succeeded: i64, cancelled: i64, needs_attention: i64 },
}

fn tell(tx: &mut WriteTx<'_>, kind: NoticeKind, batch: &BatchId, mut people: Vec<UserId>, told: &Told) -> Result<()> {
    people.sort();
    people.dedup();
    let details = serde_json::to_value(told).unwrap_or_default();
    notify(tx, &people, &Notice { kind, batch: batch.clone(), details })
}

/// A batch was submitted: those who may decide on it and see it, and made no part of it.
///
/// # Errors
/// The database's.
pub fn waits(tx: &mut WriteTx<'_>, batch: &Batch) -> Result<()> {
    let now = tx.now();
    let mut people = Vec::new();
    for decision in Decision::ALL {
        let holders = people_with_all(tx, &batch.branch, &[decision.needs(), batch.payment_type.view()], now)?;
        people.extend(holders.into_iter().map(|(person, _)| person));
    }
    let makers = store::told::makers(tx, &batch.id)?;
    people.retain(|person| !makers.contains(person));
    tell(tx, NoticeKind::BatchWaits, &batch.id, people, &Told::Waits)
}

/// A batch was decided on: its makers.
///
/// # Errors
/// The database's.
pub fn decided(tx: &mut WriteTx<'_>, batch: &Batch, decision: Decision, by: &str, reason: &str) -> Result<()> {
    let makers = store::told::makers(tx, &batch.id)?;
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    tell(tx, NoticeKind::BatchDecided, &batch.id, makers, &Told::Decided { decision, by: by.to_owned(), reason })
}

/// How a processed batch came out.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub succeeded: i64,
    pub failed: i64,
    pub needs_attention: i64,
}

/// A batch is processed: its makers and its checker. Where payments need a person, those who may resolve them too.
///
/// # Errors
/// The database's.
pub fn finished(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId, outcome: Outcome) -> Result<()> {
    let Outcome { succeeded, failed, needs_attention } = outcome;
    let people = makers_and_checker(tx, batch)?;
    tell(tx, NoticeKind::BatchFinished, batch, people, &Told::Finished { succeeded, failed, needs_attention })?;
    if needs_attention == 0 {
        return Ok(());
    }
    let people = everybody(tx, batch, branch)?;
    tell(tx, NoticeKind::NeedsAttention, batch, people, &Told::Unresolved)
}

/// A batch stands still for something that people have to mend: its makers, its checkers, and those who may resolve payments. Those
/// who may approve it again are told that it waits for them.
///
/// # Errors
/// The database's.
pub fn paused(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId, reason: PauseReason) -> Result<()> {
    let people = everybody(tx, batch, branch)?;
    tell(tx, NoticeKind::NeedsAttention, batch, people, &Told::Paused { reason })?;
    if reason != PauseReason::NeedsApprovalAgain {
        return Ok(());
    }
    let approvers = store::told::approvers(tx, batch, branch)?;
    tell(tx, NoticeKind::BatchWaits, batch, approvers, &Told::Waits)
}

/// A person paused a batch: those whom a pause concerns, but not that person.
///
/// # Errors
/// The database's.
pub fn held(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId, by: &By, note: Option<&str>) -> Result<()> {
    let people = others(everybody(tx, batch, branch)?, by);
    let told = Told::Held { by: by.name.clone(), note: note.map(str::to_owned) };
    tell(tx, NoticeKind::NeedsAttention, batch, people, &told)
}

/// A person let a batch go on that a person had paused.
///
/// # Errors
/// The database's.
pub fn goes_on(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId, by: &By) -> Result<()> {
    let people = others(everybody(tx, batch, branch)?, by);
    tell(tx, NoticeKind::NeedsAttention, batch, people, &Told::GoesOn { by: by.name.clone() })
}

/// A person cancelled what is left of a batch, and why.
///
/// # Errors
/// The database's.
pub fn cancelling(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId, by: &By, reason: &str) -> Result<()> {
    let people = others(everybody(tx, batch, branch)?, by);
    tell(tx, NoticeKind::BatchDecided, batch, people, &Told::Cancelling { by: by.name.clone(), reason: reason.to_owned() })
}

/// How a cancelled batch came out.
#[derive(Debug, Clone, Copy)]
pub struct CancelOutcome {
    pub succeeded: i64,
    pub cancelled: i64,
    pub needs_attention: i64,
}

/// The last of a cancelled batch is settled: its makers and its checkers. Where payments need a person, those who may resolve them too.
///
/// # Errors
/// The database's.
pub fn cancelled(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId, outcome: CancelOutcome) -> Result<()> {
    let CancelOutcome { succeeded, cancelled, needs_attention } = outcome;
    let people = makers_and_checker(tx, batch)?;
    tell(tx, NoticeKind::BatchFinished, batch, people, &Told::Cancelled { succeeded, cancelled, needs_attention })?;
    if needs_attention == 0 {
        return Ok(());
    }
    let people = everybody(tx, batch, branch)?;
    tell(tx, NoticeKind::NeedsAttention, batch, people, &Told::Unresolved)
}

fn others(mut people: Vec<UserId>, by: &By) -> Vec<UserId> {
    people.retain(|person| by.id.as_ref() != Some(person));
    people
}

fn makers_and_checker(conn: &mut Conn, batch: &BatchId) -> Result<Vec<UserId>> {
    let mut people = store::told::makers(conn, batch)?;
    people.extend(store::told::checkers(conn, batch)?);
    Ok(people)
}

fn everybody(tx: &mut WriteTx<'_>, batch: &BatchId, branch: &BranchId) -> Result<Vec<UserId>> {
    let now = tx.now();
    let mut people = makers_and_checker(tx, batch)?;
    let resolvers = people_with_all(tx, branch, &[Action::ResolvePayment], now)?;
    people.extend(resolvers.into_iter().map(|(person, _)| person));
    Ok(people)
}
