//! A signed-in person's own second factor: how it stands, new recovery codes, and turning it off.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::code::to;
use super::enrol::CodesPage;
use super::{OWN, RECOVERY_CODES, code_problem};
use crate::clock::Instant;
use crate::ids::OnceKey;
use crate::institutions;
use crate::people::second_factor::{EnrolRefusal, State, Vault, counted, factor, is_required, recovery_codes_left, renew, turn_off};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Posted, ShownOnce, Visitor, filters, html, institution, once, once_shown};

/// How it stands.
#[derive(Debug, Clone, Copy)]
struct Stands {
    /// Since when it is active.
    since: Option<Instant>,
    left: i64,
    is_required: bool,
}

async fn find(request: &HttpRequest, visitor: &Visitor) -> Result<Stands, ErrorPage> {
    let user = visitor.actor.id.clone();
    let institution = institution(request)?;
    let found = institution.db.read(move |conn| {
        let since = factor(conn, &user)?.filter(|factor| factor.state == State::Active).map(|factor| factor.confirmed_at);
        let rule = institutions::security(conn)?.second_factor;
        Ok::<_, ErrorPage>(Stands { since, left: recovery_codes_left(conn, &user)?, is_required: is_required(conn, &user, rule)? })
    });
    found.await
}

#[derive(Template)]
#[template(path = "people/second_factor/own.html")]
struct OwnPage {
    page: Page,
    stands: Stands,
}

/// GET /me/second-factor
pub async fn show(request: HttpRequest, page: Page, visitor: Visitor) -> Result<HttpResponse, ErrorPage> {
    let view = OwnPage { stands: find(&request, &visitor).await?, page };
    Ok(html(StatusCode::OK, &view.page, &view))
}

#[derive(Template)]
#[template(path = "people/second_factor/recovery_codes.html")]
struct RecoveryCodesPage {
    page: Page,
    left: i64,
    once: OnceKey,
}

async fn recovery_codes_view(request: &HttpRequest, page: Page, visitor: &Visitor) -> Result<HttpResponse, ErrorPage> {
    let stands = find(request, visitor).await?;
    if stands.since.is_none() {
        return Ok(to(OWN));
    }
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = RecoveryCodesPage { page, left: stands.left, once: OnceKey::random() };
    Ok(html(status, &view.page, &view))
}

/// GET /me/second-factor/recovery-codes
pub async fn recovery_codes_form(request: HttpRequest, page: Page, visitor: Visitor) -> Result<HttpResponse, ErrorPage> {
    recovery_codes_view(&request, page, &visitor).await
}

/// POST /me/second-factor/recovery-codes: answers with the new codes.
pub async fn recovery_codes(request: HttpRequest, mut page: Page, visitor: Visitor, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (vault, user, code) = (Vault::of(&institution), visitor.actor.id.clone(), posted.fields.get("code").to_owned());
    let again = Done::at(RECOVERY_CODES).saying(say!("Your new recovery codes were shown once. Make others if you did not keep them."));
    let make =
        once_shown(&institution.db, &visitor.actor.id, &posted.once, &page.language, again, move |tx| renew(tx, &vault, &user, &code));
    match counted(&institution.db, &visitor.actor.id, make).await {
        Ok(ShownOnce::First(codes)) => {
            let view = CodesPage { page, codes, is_signing_in: false };
            Ok(html(StatusCode::OK, &view.page, &view))
        }
        Ok(ShownOnce::Again(outcome)) => Ok(outcome.redirect(&request)),
        Err(refusal) => {
            page.problems.push(Problem::new("code", code_problem(refusal, &page)?));
            recovery_codes_view(&request, page, &visitor).await
        }
    }
}

#[derive(Template)]
#[template(path = "people/second_factor/removal.html")]
struct RemovalPage {
    page: Page,
    once: OnceKey,
}

async fn removal_view(request: &HttpRequest, page: Page, visitor: &Visitor) -> Result<HttpResponse, ErrorPage> {
    let stands = find(request, visitor).await?;
    if stands.since.is_none() || stands.is_required {
        return Ok(to(OWN));
    }
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = RemovalPage { page, once: OnceKey::random() };
    Ok(html(status, &view.page, &view))
}

/// GET /me/second-factor/removal
pub async fn removal_form(request: HttpRequest, page: Page, visitor: Visitor) -> Result<HttpResponse, ErrorPage> {
    removal_view(&request, page, &visitor).await
}

/// POST /me/second-factor/removal
pub async fn removal(request: HttpRequest, mut page: Page, visitor: Visitor, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (vault, user, code) = (Vault::of(&institution), visitor.actor.id.clone(), posted.fields.get("code").to_owned());
    let remove = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        turn_off(tx, &vault, &user, &code)?;
        Ok::<_, EnrolRefusal>(Done::at(OWN).saying(say!("Your authenticator app is turned off.")))
    });
    let refusal = match counted(&institution.db, &visitor.actor.id, remove).await {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(refusal) => refusal,
    };
    let problem = match refusal {
        EnrolRefusal::OldCode(refusal) => code_problem(refusal, &page)?,
        EnrolRefusal::Db(error) => return Err(error.into()),
        _ => say!("You need an authenticator app for what you may do"),
    };
    page.problems.push(Problem::new("code", problem));
    removal_view(&request, page, &visitor).await
}
