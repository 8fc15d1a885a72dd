//! GET /reports/days: the days with a report, the newest first.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{DAYS, branches_read, printed_day};
use crate::clock::Instant;
use crate::reports::{DayReport, Outcome, Period, end_of_day, store};
use crate::web::page::Pager;
use crate::web::{ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};

struct Row {
    day: String,
    path: String,
    until: Instant,
    paid: i64,
    paid_sum: String,
    failed: i64,
    unresolved: i64,
    is_made_up: bool,
}

#[derive(Template)]
#[template(path = "reports/days.html")]
struct DaysPage {
    page: Page,
    rows: Vec<Row>,
    pager: Pager,
    /// When the first report, or the next one, is made.
    next: Option<Instant>,
}

pub async fn list(request: HttpRequest, visitor: Visitor, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (offset, settings, now) = (list.offset(), institution.settings.clone(), page.now);
    let (reports, counted, next) = institution
        .db
        .read(move |conn| {
            let (reports, counted) = store::list(conn, offset, PAGE_ROWS)?;
            let agenda = end_of_day::due(conn, &settings, now)?;
            Ok::<_, ErrorPage>((reports, counted, agenda.rhythm.next(agenda.last, now)))
        })
        .await?;
    let branches = branches_read(&visitor.rights);
    let usual = institution.house().currency;
    let row = |report: &DayReport| {
        let figures = report.figures.within(&branches);
        let paid = figures.sum(Outcome::Paid);
        let period = Period { day: report.day, from: report.from, until: report.until };
        Row {
            day: printed_day(report.day, &page),
            path: format!("{DAYS}/{}", report.day),
            until: report.until,
            paid: paid.count,
            paid_sum: paid.shown(usual),
            failed: figures.sum(Outcome::Failed).count,
            unresolved: figures.unresolved(None).count,
            is_made_up: period.is_made_up(report.made_at),
        }
    };
    let rows: Vec<_> = reports.iter().map(row).collect();
    let view = DaysPage { pager: list.pager(counted, rows.len()), rows, next, page };
    Ok(html(StatusCode::OK, &view.page, &view))
}
