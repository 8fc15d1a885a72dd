//! Correct and submit again: from a rejected batch to a new draft of the same file.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};

use super::upload::fill;
use super::visible;
use crate::batches::{
    Again, Arrived, Batch, CannotLoad, ReadFile, ResubmitRefusal, UploadRefusal, choices_of, find, read_file, resubmit, results,
};
use crate::db;
use crate::ids::BatchId;
use crate::institutions::Institution;
use crate::say;
use crate::web::{Done, ErrorPage, Posted, Visitor, institution, once};

/// POST /batches/{id}/resubmission
pub async fn resubmission(
    request: HttpRequest,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let rejected = visible(&request, &visitor, &path).await?;
    let (file_name, read) = stored_file(&institution, &visitor, &rejected).await?;
    let reason = say!("Corrects batch {reference}, which was rejected", reference = rejected.reference.spoken());
    let reason = reason.in_language(&institution.house().language);
    let id = BatchId::new(institution.clock().now());
    let (actor, new, summary, again) = (visitor.actor.clone(), id.clone(), read.summary.clone(), reason.clone());
    let outcome = once::<ResubmitRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        resubmit(tx, &actor, &rejected.id, &Again { id: &new, file_name: &file_name, reason: &again, read: &summary })?;
        let said = say!("This is a new draft of the rejected batch. Upload the corrected file here, or go on and submit it as it is.");
        Ok(Done::at(format!("/batches/{new}/findings?correct=yes")).saying(said))
    });
    let outcome = match outcome.await {
        Err(ResubmitRefusal::AlreadyThere(there)) => return Ok(to(&there)),
        outcome => outcome?,
    };
    let ours = id.clone();
    // Not there: this form was sent before, and its first answer is the answer.
    if institution.db.read(move |conn| find(conn, &ours)).await?.is_some() {
        let filled = fill(&institution, &visitor.actor, id, read, Some(reason)).await;
        filled.map_err(|error| if let CannotLoad::Db(error) = error { error.into() } else { ErrorPage::Broken })?;
    }
    Ok(outcome.redirect(&request))
}

fn to(batch: &BatchId) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{batch}"))).finish()
}

/// The rejected batch's file as we keep it, read as if it had just arrived.
async fn stored_file(institution: &Arc<Institution>, visitor: &Visitor, batch: &Batch) -> Result<(String, ReadFile), ErrorPage> {
    let (id, limit) = (batch.id.clone(), institution.settings.limits.upload_bytes);
    let stored = institution.db.read(move |conn| {
        let (file, content) = results::original(conn, &id, None)?;
        Ok::<_, ErrorPage>((file.name, Arrived::copy(content, limit)))
    });
    let (name, arrived) = stored.await?;
    let arrived = arrived.map_err(|error| broken(&error))?.ok_or(ErrorPage::Broken)?;
    let read = read_file(institution, &visitor.actor, &choices_of(batch), arrived).await.map_err(|refusal| match refusal {
        UploadRefusal::NoSuchChoice => ErrorPage::Forbidden(say!("You may not make this payment type in this branch any more.")),
        UploadRefusal::Db(error) => error.into(),
        other => broken(&other),
    })?;
    Ok((name, read))
}

fn broken(error: &dyn std::fmt::Display) -> ErrorPage {
    tracing::error!(%error, "a rejected batch's file could not be read again");
    ErrorPage::Broken
}

impl From<ResubmitRefusal> for ErrorPage {
    fn from(refusal: ResubmitRefusal) -> Self {
        use crate::batches::CreateRefusal;
        match refusal {
            ResubmitRefusal::NotFound => Self::NotFound,
            ResubmitRefusal::NotNow(_) => Self::Conflict {
                what: say!("Only a rejected batch is corrected and submitted again. Open it to see how it stands."),
                typed: Vec::new(),
            },
            ResubmitRefusal::Create(CreateRefusal::NotAllowed(refusal)) => refusal.into(),
            ResubmitRefusal::Create(CreateRefusal::Db(error)) | ResubmitRefusal::Db(error) => db::Error::into(error),
            ResubmitRefusal::AlreadyThere(_) | ResubmitRefusal::Create(_) => {
                Self::Forbidden(say!("A batch like this cannot be made at the moment: its branch or its account has changed."))
            }
        }
    }
}
