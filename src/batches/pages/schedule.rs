//! Pay on: when a draft is to be paid.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::findings::may_make;
use super::visible;
use crate::batches::{Batch, CannotSchedule, NoMoment, Refusal, SCHEDULE_DAYS_MAX, State, may_be_scheduled, read_pay_on, schedule};
use crate::clock::Instant;
use crate::ids::{BatchId, OnceKey};
use crate::privileges::Action;
use crate::say;
use crate::web::page::Problem;
use crate::web::{Done, ErrorPage, Fields, Page, Posted, Visitor, filters, html, institution, once};
use crate::words::Said;

/// The fields of a date and a time, wherever they are asked for.
pub const DATE: &str = "pay_on_date";
pub const TIME: &str = "pay_on_time";

#[derive(Template)]
#[template(path = "batches/schedule.html")]
struct SchedulePage {
    page: Page,
    once: OnceKey,
    batch: Batch,
    date: String,
    time: String,
}

impl SchedulePage {
    fn days_max(&self) -> i64 {
        SCHEDULE_DAYS_MAX
    }
}

/// The moment that a form names, if it names one. What is wrong with it stands in the page's problems.
pub(super) fn pay_on(fields: &Fields, page: &mut Page) -> Option<Instant> {
    let read = read_pay_on(fields.get(DATE), fields.get(TIME), &page.zone);
    let problem = match read {
        Ok(at) => match may_be_scheduled(at, page.now) {
            Ok(()) => return at,
            Err(refusal) => Problem::new(DATE, said(refusal)),
        },
        Err(NoMoment::DateMissing) => Problem::new(DATE, say!("Write the day too, or leave both empty")),
        Err(NoMoment::NoDate) => Problem::new(DATE, say!("Write the day like 28/11/2025")),
        Err(NoMoment::TimeMissing) => Problem::new(TIME, say!("Write the time too")),
        Err(NoMoment::NoTime) => Problem::new(TIME, say!("Write the time like 09:00")),
        Err(NoMoment::Skipped) => {
            Problem::new(TIME, say!("That time does not exist on that day: clocks are put forward over it. Choose another"))
        }
    };
    page.problems.push(problem);
    None
}

/// Why a batch cannot be paid then.
pub(super) fn said(refusal: CannotSchedule) -> Said {
    match refusal {
        CannotSchedule::Passed => say!("That time has passed. Choose a later one, or none to pay as soon as it is approved"),
        CannotSchedule::TooFar => say!("Choose a day within the next {days} days", days = SCHEDULE_DAYS_MAX),
    }
}

fn may(visitor: &Visitor, batch: &Batch) -> Result<(), ErrorPage> {
    if may_make(visitor, batch) {
        return Ok(());
    }
    let action = Action::MakePayment.label();
    Err(ErrorPage::Forbidden(say!("You do not hold {action} in this branch.", action = action)))
}

/// GET /batches/{id}/schedule
pub async fn form(request: HttpRequest, visitor: Visitor, page: Page, path: web::Path<BatchId>) -> Result<HttpResponse, ErrorPage> {
    let batch = visible(&request, &visitor, &path).await?;
    may(&visitor, &batch)?;
    if batch.state != State::Draft {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/batches/{}", batch.id))).finish());
    }
    let there = batch.pay_at.map(|at| at.timestamp().to_zoned(page.zone.clone()));
    let part = |format: &str| there.as_ref().map(|at| at.strftime(format).to_string()).unwrap_or_default();
    let sheet = SchedulePage { date: part("%Y-%m-%d"), time: part("%H:%M"), page, once: OnceKey::random(), batch };
    Ok(html(StatusCode::OK, &sheet.page, &sheet))
}

/// POST /batches/{id}/schedule
pub async fn save(
    request: HttpRequest,
    visitor: Visitor,
    mut page: Page,
    posted: Posted,
    path: web::Path<BatchId>,
) -> Result<HttpResponse, ErrorPage> {
    let institution = institution(&request)?;
    let batch = visible(&request, &visitor, &path).await?;
    may(&visitor, &batch)?;
    let pay_at = pay_on(&posted.fields, &mut page);
    if !page.problems.is_empty() {
        let (date, time) = (posted.fields.get(DATE).to_owned(), posted.fields.get(TIME).to_owned());
        let sheet = SchedulePage { page, once: OnceKey::random(), batch, date, time };
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &sheet.page, &sheet));
    }
    let (actor, id) = (visitor.actor.clone(), batch.id);
    let outcome = once::<Refusal, _>(&institution.db, &visitor.actor.id, &posted.once, &page.language, move |tx| {
        schedule(tx, &actor, &id, pay_at)?;
        Ok(Done::at(format!("/batches/{id}/check")))
    });
    Ok(outcome.await?.redirect(&request))
}
