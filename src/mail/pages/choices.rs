//! GET and POST /me/mails

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::db;
use crate::ids::OnceKey;
use crate::mail::message::CHOICES;
use crate::mail::{GATHER_FOR, NoticeKind, Refusal, choose, store};
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// The name of the boxes that are ticked.
const WANTED: &str = "wanted";

struct Choosable {
    kind: NoticeKind,
    label: Said,
    hint: Said,
    is_wanted: bool,
}

#[derive(Template)]
#[template(path = "mail/choices.html")]
struct ChoicesPage {
    page: Page,
    once: OnceKey,
    choices: Vec<Choosable>,
    /// Where the person's mail goes, if anywhere.
    address: Option<String>,
    /// Whether the institution sends mail at all.
    is_set_up: bool,
    /// Minutes between two gathered mails.
    minutes: u64,
}

/// Which mails the person gets.
pub async fn choices(request: HttpRequest, visitor: Visitor, page: Page) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let user = visitor.actor.id.clone();
    let read =
        move |conn: &mut db::Conn| Ok::<_, db::Error>((store::choices::turned_off(conn, &user)?, store::notices::address_of(conn, &user)?));
    let (off, address) = institution.db.read(read).await?;
    let choosable = |kind: &NoticeKind| Choosable { kind: *kind, label: kind.label(), hint: kind.hint(), is_wanted: !off.contains(kind) };
    let view = ChoicesPage {
        page,
        once: OnceKey::random(),
        choices: NoticeKind::ALL.iter().map(choosable).collect(),
        address,
        is_set_up: institution.settings.mail.is_some(),
        minutes: GATHER_FOR.as_secs() / 60,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// Keeps what was ticked.
pub async fn save(request: HttpRequest, visitor: Visitor, posted: Posted) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let wanted: Vec<NoticeKind> = posted.fields.all(WANTED).filter_map(|kind| kind.parse().ok()).collect();
    let actor = visitor.actor.clone();
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.language, move |tx| {
        choose(tx, &actor, &wanted)?;
        Ok(Done::at(CHOICES).saying(say!("Your choice of mails is saved.")))
    });
    Ok(outcome.await?.redirect(&request))
}
