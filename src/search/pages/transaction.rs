//! GET /transfers/{row}

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::clock::Instant;
use crate::dispatch::TransferState;
use crate::ids::RowId;
use crate::say;
use crate::search::{self, AttemptOf, ReplyOf, Scope, Told, Transfer};
use crate::web::{ErrorPage, Page, Visitor, filters, html, institution};
use crate::words::{Language, Said};

/// Something that happened to the transaction.
struct Step {
    what: Said,
    at: Instant,
    who: String,
    tone: &'static str,
    note: String,
}

#[derive(Template)]
#[template(path = "search/transaction.html")]
struct TransactionPage {
    page: Page,
    transfer: Transfer,
    may_see_batch: bool,
    happened: Said,
    to_do: Option<Said>,
    tone: &'static str,
    steps: Vec<Step>,
    attempts: Vec<(AttemptOf, Vec<ReplyOf>)>,
}

impl TransactionPage {
    /// A file need not name its payees.
    fn payee(&self) -> &str {
        if self.transfer.payee_name.is_empty() { &self.transfer.id_value } else { &self.transfer.payee_name }
    }

    /// What was asked of the network.
    fn words_of_call(call: &str) -> Said {
        match call {
            "parties" => say!("Looked the payee up"),
            "quotes" => say!("Asked for the terms"),
            "simple_transfers" => say!("Sent the payment"),
            "get_transfer" => say!("Asked what became of it"),
            other => say!("{call}", call = other),
        }
    }

    fn milliseconds(reply: &ReplyOf) -> i64 {
        reply.took_us / 1000
    }
}

/// What happened to one payment, and what to do.
pub async fn transaction(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    let id = RowId::from(path.into_inner());
    let told = institution(&request)?.db.read(move |conn| Ok::<_, ErrorPage>(search::transfer(conn, &scope, &id)?)).await?;
    let Told { transfer, attempts, may_see_batch } = told.ok_or(ErrorPage::NotFound)?;
    let view = TransactionPage {
        happened: search::happened(&transfer, &page.language),
        to_do: search::to_do(&transfer),
        tone: tone(transfer.state),
        steps: steps(&transfer, &attempts, &page.language),
        attempts,
        may_see_batch,
        transfer,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

fn tone(state: TransferState) -> &'static str {
    match state {
        TransferState::Succeeded => "done",
        TransferState::Failed => "trouble",
        TransferState::InDoubt | TransferState::NeedsAttention => "warn",
        _ => "note",
    }
}

/// From upload to outcome, oldest first.
fn steps(transfer: &Transfer, attempts: &[(AttemptOf, Vec<ReplyOf>)], language: &Language) -> Vec<Step> {
    let step = |what, at, who: &str| Step { what, at, who: who.to_owned(), tone: "neutral", note: String::new() };
    let mut steps = vec![step(say!("Uploaded"), transfer.created_at, &transfer.created_by)];
    if let (Some(at), Some(who)) = (transfer.submitted_at, &transfer.submitted_by) {
        steps.push(step(say!("Submitted for approval"), at, who));
    }
    if let (Some(at), Some(who), Some(decision)) = (transfer.decided_at, &transfer.decided_by, transfer.decision.as_deref()) {
        let (what, tone) = if decision == "approved" { (say!("Approved"), "good") } else { (say!("Rejected"), "bad") };
        steps.push(Step { tone, note: transfer.decision_reason.clone().unwrap_or_default(), ..step(what, at, who) });
    }
    for (attempt, _) in attempts.iter().rev() {
        let what = if attempt.purpose == "pay" { say!("Began to pay it") } else { say!("Began to ask the network about it") };
        steps.push(step(what, attempt.claimed_at, ""));
        if let Some(at) = attempt.recorded_at {
            steps.push(step(say!("Terms agreed; the payment is sent to the network"), at, ""));
        }
    }
    if let Some(at) = transfer.doubt_since {
        steps.push(Step { tone: "warn", ..step(say!("In doubt since then"), at, "") });
    }
    if let Some(at) = transfer.settled_at {
        let note = search::why(transfer.reason.as_deref(), transfer.code.as_deref(), language).unwrap_or_default();
        let (what, tone, note) = match transfer.state {
            TransferState::Succeeded => (say!("Accepted by the payee's provider"), "good", String::new()),
            TransferState::Failed => (say!("Not paid"), "bad", note),
            _ => (say!("Ended"), "neutral", note),
        };
        steps.push(Step { tone, note, ..step(what, at, "") });
    }
    steps.sort_by_key(|step| step.at);
    steps
}
