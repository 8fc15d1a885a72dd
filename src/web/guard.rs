//! Stands before every route: same origin, session, privilege, in this order, before a byte of the body is read.

use std::sync::Arc;

use actix_session::SessionExt;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{LOCATION, REFERER};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse};

use super::page::{self, ErrorPage as ErrorSheet, Kept, Page, WayOn};
use super::sessions::TypedSession;
use super::urls::Needs;
use super::visitor::{self, Visitor};
use super::{ErrorPage, download, front, same_origin};
use crate::institutions::Institution;
use crate::say;
use crate::words::Language;

/// No page of ours asks for it, nothing that we keep has it, and PostgreSQL takes no text with it.
const NUL: &str = "%00";

/// Lets a request through to its handler, or answers it; turns a handler's [`ErrorPage`] into its page.
pub async fn stand(
    needs: Needs,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let institution = match visitor::institution(request.request()) {
        Ok(institution) => institution,
        Err(error) => return Ok(refuse(request.into_parts().0, &error)),
    };
    match admit(needs, request.request(), &institution).await {
        Ok(None) => {}
        Ok(Some(answer)) => return Ok(ServiceResponse::new(request.into_parts().0, answer)),
        Err(error) => return Ok(refuse(request.into_parts().0, &error)),
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let Some(error) = response.response().error().and_then(|error| error.as_error::<ErrorPage>()) else {
        return Ok(download::while_active(response, &institution));
    };
    let page = error_page(response.request(), error);
    Ok(ServiceResponse::new(response.into_parts().0, page))
}

/// `None`: go on. Some answer: the person has to sign in first.
async fn admit(needs: Needs, request: &HttpRequest, institution: &Arc<Institution>) -> Result<Option<HttpResponse>, ErrorPage> {
    if request.uri().path_and_query().is_some_and(|asked| asked.as_str().contains(NUL)) {
        return Err(ErrorPage::NotFound);
    }
    let changes = request.method() != Method::GET && request.method() != Method::HEAD;
    if changes && !same_origin::is_same_origin(request) {
        return Err(ErrorPage::CrossSite);
    }
    if TypedSession(request.get_session()).is_lost() {
        return Ok(Some(front::unreachable(institution)));
    }
    let visitor = Visitor::load(request, institution).await?;
    let Some(visitor) = visitor else {
        let half = TypedSession(request.get_session()).half_signed_in();
        match (needs, half) {
            (Needs::Nothing, _) | (Needs::HalfSignedIn | Needs::Session, Some(_)) => return Ok(None),
            // Every other page waits until the step they stand at is done.
            (_, Some((_, stage))) => return Ok(Some(HttpResponse::SeeOther().insert_header((LOCATION, stage.path())).finish())),
            (_, None) => {}
        }
        TypedSession(request.get_session()).end();
        return Ok(Some(to_sign_in(request, changes)));
    };
    let allowed = visitor.meets(needs);
    request.extensions_mut().insert(visitor);
    if allowed { Ok(None) } else { Err(ErrorPage::NotFound) }
}

/// To the sign-in page and back after it: to the page that was asked for, or, for a form, to the page it stood on.
/// The form itself is never carried out by that.
fn to_sign_in(request: &HttpRequest, changes: bool) -> HttpResponse {
    let own =
        |address: &str| address.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).map(str::to_owned));
    let back = if changes {
        request.headers().get(REFERER).and_then(|value| value.to_str().ok()).and_then(own).unwrap_or_else(|| "/".to_owned())
    } else {
        request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
    };
    let ended = if changes {
        "ended=form&"
    } else if back == "/" {
        ""
    } else {
        "ended=page&"
    };
    let next = encode(&back);
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/sign-in?{ended}next={next}"))).finish()
}

/// Percent-encodes a path or a value for a query.
pub(super) fn encode(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

fn refuse(request: HttpRequest, error: &ErrorPage) -> ServiceResponse<BoxBody> {
    let page = error_page(&request, error);
    ServiceResponse::new(request, page)
}

/// The page of an error. What only the log should say is logged here, under a number that the page shows.
pub fn error_page(request: &HttpRequest, error: &ErrorPage) -> HttpResponse {
    let Ok(page) = Page::extract(request).into_inner() else { return page::sorry(&Language::english(), None) };
    let number = matches!(error, ErrorPage::Database(_) | ErrorPage::Broken | ErrorPage::OutcomeUnknown | ErrorPage::Busy).then(|| {
        let number = format!("{:08x}", rand::random::<u32>());
        tracing::error!(%error, number, route = request.match_pattern(), "a request failed");
        number
    });
    let mut message = vec![error.message()];
    message.extend(number.map(|number| say!("If it happens again, tell your operator this number: {number}", number = number)));
    let kept = error.typed().iter().map(|(label, value)| Kept { label: say!("{name}", name = label), value: value.clone() }).collect();
    let sheet = ErrorSheet {
        page,
        title: error.title(),
        message,
        kept,
        ways: vec![WayOn { label: say!("Go to the first page"), path: "/".to_owned() }],
    };
    page::html(error.status(), &sheet.page, &sheet)
}

/// Any path that is in no route.
pub async fn not_found() -> Result<HttpResponse, ErrorPage> {
    Err(ErrorPage::NotFound)
}

/// A known path with a method it does not take.
pub async fn wrong_method() -> Result<HttpResponse, ErrorPage> {
    Err(ErrorPage::WrongMethod)
}
