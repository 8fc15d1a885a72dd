//! GET /transfers/{row}

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::batches;
use crate::clock::Instant;
use crate::db::Conn;
use crate::dispatch::{AlarmKind, Ending, TransferState, open_to_retry};
use crate::ids::{OnceKey, ResolutionId, RowId};
use crate::people::Actor;
use crate::privileges::{Action, Rights};
use crate::resolutions::{self, Alarm, Resolution};
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

/// What the visitor can do about it now.
#[derive(Default)]
struct Acts {
    retry: bool,
    ask: bool,
    propose: bool,
    /// A proposal waits, and the visitor may see it.
    proposal: Option<ResolutionId>,
}

/// What was said and heard of it beside its attempts.
struct Seen {
    told: Told,
    said: Vec<Resolution>,
    alarms: Vec<Alarm>,
    acts: Acts,
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
    alarms: Vec<Alarm>,
    acts: Acts,
    once: OnceKey,
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

    fn alarm(alarm: &Alarm) -> Said {
        resolutions::words_of_alarm(alarm.kind)
    }

    fn milliseconds(reply: &ReplyOf) -> i64 {
        reply.took_us / 1000
    }
}

/// What happened to one payment, and what to do.
pub async fn transaction(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<String>) -> Result<HttpResponse, ErrorPage> {
    let scope = Scope::of(&visitor.actor.id, &visitor.rights);
    let id = RowId::from(path.into_inner());
    let (actor, rights, now) = (visitor.actor.clone(), visitor.rights.clone(), page.now);
    let institution = institution(&request)?;
    let seen = institution.db.read(move |conn| {
        let told = search::transfer(conn, &scope, &id)?.ok_or(ErrorPage::NotFound)?;
        seen(conn, told, &actor, &rights, now)
    });
    let Seen { told, said, alarms, acts } = seen.await?;
    let Told { transfer, attempts, may_see_batch } = told;
    let view = TransactionPage {
        happened: search::happened(&transfer, &page.language),
        to_do: search::to_do(&transfer),
        tone: tone(transfer.state),
        steps: steps(&transfer, &attempts, &said, &page.language),
        alarms,
        acts,
        once: OnceKey::random(),
        attempts,
        may_see_batch,
        transfer,
        page,
    };
    Ok(html(StatusCode::OK, &view.page, &view))
}

/// What people said of it, the alarms about it, and what the visitor can do.
fn seen(conn: &mut Conn, told: Told, actor: &Actor, rights: &Rights, now: Instant) -> Result<Seen, ErrorPage> {
    let row = told.transfer.id.clone();
    let said = resolutions::resolutions_of_row(conn, &row)?;
    let alarms = resolutions::alarms_of_row(conn, &row)?;
    let mut acts = Acts::default();
    if let Some(batch) = batches::find(conn, &told.transfer.batch_id)? {
        let sees = rights.has(batch.payment_type.view(), &batch.branch);
        let resolves = sees && rights.has(Action::ResolvePayment, &batch.branch);
        let state = told.transfer.state;
        let is_maker = batches::is_maker(conn, &batch.id, &actor.id)?;
        let open = said.iter().find(|one| one.state == resolutions::State::Proposed);
        acts.ask = resolves && matches!(state, TransferState::InDoubt | TransferState::NeedsAttention);
        acts.propose = resolves && !is_maker && state == TransferState::NeedsAttention && open.is_none();
        acts.proposal = open.filter(|_| resolves).map(|open| open.id.clone());
        let paid_before = alarms.iter().any(|alarm| alarm.kind == AlarmKind::PossibleDoublePayment);
        acts.retry = state == TransferState::Failed
            && !paid_before
            && sees
            && rights.has(Action::ApprovePayment, &batch.branch)
            && open_to_retry(conn, actor, &batch, now).is_ok();
    }
    Ok(Seen { told, said, alarms, acts })
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
fn steps(transfer: &Transfer, attempts: &[(AttemptOf, Vec<ReplyOf>)], said: &[Resolution], language: &Language) -> Vec<Step> {
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
        let by_people = said.iter().any(|one| one.state == resolutions::State::Confirmed && one.decided_at == Some(at));
        let (what, tone, note) = match transfer.state {
            TransferState::Succeeded if by_people => (say!("Closed as paid by two people"), "good", String::new()),
            TransferState::Succeeded => (say!("Accepted by the payee's provider"), "good", String::new()),
            TransferState::Failed => (say!("Not paid"), "bad", note),
            _ => (say!("Ended"), "neutral", note),
        };
        steps.push(Step { tone, note, ..step(what, at, "") });
    }
    steps.extend(said.iter().flat_map(of_people));
    steps.sort_by_key(|step| step.at);
    steps
}

/// What one person said of its end, and what became of that.
fn of_people(one: &Resolution) -> Vec<Step> {
    let what = match one.ending {
        Ending::Paid => say!("Said to be paid"),
        Ending::NotPaid => say!("Said not to be paid"),
    };
    let note = format!("{} {}", one.note, one.evidence);
    let mut steps = vec![Step { what, at: one.proposed_at, who: one.proposed_by.clone(), tone: "neutral", note }];
    let Some(at) = one.decided_at else { return steps };
    let (what, tone) = match one.state {
        resolutions::State::Confirmed => (say!("Confirmed"), "good"),
        resolutions::State::Refused => (say!("Not confirmed"), "bad"),
        resolutions::State::Withdrawn => (say!("Withdrawn"), "neutral"),
        resolutions::State::Overtaken | resolutions::State::Proposed => (say!("The network told first"), "neutral"),
    };
    let (who, note) = (one.decided_by.clone().unwrap_or_default(), one.decided_because.clone().unwrap_or_default());
    steps.push(Step { what, at, who, tone, note });
    steps
}
