//! What a gathered mail says: one paragraph for each notice. Batches, counts and reasons; never a payee.

use super::LetterText;
use super::store::notices::Kept;
use super::tell::Told;
use crate::approvals::Decision;
use crate::say;
use crate::words::{Language, Said};

/// Notices told in full; how many more there are is said.
const PARAGRAPHS_MAX: usize = 30;

/// `None` where there is nothing to say.
pub(super) fn of(news: &[(Kept, Told)], language: &Language) -> Option<LetterText> {
    let (first, told) = news.first()?;
    let mut paragraphs: Vec<Said> = news.iter().take(PARAGRAPHS_MAX).map(|(kept, told)| paragraph(kept, told, language)).collect();
    match news.len().saturating_sub(PARAGRAPHS_MAX) {
        0 => {}
        more => paragraphs.push(say!("And {count} more: Outlay shows them.", count = more)),
    }
    let all_wait = news.iter().all(|(_, told)| *told == Told::Waits);
    let (subject, link) = match news.len() {
        1 if *told == Told::Waits => (subject(first, told), (say!("Look at the batch"), format!("/tasks/{}", first.batch))),
        1 => (subject(first, told), (say!("Look at the batch"), format!("/batches/{}", first.batch))),
        count if all_wait => (say!("{count} batches wait for your decision", count = count), (say!("Open Task"), "/tasks".to_owned())),
        count => (say!("{count} messages about batches", count = count), (say!("Open Outlay"), "/".to_owned())),
    };
    Some(LetterText { subject, paragraphs, link: Some(link) })
}

/// Without a name that somebody typed: subjects are seen on locked screens.
fn subject(kept: &Kept, told: &Told) -> Said {
    let reference = kept.reference.spoken();
    match told {
        Told::Waits => say!("Batch {reference} waits for your decision", reference = reference),
        Told::Decided { decision: Decision::Approved, .. } => say!("Batch {reference} was approved", reference = reference),
        Told::Decided { decision: Decision::Rejected, .. } => say!("Batch {reference} was rejected", reference = reference),
        Told::Finished { .. } => say!("Batch {reference} is processed", reference = reference),
        Told::Unresolved | Told::Paused { .. } => say!("Batch {reference} needs attention", reference = reference),
        Told::Held { .. } => say!("Batch {reference} was paused", reference = reference),
        Told::GoesOn { .. } => say!("Batch {reference} goes on", reference = reference),
        Told::Cancelling { .. } | Told::Cancelled { .. } => say!("Batch {reference} was cancelled", reference = reference),
    }
}

fn paragraph(kept: &Kept, told: &Told, language: &Language) -> Said {
    let batch = say!("{name} ({reference}, {branch})", name = &kept.name, reference = kept.reference.spoken(), branch = &kept.branch);
    let batch = batch.in_language(language);
    match told {
        Told::Waits => say!(
            "{batch} waits for your decision: {payments}, {sum}. Submitted by {name}.",
            batch = batch,
            payments = payments(kept.waiting).in_language(language),
            sum = kept.currency.show(kept.sum),
            name = kept.submitted_by.clone().unwrap_or_default()
        ),
        Told::Decided { decision: Decision::Approved, by, reason: None } => say!("{name} approved {batch}.", name = by, batch = batch),
        Told::Decided { decision: Decision::Approved, by, reason: Some(reason) } => {
            say!("{name} approved {batch}. They wrote: {reason}", name = by, batch = batch, reason = reason)
        }
        Told::Decided { decision: Decision::Rejected, by, reason } => {
            let reason = reason.clone().unwrap_or_default();
            say!("{name} rejected {batch}. They wrote: {reason}", name = by, batch = batch, reason = reason)
        }
        Told::Finished { succeeded, failed, needs_attention } => say!(
            "{batch} is processed. Success: {succeeded}. Failed: {failed}. Needs attention: {attention}.",
            batch = batch,
            succeeded = succeeded,
            failed = failed,
            attention = needs_attention
        ),
        Told::Unresolved => say!(
            "{batch}: the network does not say how {payments} ended. Do not pay again; ask the payee's wallet or bank.",
            batch = batch,
            payments = payments(kept.needs_attention).in_language(language)
        ),
        Told::Held { by, note: None } => say!("{name} paused {batch}.", name = by, batch = batch),
        Told::Held { by, note: Some(note) } => say!("{name} paused {batch}. They wrote: {reason}", name = by, batch = batch, reason = note),
        Told::GoesOn { by } => say!("{name} let {batch} go on.", name = by, batch = batch),
        Told::Cancelling { by, reason } => say!(
            "{name} cancelled {batch}. They wrote: {reason} What was paid stays paid; nothing more is sent.",
            name = by,
            batch = batch,
            reason = reason
        ),
        Told::Cancelled { succeeded, cancelled, needs_attention } => say!(
            "{batch} is cancelled. Success: {succeeded}. Not paid: {cancelled}. Needs attention: {attention}.",
            batch = batch,
            succeeded = succeeded,
            cancelled = cancelled,
            attention = needs_attention
        ),
        Told::Paused { reason } => say!("{batch} stands still. {why}", batch = batch, why = reason.said().in_language(language)),
    }
}

fn payments(count: i64) -> Said {
    if count == 1 { say!("1 payment") } else { say!("{count} payments", count = count) }
}
