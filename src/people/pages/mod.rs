//! Sign-in, sign-out and where one lands after it.

pub mod qr_requests;
pub mod second_factor;

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Credentials, Lockout, Origin, Passwords, SignInRefusal, SignedIn, Stage, sign_in as verb, sign_out as end};
use crate::say;
use crate::web::page::Problem;
use crate::web::sessions::TypedSession;
use crate::web::urls::needs_of;
use crate::web::{Checked, ErrorPage, Page, Visitor, address, filters, html, institution};
use crate::words::Said;

#[derive(Template)]
#[template(path = "people/sign_in.html")]
struct SignInPage {
    page: Page,
    user_name: String,
    next: String,
    notice: Option<Said>,
}

#[derive(Template)]
#[template(path = "people/home.html")]
struct HomePage {
    page: Page,
    name: String,
    is_account_manager: bool,
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

fn nothing() -> SecretString {
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
    let address = address(&request);
    let credentials = Credentials {
        user_name: form.user_name.clone(),
        password: form.password,
        origin: Origin { address: address.clone(), known_browser: None },
    };
    let problem = match verb(&institution.db, &passwords, credentials).await {
        Ok(SignedIn { user, stage }) => {
            let browser = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let next = own_path(&form.next);
            TypedSession(request.get_session()).begin(&user.id, stage, browser, &address, &next)?;
            let onward = if stage == Stage::Full { next.as_str() } else { stage.path() };
            return Ok(HttpResponse::SeeOther().insert_header((LOCATION, onward)).finish());
        }
        Err(SignInRefusal::Wrong) => say!("The user name or the password is wrong."),
        Err(SignInRefusal::Locked(lockout)) => locked(&page, lockout),
        Err(SignInRefusal::Busy(_)) => say!("Too many people are signing in at this moment. Try again in a few seconds."),
        Err(SignInRefusal::Db(error)) => return Err(error.into()),
    };
    page.problems.push(Problem::new("user_name", problem));
    let form = SignInPage { page, user_name: form.user_name, next: form.next, notice: None };
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &form.page, &form))
}

fn locked(page: &Page, lockout: Lockout) -> Said {
    let until = lockout.until.timestamp().to_zoned(page.zone.clone()).strftime("%H:%M:%S").to_string();
    say!(
        "Too many wrong passwords for this user name from this computer. Try again after {time}. Waiting unlocks it by itself; it stays open from other computers.",
        time = until
    )
}

/// Only a path of our own: nobody is sent elsewhere by a link to the sign-in page.
fn own_path(next: &str) -> String {
    let own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']) && !next.starts_with("/sign-");
    if own { next.to_owned() } else { "/".to_owned() }
}

/// POST /sign-out
pub async fn sign_out(request: HttpRequest, visitor: Visitor, _checked: Checked) -> Result<HttpResponse, ErrorPage> {
    let actor = visitor.actor;
    institution(&request)?.db.write(move |tx| end(tx, &actor)).await?;
    TypedSession(request.get_session()).end();
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, "/sign-in?ended=out")).finish())
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
