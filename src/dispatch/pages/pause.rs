//! Pause: one click on the batch's page, because it has to be quick and can be undone.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{error_page, path_of, visible};
use crate::dispatch::control::{ControlRefusal, pause_batch};
use crate::ids::BatchId;
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, institution, once};

/// POST /batches/{id}/pause
pub async fn pause(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (batch, _) = visible(&request, &visitor, path.into_inner()).await?;
    let reason = posted.fields.get("reason").to_owned();
    let (actor, id, typed) = (visitor.actor.clone(), batch.id, reason.clone());
    let outcome = once::<ControlRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        pause_batch(tx, &actor, &id, &typed)?;
        Ok(Done::at(path_of(&id))
            .saying(say!("Paused. What was sent before is settled; nothing more is sent until somebody lets it go on.")))
    });
    Ok(outcome.await.map_err(|refusal| error_page(refusal, &page, &reason))?.redirect(&request))
}
