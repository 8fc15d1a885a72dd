//! Deleting a batch: an interruption first, because it cannot be undone.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::visible;
use crate::batches::{Batch, Refusal, can_be_deleted, delete};
use crate::ids::{BatchId, OnceKey};
use crate::privileges::Action;
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "batches/deletion.html")]
struct DeletionPage {
    page: Page,
    once: OnceKey,
    batch: Batch,
}

/// GET /batches/{id}/deletion
pub async fn ask(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &path).await?;
    if !visitor.rights.has(Action::DeletePayment, &batch.branch) {
        let action = Action::DeletePayment.label();
        return Err(ErrorPage::Forbidden(say!("You do not hold {action} in this branch.", action = action)));
    }
    if !can_be_deleted(batch.state) {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}", batch.id))).finish());
    }
    let sheet = DeletionPage { page, once: OnceKey::random(), batch };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// POST /batches/{id}/deletion
pub async fn deletion(request: HttpRequest, visitor: Visitor, posted: Posted, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    let actor = visitor.actor.clone();
    let (id, name) = (batch.id, batch.name.clone());
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        delete(tx, &actor, &id)?;
        Ok(Done::at(format!("/batches/{id}")).saying(say!("{name} is deleted. Nothing of it was paid.", name = name.clone())))
    });
    Ok(outcome.await?.redirect(&request))
}
