//! GET /who-can-do-what and /who-can-do-what.csv: for now or any day before.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Shown, end_of, within_last_day};
use crate::clock::Instant;
use crate::ids::UserId;
use crate::people::fold_name;
use crate::privileges::{Action, ActionGroup, GrantInForce, NotAllowed, ReportCriteria, grants_csv, record_download, report_scope, store};
use crate::say;
use crate::search::read_date;
use crate::web::download::sent;
use crate::web::page::{Applied, Choice, Pager, Problem};
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};
use crate::words::Said;

#[derive(Template)]
#[template(path = "privileges/report.html")]
struct ReportPage {
    page: Page,
    list: List,
    at: Instant,
    groups: Vec<&'static str>,
    actions: Vec<Choice>,
    rows: Vec<Row>,
    applied: Vec<Applied>,
    pager: Pager,
    file: String,
    some_branches: bool,
    may_change: bool,
}

/// A person in a branch.
struct Row {
    user: UserId,
    person: String,
    branch: String,
    cells: Vec<(&'static str, Vec<Shown>)>,
}

/// GET /who-can-do-what
pub async fn show(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let criteria = match criteria(&list, &page) {
        Ok(criteria) => criteria,
        Err(problem) => {
            page.problems.push(problem);
            now(&list, &page)
        }
    };
    let (actor, asked, moment, offset) = (visitor.actor.clone(), criteria.clone(), page.now, list.offset());
    let (within, (grants, counted)) = institution(&request)?
        .db
        .read(move |conn| {
            let within = report_scope(conn, &actor, moment)?;
            let asked = ReportCriteria { within: within.clone(), ..asked };
            Ok::<_, NotAllowed>((within, store::who_can_do_what(conn, &asked, offset, PAGE_ROWS, COUNTED_MAX)?))
        })
        .await?;
    let rows = rows(grants);
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = ReportPage {
        at: criteria.at,
        groups: ActionGroup::ALL.iter().map(|group| group.label()).collect(),
        actions: Action::ALL.iter().map(|action| Choice::new(action.as_str(), Said::new(action.label()))).collect(),
        applied: applied(&list),
        pager: list.pager(counted, rows.len()),
        file: file(&list),
        some_branches: within.is_some(),
        may_change: visitor.actor.is_account_manager,
        rows,
        list,
        page,
    };
    Ok(html(status, &view.page, &view))
}

/// GET /who-can-do-what.csv
pub async fn download(request: HttpRequest, visitor: Visitor, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let criteria = criteria(&list, &page).map_err(|_| ErrorPage::NotFound)?;
    let (actor, at) = (visitor.actor.clone(), criteria.at);
    let within = institution.db.write(move |tx| record_download(tx, &actor, at)).await?;
    let criteria = ReportCriteria { within, ..criteria };
    let day = at.timestamp().to_zoned(page.zone.clone()).date();
    let (language, zone) = (page.language.clone(), page.zone.clone());
    let file = institution.db.read(move |conn| grants_csv(conn, &criteria, &language, &zone)).await?;
    Ok(sent(&format!("who-can-do-what-{day}.csv"), file))
}

fn now(list: &List, page: &Page) -> ReportCriteria {
    let text = |name: &str| Some(list.get(name)).filter(|typed| !typed.is_empty()).map(str::to_lowercase);
    ReportCriteria {
        person: text("person").map(|typed| fold_name(&typed)),
        branch: text("branch"),
        action: list.get("action").parse().ok(),
        at: page.now,
        within: None,
    }
}

/// The end of a day before today; today and without a day: now.
fn criteria(list: &List, page: &Page) -> Result<ReportCriteria, Problem> {
    let typed = list.get("on");
    if typed.is_empty() {
        return Ok(now(list, page));
    }
    let day = read_date(typed).ok_or_else(|| Problem::new("on", say!("Write a date such as 20/10/2022")))?;
    if day > page.now.timestamp().to_zoned(page.zone.clone()).date() {
        return Err(Problem::new("on", say!("Choose a day until today: what lies ahead may still change.")));
    }
    let end = end_of(day, page).map_or(page.now, within_last_day);
    Ok(ReportCriteria { at: end.min(page.now), ..now(list, page) })
}

fn file(list: &List) -> String {
    let here = ["person", "branch", "action", "on"].iter().filter(|name| !list.get(name).is_empty());
    here.fold(List::first("/who-can-do-what.csv"), |file, name| file.with(name, list.get(name))).here()
}

/// The grants come in order of person and branch.
fn rows(grants: Vec<GrantInForce>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut last = None;
    for grant in grants {
        let here = (grant.user_id.clone(), grant.branch_id.clone());
        if last.as_ref() != Some(&here) {
            rows.push(Row {
                user: grant.user_id.clone(),
                person: format!("{} ({})", grant.full_name, grant.user_name),
                branch: grant.branch(),
                cells: ActionGroup::ALL.iter().map(|group| (group.label(), Vec::new())).collect(),
            });
            last = Some(here);
        }
        let label = grant.action.group().label();
        let cell = rows.last_mut().and_then(|row| row.cells.iter_mut().find(|(group, _)| *group == label));
        if let Some((_, shown)) = cell {
            shown.push(Shown { word: grant.action.short(), until: grant.until_at.map(within_last_day), waits: false });
        }
    }
    rows
}

fn applied(list: &List) -> Vec<Applied> {
    let named = [("person", "Person"), ("branch", "Branch"), ("action", "Action"), ("on", "On")];
    let used = named.into_iter().filter(|(name, _)| !list.get(name).is_empty());
    used.map(|(name, label)| {
        let value = match list.get(name).parse::<Action>() {
            Ok(action) if name == "action" => Said::new(action.label()).into(),
            _ => list.get(name).to_owned().into(),
        };
        Applied { label, value, without: list.without(name) }
    })
    .collect()
}
