//! Check and submit: what the maker looks at last, the submission, and taking it back.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::findings::may_make;
use super::{About, visible};
use crate::batches::store::files::files;
use crate::batches::{
    Acknowledgement, Batch, ByFsp, CannotSeal, Refusal, State, acknowledgements, is_maker, may_be_scheduled, seal_of, submit,
    summary_by_fsp, unacknowledged, withdraw,
};
use crate::db::Conn;
use crate::ids::{BatchId, OnceKey};
use crate::money::Minor;
use crate::privileges::{Action, people_with_all};
use crate::say;
use crate::web::{Done, ErrorPage, Page, Posted, Visitor, filters, html, institution, once};

#[derive(Template)]
#[template(path = "batches/check.html")]
struct CheckPage {
    page: Page,
    once: OnceKey,
    batch: Batch,
    seen: Seen,
    may_submit: bool,
    may_delete: bool,
    /// Where it is changed when it is paid, for those who may.
    pay_on_path: String,
}

/// All that is looked at before a submission.
struct Seen {
    about: About,
    file_name: String,
    by_fsp: Vec<ByFsp>,
    acknowledged: Vec<Acknowledgement>,
    /// Warnings that nobody has acknowledged.
    open: bool,
    seal: String,
    highest_fees: Minor,
    /// Payments and highest fees.
    most: Minor,
}

#[derive(Template)]
#[template(path = "batches/submitted.html")]
struct SubmittedPage {
    page: Page,
    once: OnceKey,
    batch: Batch,
    about: About,
    checkers: Vec<String>,
    may_withdraw: bool,
}

impl CheckPage {
    fn day_has_passed(&self) -> bool {
        may_be_scheduled(self.batch.pay_at, self.page.now).is_err()
    }

    /// The seal in groups of eight, as it is read aloud.
    fn seal_groups(&self) -> Vec<&str> {
        let seal = &self.seen.seal;
        (0..seal.len()).step_by(8).filter_map(|at| seal.get(at..at + 8)).collect()
    }
}

impl Seen {
    fn read(conn: &mut Conn, batch: &Batch) -> Result<Self, Refusal> {
        let about = About::of(conn, batch)?;
        let fits = batch.highest_fees(about.fee_limit).and_then(|fees| Some((fees, batch.counts.sum.plus(fees)?)));
        let (highest_fees, most) = fits.ok_or_else(|| Refusal::Broken("the highest fees do not fit".to_owned()))?;
        let seal = seal_of(conn, batch, about.fee_limit).map_err(|error: CannotSeal| Refusal::from(error))?;
        Ok(Self {
            file_name: files(conn, &batch.id)?.into_iter().next().map(|file| file.name).unwrap_or_default(),
            by_fsp: summary_by_fsp(conn, &batch.id)?,
            acknowledged: acknowledgements(conn, &batch.id)?,
            open: !unacknowledged(conn, &batch.id)?.is_empty(),
            about,
            seal,
            highest_fees,
            most,
        })
    }
}

/// GET /batches/{id}/check
pub async fn check(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &path).await?;
    let elsewhere = match batch.state {
        State::Draft => None,
        State::Checking | State::NeedsCorrection => Some(format!("/batches/{}/findings", batch.id)),
        _ => Some(format!("/batches/{}", batch.id)),
    };
    if let Some(path) = elsewhere {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, path)).finish());
    }
    let asked = batch.clone();
    let seen = institution(&request)?.db.read(move |conn| Seen::read(conn, &asked)).await?;
    let makes = may_make(&visitor, &batch);
    let pay_on_path = if makes { format!("/batches/{}/schedule", batch.id) } else { String::new() };
    let in_time = may_be_scheduled(batch.pay_at, page.now).is_ok();
    let may_submit = makes && !seen.open && in_time && batch.counts.total > 0;
    let may_delete = visitor.rights.has(Action::DeletePayment, &batch.branch);
    let sheet = CheckPage { page, once: OnceKey::random(), batch, seen, may_submit, may_delete, pay_on_path };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// POST /batches/{id}/submission
pub async fn submission(
    request: HttpRequest,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    let (actor, id, seal) = (visitor.actor.clone(), batch.id, posted.fields.get("seal").to_owned());
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        submit(tx, &actor, &id, &seal)?;
        Ok(Done::at(format!("/batches/{id}/submission")))
    });
    Ok(outcome.await?.redirect(&request))
}

/// GET /batches/{id}/submission: what happens next.
pub async fn submitted(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &path).await?;
    if batch.state != State::PendingApproval {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}", batch.id))).finish());
    }
    let institution = institution(&request)?;
    let (asked, user, now) = (batch.clone(), visitor.actor.id.clone(), institution.clock().now());
    let read = institution.db.read(move |conn| {
        let about = About::of(conn, &asked)?;
        Ok::<_, crate::db::Error>((about, checkers(conn, &asked, now)?, is_maker(conn, &asked.id, &user)?))
    });
    let (about, checkers, may_withdraw) = read.await?;
    let sheet = SubmittedPage { page, once: OnceKey::random(), batch, about, checkers, may_withdraw };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// The names of those who may approve the batch: none of its makers.
pub(super) fn checkers(conn: &mut Conn, batch: &Batch, now: crate::clock::Instant) -> crate::db::Result<Vec<String>> {
    let mut names = Vec::new();
    for (id, name) in people_with_all(conn, &batch.branch, &[Action::ApprovePayment, batch.payment_type.view()], now)? {
        if !is_maker(conn, &batch.id, &id)? {
            names.push(name);
        }
    }
    Ok(names)
}

/// POST /batches/{id}/withdrawal
pub async fn withdrawal(
    request: HttpRequest,
    visitor: Visitor,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    let (actor, id) = (visitor.actor.clone(), batch.id);
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &institution.house().language, move |tx| {
        withdraw(tx, &actor, &id)?;
        Ok(Done::at(format!("/batches/{id}/check")).saying(say!("Withdrawn: nobody can approve it now. It is a draft again.")))
    });
    Ok(outcome.await?.redirect(&request))
}
