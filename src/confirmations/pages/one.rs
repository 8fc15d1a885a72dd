//! The page of one confirmation, and what is decided on it.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{error_page, path_of, said_of};
use crate::audit::By;
use crate::clock::Instant;
use crate::confirmations::details::details;
use crate::confirmations::{
    AccountManagerChange, Change, Confirmed, Details, Listed, REASON_CHARS_MAX, Refusal, State, confirm, deciders_of, listed, refuse,
    withdraw, words,
};
use crate::db::WriteTx;
use crate::ids::{ConfirmationId, OnceKey};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

#[derive(Template)]
#[template(path = "confirmations/one.html")]
struct OnePage {
    page: Page,
    row: Listed,
    details: Details,
    /// Who may decide, by name.
    deciders: Vec<String>,
    may_decide: bool,
    is_asker: bool,
    /// What became of it, and why.
    ended: Option<(Said, Option<String>)>,
    reason: String,
    once: OnceKey,
}

impl OnePage {
    fn what(&self) -> Said {
        words(&self.row.confirmation.change)
    }

    fn change(&self) -> &Change {
        &self.row.confirmation.change
    }

    /// What the operator types where nobody else can decide.
    fn command(&self) -> String {
        format!("outlay admin confirm {}", self.row.confirmation.id)
    }

    /// Who may decide on it, in a sentence's words.
    fn names(&self) -> String {
        self.deciders.join(", ")
    }
}

/// GET /confirmations/{id}
pub async fn show(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<ConfirmationId>) -> Result<HttpResponse, ErrorPage> {
    look(&request, &visitor, page, path.into_inner(), String::new()).await
}

async fn look(request: &HttpRequest, visitor: &Visitor, page: Page, id: ConfirmationId, reason: String) -> Result<HttpResponse, ErrorPage> {
    let now = page.now;
    let (row, details, deciders) = institution(request)?
        .db
        .read(move |conn| {
            let row = listed(conn, &id)?.ok_or(ErrorPage::NotFound)?;
            let details = details(conn, &row.confirmation, now)?;
            let deciders = deciders_of(conn, &row.confirmation)?;
            Ok::<_, ErrorPage>((row, details, deciders))
        })
        .await?;
    let ended = row.confirmation.decided.as_ref().map(|decided| {
        let because = decided.because.as_ref().map(|because| page.language.translate(because).to_owned());
        (said_of(row.confirmation.state, decided, &page), because)
    });
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = OnePage {
        may_decide: row.is_for(&visitor.actor.id),
        is_asker: row.confirmation.asked_by == visitor.actor.id,
        page,
        row,
        details,
        deciders,
        ended,
        reason,
        once: OnceKey::random(),
    };
    Ok(html(status, &view.page, &view))
}

/// The one page that shows a new second factor's code.
#[derive(Template)]
#[template(path = "confirmations/code.html")]
struct CodePage {
    page: Page,
    row: Listed,
    code: String,
    until: Instant,
}

/// POST /confirmations/{id}/confirmation
pub async fn confirmation(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<ConfirmationId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (id, by) = (path.into_inner(), visitor.actor.by());
    let wanted = id.clone();
    let row = institution.db.read(move |conn| listed(conn, &wanted)?.ok_or(ErrorPage::NotFound)).await?;
    if matches!(row.confirmation.change, Change::SecondFactor { .. }) {
        // The code is on this one page and nowhere else, so it must not be kept with the form's key.
        let wanted = id.clone();
        let confirmed = institution.db.write(move |tx| confirm(tx, &by, &wanted)).await;
        return match confirmed.map_err(|refusal| error_page(refusal, &page, ""))? {
            Confirmed::Done { code: Some((code, until)) } => {
                let view = CodePage { page, row, code: code.to_string(), until };
                Ok(html(StatusCode::OK, &view.page, &view))
            }
            _ => Ok(HttpResponse::SeeOther().insert_header((LOCATION, path_of(&id))).finish()),
        };
    }
    let done = move |tx: &mut WriteTx<'_>| match confirm(tx, &by, &id)? {
        Confirmed::Done { .. } => Ok::<_, Refusal>(Done::at(path_of(&id)).saying(say!("Confirmed."))),
        Confirmed::Overtaken(_) => Ok(Done::at(path_of(&id)).saying(say!("This could not be done any more. Nothing was changed."))),
    };
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, done).await;
    Ok(outcome.map_err(|refusal| error_page(refusal, &page, ""))?.redirect(&request))
}

/// POST /confirmations/{id}/refusal
pub async fn refusal(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<ConfirmationId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (id, by, reason) = (path.into_inner(), visitor.actor.by(), posted.fields.get("reason").to_owned());
    let (wanted, why) = (id.clone(), reason.clone());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        refuse(tx, &by, &wanted, &why)?;
        Ok::<_, Refusal>(Done::at(path_of(&wanted)).saying(say!("Not confirmed. Nothing was changed.")))
    })
    .await;
    let problem = match outcome {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(Refusal::ReasonMissing) => say!("Say why you do not confirm it"),
        Err(Refusal::ReasonTooLong) => say!("Shorten the reason to {limit} characters", limit = REASON_CHARS_MAX),
        Err(refusal) => return Err(error_page(refusal, &page, &reason)),
    };
    page.problems.push(Problem::new("reason", problem));
    look(&request, &visitor, page, id, reason).await
}

/// POST /confirmations/{id}/withdrawal
pub async fn withdrawal(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<ConfirmationId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (id, by): (_, By) = (path.into_inner(), visitor.actor.by());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        withdraw(tx, &by, &id)?;
        Ok::<_, Refusal>(Done::at("/confirmations").saying(say!("Withdrawn. Nothing was changed.")))
    })
    .await;
    Ok(outcome.map_err(|refusal| error_page(refusal, &page, ""))?.redirect(&request))
}
