//! Deactivating a person, and activating them again: a page each that shows what it means, before anything is done.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::no_longer;
use super::user_problems::third_account_manager;
use crate::confirmations;
use crate::ids::{BatchId, OnceKey, UserId};
use crate::people::{
    DeactivateRefusal, Deactivated, Deactivation, DraftLeft, Fate, LeftBehind, REASON_CHARS_MAX, ReactivateRefusal, Reactivated, User,
    deactivate, find, guards_money, left_behind, reactivate,
};
use crate::privileges::NotAllowed;
use crate::say;
use crate::web::page::{Choice, Problem};
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// What is sent for a draft that is to be deleted.
const DELETE: &str = "delete";
/// The boxes of batches that are to be paused.
const PAUSE: &str = "pause";

#[derive(Template)]
#[template(path = "people/deactivation.html")]
struct DeactivationPage {
    page: Page,
    once: OnceKey,
    user: User,
    left: LeftBehind,
    chosen: BTreeMap<String, String>,
    /// Batches that are to be paused.
    pauses: Vec<String>,
    reason: String,
    is_oneself: bool,
    /// One account manager cannot be rid of the other alone.
    waits: bool,
}

impl DeactivationPage {
    fn field(draft: &DraftLeft) -> String {
        field_of(&draft.batch.id)
    }

    /// Other makers of its branch, then deleting it.
    fn fates(draft: &DraftLeft) -> Vec<Choice> {
        let heirs = draft.heirs.iter().map(|(id, name)| Choice::new(id.to_string(), say!("Hand over to {name}", name = name)));
        heirs.chain([Choice::new(DELETE, say!("Delete it"))]).collect()
    }

    fn chosen(&self, draft: &DraftLeft) -> String {
        self.chosen.get(&Self::field(draft)).cloned().unwrap_or_default()
    }

    fn is_to_pause(&self, batch: &BatchId) -> bool {
        self.pauses.iter().any(|chosen| chosen == batch.as_str())
    }

    fn reason_max(&self) -> usize {
        REASON_CHARS_MAX
    }
}

fn field_of(batch: &BatchId) -> String {
    format!("draft-{batch}")
}

async fn show(
    request: &HttpRequest,
    visitor: &Visitor,
    mut page: Page,
    user: User,
    fields: &Fields,
    problem: Option<Problem>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let (asked, now) = (user.clone(), institution.clock().now());
    let by = visitor.actor.by();
    let read = institution.db.read(move |conn| Ok::<_, ErrorPage>((left_behind(conn, &asked, now)?, confirmations::is_needed(conn, &by)?)));
    let (left, is_needed) = read.await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page.problems.extend(problem);
    let chosen =
        left.drafts.iter().map(|draft| field_of(&draft.batch.id)).map(|name| (name.clone(), fields.get(&name).to_owned())).collect();
    let view = DeactivationPage {
        page,
        once: OnceKey::random(),
        is_oneself: user.id == visitor.actor.id,
        waits: is_needed && user.is_account_manager,
        user,
        left,
        chosen,
        pauses: fields.all(PAUSE).map(str::to_owned).collect(),
        reason: fields.get("reason").to_owned(),
    };
    Ok(html(status, &view.page, &view))
}

async fn found(request: &HttpRequest, id: UserId) -> Result<User, ErrorPage> {
    let institution = institution(request)?;
    let read = institution.db.read(move |conn| Ok::<_, ErrorPage>(find(conn, &id)?));
    read.await?.ok_or(ErrorPage::NotFound)
}

fn to_person(user: &UserId) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/users/{user}"))).finish()
}

/// GET /users/{id}/deactivation
pub async fn ask(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    let user = found(&request, path.into_inner()).await?;
    if !user.is_active {
        return Ok(to_person(&user.id));
    }
    show(&request, &visitor, page, user, &Fields::default(), None).await
}

