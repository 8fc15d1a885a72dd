//! What the checks found: by kind, by row, and what to do about it.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::visible;
use crate::batches::file::Refused;
use crate::batches::store::findings::{first_of, lines_with};
use crate::batches::{
    Acknowledgement, Batch, Finding, FindingKind, OfKind, Refusal, Severity, State, acknowledge, acknowledgements, findings_by_kind,
    is_maker,
};
use crate::db::{self, Conn};
use crate::ids::{BatchId, OnceKey};
use crate::people::Actor;
use crate::privileges::Action;
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// Findings of one kind that are shown; more are in the file to download.
pub const SHOWN_OF_A_KIND: i64 = 50;

#[derive(Template)]
#[template(path = "batches/findings.html")]
struct FindingsPage {
    page: Page,
    batch: Batch,
    found: Found,
    once: OnceKey,
    again_once: OnceKey,
    upload: Upload,
    chosen: Vec<String>,
    reason: String,
    may_make: bool,
    may_correct: bool,
    max_mb: u64,
}

/// The form for a corrected file, after it was refused.
#[derive(Default)]
pub(super) struct Upload {
    pub refused: Option<Refused>,
    pub ask_again: bool,
    pub again: String,
}

#[derive(Template)]
#[template(path = "batches/checking.html")]
struct CheckingPage {
    page: Page,
    batch: Batch,
    ended: bool,
}

struct Found {
    kinds: Vec<OfKind>,
    /// By row, the first of each kind.
    rows: Vec<Finding>,
    rows_to_mend: i64,
    rows_to_look_at: i64,
    acknowledged: Vec<Acknowledgement>,
}

impl Found {
    fn read(conn: &mut Conn, batch: &BatchId) -> db::Result<Self> {
        let kinds = findings_by_kind(conn, batch)?;
        let mut rows = Vec::new();
        for of in &kinds {
            rows.extend(first_of(conn, batch, of, SHOWN_OF_A_KIND)?);
        }
        rows.sort_by_key(|(position, _)| *position);
        Ok(Self {
            kinds,
            rows: rows.into_iter().map(|(_, finding)| finding).collect(),
            rows_to_mend: lines_with(conn, batch, Severity::Error)?,
            rows_to_look_at: lines_with(conn, batch, Severity::Warning)?,
            acknowledged: acknowledgements(conn, batch)?,
        })
    }

    fn open(&self) -> impl Iterator<Item = &OfKind> {
        let known = |of: &&OfKind| self.acknowledged.iter().any(|known| known.kind == of.kind);
        self.kinds.iter().filter(|of| of.severity == Severity::Warning).filter(move |of| !known(of))
    }

    /// Kinds of warnings that wait for a word.
    fn to_acknowledge(&self) -> Vec<&OfKind> {
        self.open().collect()
    }

    fn has_more(&self) -> bool {
        self.kinds.iter().any(|of| of.count > SHOWN_OF_A_KIND)
    }
}

impl FindingsPage {
    fn heading(&self) -> Said {
        let (name, errors, warnings) = (&self.batch.name, self.batch.errors, self.batch.warnings);
        match (errors, warnings) {
            _ if self.is_empty() => say!("The last file of {name} was not read to its end", name = name),
            (0, 0) => say!("No problems found in {name}", name = name),
            (0, 1) => say!("Look at 1 warning in {name}", name = name),
            (0, count) => say!("Look at {count} warnings in {name}", count = count, name = name),
            (1, _) => say!("Fix 1 problem in {name}", name = name),
            (count, _) => say!("Fix {count} problems in {name}", count = count, name = name),
        }
    }

    fn rows(&self) -> i64 {
        self.batch.counts.total.saturating_add(self.found.rows_to_mend)
    }

    fn is_chosen(&self, kind: &FindingKind) -> bool {
        self.chosen.iter().any(|chosen| chosen == kind.as_str())
    }

    /// The last file broke off while it was read: there is nothing here.
    fn is_empty(&self) -> bool {
        self.batch.state == State::NeedsCorrection && self.batch.counts.total == 0 && self.found.kinds.is_empty()
    }

    fn may_acknowledge(&self) -> bool {
        self.may_make && matches!(self.batch.state, State::NeedsCorrection | State::Draft) && self.found.open().next().is_some()
    }
}

