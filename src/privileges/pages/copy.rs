//! Copy Permission: GET and POST /users/{id}/privileges/copy. Leads to the same check page.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::check::{self, Carried};
use super::{Person, form};
use crate::db;
use crate::ids::UserId;
use crate::people;
use crate::privileges::store;
use crate::privileges::{ChangeRefusal, Mode, Wanted, Way, draft};
use crate::say;
use crate::web::page::{Choice, Problem};
use crate::web::{Checked, ErrorPage, Fields, Page, Visitor, filters, html, institution};

/// People one can choose among, at most.
const CHOICES_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "privileges/copy.html")]
struct CopyPage {
    page: Page,
    person: Person,
    people: Vec<Choice>,
    from: String,
    modes: Vec<Choice>,
    mode: Mode,
}

/// Adding, or replacing everything.
pub(super) fn mode(fields: &Fields) -> Mode {
    if fields.get("mode") == Mode::Exactly.as_str() { Mode::Exactly } else { Mode::Give }
}

/// GET /users/{id}/privileges/copy
pub async fn open(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    show(&request, &visitor, page, path.into_inner(), "", Mode::Give, StatusCode::OK).await
}

/// POST /users/{id}/privileges/copy
pub async fn step(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Checked,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let (id, from, mode) = (path.into_inner(), UserId::from(posted.fields.get("from")), mode(&posted.fields));
    if posted.fields.get("step") == "change" {
        return show(&request, &visitor, page, id, from.as_str(), mode, StatusCode::OK).await;
    }
    if from.as_str().is_empty() {
        let problem = Problem::new("from", say!("Choose whom to copy from."));
        return refused(&request, &visitor, page, id, &from, mode, problem).await;
    }
    let wanted = Wanted { user: id.clone(), way: Way::Copied { from: from.clone(), mode }, seen: String::new(), both_hands: false };
    let (by, now) = (visitor.actor.by(), page.now);
    match institution(&request)?.db.read(move |conn| draft(conn, &by, &wanted, now)).await {
        Ok(draft) => Ok(check::show(page, draft, Carried::Copied { from, mode }, StatusCode::OK)),
        Err(refusal) => match form::problem(&refusal, &page) {
            Some(problem) => refused(&request, &visitor, page, id, &from, mode, problem).await,
            None => Err(refusal.into()),
        },
    }
}

/// The form again, with what is wrong: whatever it is, another choice mends it.
pub(super) async fn refused(
    request: &HttpRequest,
    visitor: &Visitor,
    mut page: Page,
    id: UserId,
    from: &UserId,
    mode: Mode,
    problem: Problem,
) -> Result<HttpResponse, ErrorPage> {
    page.problems.push(Problem { field: "from".to_owned(), ..problem });
    show(request, visitor, page, id, from.as_str(), mode, StatusCode::UNPROCESSABLE_ENTITY).await
}

async fn show(
    request: &HttpRequest,
    visitor: &Visitor,
    page: Page,
    id: UserId,
    from: &str,
    mode: Mode,
    status: StatusCode,
) -> Result<HttpResponse, ErrorPage> {
    if visitor.actor.id == id {
        return Err(ChangeRefusal::OwnGrant.into());
    }
    let loaded = institution(request)?
        .db
        .read(move |conn| {
            let Some(user) = people::find(conn, &id)? else { return Ok::<_, db::Error>(None) };
            Ok(Some((user, store::holders_but(conn, &id, CHOICES_MAX)?)))
        })
        .await?;
    let (user, others) = loaded.ok_or(ErrorPage::NotFound)?;
    let choice = |(id, name, user_name, is_active): (UserId, String, String, bool)| {
        let label = if is_active {
            say!("{name} ({user_name})", name = name, user_name = user_name)
        } else {
            say!("{name} ({user_name}), deactivated", name = name, user_name = user_name)
        };
        Choice::new(id.to_string(), label)
    };
    let view = CopyPage {
        person: Person::of(user),
        people: others.into_iter().map(choice).collect(),
        from: from.to_owned(),
        modes: vec![
            Choice::new(Mode::Give.as_str(), say!("Add them")).hinted(say!("What the person holds already stays.")),
            Choice::new(Mode::Exactly.as_str(), say!("Replace everything"))
                .hinted(say!("The person holds the same afterwards, and nothing else.")),
        ],
        mode,
        page,
    };
    Ok(html(status, &view.page, &view))
}
