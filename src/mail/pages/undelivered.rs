//! GET /mails/undelivered, POST /mails/undelivered/{id}/again and /mails/undelivered/{id}/drop

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::ids::{MailId, OnceKey};
use crate::mail::store::outbox::{self, Listed};
use crate::mail::{MailState, Refusal, Trouble, discard, send_again};
use crate::say;
use crate::web::page::Pager;
use crate::web::{COUNTED_MAX, Done, ErrorPage, List, PAGE_ROWS, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// The list's own address.
const LIST: &str = "/mails/undelivered";

struct Row {
    letter: Listed,
    kind: Said,
    trouble: Option<Trouble>,
    once: OnceKey,
}

#[derive(Template)]
#[template(path = "mail/undelivered.html")]
struct UndeliveredPage {
    page: Page,
    rows: Vec<Row>,
    pager: Pager,
    /// Whether the institution sends mail at all.
    is_set_up: bool,
}

impl UndeliveredPage {
    fn is_given_up(row: &Row) -> bool {
        row.letter.state == MailState::Undelivered
    }

    /// Whether its link is still good.
    fn may_go_again(&self, row: &Row) -> bool {
        Self::is_given_up(row) && row.letter.until_at.is_none_or(|until| until > self.page.now)
    }
}

/// To whom what could not be sent, and why; never what it says.
pub async fn list(request: HttpRequest, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let offset = list.offset();
    let (letters, counted) = institution.db.read(move |conn| outbox::in_trouble(conn, offset, PAGE_ROWS, COUNTED_MAX)).await?;
    let row = |letter: Listed| Row {
        kind: letter.kind.label(),
        trouble: letter.trouble.as_deref().and_then(Trouble::read),
        once: OnceKey::random(),
        letter,
    };
    let rows: Vec<Row> = letters.into_iter().map(row).collect();
    let pager = list.pager(counted, rows.len());
    let view = UndeliveredPage { page, rows, pager, is_set_up: institution.settings.mail.is_some() };
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// Sends one again.
pub async fn again(request: HttpRequest, visitor: Visitor, posted: Posted, path: web::Path<MailId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (actor, id) = (visitor.actor.clone(), path.into_inner());
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        send_again(tx, &actor, &id)?;
        Ok(Done::at(LIST).saying(say!("It is on its way again. If it fails again, it comes back to this list.")))
    });
    Ok(outcome.await?.redirect(&request))
}

/// Nobody is to get it any more.
pub async fn drop_letter(
    request: HttpRequest,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<MailId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (actor, id) = (visitor.actor.clone(), path.into_inner());
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        discard(tx, &actor, &id)?;
        Ok(Done::at(LIST).saying(say!("The mail is dropped. Nobody gets it.")))
    });
    Ok(outcome.await?.redirect(&request))
}
