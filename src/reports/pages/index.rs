//! GET /reports: each report in one line, who it is for and what it answers; only those that the person may open.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::DAYS;
use crate::say;
use crate::web::urls::needs_of;
use crate::web::{ErrorPage, Page, Visitor, filters, html};
use crate::words::Said;

struct Report {
    path: &'static str,
    name: Said,
    whom: Said,
    answers: Said,
}

#[derive(Template)]
#[template(path = "reports/index.html")]
struct IndexPage {
    page: Page,
    reports: Vec<Report>,
}

fn all() -> [Report; 4] {
    [
        Report {
            path: DAYS,
            name: say!("End of day"),
            whom: say!("For those who answer for what a branch pays."),
            answers: say!("What was paid and what failed on a day, why, and what is still unresolved."),
        },
        Report {
            path: "/who-can-do-what",
            name: say!("Who can do what"),
            whom: say!("For account managers and auditors."),
            answers: say!("Which privileges everybody holds, now or on a day before, and who gave them."),
        },
        Report {
            path: "/segregation",
            name: say!("Segregation of duties"),
            whom: say!("For account managers and auditors."),
            answers: say!("Who can make and approve payments in the same branch."),
        },
        Report {
            path: "/audit",
            name: say!("Audit log"),
            whom: say!("For auditors."),
            answers: say!("Who did what, when, and what changed by it."),
        },
    ]
}

pub async fn index(visitor: Visitor, page: Page) -> Result<HttpResponse, ErrorPage> {
    let mut reports = Vec::from(all());
    reports.retain(|report| needs_of(report.path).is_some_and(|needs| visitor.meets(needs)));
    let view = IndexPage { page, reports };
    Ok(html(StatusCode::OK, &view.page, &view))
}
