//! GET /confirmations

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::confirmations::{Listed, State, decided, waiting, words};
use crate::search::Slice;
use crate::web::page::Pager;
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};
use crate::words::Said;

#[derive(Template)]
#[template(path = "confirmations/list.html")]
struct ListPage {
    page: Page,
    /// What the visitor may decide on.
    theirs: Vec<Listed>,
    /// What waits for somebody else.
    others: Vec<Listed>,
    decided: Vec<Listed>,
    pager: Pager,
}

impl ListPage {
    fn what(row: &Listed) -> Said {
        words(&row.confirmation.change)
    }
}

/// What waits, for whom, and what was decided.
pub async fn list(request: HttpRequest, visitor: Visitor, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let slice = Slice { offset: list.offset(), limit: PAGE_ROWS, most: COUNTED_MAX };
    let (waiting, part) = institution(&request)?.db.read(move |conn| Ok::<_, ErrorPage>((waiting(conn)?, decided(conn, slice)?))).await?;
    let (theirs, others) = waiting.into_iter().partition(|row: &Listed| row.is_for(&visitor.actor.id));
    let pager = list.pager(part.counted, part.rows.len());
    let view = ListPage { page, theirs, others, decided: part.rows, pager };
    Ok(html(StatusCode::OK, &view.page, &view))
}
