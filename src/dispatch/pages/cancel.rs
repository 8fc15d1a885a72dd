//! Cancel what is left of a batch: an interruption first, because it cannot be undone.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{as_checker, error_page, path_of, to_batch, too_long, visible};
use crate::batches::{Batch, Tally};
use crate::dispatch::control::{ControlRefusal, REASON_CHARS_MAX, can_be_cancelled, cancel_batch};
use crate::ids::{BatchId, OnceKey};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "dispatch/cancellation.html")]
struct CancellationPage {
    page: Page,
    once: OnceKey,
    batch: Batch,
    reason: String,
}

impl CancellationPage {
    /// What waits, and what is being agreed on: none of it has been sent. What has is settled first.
    fn left(&self) -> Tally {
        self.batch.counts.waiting
    }

    fn reason_max(&self) -> usize {
        REASON_CHARS_MAX
    }
}

/// GET /batches/{id}/cancellation
pub async fn ask(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let (batch, is_maker) = visible(&request, &visitor, path.into_inner()).await?;
    as_checker(&visitor, &batch, is_maker)?;
    if !can_be_cancelled(batch.state) {
        return Ok(to_batch(&batch.id));
    }
    let sheet = CancellationPage { page, once: OnceKey::random(), batch, reason: String::new() };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// POST /batches/{id}/cancellation
pub async fn cancellation(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (batch, _) = visible(&request, &visitor, path.into_inner()).await?;
    let reason = posted.fields.get("reason").to_owned();
    let (actor, id, typed) = (visitor.actor.clone(), batch.id.clone(), reason.clone());
    let outcome = once::<ControlRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        cancel_batch(tx, &actor, &id, &typed)?;
        Ok(Done::at(path_of(&id)).saying(say!("It is being cancelled. What was sent before is settled first; nothing more is sent.")))
    });
    let problem = match outcome.await {
        Ok(outcome) => {
            institution.wake();
            return Ok(outcome.redirect(&request));
        }
        Err(ControlRefusal::ReasonMissing) => say!("Write why, so that everybody knows what happened to the rest"),
        Err(ControlRefusal::ReasonTooLong) => too_long(),
        Err(refusal) => return Err(error_page(refusal, &page, &reason)),
    };
    page.problems.push(Problem::new("reason", problem));
    let sheet = CancellationPage { page, once: OnceKey::random(), batch, reason };
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet))
}
