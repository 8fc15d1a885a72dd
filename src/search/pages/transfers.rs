//! GET /search/transactions

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Choices, applied, days, find, slice, text};
use crate::dispatch::Count;
use crate::ids::{BranchId, UserId};
use crate::institutions::Institution;
use crate::money::{Currency, Minor};
use crate::payees::{Country, Phones, ascii_digits, fold_name};
use crate::say;
use crate::search::{self, FoundTransfer, PayeeRead, Scope, TransferCriteria};
use crate::web::page::{Applied, Choice, Pager, Problem};
use crate::web::{ErrorPage, List, Page, Visitor, filters, html, institution};

/// Filters that stand in the part of the form that opens.
const MORE: &[&str] = &["batch", "id", "status", "payment_type", "branch", "from", "to", "created_by"];

#[derive(Template)]
#[template(path = "search/transfers.html")]
struct TransfersPage {
    page: Page,
    list: List,
    rows: Vec<FoundTransfer>,
    choices: Choices,
    statuses: Vec<Choice>,
    more_in_use: bool,
    /// How a phone was read, where that is not how it was typed.
    read_as: Option<String>,
    applied: Vec<Applied>,
    pager: Pager,
}

/// The transactions this visitor may see, narrowed by what they typed. With `q` it is the box on top of every page.
pub async fn transfers(request: HttpRequest, visitor: Visitor, mut page: Page, list: List) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    if let Some(typed) = text(&list, "q") {
        return find::find(&institution, scope, typed).await;
    }
    let criteria = criteria(&institution, &list, &mut page);
    let read_as = criteria.payee.as_ref().and_then(|payee| payee.read_as.clone());
    let (part_of, user) = (slice(&list), visitor.actor.id.clone());
    let (part, branches, people) = institution
        .db
        .read(move |conn| {
            let part = search::transfers(conn, &scope, &criteria, part_of)?;
            Ok::<_, ErrorPage>((part, search::branches_of(conn, &scope, &user)?, search::people(conn)?))
        })
        .await?;
    let status = if page.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let choices = Choices::new(branches, people);
    let statuses = statuses();
    let view = TransfersPage {
        applied: filters_in_use(&list, &choices, &statuses, read_as.as_deref()),
        more_in_use: list.uses_any(MORE),
        pager: list.pager(part.counted, part.rows.len()),
        rows: part.rows,
        choices,
        statuses,
        read_as,
        list,
        page,
    };
    Ok(html(status, &view.page, &view))
}

fn criteria(institution: &Institution, list: &List, page: &mut Page) -> TransferCriteria {
    let amount = text(list, "amount").and_then(|typed| {
        let read = read_amount(institution.house().currency, &typed);
        if read.is_none() {
            page.problems.push(Problem::new("amount", say!("Write an amount such as 150,000")));
        }
        read
    });
    let batch = text(list, "batch").and_then(|typed| {
        let read = search::reference_of(&typed);
        if read.is_none() {
            page.problems.push(Problem::new("batch", say!("Write the batch's 8 characters, such as d03b dc40")));
        }
        read
    });
    TransferCriteria {
        batch,
        reference: text(list, "reference"),
        payee: text(list, "payee").map(|typed| read_payee(institution, &typed)),
        name: text(list, "name").map(|typed| fold_name(&typed)),
        amount,
        id: text(list, "id").map(|typed| typed.to_lowercase()),
        payment_type: list.get("payment_type").parse().ok(),
        count: list.get("status").parse().ok(),
        branch: text(list, "branch").map(BranchId::from),
        created: days(list, page),
        created_by: text(list, "created_by").map(UserId::from),
    }
}

/// As people type amounts: with or without commas, spaces and the currency.
fn read_amount(currency: Currency, typed: &str) -> Option<Minor> {
    let digits = ascii_digits(typed);
    let bare: String = digits.trim_end_matches(currency.code()).chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    currency.parse(&bare).ok()
}

pub(super) fn read_payee(institution: &Institution, typed: &str) -> PayeeRead {
    match Country::find(&institution.settings.phone_country) {
        Some(country) => PayeeRead::of(typed, &Phones::new(country)),
        None => PayeeRead { whole: vec![typed.to_owned()], ..PayeeRead::default() },
    }
}

/// As the tags of transactions say them.
fn statuses() -> Vec<Choice> {
    let words = |count| match count {
        Count::Waiting => say!("Waiting"),
        Count::Paying => say!("Paying"),
        Count::Succeeded => say!("Success"),
        Count::Failed => say!("Failed"),
        Count::InDoubt => say!("In doubt"),
        Count::NeedsAttention => say!("Needs attention"),
        Count::Cancelled => say!("Cancelled"),
        Count::Excluded => say!("Excluded"),
    };
    Count::ALL.iter().map(|count| Choice::new(count.as_str(), words(*count))).collect()
}

fn filters_in_use(list: &List, choices: &Choices, statuses: &[Choice], read_as: Option<&str>) -> Vec<Applied> {
    let filters = [
        ("payee", "Phone or account", None),
        ("name", "Payee", None),
        ("amount", "Amount", None),
        ("reference", "Reference", None),
        ("batch", "Batch ID", None),
        ("id", "Transaction ID", None),
        ("status", "Status", Some(statuses)),
        ("payment_type", "Payment Type", Some(choices.types.as_slice())),
        ("branch", "Branch", Some(choices.branches.as_slice())),
        ("from", "Created from", None),
        ("to", "Created to", None),
        ("created_by", "Created By", Some(choices.people.as_slice())),
    ];
    let mut applied = applied(list, &filters);
    if let (Some(read), Some(first)) = (read_as, applied.first_mut().filter(|_| !list.get("payee").is_empty())) {
        first.value = say!("{typed} → {read}", typed = list.get("payee"), read = read).into();
    }
    applied
}
