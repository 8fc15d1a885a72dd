//! GET /tasks

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::slice;
use crate::approvals::tasks::TaskCriteria;
use crate::approvals::{Checker, Task, store};
use crate::batches::PaymentType;
use crate::ids::BranchId;
use crate::search::{self, Scope};
use crate::web::page::{Applied, Choice, Pager};
use crate::web::{COUNTED_MAX, ErrorPage, List, Page, Visitor, filters, html, institution};
use crate::words::Said;

#[derive(Template)]
#[template(path = "approvals/tasks.html")]
struct TasksPage {
    page: Page,
    list: List,
    rows: Vec<Task>,
    /// Batches that wait, with the filters in use.
    counted: i64,
    /// Batches of the visitor that wait for others.
    own: i64,
    branches: Vec<Choice>,
    types: Vec<Choice>,
    applied: Vec<Applied>,
    pager: Pager,
}

/// What waits for this visitor, the longest wait first.
pub async fn tasks(request: HttpRequest, visitor: Visitor, page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let checker = Checker::of(&visitor.actor.id, &visitor.rights);
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    let criteria = TaskCriteria {
        branch: Some(list.get("branch")).filter(|id| !id.is_empty()).map(BranchId::from),
        payment_type: list.get("payment_type").parse().ok(),
    };
    let (asked, part_of, user) = (criteria.clone(), slice(&list), checker.clone());
    let (part, own, branches) = institution(&request)?
        .db
        .read(move |conn| {
            let part = store::tasks(conn, &user, &asked, part_of)?;
            let own = store::waiting_of(conn, user.user(), COUNTED_MAX)?;
            let branches = search::branches_of(conn, &scope, user.user())?;
            Ok::<_, ErrorPage>((part, own, branches))
        })
        .await?;
    let mine = checker.branches();
    let branches: Vec<_> = branches.into_iter().filter(|(id, _)| mine.contains(id)).collect();
    let view = TasksPage {
        applied: applied(&list, &criteria, &branches),
        branches: branches.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect(),
        types: checker.types().map(|kind| Choice::new(kind.as_str(), Said::new(kind.label()))).collect(),
        pager: list.pager(part.counted, part.rows.len()),
        rows: part.rows,
        counted: part.counted,
        own,
        list,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

fn applied(list: &List, criteria: &TaskCriteria, branches: &[(BranchId, String)]) -> Vec<Applied> {
    let mut applied = Vec::new();
    if let Some(branch) = &criteria.branch {
        let name = branches.iter().find(|(id, _)| id == branch).map_or_else(String::new, |(_, name)| name.clone());
        applied.push(Applied { label: "Branch", value: name.into(), without: list.without("branch") });
    }
    if let Some(kind) = criteria.payment_type {
        let value = Said::new(PaymentType::label(kind)).into();
        applied.push(Applied { label: "Payment Type", value, without: list.without("payment_type") });
    }
    applied
}
