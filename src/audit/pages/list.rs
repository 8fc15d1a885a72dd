//! GET /audit

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{FILTERS, Told, criteria, cursor, filtered};
use crate::audit::{AuditScope, Names, Seen, What, search};
use crate::web::page::{Applied, Choice};
use crate::web::{ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// Characters of a head that stand in the line about the chain; all of it opens below.
const HEAD_CHARS: usize = 8;

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage {
    page: Page,
    list: List,
    rows: Vec<Told>,
    actions: Vec<Choice>,
    applied: Vec<Applied>,
    newer: Option<String>,
    older: Option<String>,
    /// Nothing more was found among the events that one question looks at; older ones may follow.
    is_cut: bool,
    download: String,
    seen: Seen,
}

impl ListPage {
    fn head_begins(head: &str) -> String {
        head.chars().take(HEAD_CHARS).collect()
    }
}

/// What happened in the branches whose log this visitor may read, newest first.
pub async fn list(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let asked = criteria(&list, &mut page);
    let (scope, from) = (AuditScope::of(&visitor.rights), cursor(&list));
    let institution = institution(&request)?;
    let (slice, names) = institution
        .db
        .read(move |conn| {
            let slice = search(conn, &scope, &asked, &from, PAGE_ROWS)?;
            let names = Names::of(conn, &slice.rows)?;
            Ok::<_, ErrorPage>((slice, names))
        })
        .await?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let base = filtered(list.bare(), &list);
    let actions: Vec<Choice> = What::ALL.iter().map(|what| Choice::new(what.as_str(), Said::new(what.label()))).collect();
    let view = ListPage {
        rows: slice.rows.into_iter().map(|entry| Told::new(entry, &names, &page)).collect(),
        applied: applied(&base, &actions),
        actions,
        newer: slice.newer.map(|id| base.clone().with("after", id.to_string()).here()),
        older: slice.older.map(|id| base.clone().with("before", id.to_string()).here()),
        is_cut: slice.is_cut,
        download: filtered("/audit.csv", &list).here(),
        seen: institution.chain.seen(),
        list: base,
        page,
    };
    Ok(html(status, &view.page, &view))
}

fn applied(list: &List, actions: &[Choice]) -> Vec<Applied> {
    let mut applied = Vec::new();
    for (name, label) in FILTERS {
        let typed = list.get(name);
        if typed.is_empty() {
            continue;
        }
        let chosen = actions.iter().find(|choice| name == "action" && choice.value == typed).map(|choice| choice.label.clone());
        applied.push(Applied { label, value: chosen.unwrap_or_else(|| typed.to_owned().into()), without: list.without(name) });
    }
    applied
}
