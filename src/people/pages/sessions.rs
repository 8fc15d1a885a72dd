//! Where one is signed in, and where a person is, for an account manager.

use actix_session::SessionExt;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::person;
use crate::db;
use crate::ids::{OnceKey, SessionId, UserId};
use crate::people::{Ending, Lives, Session, User, browser_said, end_sessions, sessions_of};
use crate::privileges::Authorise;
use crate::say;
use crate::web::sessions::TypedSession;
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// The value of the form's field that ends all the others.
const OTHERS: &str = "others";

struct Row {
    session: Session,
    browser: Said,
    /// Each form has its own: one window may send several.
    once: OnceKey,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "people/sessions.html")]
struct SessionsPage {
    page: Page,
    once: OnceKey,
    /// Where the forms go.
    action: String,
    /// Whose they are, where they are somebody else's.
    of: Option<User>,
    rows: Vec<Row>,
}

impl SessionsPage {
    fn others(&self) -> usize {
        self.rows.iter().filter(|row| !row.is_this).count()
    }
}

async fn sheet(request: &HttpRequest, page: Page, user: UserId, of: Option<User>, action: String) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let lives = Lives::at(institution.clock().now(), &institution.settings.sessions);
    let sessions = institution.db.read(move |conn| sessions_of(conn, &user, lives)).await?;
    let this = TypedSession(request.get_session()).id();
    let row = |session: Session| Row {
        browser: browser_said(&session.browser),
        once: OnceKey::random(),
        is_this: Some(&session.id) == this.as_ref(),
        session,
    };
    let sheet = SessionsPage { page, once: OnceKey::random(), action, of, rows: sessions.into_iter().map(row).collect() };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

fn ending(fields: &Fields, but: Option<SessionId>) -> Ending {
    match fields.get("session") {
        OTHERS => Ending::Others(but),
        id => Ending::One(SessionId::from(id)),
    }
}

fn ended(count: usize) -> Said {
    match count {
        0 => say!("That session had ended already."),
        1 => say!("1 session is ended. It opens no page any more."),
        count => say!("{count} sessions are ended. They open no page any more.", count = count),
    }
}

/// GET /me/sessions
pub async fn mine(request: HttpRequest, page: Page, visitor: Visitor) -> Result<HttpResponse, ErrorPage> {
    sheet(&request, page, visitor.actor.id, None, "/me/sessions/endings".to_owned()).await
}

/// POST /me/sessions/endings
pub async fn end_mine(request: HttpRequest, visitor: Visitor, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let me = person(&request, &visitor.actor.id).await?;
    let by = visitor.actor.by();
    let ending = ending(&posted.fields, TypedSession(request.get_session()).id());
    let outcome = once::<db::Error, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        let count = end_sessions(tx, &by, &me, &ending)?;
        Ok(Done::at("/me/sessions").saying(ended(count)))
    });
    Ok(outcome.await?.redirect(&request))
}

/// GET /users/{id}/sessions
pub async fn of_person(request: HttpRequest, page: Page, path: web::Path<UserId>) -> Result<HttpResponse, ErrorPage> {
    let user = person(&request, &path).await?;
    let action = format!("/users/{}/sessions/endings", user.id);
    sheet(&request, page, user.id.clone(), Some(user), action).await
}

/// POST /users/{id}/sessions/endings
pub async fn end_of_person(
    request: HttpRequest,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<UserId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let user = person(&request, &path).await?;
    let actor = visitor.actor.clone();
    let ending = ending(&posted.fields, TypedSession(request.get_session()).id());
    let outcome = once::<ErrorPage, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        tx.administer(&actor.id)?;
        let count = end_sessions(tx, &actor.by(), &user, &ending)?;
        Ok(Done::at(format!("/users/{}/sessions", user.id)).saying(ended(count)))
    });
    Ok(outcome.await?.redirect(&request))
}
