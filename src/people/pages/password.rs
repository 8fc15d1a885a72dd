//! The first sign-in sets a password of one's own; anybody changes theirs.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sign_in::{busy, locked};
use super::{person, see_other};
use crate::people::{self, Origin, PasswordChange, Passwords, SetPasswordRefusal, Stage};
use crate::say;
use crate::web::page::Problem;
use crate::web::sessions::TypedSession;
use crate::web::{Checked, ErrorPage, HalfVisitor, Page, Visitor, address, filters, html, institution};
use crate::words::Said;

/// The field that every form for a new password has.
pub(super) const NEW_PASSWORD: &str = "new_password";

/// A page that asks for a new password and nothing else.
#[derive(Template)]
#[template(path = "people/new_password.html")]
pub(super) struct NewPasswordPage {
    pub page: Page,
    pub title: Said,
    pub lead: Said,
    /// Where the form goes.
    pub action: String,
    pub user_name: String,
    /// Somebody is in the middle of signing in, and may turn back.
    pub half_signed_in: bool,
}

#[derive(Template)]
#[template(path = "people/change_password.html")]
struct ChangePage {
    page: Page,
    user_name: String,
}

/// What is wrong with a form for a new password; what no form can mend is an error page.
pub(super) fn problem(page: &Page, refusal: SetPasswordRefusal, old_field: &str) -> Result<Problem, ErrorPage> {
    Ok(match refusal {
        SetPasswordRefusal::Bad(bad) => Problem::new(NEW_PASSWORD, bad.said()),
        SetPasswordRefusal::Same => Problem::new(NEW_PASSWORD, say!("This is the password you have. Choose another one.")),
        SetPasswordRefusal::Wrong => Problem::new(old_field, say!("The password is wrong.")),
        SetPasswordRefusal::Locked(lockout) => Problem::new(old_field, locked(page, &lockout)),
        SetPasswordRefusal::Busy(_) => Problem::new("", busy()),
        SetPasswordRefusal::Dead => return Err(ErrorPage::NotFound),
        SetPasswordRefusal::Db(error) => return Err(error.into()),
    })
}

fn first_page(page: Page, user_name: String) -> NewPasswordPage {
    NewPasswordPage {
        page,
        title: say!("Set your own password"),
        lead: say!("You signed in with a password that somebody gave you. Choose one that only you know."),
        action: Stage::Password.path().to_owned(),
        user_name,
        half_signed_in: true,
    }
}

/// GET /sign-in/password
pub async fn first_form(request: HttpRequest, page: Page, half: HalfVisitor) -> Result<HttpResponse, ErrorPage> {
    if half.stage != Stage::Password {
        return Ok(see_other(half.stage.path()));
    }
    let sheet = first_page(page, person(&request, &half.user).await?.user_name);
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// POST /sign-in/password
pub async fn first(
    request: HttpRequest,
    mut page: Page,
    half: HalfVisitor,
    checked: Checked,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    // The code of the second factor comes first: nothing is set before it.
    if half.stage != Stage::Password {
        return Ok(see_other(half.stage.path()));
    }
    let institution = institution(&request)?;
    let user = person(&request, &half.user).await?;
    let user_name = user.user_name.clone();
    let new = checked.fields.secret(NEW_PASSWORD);
    match people::set_first_password(&institution.db, &passwords, user, new, address(&request)).await {
        Ok(stage) => Ok(see_other(&TypedSession(request.get_session()).come_to(stage)?)),
        // They did it in another window: from here on they sign in with it.
        Err(SetPasswordRefusal::Dead) => {
            TypedSession(request.get_session()).end();
            Ok(see_other("/sign-in"))
        }
        Err(refusal) => {
            let problem = problem(&page, refusal, NEW_PASSWORD)?;
            page.problems.push(problem);
            let sheet = first_page(page, user_name);
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet))
        }
    }
}

/// GET /me/password
pub async fn change_form(page: Page, visitor: Visitor) -> HttpResponse {
    let sheet = ChangePage { page, user_name: visitor.actor.user_name };
    html(StatusCode::OK, &sheet.page, &sheet)
}

/// POST /me/password
pub async fn change(
    request: HttpRequest,
    mut page: Page,
    visitor: Visitor,
    checked: Checked,
    passwords: web::Data<Passwords>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let session = TypedSession(request.get_session());
    let change = PasswordChange {
        user: person(&request, &visitor.actor.id).await?,
        old: checked.fields.secret("old_password"),
        new: checked.fields.secret(NEW_PASSWORD),
        // A signed-in session is a place of its own: what others try outside does not stop them here.
        origin: Origin { address: address(&request), known_browser: session.id().map(|id| id.to_string()) },
        session: session.id(),
    };
    match people::change_password(&institution.db, &passwords, change).await {
        Ok(()) => {
            let said = say!("Your password is changed. You are signed out everywhere else.");
            session.set_flash(&said.in_language(&institution.language));
            Ok(see_other("/me"))
        }
        Err(refusal) => {
            let problem = problem(&page, refusal, "old_password")?;
            page.problems.push(problem);
            let sheet = ChangePage { page, user_name: visitor.actor.user_name };
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet))
        }
    }
}
