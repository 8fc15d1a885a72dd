//! A corrected file, onto the batch it corrects.

use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::findings::{self, Upload};
use super::receive::{Received, Sent, receive};
use super::upload::fill;
use super::visible;
use crate::batches::{Batch, CannotLoad, Choices, CorrectRefusal, UploadRefusal, correct, files, read_file};
use crate::db;
use crate::ids::{BatchId, FileId};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Visitor, institution, once};

/// POST /batches/{id}/corrections
pub async fn upload(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    path: web::Path<BatchId>,
    parts: Multipart,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    let received = receive(&request, parts, &institution.settings.limits).await?;
    let again = Some(received.fields.get("again").to_owned()).filter(|reason| !reason.is_empty());
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut upload = Upload { again: again.clone().unwrap_or_default(), ..Upload::default() };
    let problem = match received.file {
        Sent::Nothing => say!("Select a file"),
        Sent::TooLarge => {
            status = StatusCode::PAYLOAD_TOO_LARGE;
            say!("The selected file must be smaller than {limit} MB", limit = institution.settings.limits.upload_bytes / 1_000_000)
        }
        Sent::File(..) => match take(&request, &visitor, &batch, received, again).await {
            Ok(answer) => return Ok(answer),
            Err(Taken::Unreadable(refused)) => {
                let sentence = refused.why.sentence();
                upload.refused = Some(refused);
                sentence
            }
            Err(Taken::SameContent(first)) => {
                upload.ask_again = true;
                say!(
                    "This very file was uploaded before, as batch {reference}. Choose it again and write why, or choose another.",
                    reference = first
                )
            }
            Err(Taken::Error(error)) => return Err(error),
        },
    };
    page.problems.push(Problem::new("file", problem));
    findings::shown(&request, &visitor, page, batch, upload, status).await
}

/// Why a corrected file was not taken.
enum Taken {
    Unreadable(crate::batches::file::Refused),
    /// The reference of the first batch of it.
    SameContent(String),
    Error(ErrorPage),
}

impl From<UploadRefusal> for Taken {
    fn from(refusal: UploadRefusal) -> Self {
        match refusal {
            UploadRefusal::Unreadable(refused) => Self::Unreadable(refused),
            UploadRefusal::NoSuchChoice => {
                Self::Error(ErrorPage::Forbidden(say!("You may not make this payment type in this branch any more.")))
            }
            UploadRefusal::Db(error) => Self::Error(error.into()),
            other => {
                tracing::error!(error = %other, "a corrected file could not be read");
                Self::Error(ErrorPage::Broken)
            }
        }
    }
}

impl From<CorrectRefusal> for Taken {
    fn from(refusal: CorrectRefusal) -> Self {
        let error = match refusal {
            CorrectRefusal::SameContent(first) => return Self::SameContent(first.reference.spoken()),
            CorrectRefusal::NotYours => ErrorPage::NotFound,
            CorrectRefusal::NotAllowed(refusal) => refusal.into(),
            CorrectRefusal::NotNow(_) => ErrorPage::Conflict {
                what: say!("This batch has moved on since you opened the page, so the file was not taken. Open it again."),
                typed: Vec::new(),
            },
            CorrectRefusal::Db(error) => error.into(),
        };
        Self::Error(error)
    }
}

async fn take(
    request: &HttpRequest,
    visitor: &Visitor,
    batch: &Batch,
    received: Received,
    again: Option<String>,
) -> Result<HttpResponse, Taken> {
    let institution = institution(request).map_err(Taken::Error)?;
    let Received { once: key, file: Sent::File(file_name, arrived), .. } = received else { return Err(Taken::Error(ErrorPage::BadForm)) };
    let choices = Choices {
        branch: batch.branch.clone(),
        payment_type: batch.payment_type,
        channel: batch.channel,
        funding_account: batch.funding_account.clone(),
        to_fsp: batch.to_fsp.clone(),
    };
    let actor = visitor.actor.clone();
    let read = read_file(&institution, &actor, &choices, arrived).await?;
    let file = FileId::new(institution.clock().now());
    let (id, maker, summary, meant, new_file) = (batch.id.clone(), actor.clone(), read.summary.clone(), again.is_some(), file.clone());
    let outcome = once::<CorrectRefusal, _>(&institution.db, &actor.id, &key, &institution.house().language, move |tx| {
        correct(tx, &maker, &id, &new_file, &file_name, &summary, meant)?;
        Ok(Done::at(format!("/batches/{id}/findings")))
    });
    let outcome = outcome.await?;
    let id = batch.id.clone();
    let newest = institution.db.read(move |conn| files(conn, &id)).await.map_err(|error: db::Error| Taken::Error(error.into()))?;
    // Another file: this form was sent before, and its first answer is the answer.
    if newest.first().is_some_and(|newest| newest.id == file) {
        let filled = fill(&institution, &actor, batch.id.clone(), read, again).await;
        filled.map_err(|error| Taken::Error(if let CannotLoad::Db(error) = error { error.into() } else { ErrorPage::Broken }))?;
    }
    Ok(outcome.redirect(request))
}
