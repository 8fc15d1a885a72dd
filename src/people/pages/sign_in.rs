//! Sign-in and sign-out.

use actix_session::SessionExt;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::see_other;
use crate::institutions::Institution;
use crate::people::{self, BrowserKey, Credentials, LockedBy, Lockout, Origin, Passwords, SignInRefusal, SignedIn, Stage, mark_name};
use crate::say;
use crate::web::page::Problem;
use crate::web::sessions::TypedSession;
use crate::web::{Checked, ErrorPage, Page, Visitor, address, filters, html, institution};
use crate::words::Said;

/// How long a browser is remembered as one in which the person has signed in.
const REMEMBERED_DAYS: i64 = 90;

#[derive(Template)]
#[template(path = "people/sign_in.html")]
struct SignInPage {
    page: Page,
    user_name: String,
    next: String,
    notice: Option<Said>,
}

/// Where the sign-in page leads, and why it is shown.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    ended: String,
}

/// GET /sign-in
pub async fn sign_in_form(page: Page, asked: web::Query<Asked>) -> HttpResponse {
    let notice = match asked.ended.as_str() {
        "form" => Some(say!("You were signed out, so your last form was not sent: nothing was done. Sign in and look at it again.")),
        "page" => Some(say!("Sign in to see that page.")),
        "out" => Some(say!("You are signed out.")),
        _ => None,
    };
    let form = SignInPage { page, user_name: String::new(), next: asked.next.clone(), notice };
    html(StatusCode::OK, &form.page, &form)
}

#[derive(Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    user_name: String,
    #[serde(default = "nothing")]
    password: SecretString,
    #[serde(default)]
    next: String,
}

/// A password field that was not sent.
pub(super) fn nothing() -> SecretString {
    SecretString::from("")
}

/// POST /sign-in
pub async fn sign_in(
    request: HttpRequest,
    mut page: Page,
    form: web::Form<SignInForm>,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let form = form.into_inner();
    let origin = origin(&request, &institution, &form.user_name);
    let credentials = Credentials { user_name: form.user_name.clone(), password: form.password, origin };
    let problem = match people::sign_in(&institution.db, &passwords, credentials).await {
        Ok(signed_in) => return enter(&request, &institution, &signed_in, &own_path(&form.next)),
        Err(SignInRefusal::Wrong) => say!("The user name or the password is wrong."),
        Err(SignInRefusal::Locked(lockout)) => locked(&page, &lockout),
        Err(SignInRefusal::Busy(_)) => busy(),
        Err(SignInRefusal::Db(error)) => return Err(error.into()),
    };
    page.problems.push(Problem::new("user_name", problem));
    let form = SignInPage { page, user_name: form.user_name, next: form.next, notice: None };
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &form.page, &form))
}

/// Where this try came from; a browser in which the person has signed in before is told apart.
pub(super) fn origin(request: &HttpRequest, institution: &Institution, user_name: &str) -> Origin {
    let name = people::fold_user_name(user_name);
    let mark = request.cookie(&mark_name(&name));
    let known_browser = mark.and_then(|mark| BrowserKey(institution.keys.known_browser()).read(&name, mark.value()));
    Origin { address: address(request), known_browser }
}

/// Begins the session of one whose password, link or code was right, at the step they have come to.
pub(super) fn enter(request: &HttpRequest, institution: &Institution, signed_in: &SignedIn, next: &str) -> Result<HttpResponse, ErrorPage> {
    let browser = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let session = TypedSession(request.get_session());
    session.begin(&signed_in.user.id, signed_in.stage, browser, &address(request), next)?;
    session.set_since(signed_in.at)?;
    let onward = if signed_in.stage == Stage::Full { next } else { signed_in.stage.path() };
    let name = &signed_in.user.user_name;
    let mark = Cookie::build(mark_name(name), BrowserKey(institution.keys.known_browser()).mark(name))
        .path("/sign-in")
        .http_only(true)
        .secure(institution.settings.is_https())
        .same_site(SameSite::Lax)
        .max_age(Duration::days(REMEMBERED_DAYS))
        .finish();
    Ok(HttpResponse::SeeOther().cookie(mark).insert_header((LOCATION, onward)).finish())
}

pub(super) fn busy() -> Said {
    say!("Too many people are signing in at this moment. Try again in a few seconds.")
}

/// When to try again, and who can help.
pub(super) fn locked(page: &Page, lockout: &Lockout) -> Said {
    let time = lockout.until.timestamp().to_zoned(page.zone.clone()).strftime("%H:%M:%S").to_string();
    match lockout.by {
        LockedBy::Crowd => {
            say!("Too many wrong passwords were tried, so signing in is slow at this moment. Try again after {time}.", time = time)
        }
        LockedBy::Name if lockout.can_unlock.is_empty() => say!(
            "Too many wrong passwords for this user name from this computer. Try again after {time}. It stays open from other computers.",
            time = time
        ),
        LockedBy::Name => say!(
            "Too many wrong passwords for this user name from this computer. Try again after {time}, or ask an account manager to unlock it: {names}. It stays open from other computers.",
            time = time,
            names = lockout.can_unlock.join(", ")
        ),
    }
}

/// Only a path of our own: nobody is sent elsewhere by a link to the sign-in page. Browsers drop tabs and line ends from an address and
/// take `\` for `/`, so that neither may stand in it.
fn own_path(next: &str) -> String {
    let is_bent = |c: char| c == '\\' || c.is_control();
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(is_bent) && !next.starts_with("/sign-");
    if own { next.to_owned() } else { "/".to_owned() }
}

/// POST /sign-out: also in the middle of signing in.
pub async fn sign_out(request: HttpRequest, visitor: Option<Visitor>, _checked: Checked) -> Result<HttpResponse, ErrorPage> {
    if let Some(visitor) = visitor {
        institution(&request)?.db.write(move |tx| people::sign_out(tx, &visitor.actor)).await?;
    }
    TypedSession(request.get_session()).end();
    Ok(see_other("/sign-in?ended=out"))
}
