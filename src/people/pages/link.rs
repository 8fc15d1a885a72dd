//! A mailed link opens a page that sets a password. Opening it uses nothing up: mail scanners open every link.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::password::{NEW_PASSWORD, NewPasswordPage, problem};
use super::sign_in::{enter, nothing};
use crate::people::{self, LinkKind, Passwords, SetPasswordRefusal, User};
use crate::say;
use crate::web::{ErrorPage, Page, address, filters, html, institution};

#[derive(Template)]
#[template(path = "people/dead_link.html")]
struct DeadLinkPage {
    page: Page,
    /// Whether a new one can be asked for by mail.
    has_mail: bool,
}

fn sheet(page: Page, user: &User, kind: LinkKind, action: &str) -> NewPasswordPage {
    let name = page.institution.name.clone();
    let (title, lead) = match kind {
        LinkKind::Invitation => {
            (say!("Welcome to Outlay"), say!("{institution} invites you. Choose a password that only you know.", institution = name))
        }
        LinkKind::Reset => (
            say!("Set a new password"),
            say!("For your account at {institution}. You will be signed out everywhere else.", institution = name),
        ),
    };
    NewPasswordPage { page, title, lead, action: action.to_owned(), user_name: user.user_name.clone(), half_signed_in: false }
}

fn dead(page: Page, has_mail: bool) -> HttpResponse {
    let sheet = DeadLinkPage { page, has_mail };
    html(StatusCode::NOT_FOUND, &sheet.page, &sheet)
}

/// GET /invitations/{token} and /resets/{token}
pub async fn form(request: HttpRequest, page: Page, token: web::Path<SecretString>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (now, token) = (institution.clock().now(), token.into_inner());
    let Some((user, kind)) = institution.db.read(move |conn| people::look_at_link(conn, &token, now)).await? else {
        return Ok(dead(page, institution.settings.mail.is_some()));
    };
    let sheet = sheet(page, &user, kind, request.path());
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

#[derive(Deserialize)]
pub struct NewPassword {
    #[serde(default = "nothing")]
    new_password: SecretString,
}

/// POST /invitations/{token} and /resets/{token}
pub async fn set(
    request: HttpRequest,
    mut page: Page,
    token: web::Path<SecretString>,
    form: web::Form<NewPassword>,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let token = token.into_inner();
    let new = form.into_inner().new_password;
    let refusal = match people::use_link(&institution.db, &passwords, token.clone(), new, address(&request)).await {
        Ok(signed_in) => return enter(&request, &institution, &signed_in, "/"),
        Err(refusal) => refusal,
    };
    let now = institution.clock().now();
    let still = institution.db.read(move |conn| people::look_at_link(conn, &token, now)).await?;
    let (Some((user, kind)), false) = (still, matches!(refusal, SetPasswordRefusal::Dead)) else {
        return Ok(dead(page, institution.settings.mail.is_some()));
    };
    let problem = problem(&page, refusal, NEW_PASSWORD)?;
    page.problems.push(problem);
    let sheet = sheet(page, &user, kind, request.path());
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet))
}
