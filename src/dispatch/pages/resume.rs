//! Resume: a look at what would be paid, then it goes on.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{as_checker, error_page, path_of, to_batch, visible};
use crate::audit::{self, What};
use crate::batches::Batch;
use crate::dispatch::control::{ControlRefusal, can_be_resumed, resume_batch};
use crate::dispatch::{PauseReason, Went};
use crate::ids::{BatchId, OnceKey};
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

#[derive(Template)]
#[template(path = "dispatch/resumption.html")]
struct ResumptionPage {
    page: Page,
    once: OnceKey,
    batch: Batch,
    /// Who paused it, and what they wrote; `None` where it waits for money.
    paused_by: Option<(String, Option<String>)>,
}

impl ResumptionPage {
    /// It had not begun, and its day has not come.
    fn waits_for_its_day(&self) -> bool {
        self.batch.started_at.is_none() && self.batch.pay_at.is_some_and(|day| day > self.page.now)
    }

    fn why(&self) -> Option<Said> {
        self.batch.pause().map(PauseReason::said)
    }
}

/// Events of a batch that are looked through for who paused it.
const EVENTS_MAX: i64 = 1_000;

/// GET /batches/{id}/resumption
pub async fn ask(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let (batch, is_maker) = visible(&request, &visitor, path.into_inner()).await?;
    as_checker(&visitor, &batch, is_maker)?;
    if !can_be_resumed(batch.state, batch.pause()) {
        return Ok(to_batch(&batch.id));
    }
    let id = batch.id.clone();
    let history = institution(&request)?.db.read(move |conn| audit::of_batch(conn, &id, EVENTS_MAX)).await?;
    let last = history.into_iter().rfind(|event| event.what == What::BatchPaused);
    let paused_by = last.filter(|_| batch.pause() == Some(PauseReason::ByPerson)).map(|event| (event.name, event.reason));
    let sheet = ResumptionPage { page, once: OnceKey::random(), batch, paused_by };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// POST /batches/{id}/resumption
pub async fn resumption(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (batch, _) = visible(&request, &visitor, path.into_inner()).await?;
    let (actor, id) = (visitor.actor.clone(), batch.id);
    let outcome = once::<ControlRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let went = resume_batch(tx, &actor, &id)?;
        Ok(Done::at(path_of(&id)).saying(said(went)))
    });
    let outcome = outcome.await.map_err(|refusal| error_page(refusal, &page, ""))?;
    institution.wake();
    Ok(outcome.redirect(&request))
}

/// What a batch did that was to go on.
pub(in crate::dispatch) fn said(went: Went) -> Said {
    match went {
        Went::On => say!("It goes on. Nobody is paid twice."),
        Went::ToItsDay => say!("It goes on when its day comes."),
        Went::NeedsApprovalAgain => {
            say!("It does not go on yet: whoever approved it lost the right to, so somebody has to approve it again.")
        }
        Went::AccountStopped => {
            say!("It does not go on yet: its funding account is stopped. It goes on when the operator opens that again.")
        }
    }
}