/// Whether the page is asked for to correct the file, though there may be nothing to mend.
#[derive(Deserialize)]
pub struct Asked {
    correct: Option<String>,
}

/// GET /batches/{id}/findings
pub async fn list(
    request: HttpRequest,
    visitor: Visitor,
    page: Page,
    path: web::Path<BatchId>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &path).await?;
    if batch.state == State::Checking {
        let checking = CheckingPage { page, batch, ended: false };
        return Ok(html(StatusCode::OK, &checking.page, &checking));
    }
    let nothing_to_say = batch.errors == 0 && batch.warnings == 0 && asked.correct.is_none();
    if nothing_to_say && batch.state == State::Draft {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}/check", batch.id))).finish());
    }
    if batch.state == State::Deleted {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}", batch.id))).finish());
    }
    shown(&request, &visitor, page, batch, Upload::default(), StatusCode::OK).await
}

pub(super) async fn shown(
    request: &HttpRequest,
    visitor: &Visitor,
    page: Page,
    batch: Batch,
    upload: Upload,
    status: StatusCode,
) -> Result<HttpResponse, ErrorPage> {
    with_form(request, visitor, page, batch, upload, (Vec::new(), String::new()), status).await
}

async fn with_form(
    request: &HttpRequest,
    visitor: &Visitor,
    page: Page,
    batch: Batch,
    upload: Upload,
    (chosen, reason): (Vec<String>, String),
    status: StatusCode,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(request)?;
    let (id, user) = (batch.id.clone(), visitor.actor.id.clone());
    let read = institution.db.read(move |conn| Ok::<_, db::Error>((Found::read(conn, &id)?, is_maker(conn, &id, &user)?)));
    let (found, maker) = read.await?;
    let may_make = may_make(visitor, &batch);
    let may_correct = may_make && maker && matches!(batch.state, State::NeedsCorrection | State::Draft);
    let (once, again_once) = (OnceKey::random(), OnceKey::random());
    let max_mb = institution.settings.limits.upload_bytes / 1_000_000;
    let sheet = FindingsPage { page, batch, found, once, again_once, upload, chosen, reason, may_make, may_correct, max_mb };
    Ok(html(status, &sheet.page, &sheet))
}

/// Whether the visitor may make batches of this type in its branch.
pub(super) fn may_make(visitor: &Visitor, batch: &Batch) -> bool {
    let rights = &visitor.rights;
    rights.has(Action::MakePayment, &batch.branch) && rights.has(batch.payment_type.make(), &batch.branch)
}

/// POST /batches/{id}/acknowledgements
pub async fn acknowledge_warnings(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    let chosen: Vec<String> = posted.fields.all("kinds").map(str::to_owned).collect();
    let kinds: Vec<FindingKind> = chosen.iter().filter_map(|kind| kind.parse().ok()).collect();
    let reason = posted.fields.get("reason").to_owned();
    let (actor, id, why) = (visitor.actor.clone(), batch.id.clone(), reason.clone());
    let outcome = once(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        said(tx, &actor, &id, &kinds, &why)
    });
    let problem = match outcome.await {
        Ok(outcome) => return Ok(outcome.redirect(&request)),
        Err(Refusal::NothingChosen) => Problem::new("kinds", say!("Choose the warnings that are all right")),
        Err(Refusal::NoReason) => Problem::new("reason", say!("Write why they are all right")),
        Err(Refusal::ReasonTooLong(limit)) => Problem::new("reason", say!("The reason has at most {limit} characters", limit = limit)),
        Err(refusal) => return Err(refusal.into()),
    };
    page.problems.push(problem);
    with_form(&request, &visitor, page, batch, Upload::default(), (chosen, reason), StatusCode::UNPROCESSABLE_ENTITY).await
}

fn said(tx: &mut db::WriteTx<'_>, actor: &Actor, id: &BatchId, kinds: &[FindingKind], reason: &str) -> Result<Done, Refusal> {
    acknowledge(tx, actor, id, kinds, reason)?;
    let batch = crate::batches::find(tx, id)?.ok_or(Refusal::NotFound)?;
    let ready = batch.state == State::Draft && crate::batches::unacknowledged(tx, id)?.is_empty();
    let next = if ready { "check" } else { "findings" };
    Ok(Done::at(format!("/batches/{id}/{next}")).saying(say!("Your reason is kept with the batch; the checker reads it.")))
}
