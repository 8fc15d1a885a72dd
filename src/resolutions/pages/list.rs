//! GET /operations

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::clock::Instant;
use crate::dispatch::TransferState;
use crate::dispatch::breakers::{self, Shut, Waiting, Whom};
use crate::dispatch::why::Why;
use crate::funding::{self, Fsp, FundingAccount};
use crate::ids::{BranchId, FspId, RowId};
use crate::resolutions::{
    Age, Alarm, Criteria, Resolution, Resolver, Unresolved, open_alarms, proposals_for, unresolved, waiting_for, words_of_alarm,
};
use crate::say;
use crate::search::{self, Scope};
use crate::web::page::{Applied, Choice, Problem};
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// Proposals and alarms that the page lists; they are few.
const LISTED_MAX: i64 = 50;

/// Whose payments wait: a provider that does not answer, or the connection.
struct Away {
    /// `None`: the connection.
    provider: Option<String>,
    /// Whose payments they are, where there is more than one funding account.
    account: Option<String>,
    shut: Shut,
}

#[derive(Template)]
#[template(path = "resolutions/operations.html")]
struct OperationsPage {
    page: Page,
    list: List,
    state: TransferState,
    /// How many need attention, with no filter.
    attention: i64,
    alarms: Vec<Alarm>,
    proposals: Vec<Resolution>,
    away: Vec<Away>,
    rows: Vec<Unresolved>,
    counted: i64,
    branches: Vec<Choice>,
    fsps: Vec<Choice>,
    applied: Vec<Applied>,
    /// Where the list goes on, and back to its beginning.
    next: Option<String>,
    first: Option<String>,
}

impl OperationsPage {
    fn what(alarm: &Alarm) -> Said {
        words_of_alarm(alarm.kind)
    }

    fn ending(proposal: &Resolution) -> Said {
        super::words_of_ending(proposal.ending)
    }

    fn why(row: &Unresolved) -> Option<Said> {
        row.reason.as_deref().and_then(Why::from_text).map(|why| why.said())
    }

    fn is_in_doubt(&self) -> bool {
        self.state == TransferState::InDoubt
    }
}

/// What the visitor may resolve, the oldest first.
pub async fn operations(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let resolver = Resolver::of(&visitor.actor.id, &visitor.rights);
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    let criteria = criteria(&list, &mut page);
    let (asked, user) = (criteria.clone(), visitor.actor.id.clone());
    let mine = resolver.branches().to_vec();
    let institution = institution(&request)?;
    let seen = institution.db.read(move |conn| {
        let (rows, counted) = unresolved(conn, &resolver, &asked, PAGE_ROWS, COUNTED_MAX)?;
        let attention = waiting_for(conn, &resolver, COUNTED_MAX)?;
        let alarms = open_alarms(conn, Some(resolver.branches()), LISTED_MAX)?;
        let proposals = proposals_for(conn, &resolver, LISTED_MAX)?;
        let branches = search::branches_of(conn, &scope, &user)?;
        let fsps = funding::fsps(conn)?;
        let away = away(breakers::waiting(conn)?, &fsps, &funding::accounts(conn)?);
        Ok::<_, ErrorPage>((rows, counted, attention, alarms, proposals, away, branches, fsps))
    });
    let (rows, counted, attention, alarms, proposals, away, branches, fsps) = seen.await?;
    let branches = branches.into_iter().filter(|(id, _)| mine.contains(id));
    let branches: Vec<_> = branches.map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    let fsps: Vec<_> = fsps.into_iter().map(|fsp| Choice::new(fsp.id.to_string(), fsp.name)).collect();
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE_ROWS);
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = OperationsPage {
        applied: applied(&list, &branches, &fsps),
        next: rows.last().filter(|_| is_full).map(|row| after(&list, &row.age())),
        first: criteria.after.is_some().then(|| address(&list, None)),
        state: criteria.state,
        page,
        list,
        attention,
        alarms,
        proposals,
        away,
        rows,
        counted,
        branches,
        fsps,
    };
    Ok(html(status, &view.page, &view))
}

fn away(waiting: Vec<Waiting>, fsps: &[Fsp], accounts: &[FundingAccount]) -> Vec<Away> {
    let account = |one: &Waiting| accounts.iter().find(|account| account.id == one.account).filter(|_| accounts.len() > 1);
    let named = |one: Waiting| Away {
        account: account(&one).map(FundingAccount::label),
        provider: match one.whom {
            Whom::Connection => None,
            Whom::Fsp(id) => Some(fsps.iter().find(|fsp| fsp.id == id).map_or_else(|| id.to_string(), |fsp| fsp.name.clone())),
        },
        shut: one.shut,
    };
    waiting.into_iter().map(named).collect()
}

fn criteria(list: &List, page: &mut Page) -> Criteria {
    let text = |name: &str| Some(list.get(name)).filter(|text| !text.is_empty());
    let batch = text("batch").and_then(|typed| {
        let read = search::reference_of(typed);
        if read.is_none() {
            page.problems.push(Problem::new("batch", say!("Write the batch's 8 characters, such as d03b dc40")));
        }
        read
    });
    let since = text("since").and_then(|since| since.parse().ok()).map(Instant::from_micros);
    Criteria {
        state: if list.get("state") == TransferState::InDoubt.as_str() { TransferState::InDoubt } else { TransferState::NeedsAttention },
        branch: text("branch").map(BranchId::from),
        fsp: text("fsp").map(FspId::from),
        batch,
        after: since.zip(text("after").map(RowId::from)).map(|(since, row)| Age { since, row }),
    }
}

const FILTERS: &[&str] = &["state", "branch", "fsp", "batch"];

fn after(list: &List, age: &Age) -> String {
    address(list, Some(age))
}

/// The list with its filters, from its beginning or after a payment.
fn address(list: &List, after: Option<&Age>) -> String {
    let mut address = List::first(list.bare());
    for name in FILTERS.iter().filter(|name| !list.get(name).is_empty()) {
        address = address.with(name, list.get(name));
    }
    match after {
        Some(Age { since, row }) => address.with("since", since.micros().to_string()).with("after", row.as_str()).here(),
        None => address.here(),
    }
}

fn applied(list: &List, branches: &[Choice], fsps: &[Choice]) -> Vec<Applied> {
    let mut applied = Vec::new();
    for (name, label, choices) in [("branch", "Branch", branches), ("fsp", "Provider", fsps), ("batch", "Batch ID", [].as_slice())] {
        let typed = list.get(name);
        if typed.is_empty() {
            continue;
        }
        let chosen = choices.iter().find(|choice| choice.value == typed).map(|choice| choice.label.clone());
        let without = FILTERS.iter().filter(|other| **other != name && !list.get(other).is_empty());
        let without = without.fold(List::first(list.bare()), |address, other| address.with(other, list.get(other)));
        applied.push(Applied { label, value: chosen.unwrap_or_else(|| typed.to_owned().into()), without: without.here() });
    }
    applied
}
