//! "I have a code": a printed slip sets a password.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;

use super::password::problem;
use super::sign_in::{enter, nothing};
use crate::people::{self, Origin, Passwords, SetPasswordRefusal};
use crate::say;
use crate::web::page::Problem;
use crate::web::{ErrorPage, Page, address, filters, html, institution};

#[derive(Template)]
#[template(path = "people/code.html")]
struct CodePage {
    page: Page,
    user_name: String,
}

/// GET /code
pub async fn form(page: Page) -> HttpResponse {
    let sheet = CodePage { page, user_name: String::new() };
    html(StatusCode::OK, &sheet.page, &sheet)
}

#[derive(Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    user_name: String,
    #[serde(default = "nothing")]
    code: SecretString,
    #[serde(default = "nothing")]
    new_password: SecretString,
}

/// POST /code
pub async fn set(
    request: HttpRequest,
    mut page: Page,
    form: web::Form<CodeForm>,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let CodeForm { user_name, code, new_password } = form.into_inner();
    let origin = Origin { address: address(&request), known_browser: None };
    let problem = match people::use_code(&institution.db, &passwords, &user_name, code, new_password, origin).await {
        Ok(signed_in) => return enter(&request, &institution, &signed_in, "/"),
        Err(SetPasswordRefusal::Dead) => Problem::new(
            "code",
            say!("The user name or the code is wrong, or the code was used before or is too old. Ask an account manager for a new one."),
        ),
        Err(refusal) => problem(&page, refusal, "code")?,
    };
    page.problems.push(problem);
    let sheet = CodePage { page, user_name };
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet))
}
