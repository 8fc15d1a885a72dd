//! GET /branches

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::branches::{BranchCriteria, FoundBranch, search as find};
use crate::say;
use crate::search::Slice;
use crate::web::page::{Applied, Choice, Pager};
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page, filters, html, institution};

#[derive(Template)]
#[template(path = "branches/search.html")]
struct SearchPage {
    page: Page,
    list: List,
    rows: Vec<FoundBranch>,
    statuses: Vec<Choice>,
    applied: Vec<Applied>,
    pager: Pager,
}

/// The institution's branches, narrowed by what was typed; in order of code.
pub async fn search(request: HttpRequest, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let text = |name: &str| Some(list.get(name)).filter(|typed| !typed.is_empty()).map(str::to_owned);
    let criteria = BranchCriteria {
        region: text("region"),
        township: text("township"),
        code: text("code"),
        name: text("name"),
        is_active: match list.get("status") {
            "active" => Some(true),
            "inactive" => Some(false),
            _ => None,
        },
    };
    let slice = Slice { offset: list.offset(), limit: PAGE_ROWS, most: COUNTED_MAX };
    let part = institution(&request)?.db.read(move |conn| Ok::<_, ErrorPage>(find(conn, &criteria, slice)?)).await?;
    let statuses = vec![Choice::new("active", say!("Active")), Choice::new("inactive", say!("Not active"))];
    let view = SearchPage {
        applied: applied(&list, &statuses),
        statuses,
        pager: list.pager(part.counted, part.rows.len()),
        rows: part.rows,
        list,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

fn applied(list: &List, statuses: &[Choice]) -> Vec<Applied> {
    let mut applied = Vec::new();
    for (name, label) in [("region", "Region"), ("township", "Township"), ("code", "Code"), ("name", "Name"), ("status", "Status")] {
        let typed = list.get(name);
        if typed.is_empty() {
            continue;
        }
        let chosen = statuses.iter().find(|choice| name == "status" && choice.value == typed).map(|choice| choice.label.clone());
        applied.push(Applied { label, value: chosen.unwrap_or_else(|| typed.to_owned().into()), without: list.without(name) });
    }
    applied
}
