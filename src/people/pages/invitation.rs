//! An account manager invites a person or helps one who forgot their password: by mail, or with a code on a printed slip. The code is in
//! the answer that made it and nowhere else.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{person, see_other};
use crate::ids::{OnceKey, UserId};
use crate::institutions::Institution;
use crate::people::{self, InviteRefusal, Invited, LinkKind, Slip, User, Way, invite, offer_reset};
use crate::say;
use crate::web::page::{Choice, Problem};
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once_with};
use crate::words::Said;

#[derive(Template)]
#[template(path = "people/invitation.html")]
struct InvitationPage {
    page: Page,
    once: OnceKey,
    user: User,
    kind: LinkKind,
    action: String,
    ways: Vec<Choice>,
    chosen: String,
    has_mail: bool,
}

/// Slips to print, each for one person.
#[derive(Template)]
#[template(path = "people/slips.html")]
struct SlipsPage {
    page: Page,
    slips: Vec<Slip>,
    /// Where the code is typed.
    address: String,
    back: String,
}

/// The page of printed slips: for one person or for many. `back`: where one goes from it.
pub fn slips(page: Page, institution: &Institution, slips: Vec<Slip>, back: &str) -> HttpResponse {
    let address = format!("{}/sign-in", institution.settings.public_url.trim_end_matches('/'));
    let sheet = SlipsPage { page, slips, address, back: back.to_owned() };
    html(StatusCode::OK, &sheet.page, &sheet)
}

fn path_of(user: &UserId, kind: LinkKind) -> String {
    match kind {
        LinkKind::Invitation => format!("/users/{user}/invitation"),
        LinkKind::Reset => format!("/users/{user}/reset-code"),
    }
}

async fn sheet(request: &HttpRequest, page: Page, user: User, kind: LinkKind, chosen: &str) -> Result<InvitationPage, ErrorPage> {
    let institution = institution(request)?;
    let id = user.id.clone();
    let email = institution.db.read(move |conn| people::email_of(conn, &id)).await?;
    let has_mail = institution.settings.mail.is_some();
    let mut ways = Vec::new();
    if let (true, Some(email)) = (has_mail, email) {
        let hint = match kind {
            LinkKind::Invitation => say!("To {address}. It works once, for 7 days.", address = email),
            LinkKind::Reset => say!("To {address}. It works once, for 30 minutes.", address = email),
        };
        ways.push(Choice::new(Way::Mail.as_str(), say!("Send a link by mail")).hinted(hint));
    }
    let hint = say!("Print it and give it to nobody else. It works once, for 7 days.");
    ways.push(Choice::new(Way::Slip.as_str(), say!("Print a slip with a code")).hinted(hint));
    let action = path_of(&user.id, kind);
    Ok(InvitationPage { page, once: OnceKey::random(), user, kind, action, ways, chosen: chosen.to_owned(), has_mail })
}

async fn ask(request: HttpRequest, page: Page, visitor: Visitor, id: &UserId, kind: LinkKind) -> Result<HttpResponse, ErrorPage> {
    let user = person(&request, id).await?;
    if user.id == visitor.actor.id {
        return Err(InviteRefusal::Oneself.into());
    }
    if !user.is_active {
        return Err(InviteRefusal::NotActive.into());
    }
    let asked = id.clone();
    let has_password = institution(&request)?.db.read(move |conn| people::has_password(conn, &asked)).await?;
    let fits = if has_password { LinkKind::Reset } else { LinkKind::Invitation };
    if kind != fits {
        return Ok(see_other(&path_of(id, fits)));
    }
    let sheet = sheet(&request, page, user, kind, "").await?;
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// GET /users/{id}/invitation
pub async fn invitation_form(
    request: HttpRequest,
    page: Page,
    visitor: Visitor,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    ask(request, page, visitor, &path, LinkKind::Invitation).await
}

/// GET /users/{id}/reset-code
pub async fn reset_form(request: HttpRequest, page: Page, visitor: Visitor, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    ask(request, page, visitor, &path, LinkKind::Reset).await
}

/// POST /users/{id}/invitation
pub async fn invitation(
    request: HttpRequest,
    page: Page,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    give(request, page, visitor, posted, &path, LinkKind::Invitation).await
}

/// POST /users/{id}/reset-code
pub async fn reset_code(
    request: HttpRequest,
    page: Page,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    give(request, page, visitor, posted, &path, LinkKind::Reset).await
}

async fn give(
    request: HttpRequest,
    mut page: Page,
    visitor: Visitor,
    posted: Posted,
    id: &UserId,
    kind: LinkKind,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let user = person(&request, id).await?;
    let way = posted.fields.get("way").parse::<Way>().ok().filter(|way| *way == Way::Slip || institution.settings.mail.is_some());
    let Some(way) = way else {
        page.problems.push(Problem::new("way", say!("Choose how the person gets it.")));
        let sheet = sheet(&request, page, user, kind, posted.fields.get("way")).await?;
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet));
    };
    let by = visitor.actor.by();
    let for_verb = user.clone();
    let given = once_with::<InviteRefusal, _, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        let invited = match kind {
            LinkKind::Invitation => invite(tx, &by, &for_verb, way)?,
            LinkKind::Reset => offer_reset(tx, &by, &for_verb, way)?,
        };
        Ok((done(&for_verb, kind, &invited), invited))
    });
    let (outcome, first) = given.await?;
    institution.wake();
    match first {
        Some(Invited::Printed(slip)) => Ok(slips(page, &institution, vec![slip], &format!("/users/{}", user.id))),
        _ => Ok(outcome.redirect(&request)),
    }
}

/// Where one goes after it; for a printed code, what a second click is told.
fn done(user: &User, kind: LinkKind, invited: &Invited) -> Done {
    let home = format!("/users/{}", user.id);
    match invited {
        Invited::Mailed { address, .. } => Done::at(home).saying(say!("A link is on its way to {address}.", address = address)),
        Invited::Asked(_) => Done::at(home).saying(needs_other(user)),
        Invited::Printed(_) => Done::at(path_of(&user.id, kind))
            .saying(say!("The code was shown once, to be printed, and cannot be shown again. If it was not printed, make another one: the first then ends.")),
    }
}

fn needs_other(user: &User) -> Said {
    say!(
        "A printed code for {name} needs the other account manager: it is asked for. When it is confirmed, print it here within a day.",
        name = &user.full_name
    )
}

impl From<InviteRefusal> for ErrorPage {
    fn from(refusal: InviteRefusal) -> Self {
        match refusal {
            InviteRefusal::NotAllowed(refusal) => refusal.into(),
            InviteRefusal::Oneself => {
                Self::Forbidden(say!("Nobody makes a code for themselves. The other account manager can make one for you."))
            }
            InviteRefusal::NotActive => Self::Forbidden(say!("This person is not active. Make them active first.")),
            InviteRefusal::HasPassword => Self::Forbidden(say!("This person has set a password meanwhile. They need no invitation.")),
            InviteRefusal::NoPassword => Self::Forbidden(say!("This person has not set a password yet. They need an invitation.")),
            InviteRefusal::NoAddress => Self::Forbidden(say!("This person has no email address. Print a slip instead.")),
            InviteRefusal::Db(error) => error.into(),
        }
    }
}
