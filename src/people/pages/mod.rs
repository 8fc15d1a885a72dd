//! Pages of people: signing in, one's own account, and what account managers do about people.

pub mod account;
pub mod code;
pub mod deactivation;
pub mod forgot;
mod home;
pub mod import;
pub mod invitation;
pub mod link;
pub mod password;
pub mod qr_requests;
pub mod second_factor;
pub mod sessions;
mod sign_in;
pub mod unlocking;
pub mod user_form;
mod user_problems;
pub mod users;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};

pub use self::home::home;
pub use self::sign_in::{sign_in, sign_in_form, sign_out};
use super::{User, find};
use crate::ids::UserId;
use crate::say;
use crate::web::urls::needs_of;
use crate::web::{ErrorPage, institution};
use crate::words::Said;

/// Whether this build has a page; what is built beside ours is linked only where it is.
fn is_built(path: &str) -> bool {
    needs_of(path).is_some()
}

/// Why the last active account manager stays one, and the way out.
fn no_longer() -> Said {
    say!("The last active account manager stays one. Whoever runs Outlay for you can make another with «outlay admin recover».")
}

/// The person a path names.
async fn person(request: &HttpRequest, id: &UserId) -> Result<User, ErrorPage> {
    let id = id.clone();
    institution(request)?.db.read(move |conn| find(conn, &id)).await?.ok_or(ErrorPage::NotFound)
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}
