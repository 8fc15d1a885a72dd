//! GET /search/batches

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Choices, applied, days, slice, text, words_of};
use crate::batches::State;
use crate::ids::{BranchId, UserId};
use crate::search::{self, BatchCriteria, FoundBatch, Scope};
use crate::web::page::{Applied, Choice, Pager};
use crate::web::{ErrorPage, List, Page, Visitor, filters, html, institution};

/// Filters that stand in the part of the form that opens.
const MORE: &[&str] = &["branch", "from", "to", "created_by"];

#[derive(Template)]
#[template(path = "search/batches.html")]
struct BatchesPage {
    page: Page,
    list: List,
    rows: Vec<FoundBatch>,
    choices: Choices,
    states: Vec<Choice>,
    more_in_use: bool,
    applied: Vec<Applied>,
    pager: Pager,
}

/// The batches this visitor may see, narrowed by what they typed; newest first.
pub async fn batches(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let criteria = BatchCriteria {
        reference: text(&list, "reference"),
        name: text(&list, "name"),
        payment_type: list.get("payment_type").parse().ok(),
        state: list.get("status").parse().ok(),
        branch: text(&list, "branch").map(BranchId::from),
        created: days(&list, &mut page),
        created_by: text(&list, "created_by").map(UserId::from),
    };
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    let (part_of, user) = (slice(&list), visitor.actor.id.clone());
    let (part, branches, people) = institution(&request)?
        .db
        .read(move |conn| {
            let part = search::batches(conn, &scope, &criteria, part_of)?;
            Ok::<_, ErrorPage>((part, search::branches_of(conn, &scope, &user)?, search::people(conn)?))
        })
        .await?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let choices = Choices::new(branches, people);
    let searchable = State::ALL.iter().filter(|state| **state != State::Deleted);
    let states: Vec<Choice> = searchable.map(|state| Choice::new(state.as_str(), words_of(*state))).collect();
    let filters = [
        ("reference", "Batch ID", None),
        ("name", "Name", None),
        ("payment_type", "Payment Type", Some(choices.types.as_slice())),
        ("status", "Status", Some(states.as_slice())),
        ("branch", "Branch", Some(choices.branches.as_slice())),
        ("from", "Created from", None),
        ("to", "Created to", None),
        ("created_by", "Created By", Some(choices.people.as_slice())),
    ];
    let view = BatchesPage {
        applied: applied(&list, &filters),
        more_in_use: list.uses_any(MORE),
        pager: list.pager(part.counted, part.rows.len()),
        rows: part.rows,
        choices,
        states,
        list,
        page,
    };
    Ok(html(status, &view.page, &view))
}
