//! Deactivating a branch: a page first, which lists what is open; and activating it again.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{found, path_of};
use crate::batches::State;
use crate::branches::{Branch, BranchRefusal, LISTED_MAX, Open, activate_branch, deactivate_branch, open_in};
use crate::ids::{BranchId, OnceKey};
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "branches/deactivation.html")]
struct DeactivationPage {
    page: Page,
    branch: Branch,
    open: Open,
    once: OnceKey,
}

impl DeactivationPage {
    fn hides_batches(&self) -> bool {
        self.open.batches_in_all > LISTED_MAX
    }

    fn hides_people(&self) -> bool {
        self.open.people_in_all > LISTED_MAX
    }

    /// What has to happen before the batch stands in nobody's way.
    fn to_do(state: &State) -> crate::words::Said {
        match state {
            State::Checking | State::NeedsCorrection | State::Draft => say!("Its maker deletes or submits it"),
            State::PendingApproval => say!("A checker decides on it"),
            State::Approved | State::Scheduled | State::Processing | State::Paused | State::Cancelling => say!("It is paid to its end"),
            _ => say!("Payments of it need attention"),
        }
    }
}

/// GET /branches/{id}/deactivation
pub async fn deactivation_page(request: HttpRequest, page: Page, path: web::Path<BranchId>) -> Result<HttpResponse, ErrorPage> {
    let branch = found(&request, path.into_inner()).await?;
    if !branch.is_active {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, path_of(&branch.id))).finish());
    }
    let (id, now) = (branch.id.clone(), page.now);
    let open = institution(&request)?.db.read(move |conn| Ok::<_, ErrorPage>(open_in(conn, &id, now)?)).await?;
    Ok(shown(StatusCode::OK, page, branch, open))
}

fn shown(status: StatusCode, page: Page, branch: Branch, open: Open) -> HttpResponse {
    let view = DeactivationPage { page, branch, open, once: OnceKey::random() };
    html(status, &view.page, &view)
}

/// POST /branches/{id}/deactivation
pub async fn deactivation(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<BranchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let branch = found(&request, path.into_inner()).await?;
    let (by, id) = (visitor.actor.by(), branch.id.clone());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let branch = deactivate_branch(tx, &by, &id)?;
        let said = say!("{branch} is deactivated. Nothing new can begin there.", branch = branch.full_name());
        Ok::<_, BranchRefusal>(Done::at(path_of(&id)).saying(said))
    })
    .await;
    match outcome {
        Ok(outcome) => Ok(outcome.redirect(&request)),
        Err(BranchRefusal::StillOpen(open)) => Ok(shown(StatusCode::CONFLICT, page, branch, *open)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// POST /branches/{id}/activation
pub async fn activation(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<BranchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (by, id) = (visitor.actor.by(), path.into_inner());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let branch = activate_branch(tx, &by, &id)?;
        Ok::<_, BranchRefusal>(Done::at(path_of(&id)).saying(say!("{branch} is active again.", branch = branch.full_name())))
    });
    Ok(outcome.await?.redirect(&request))
}
