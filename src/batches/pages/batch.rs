//! The page of one batch: where it stands, its payments, its history and its files.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::check::checkers;
use super::findings::may_make;
use super::{About, visible};
use crate::approvals::{Lapse, Stands, still_stands};
use crate::audit::{self, ActorKind, Recorded, What};
use crate::batches::store::files::{BatchFile, files};
use crate::batches::{Batch, ByFsp, Counts, PaymentRow, State, can_be_deleted, find_visible, is_maker, rows_page, summary_by_fsp};
use crate::db::{self, Conn};
use crate::dispatch::breakers::{self, Shut, Waiting, Whom};
use crate::dispatch::why::Why;
use crate::dispatch::{
    Count, EpochError, PauseReason, TransferState, can_be_cancelled, can_be_paused, can_be_resumed, check_epoch, open_to_retry,
};
use crate::funding;
use crate::ids::{BatchId, OnceKey};
use crate::institutions::Institution;
use crate::money::Currency;
use crate::privileges::Action;
use crate::resolutions::{self, Alarm};
use crate::say;
use crate::web::filters::{Text, printed_time};
use crate::web::page::{Pager, Tallies, Tally, fragment};
use crate::web::{ErrorPage, Page, Visitor, filters, html, institution};
use crate::words::Said;

/// Payments on a page.
pub const ROWS_A_PAGE: i64 = 50;
/// Events of the history.
const EVENTS_MAX: i64 = 200;
/// Alarms that are told one by one.
const ALARMS_MAX: i64 = 20;

/// Which payments are listed.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// A count's name, or `all`.
    #[serde(default)]
    show: String,
    #[serde(default)]
    page: i64,
}

/// What is going on, and the counts: on the page, and again and again by itself.
struct Standing {
    batch: Batch,
    about: About,
    checkers: Vec<String>,
    /// The person who brought it where it is, and why, for states a person brings about.
    who: Option<String>,
    reason: Option<String>,
    is_maker: bool,
    /// Why its approval counts no more, where it needs another one.
    lapse: Option<Lapse>,
}

#[derive(Template)]
#[template(path = "batches/batch.html")]
struct BatchPage {
    page: Page,
    once: OnceKey,
    standing: Standing,
    tallies: Tallies,
    shown: Option<Count>,
    by_fsp: Vec<ByFsp>,
    /// Whose payments wait, and why.
    waiting: Vec<Waiting>,
    rows: Vec<Line>,
    pager: Pager,
    history: Vec<Recorded>,
    files: Vec<BatchFile>,
    may: Mays,
    alarms: Vec<Alarm>,
    /// Why nothing is paid at all, where a copy of the database was put back.
    held: Option<Said>,
    ended: bool,
}

/// What the visitor may do with it now.
struct Mays {
    make: bool,
    withdraw: bool,
    delete: bool,
    download: bool,
    decide: bool,
    pause: bool,
    resume: bool,
    cancel: bool,
    approve_again: bool,
    /// Try failed payments again.
    retry: bool,
    /// Find out what became of payments.
    resolve: bool,
}

/// A payment of the list.
struct Line {
    row: PaymentRow,
    /// The payee's FSP by the name people know.
    fsp: Option<String>,
    why: Option<Said>,
}

#[derive(Template)]
#[template(path = "batches/progress.html")]
struct Progress {
    page: Page,
    standing: Standing,
    tallies: Tallies,
    /// Nothing changes here any more by itself.
    ended: bool,
}

#[derive(Template)]
#[template(path = "batches/checking_progress.html")]
struct CheckingProgress {
    page: Page,
    batch: Batch,
    ended: bool,
}

impl Standing {
    fn read(conn: &mut Conn, batch: Batch, visitor: &Visitor, now: crate::clock::Instant) -> db::Result<Self> {
        let waits = batch.state == State::PendingApproval || can_be_cancelled(batch.state);
        let brought_about_by = match batch.state {
            State::Approved | State::Scheduled => Some(What::BatchApproved),
            State::Paused if batch.pause() == Some(PauseReason::ByPerson) => Some(What::BatchPaused),
            State::Cancelling | State::Cancelled => Some(What::BatchCancelling),
            State::Rejected => Some(What::BatchRejected),
            State::Deleted => Some(What::BatchDeleted),
            _ => None,
        };
        let last = match brought_about_by {
            Some(what) => audit::of_batch(conn, &batch.id, EVENTS_MAX)?.into_iter().rfind(|event| event.what == what),
            None => None,
        };
        Ok(Self {
            about: About::of(conn, &batch)?,
            checkers: if waits { checkers(conn, &batch, now)? } else { Vec::new() },
            is_maker: is_maker(conn, &batch.id, &visitor.actor.id)?,
            who: last.as_ref().map(|event| event.name.clone()),
            reason: last.and_then(|event| event.reason),
            lapse: match batch.needs_approval_again().then(|| still_stands(conn, &batch.id, now)).transpose()? {
                Some(Stands::No(lapse)) => Some(lapse),
                _ => None,
            },
            batch,
        })
    }