/// POST /users/{id}/deactivation
pub async fn deactivation(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let user = found(&request, path.into_inner()).await?;
    let fate = |value: &str| match value {
        "" => None,
        DELETE => Some(Fate::Delete),
        heir => Some(Fate::HandOver(UserId::from(heir))),
    };
    let typed = posted.fields.typed();
    let drafts = typed.iter().filter_map(|(name, value)| Some((BatchId::from(name.strip_prefix("draft-")?), fate(value)?)));
    let reason = Some(posted.fields.get("reason").to_owned());
    let pauses = posted.fields.all(PAUSE).map(BatchId::from).collect();
    let order = Deactivation { user: user.id.clone(), reason, drafts: drafts.collect(), pauses };
    let by = visitor.actor.by();
    let outcome =
        once::<DeactivateRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
            let (user, said) = match deactivate(tx, &by, &order)? {
                Deactivated::Now(user) => {
                    let said = say!("{name} is not active any more. Nothing of theirs opens Outlay now.", name = &user.full_name);
                    (user, said)
                }
                Deactivated::Waits(user) => {
                    let said = say!(
                        "It is asked for. {name} stays active until whoever runs Outlay confirms it with outlay admin confirm.",
                        name = &user.full_name
                    );
                    (user, said)
                }
            };
            Ok(Done::at(format!("/users/{}", user.id)).saying(said))
        });
    let problem = match outcome.await {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(refusal) => of_deactivate(refusal)?,
    };
    show(&request, &visitor, page, user, &posted.fields, Some(problem)).await
}

fn of_deactivate(refusal: DeactivateRefusal) -> Result<Problem, ErrorPage> {
    Ok(match refusal {
        DeactivateRefusal::Yourself => Problem::new("", yourself()),
        DeactivateRefusal::LastAccountManager => Problem::new("", no_longer()),
        DeactivateRefusal::ReasonTooLong => Problem::new("reason", say!("Write no more than {most} characters", most = REASON_CHARS_MAX)),
        DeactivateRefusal::DraftUndecided(batch, name) => {
            Problem::new(field_of(&batch), say!("Choose who goes on with {name}, or delete it", name = name))
        }
        DeactivateRefusal::NoSuchHeir(batch, name) => {
            Problem::new(field_of(&batch), say!("The person you chose may not make {name} any more. Choose another", name = name))
        }
        DeactivateRefusal::AlreadyInactive => {
            return Err(ErrorPage::Conflict { what: say!("Somebody else deactivated this person already."), typed: Vec::new() });
        }
        DeactivateRefusal::NoSuchUser | DeactivateRefusal::NotAllowed(NotAllowed::NotAccountManager | NotAllowed::NoGrant(_)) => {
            return Err(ErrorPage::NotFound);
        }
        DeactivateRefusal::NotAllowed(NotAllowed::Db(error)) | DeactivateRefusal::Db(error) => return Err(error.into()),
    })
}

fn yourself() -> Said {
    say!("Nobody deactivates themselves. The other account manager can.")
}

#[derive(Template)]
#[template(path = "people/reactivation.html")]
struct ReactivationPage {
    page: Page,
    once: OnceKey,
    user: User,
    guards_money: bool,
}

async fn show_again(request: &HttpRequest, mut page: Page, user: User, problem: Option<Problem>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let (asked, now) = (user.clone(), institution.clock().now());
    let guards_money = institution.db.read(move |conn| Ok::<_, ErrorPage>(guards_money(conn, &asked, now)?)).await?;
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page.problems.extend(problem);
    let view = ReactivationPage { page, once: OnceKey::random(), user, guards_money };
    Ok(html(status, &view.page, &view))
}

/// GET /users/{id}/reactivation
pub async fn ask_again(request: HttpRequest, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    let user = found(&request, path.into_inner()).await?;
    if user.is_active { Ok(to_person(&user.id)) } else { show_again(&request, page, user, None).await }
}

/// POST /users/{id}/reactivation
pub async fn reactivation(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let user = found(&request, path.into_inner()).await?;
    let (by, again) = (visitor.actor.by(), user.clone());
    let outcome =
        once::<ReactivateRefusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
            let said = match reactivate(tx, &by, &again.id)? {
                Reactivated::Now => say!("{name} is active again.", name = &again.full_name),
                Reactivated::Waits => say!("{name} becomes active when the other account manager confirms it.", name = &again.full_name),
            };
            Ok(Done::at(format!("/users/{}", again.id)).saying(said))
        });
    let problem = match outcome.await {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(ReactivateRefusal::BranchClosed) => {
            Problem::new("", say!("Their branch is not active. Edit them and choose another branch first."))
        }
        Err(ReactivateRefusal::TooManyAccountManagers(managers)) => Problem::new("", third_account_manager(&managers)),
        Err(ReactivateRefusal::AlreadyActive) => {
            return Err(ErrorPage::Conflict { what: say!("Somebody else activated this person already."), typed: Vec::new() });
        }
        Err(ReactivateRefusal::NotAllowed(NotAllowed::Db(error)) | ReactivateRefusal::Db(error)) => return Err(error.into()),
        Err(ReactivateRefusal::NoSuchUser | ReactivateRefusal::NotAllowed(_)) => return Err(ErrorPage::NotFound),
    };
    show_again(&request, page, user, Some(problem)).await
}
