//! "I forgot my password": a link by mail. The answer is the same whether or not the name is known.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::people::{self, ForgotRefusal};
use crate::say;
use crate::web::page::Problem;
use crate::web::{ErrorPage, Page, address, filters, html, institution};

#[derive(Template)]
#[template(path = "people/forgot.html")]
struct ForgotPage {
    page: Page,
    asked: String,
    has_mail: bool,
    /// Full names of the account managers.
    managers: Vec<String>,
}

#[derive(Template)]
#[template(path = "people/forgot_sent.html")]
struct SentPage {
    page: Page,
}

async fn sheet(request: &HttpRequest, page: Page, asked: String) -> Result<ForgotPage, ErrorPage> {
    let institution = institution(request)?;
    let managers = institution.db.read(people::names_of_account_managers).await?;
    Ok(ForgotPage { page, asked, has_mail: institution.settings.mail.is_some(), managers })
}

/// GET /forgot
pub async fn form(request: HttpRequest, page: Page) -> Result<HttpResponse, ErrorPage> {
    let sheet = sheet(&request, page, String::new()).await?;
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

#[derive(Deserialize)]
pub struct ForgotForm {
    #[serde(default)]
    who: String,
}

/// POST /forgot
pub async fn ask(request: HttpRequest, mut page: Page, form: web::Form<ForgotForm>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let who = form.into_inner().who;
    if institution.settings.mail.is_none() {
        let sheet = sheet(&request, page, who).await?;
        return Ok(html(StatusCode::OK, &sheet.page, &sheet));
    }
    if who.trim().is_empty() {
        page.problems.push(Problem::new("who", say!("Write your user name or your email address.")));
        let sheet = sheet(&request, page, who).await?;
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet));
    }
    let (asked, from) = (who.clone(), address(&request));
    match institution.db.write(move |tx| people::forgot(tx, &asked, &from)).await {
        Ok(()) => {
            institution.wake();
            let sheet = SentPage { page };
            Ok(html(StatusCode::OK, &sheet.page, &sheet))
        }
        Err(ForgotRefusal::TooMany { again_at }) => {
            let time = again_at.timestamp().to_zoned(page.zone.clone()).strftime("%H:%M").to_string();
            page.problems
                .push(Problem::new("who", say!("Too many links were asked for from this computer. Try again after {time}.", time = time)));
            let sheet = sheet(&request, page, who).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet))
        }
        Err(ForgotRefusal::Db(error)) => Err(error.into()),
    }
}
