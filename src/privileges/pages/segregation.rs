//! GET /segregation: who can make and approve in the same branch, and whether one account manager alone may grant it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::privileges::{BothHands, NotAllowed, Relaxed, report_scope, store};
use crate::web::page::Pager;
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};

#[derive(Template)]
#[template(path = "privileges/segregation.html")]
struct SegregationPage {
    page: Page,
    rows: Vec<BothHands>,
    pager: Pager,
    /// Confirmations are not asked for; by whose decision, where that is known.
    is_relaxed: bool,
    relaxed: Option<Relaxed>,
    /// Only the branches of which the visitor reads reports.
    some_branches: bool,
    may_change: bool,
}

/// GET /segregation
pub async fn show(request: HttpRequest, visitor: Visitor, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let (actor, now, offset) = (visitor.actor.clone(), page.now, list.offset());
    let (within, (rows, counted), is_relaxed, relaxed) = institution(&request)?
        .db
        .read(move |conn| {
            let within = report_scope(conn, &actor, now)?;
            let part = store::both_hands(conn, now, within.as_deref(), offset, PAGE_ROWS, COUNTED_MAX)?;
            let is_relaxed = !crate::institutions::security(conn)?.confirmations;
            Ok::<_, NotAllowed>((within, part, is_relaxed, store::relaxed(conn)?))
        })
        .await?;
    let view = SegregationPage {
        pager: list.pager(counted, rows.len()),
        rows,
        is_relaxed,
        relaxed,
        some_branches: within.is_some(),
        may_change: visitor.actor.is_account_manager,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}
