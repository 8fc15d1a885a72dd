//! GET /branches/{id}

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::branches::{Branch, Open, open_in, store};
use crate::clock::Instant;
use crate::ids::{BranchId, OnceKey};
use crate::web::{ErrorPage, Page, filters, html, institution};

#[derive(Template)]
#[template(path = "branches/one.html")]
struct OnePage {
    page: Page,
    branch: Branch,
    open: Open,
    deactivated_at: Option<Instant>,
    once: OnceKey,
}

/// What a branch is, and what one can do about it.
pub async fn show(request: HttpRequest, page: Page, path: web::Path<BranchId>) -> Result<HttpResponse, ErrorPage> {
    let (id, now) = (path.into_inner(), page.now);
    let (branch, open, deactivated_at) = institution(&request)?
        .db
        .read(move |conn| {
            let branch = store::find(conn, &id)?.ok_or(ErrorPage::NotFound)?;
            Ok::<_, ErrorPage>((branch, open_in(conn, &id, now)?, store::deactivated_at(conn, &id)?))
        })
        .await?;
    let view = OnePage { page, branch, open, deactivated_at, once: OnceKey::random() };
    Ok(html(StatusCode::OK, &view.page, &view))
}
