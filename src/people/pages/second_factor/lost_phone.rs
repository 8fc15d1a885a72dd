//! «I lost my phone»: asks the account managers for a new QR code, and shows what became of it.

use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::code::{elsewhere, to};
use crate::ids::OnceKey;
use crate::people::Stage;
use crate::people::second_factor::{
    NewRequest, REASON_CHARS_MAX, Request, RequestRefusal, RequestState, ask as verb, deciders, last_request,
};
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, HalfVisitor, Page, Posted, address, filters, html, institution, once};

const PATH: &str = "/sign-in/lost-phone";

#[derive(Template)]
#[template(path = "people/second_factor/lost_phone.html")]
struct LostPhonePage {
    page: Page,
    /// The newest one.
    request: Option<Request>,
    deciders: Vec<String>,
    reason: String,
    back: &'static str,
    once: OnceKey,
}

impl LostPhonePage {
    fn is_waiting(&self) -> bool {
        self.request.as_ref().is_some_and(|request| request.state == RequestState::Waiting)
    }

    /// The newest one, where it was refused.
    fn refused(&self) -> Option<&Request> {
        self.request.as_ref().filter(|request| request.state == RequestState::Refused)
    }
}

/// Only who stands at one of these steps has a phone to lose.
fn not_here(half: &HalfVisitor) -> Option<HttpResponse> {
    if half.stage == Stage::Enrol { None } else { elsewhere(half, Stage::Code) }
}

async fn view(request: &HttpRequest, page: Page, half: &HalfVisitor, reason: &str) -> Result<HttpResponse, ErrorPage> {
    let user = half.user.clone();
    let institution = institution(request)?;
    let read = institution.db.read(move |conn| Ok::<_, ErrorPage>((last_request(conn, &user)?, deciders(conn, &user)?)));
    let (newest, deciders) = read.await?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view =
        LostPhonePage { page, request: newest, deciders, reason: reason.to_owned(), back: half.stage.path(), once: OnceKey::random() };
    Ok(html(status, &view.page, &view))
}

/// GET /sign-in/lost-phone
pub async fn ask_form(request: HttpRequest, page: Page, half: HalfVisitor) -> Result<HttpResponse, ErrorPage> {
    match not_here(&half) {
        Some(elsewhere) => Ok(elsewhere),
        None => view(&request, page, &half, "").await,
    }
}

/// POST /sign-in/lost-phone
pub async fn ask(request: HttpRequest, mut page: Page, half: HalfVisitor, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    if let Some(elsewhere) = not_here(&half) {
        return Ok(elsewhere);
    }
    let reason = posted.fields.get("reason").to_owned();
    let browser = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let new = NewRequest {
        user: half.user.clone(),
        reason: reason.clone(),
        browser: browser.chars().take(BROWSER_CHARS_MAX).collect(),
        address: address(&request),
    };
    let db = &institution(&request)?.db;
    let outcome = once(db, &half.user, &posted.once, &page.language, move |tx| verb(tx, &new).map(|_| Done::at(PATH))).await;
    let problem = match outcome {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(RequestRefusal::ReasonMissing) => say!("Say what happened to your phone"),
        Err(RequestRefusal::ReasonTooLong) => say!("Shorten this to {limit} characters", limit = REASON_CHARS_MAX),
        Err(RequestRefusal::TooOften) => say!("You asked 5 times within a day. Call an account manager"),
        Err(RequestRefusal::Db(error)) => return Err(error.into()),
        // Nothing to replace any more: they go on where they stand.
        Err(_) => return Ok(to(half.stage.path())),
    };
    page.problems.push(Problem::new("reason", problem));
    view(&request, page, &half, &reason).await
}

/// Characters of the browser's own name that are kept.
const BROWSER_CHARS_MAX: usize = 200;
