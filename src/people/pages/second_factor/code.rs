//! The step after the password: a code of the app, or a recovery code.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{RECOVERY_CODES, code_problem};
use crate::people::Stage;
use crate::people::second_factor::{CodeRefusal, Given, Vault, pass};
use crate::say;
use crate::web::page::Problem;
use crate::web::sessions::TypedSession;
use crate::web::{Checked, ErrorPage, HalfVisitor, Page, address, filters, html, institution};

/// Recovery codes are few when so many are left.
const FEW: i64 = 3;

#[derive(Template)]
#[template(path = "people/second_factor/code.html")]
struct CodePage {
    page: Page,
}

#[derive(Template)]
#[template(path = "people/second_factor/recovery_code.html")]
struct RecoveryCodePage {
    page: Page,
}

/// To the step a sign-in stands at, where it is not this one.
pub(super) fn elsewhere(half: &HalfVisitor, stage: Stage) -> Option<HttpResponse> {
    (half.stage != stage).then(|| to(half.stage.path()))
}

pub(super) fn to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// GET /sign-in/code
pub async fn code_form(page: Page, half: HalfVisitor) -> HttpResponse {
    elsewhere(&half, Stage::Code).unwrap_or_else(|| {
        let form = CodePage { page };
        html(StatusCode::OK, &form.page, &form)
    })
}

/// POST /sign-in/code
pub async fn code(request: HttpRequest, mut page: Page, half: HalfVisitor, checked: Checked) -> Result<HttpResponse, ErrorPage> {
    let typed = checked.fields.get("code").to_owned();
    match sign_in(&request, &half, &typed, Given::Code(typed.clone())).await? {
        Ok(onward) => Ok(onward),
        Err(refusal) => {
            page.problems.push(Problem::new("code", code_problem(refusal, &page)?));
            let form = CodePage { page };
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &form.page, &form))
        }
    }
}

/// GET /sign-in/recovery-code
pub async fn recovery_code_form(page: Page, half: HalfVisitor) -> HttpResponse {
    elsewhere(&half, Stage::Code).unwrap_or_else(|| {
        let form = RecoveryCodePage { page };
        html(StatusCode::OK, &form.page, &form)
    })
}

/// POST /sign-in/recovery-code
pub async fn recovery_code(request: HttpRequest, mut page: Page, half: HalfVisitor, checked: Checked) -> Result<HttpResponse, ErrorPage> {
    let typed = checked.fields.get("recovery_code").to_owned();
    let problem = match sign_in(&request, &half, &typed, Given::RecoveryCode(typed.clone())).await? {
        Ok(onward) => return Ok(onward),
        Err(CodeRefusal::Missing) => say!("Type one of your recovery codes"),
        Err(CodeRefusal::Wrong) => say!("This is none of your recovery codes, or it was used already. Each is good once"),
        Err(refusal) => code_problem(refusal, &page)?,
    };
    page.problems.push(Problem::new("recovery_code", problem));
    let form = RecoveryCodePage { page };
    Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &form.page, &form))
}

/// Onward, or why not.
async fn sign_in(
    request: &HttpRequest,
    half: &HalfVisitor,
    typed: &str,
    given: Given,
) -> Result<Result<HttpResponse, CodeRefusal>, ErrorPage> {
    if let Some(elsewhere) = elsewhere(half, Stage::Code) {
        return Ok(Ok(elsewhere));
    }
    if typed.is_empty() {
        return Ok(Err(CodeRefusal::Missing));
    }
    let institution = institution(request)?;
    let passed = match pass(&institution.db, &Vault::of(&institution), &half.user, given, &address(request)).await {
        Ok(passed) => passed,
        // Turned off from another computer meanwhile: they begin again.
        Err(CodeRefusal::NoFactor) => {
            TypedSession(request.get_session()).end();
            return Ok(Ok(to("/sign-in")));
        }
        Err(refusal) => return Ok(Err(refusal)),
    };
    let session = TypedSession(request.get_session());
    let onward = session.come_to(passed.stage)?;
    let Some(left) = passed.recovery_codes_left else { return Ok(Ok(to(&onward))) };
    let flash = match left {
        0 => say!("That was your last recovery code. Make new ones now."),
        1 => say!("You have 1 recovery code left. Make new ones soon."),
        left => say!("You have {left} recovery codes left.", left = left),
    };
    session.set_flash(&flash.in_language(&institution.language));
    let onward = if left <= FEW && passed.stage == Stage::Full { RECOVERY_CODES } else { &onward };
    Ok(Ok(to(onward)))
}