    fn is_held_by_a_person(&self) -> bool {
        self.batch.pause() == Some(PauseReason::ByPerson)
    }

    fn lapse(&self, page: &Page) -> Option<Said> {
        self.lapse.as_ref().map(|lapse| lapse.said(|at| printed_time(at, &page.zone, &page.language)))
    }

    /// Somebody can stop it, or let it go on.
    fn is_in_flight(&self) -> bool {
        can_be_cancelled(self.batch.state)
    }

    /// Why it is paused, in words.
    fn pause(&self) -> Said {
        let reason: Option<PauseReason> = self.batch.pause_reason.as_deref().and_then(|reason| reason.parse().ok());
        reason.map_or_else(|| say!("Paused."), PauseReason::said)
    }
}

/// Whether something may still happen to it without a person.
fn goes_on(state: State) -> bool {
    use State::{Approved, Cancelling, Checking, Paused, Processing, Scheduled};
    matches!(state, Approved | Cancelling | Checking | Paused | Processing | Scheduled)
}

fn tallies(counts: &Counts, id: &BatchId, currency: Currency) -> Tallies {
    let tallies = counts.each().map(|(count, tally)| Tally {
        name: count.as_str(),
        count: tally.count,
        sum: Some((tally.sum, currency)),
        path: (tally.count > 0).then(|| format!("/batches/{id}?show={}#payments", count.as_str())),
    });
    Tallies { total: counts.total, sum: Some((counts.sum, currency)), tallies: tallies.collect() }
}

/// GET /batches/{id}
pub async fn show(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    path: web::Path<BatchId>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &path).await?;
    if batch.state == State::Checking {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}/findings", batch.id))).finish());
    }
    let institution = institution(&request)?;
    let (asked, viewer, now) = (asked.into_inner(), visitor.clone(), institution.clock().now());
    let held = if goes_on(batch.state) { held(&institution).await? } else { None };
    let mut sheet = institution.db.read(move |conn| read(conn, page, batch, &viewer, &asked, now)).await?;
    sheet.held = held;
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// Why nothing is paid at all, if so: it concerns every batch that would go on.
async fn held(institution: &Institution) -> Result<Option<Said>, ErrorPage> {
    match check_epoch(&institution.db, &institution.epoch_file()?).await {
        Ok(_) => Ok(None),
        Err(EpochError::Held(held)) => Ok(Some(held.said())),
        Err(EpochError::Db(error)) => Err(error.into()),
    }
}

fn read(conn: &mut Conn, page: Page, batch: Batch, visitor: &Visitor, asked: &Asked, now: crate::clock::Instant) -> db::Result<BatchPage> {
    let (counts, id) = (batch.counts, batch.id.clone());
    let shown = match asked.show.parse() {
        Ok(count) => Some(count),
        // What failed is what people come for.
        Err(_) if asked.show.is_empty() && counts.failed.count > 0 && batch.state == State::Processed => Some(Count::Failed),
        Err(_) => None,
    };
    let total = shown.map_or(counts.total, |count| counts.of(count).count);
    let last_page = (total - 1).max(0) / ROWS_A_PAGE;
    let at = asked.page.clamp(0, last_page);
    let rows = rows_page(conn, &id, shown, at * ROWS_A_PAGE, ROWS_A_PAGE)?;
    let fsps = funding::fsps(conn)?;
    let standing = Standing::read(conn, batch, visitor, now)?;
    let tallies = tallies(&counts, &id, standing.batch.currency);
    let mut may = mays(visitor, &standing);
    may.retry = may.retry && open_to_retry(conn, &visitor.actor, &standing.batch, now).is_ok();
    Ok(BatchPage {
        alarms: resolutions::alarms_of_batch(conn, &id, ALARMS_MAX)?,
        page,
        once: OnceKey::random(),
        tallies,
        shown,
        by_fsp: summary_by_fsp(conn, &id)?,
        waiting: if goes_on(standing.batch.state) { breakers::waiting_of(conn, &standing.batch.funding_account)? } else { Vec::new() },
        rows: rows.into_iter().map(|row| line(row, &fsps)).collect(),
        pager: pager(&id, shown, at, last_page, total),
        history: audit::of_batch(conn, &id, EVENTS_MAX)?,
        files: files(conn, &id)?,
        may,
        held: None,
        ended: false,
        standing,
    })
}

fn line(row: PaymentRow, fsps: &[funding::Fsp]) -> Line {
    let fsp = row.payee_fsp.as_ref().or(row.to_fsp.as_ref());
    let fsp = fsp.map(|id| fsps.iter().find(|fsp| fsp.id == *id).map_or_else(|| id.to_string(), |fsp| fsp.name.clone()));
    let why = row.why().filter(|why| row.state != TransferState::Succeeded || *why == Why::SaidPaid).map(|why| why.said());
    Line { row, fsp, why }
}

