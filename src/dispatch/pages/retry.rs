//! GET and POST /batches/{id}/retry

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::batches::{self, Batch};
use crate::dispatch::{Kind, ROWS_CHOSEN_MAX, RetryForm, RetryRefusal, Retryable, Which, open_to_retry, retry as run, retryable};
use crate::ids::{BatchId, OnceKey, RowId};
use crate::money::Minor;
use crate::privileges::Action;
use crate::say;
use crate::web::filters::printed_time;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "dispatch/retry.html")]
struct RetryPage {
    page: Page,
    batch: Batch,
    retryable: Retryable,
    which: Which,
    chosen: Vec<RowId>,
    once: OnceKey,
}

impl RetryPage {
    fn skipped(&self) -> i64 {
        self.retryable.skipped.iter().map(|kind| kind.count).sum()
    }

    /// The network's code behind a kind.
    fn code(kind: &Kind) -> String {
        kind.code.map(|code| code.to_string()).unwrap_or_default()
    }

    fn is_all(&self) -> bool {
        self.which == Which::All || !self.chosen.is_empty()
    }
}

/// What would be tried again, and what would not and why. `row`: only these; `which=all`: also what is skipped.
pub async fn retry_check(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    list: web::Query<Vec<(String, String)>>,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let chosen: Vec<RowId> = list.iter().filter(|(name, _)| name == "row").map(|(_, id)| RowId::from(id.as_str())).collect();
    let which = list.iter().find(|(name, _)| name == "which").and_then(|(_, which)| which.parse().ok()).unwrap_or(Which::Safe);
    look(&request, &visitor, page, path.into_inner(), which, chosen).await
}

async fn look(
    request: &HttpRequest,
    visitor: &Visitor,
    page: Page,
    id: BatchId,
    which: Which,
    chosen: Vec<RowId>,
) -> Result<HttpResponse, ErrorPage> {
    if chosen.len() > ROWS_CHOSEN_MAX {
        return Err(error_page(RetryRefusal::TooMany, &page));
    }
    let (actor, rights, now, rows) = (visitor.actor.clone(), visitor.rights.clone(), page.now, chosen.clone());
    let institution = institution(request)?;
    let seen = institution.db.read(move |conn| {
        let Some(batch) = batches::find_visible(conn, &actor, &rights, &id)? else { return Err(RetryRefusal::NoSuchBatch) };
        if !rights.has(Action::ApprovePayment, &batch.branch) {
            return Err(RetryRefusal::NotAllowed(Action::ApprovePayment));
        }
        open_to_retry(conn, &actor, &batch, now)?;
        let retryable = retryable(conn, &batch.id, which, &rows)?;
        Ok((batch, retryable))
    });
    let (batch, retryable) = match seen.await {
        Ok(seen) => seen,
        Err(refusal) => return Err(error_page(refusal, &page)),
    };
    let view = RetryPage { page, batch, retryable, which, chosen, once: OnceKey::random() };
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// POST /batches/{id}/retry
pub async fn retry(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let id = path.into_inner();
    let number = |name: &str| posted.fields.get(name).parse::<i64>().unwrap_or(-1);
    let form = RetryForm {
        batch: id.clone(),
        which: posted.fields.get("which").parse().unwrap_or(Which::Safe),
        chosen: posted.fields.all("row").map(RowId::from).collect(),
        count: number("count"),
        sum: Minor::new(number("sum")),
    };
    let actor = visitor.actor.clone();
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        let retried = run(tx, &actor, &form)?;
        let sum = retried.currency.show(retried.sum);
        let said = match retried.payments {
            1 => say!("1 payment is tried again, {sum}.", sum = sum),
            count => say!("{count} payments are tried again, {sum}.", count = count, sum = sum),
        };
        Ok::<_, RetryRefusal>(Done::at(path_of_batch(&form.batch)).saying(said))
    })
    .await
    .map_err(|refusal| error_page(refusal, &page))?;
    institution.wake();
    Ok(outcome.redirect(&request))
}

fn path_of_batch(batch: &BatchId) -> String {
    format!("/batches/{batch}")
}

fn error_page(refusal: RetryRefusal, page: &Page) -> ErrorPage {
    let conflict = |what| ErrorPage::Conflict { what, typed: Vec::new() };
    match refusal {
        RetryRefusal::NoSuchBatch => ErrorPage::NotFound,
        RetryRefusal::NotAllowed(action) => ErrorPage::Forbidden(say!("You do not hold {action} in this branch.", action = action.label())),
        RetryRefusal::OwnBatch => ErrorPage::Forbidden(say!(
            "You made a part of this batch, so somebody else who may approve it has to try its failed payments again."
        )),
        RetryRefusal::WrongState(_) => conflict(say!(
            "Failed payments can be tried again while their batch is being paid or once it is processed. This batch stands otherwise; its page tells how."
        )),
        RetryRefusal::TooLate(until) => conflict(say!(
            "Failed payments could be tried again under this approval until {time}. Put those that should still be paid into a new file.",
            time = printed_time(until, &page.zone, &page.language)
        )),
        RetryRefusal::TooMany => conflict(say!("Choose at most {most} payments at a time.", most = ROWS_CHOSEN_MAX)),
        RetryRefusal::Nothing => conflict(say!("There is nothing to try again: these payments do not stand as failed any more.")),
        RetryRefusal::Changed => {
            conflict(say!("Other payments failed meanwhile, or were tried again. Look at what would be tried again once more."))
        }
        RetryRefusal::Db(error) => error.into(),
    }
}
