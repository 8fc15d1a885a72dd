//! GET /history

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::slice;
use crate::approvals::history::actions;
use crate::approvals::{HistoryCriteria, HistoryEntry, store};
use crate::audit::{Line, Names, Printer, changed};
use crate::batches::State;
use crate::ids::UserId;
use crate::say;
use crate::search::{self, Scope, Span, read_date};
use crate::web::filters::printed_time;
use crate::web::page::{Applied, Choice, Pager, Problem};
use crate::web::{ErrorPage, List, Page, Visitor, filters, html, institution};
use crate::words::Said;

#[derive(Template)]
#[template(path = "approvals/history.html")]
struct HistoryPage {
    page: Page,
    list: List,
    /// Each with what it changed, old and new, in words.
    rows: Vec<(HistoryEntry, Vec<Line>)>,
    people: Vec<Choice>,
    actions: Vec<Choice>,
    applied: Vec<Applied>,
    pager: Pager,
}

impl HistoryPage {
    /// A deleted batch has no page any more.
    fn has_page(row: &HistoryEntry) -> bool {
        row.state != State::Deleted
    }
}

/// Who did what to the batches this visitor may see, newest first.
pub async fn history(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let mut day = |name: &str| {
        let typed = list.get(name);
        let day = read_date(typed);
        if day.is_none() && !typed.is_empty() {
            page.problems.push(Problem::new(name, say!("Write a date such as 20/10/2022")));
        }
        day
    };
    let (from, to) = (day("from"), day("to"));
    let criteria = HistoryCriteria {
        person: Some(list.get("person")).filter(|id| !id.is_empty()).map(UserId::from),
        what: list.get("action").parse().ok(),
        span: Span::of_days(from, to, &page.zone),
    };
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    let (asked, part_of) = (criteria.clone(), slice(&list));
    let (part, changes, names, people) = institution(&request)?
        .db
        .read(move |conn| {
            let part = store::history(conn, &scope, &asked, part_of)?;
            let changes: Vec<_> = part.rows.iter().map(HistoryEntry::changes).collect();
            let names = Names::of_values(conn, &changes)?;
            Ok::<_, ErrorPage>((part, changes, names, search::people(conn)?))
        })
        .await?;
    let time = |at| printed_time(at, &page.zone, &page.language);
    let printer = Printer { language: &page.language, names: &names, time: &time };
    let lines: Vec<Vec<Line>> = changes.iter().map(|changes| changed(changes, &printer)).collect();
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = HistoryPage {
        applied: applied(&list, &criteria, &people),
        people: people.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
        actions: actions().map(|what| Choice::new(what.as_str(), Said::new(what.label()))).collect(),
        pager: list.pager(part.counted, part.rows.len()),
        rows: part.rows.into_iter().zip(lines).collect(),
        list,
        page,
    };
    Ok(html(status, &view.page, &view))
}

fn applied(list: &List, criteria: &HistoryCriteria, people: &[(UserId, String)]) -> Vec<Applied> {
    let mut applied = Vec::new();
    if let Some(person) = &criteria.person {
        let name = people.iter().find(|(id, _)| id == person).map_or_else(String::new, |(_, name)| name.clone());
        applied.push(Applied { label: "Person", value: name.into(), without: list.without("person") });
    }
    if let Some(what) = criteria.what {
        applied.push(Applied { label: "Action", value: Said::new(what.label()).into(), without: list.without("action") });
    }
    for (name, label) in [("from", "From"), ("to", "To")] {
        if !list.get(name).is_empty() {
            applied.push(Applied { label, value: list.get(name).to_owned().into(), without: list.without(name) });
        }
    }
    applied
}
