//! Stands before everything else of an institution, its sessions too: whether it is open at all. A database that is out of reach, or an
//! institution that the operator suspended, is said in words, on a page that needs no database.

use std::any::Any;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, ContentType, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use askama::Template;

use super::filters::{self, LANGUAGE};
use super::{LOGO, assets};
use crate::institutions::Institution;
use crate::say;
use crate::words::Said;

/// When a browser may ask again, in seconds.
const ASK_AGAIN: &str = "60";

/// Why an institution's pages are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    Unreachable,
    Suspended,
}

#[derive(Template)]
#[template(path = "errors/closed.html")]
struct ClosedPage<'a> {
    code: &'a str,
    institution: &'a str,
    title: Said,
    message: Said,
}

impl ClosedPage<'_> {
    fn css_path(&self) -> &'static str {
        assets::css_path()
    }
}

/// Lets a request through to the institution, or says that it is closed.
pub async fn stand(
    institution: Arc<Institution>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_of_the_frame(request.path()) {
        // What a closed page looks like must not depend on the database, so nobody's session is looked for.
        request.headers_mut().remove(COOKIE);
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    if let Some(why) = closed(&institution).await {
        return Ok(request.into_response(answer(&institution, why)));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Style sheet, script, icon and logo.
fn is_of_the_frame(path: &str) -> bool {
    path.starts_with("/static/") || path == LOGO
}

async fn closed(institution: &Institution) -> Option<Closed> {
    if !institution.is_open() {
        return Some(Closed::Unreachable);
    }
    if let Err(error) = institution.refresh_if_old().await {
        tracing::error!(%error, institution = institution.settings.name, "the database is out of reach");
        return Some(Closed::Unreachable);
    }
    institution.is_suspended().then_some(Closed::Suspended)
}

/// Where a session could not be read, although the institution was reached a moment ago.
pub(super) fn unreachable(institution: &Institution) -> HttpResponse {
    answer(institution, Closed::Unreachable)
}

fn answer(institution: &Institution, why: Closed) -> HttpResponse {
    let house = institution.house();
    let (title, message) = match why {
        Closed::Unreachable => (
            say!("Outlay is out of order for the moment"),
            say!("Its database cannot be reached. Payments that were approved are kept and nothing is paid twice. Try again in a minute."),
        ),
        Closed::Suspended => (
            say!("Suspended by the operator"),
            say!("Nobody can sign in here, and no payment is begun, until the operator resumes it. Ask them when that will be."),
        ),
    };
    let page = ClosedPage { code: house.language.code(), institution: &institution.settings.name, title, message };
    let values: [(&str, &dyn Any); 1] = [(LANGUAGE, &house.language)];
    let body = page.render_with_values(&values);
    HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, ASK_AGAIN))
        .body(body.unwrap_or_else(|_| "Out of order. Try again in a minute.".to_owned()))
}