fn pager(id: &BatchId, shown: Option<Count>, at: i64, last: i64, total: i64) -> Pager {
    let show = shown.map_or("all", Count::as_str);
    let path = |page: i64| format!("/batches/{id}?show={show}&page={page}#payments");
    Pager {
        first: at * ROWS_A_PAGE + 1,
        last: ((at + 1) * ROWS_A_PAGE).min(total),
        total,
        more: false,
        previous: (at > 0).then(|| path(at - 1)),
        next: (at < last).then(|| path(at + 1)),
    }
}

fn mays(visitor: &Visitor, standing: &Standing) -> Mays {
    let (batch, rights) = (&standing.batch, &visitor.rights);
    let approves = rights.has(Action::ApprovePayment, &batch.branch);
    let decides = approves || rights.has(Action::RejectPayment, &batch.branch);
    let controls = approves && !standing.is_maker && rights.has(batch.payment_type.view(), &batch.branch);
    Mays {
        make: may_make(visitor, batch),
        withdraw: standing.is_maker && batch.state == State::PendingApproval,
        delete: rights.has(Action::DeletePayment, &batch.branch) && can_be_deleted(batch.state),
        download: rights.has(Action::DownloadPayment, &batch.branch),
        retry: rights.has(Action::ApprovePayment, &batch.branch) && batch.counts.failed.count > 0,
        resolve: rights.has(Action::ResolvePayment, &batch.branch) && rights.has(batch.payment_type.view(), &batch.branch),
        decide: decides && !standing.is_maker && rights.has(batch.payment_type.view(), &batch.branch),
        pause: (controls || standing.is_maker) && can_be_paused(batch.state, batch.pause()),
        resume: controls && can_be_resumed(batch.state, batch.pause()),
        cancel: controls && can_be_cancelled(batch.state),
        approve_again: controls && batch.needs_approval_again(),
    }
}

impl BatchPage {
    /// Whether there is a results file worth having.
    fn has_results(&self) -> bool {
        let state = self.standing.batch.state;
        !state.is_undecided() && !matches!(state, State::Rejected | State::Deleted | State::Approved | State::Scheduled)
    }

    /// Whether the payments below can be chosen for another try.
    fn can_choose(&self) -> bool {
        self.may.retry && self.shown == Some(Count::Failed)
    }

    /// One main button a page.
    fn results_kind(&self) -> &'static str {
        if self.may.retry || self.may.resume || self.may.approve_again { "second" } else { "main" }
    }

    fn alarm(alarm: &Alarm) -> Said {
        resolutions::words_of_alarm(alarm.kind)
    }

    fn goes_on(&self) -> bool {
        goes_on(self.standing.batch.state)
    }

    /// Who may stop it or let it go on, for those who may not.
    fn controllers(&self) -> Option<String> {
        let may_not = !self.may.cancel && self.standing.is_in_flight() && !self.standing.checkers.is_empty();
        may_not.then(|| self.standing.checkers.join(", "))
    }

    /// Why somebody did something: in their words, or in ours where Outlay did it.
    fn reason(event: &Recorded) -> Option<Text> {
        let reason = event.reason.as_ref()?;
        let ours = reason.parse::<PauseReason>().ok().filter(|_| event.what == What::BatchPaused && event.by == ActorKind::System);
        Some(ours.map_or_else(|| Text::from(format!("“{reason}”")), |pause| Text::from(pause.said())))
    }

    /// Why the payments of a provider wait.
    fn fsp_waits(&self, line: &ByFsp) -> Option<Shut> {
        let one = self.waiting.iter().find(|one| matches!(&one.whom, Whom::Fsp(fsp) if line.fsp.as_ref() == Some(fsp)))?;
        Some(one.shut)
    }

    /// Why all payments wait.
    fn connection_waits(&self) -> Option<Shut> {
        self.waiting.iter().find(|one| one.whom == Whom::Connection).map(|one| one.shut)
    }
}

/// GET /batches/{id}/progress: the part of the page that changes while the batch is paid, or read.
pub async fn progress(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let (viewer, id, now) = (visitor, path.into_inner(), institution.clock().now());
    let read = institution.db.read(move |conn| {
        let Some(batch) = find_visible(conn, &viewer.actor, &viewer.rights, &id)? else { return Ok::<_, db::Error>(None) };
        Ok(Some(Standing::read(conn, batch, &viewer, now)?))
    });
    let standing = read.await?.ok_or(ErrorPage::NotFound)?;
    let batch = &standing.batch;
    let more = goes_on(batch.state);
    if matches!(batch.state, State::Checking | State::NeedsCorrection | State::Draft) {
        let batch = standing.batch;
        let part = CheckingProgress { page, batch, ended: !more };
        return Ok(fragment(&request, &part.page, &part, more));
    }
    let tallies = tallies(&batch.counts, &batch.id, batch.currency);
    let part = Progress { page, tallies, standing, ended: !more };
    Ok(fragment(&request, &part.page, &part, more))
}
