//! Pages of signing in, of one's own account, and of what account managers do for people's passwords and sessions.

pub mod account;
pub mod code;
pub mod forgot;
pub mod invitation;
pub mod link;
pub mod password;
pub mod qr_requests;
pub mod second_factor;
pub mod sessions;
mod sign_in;
pub mod unlocking;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

pub use self::sign_in::{sign_in, sign_in_form, sign_out};
use super::{User, find};
use crate::ids::UserId;
use crate::web::urls::needs_of;
use crate::web::{ErrorPage, Page, Visitor, filters, html, institution};

#[derive(Template)]
#[template(path = "people/home.html")]
struct HomePage {
    page: Page,
    name: String,
    is_account_manager: bool,
}

/// Where one lands, in order: the first that the person may use.
const LANDINGS: [&str; 3] = ["/tasks", "/batches/new", "/search/batches"];

/// GET /
pub async fn home(page: Page, visitor: Visitor) -> HttpResponse {
    let landing = LANDINGS.into_iter().find(|path| needs_of(path).is_some_and(|needs| visitor.meets(needs)));
    if let Some(path) = landing {
        return HttpResponse::SeeOther().insert_header((LOCATION, path)).finish();
    }
    let home = HomePage { page, name: visitor.actor.full_name, is_account_manager: visitor.actor.is_account_manager };
    html(StatusCode::OK, &home.page, &home)
}

/// The person a path names.
async fn person(request: &HttpRequest, id: &UserId) -> Result<User, ErrorPage> {
    let id = id.clone();
    institution(request)?.db.read(move |conn| find(conn, &id)).await?.ok_or(ErrorPage::NotFound)
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}
