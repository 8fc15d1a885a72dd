//! The pages on which people pause a batch, let it go on, cancel what is left of it, and have failed payments tried again.

mod cancel;
mod pause;
mod resume;
mod retry;

pub use self::cancel::{ask as cancellation_form, cancellation};
pub use self::pause::pause;
pub use self::resume::{ask as resumption_form, resumption};
pub use self::retry::{retry, retry_check};

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::PauseReason;
use super::control::{ControlRefusal, REASON_CHARS_MAX, Stood};
use crate::batches::{self, Batch, State};
use crate::ids::BatchId;
use crate::privileges::Action;
use crate::say;
use crate::web::filters::printed_time;
use crate::web::{ErrorPage, Page, Visitor, institution};
use crate::words::Said;

/// The batch of a request, if this visitor may see it, and whether they made a part of it; 404 else.
async fn visible(request: &HttpRequest, visitor: &Visitor, id: BatchId) -> Result<(Batch, bool), ErrorPage> {
    let (visitor, institution) = (visitor.clone(), institution(request)?);
    let found = institution.db.read(move |conn| {
        let Some(batch) = batches::find_visible(conn, &visitor.actor, &visitor.rights, &id)? else { return Ok(None) };
        Ok::<_, ErrorPage>(Some((batch, batches::is_maker(conn, &id, &visitor.actor.id)?)))
    });
    found.await?.ok_or(ErrorPage::NotFound)
}

/// What only one may do who may approve in the batch's branch and made no part of it.
fn as_checker(visitor: &Visitor, batch: &Batch, is_maker: bool) -> Result<(), ErrorPage> {
    if is_maker {
        return Err(ErrorPage::Forbidden(own_batch()));
    }
    if !visitor.rights.has(Action::ApprovePayment, &batch.branch) {
        return Err(ErrorPage::Forbidden(not_held(Action::ApprovePayment)));
    }
    Ok(())
}

fn own_batch() -> Said {
    say!("You made a part of this batch. You may pause it; somebody else lets it go on or cancels it.")
}

fn not_held(action: Action) -> Said {
    say!("You do not hold {action} in this branch.", action = action.label())
}

fn path_of(batch: &BatchId) -> String {
    format!("/batches/{batch}")
}

fn to_batch(batch: &BatchId) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path_of(batch))).finish()
}

/// Where the batch stands instead: who brought it there, and when.
fn said_of(stood: &Stood, page: &Page) -> Said {
    let time = printed_time(stood.at, &page.zone, &page.language);
    match (stood.state, stood.pause, stood.by.as_deref()) {
        (State::Paused, Some(PauseReason::ByPerson), Some(name)) => say!("{name} paused this batch on {time}.", name = name, time = time),
        (State::Paused, Some(reason), _) => reason.said(),
        (State::Approved | State::Scheduled | State::Processing, _, Some(name)) => {
            say!("{name} let this batch go on on {time}.", name = name, time = time)
        }
        (State::Approved | State::Scheduled | State::Processing, _, None) => say!("This batch is not paused."),
        (State::Cancelling | State::Cancelled, _, Some(name)) => say!("{name} cancelled this batch on {time}.", name = name, time = time),
        (State::Processed, ..) => say!("This batch was processed on {time}: nothing of it waits any more.", time = time),
        _ => say!("This batch has moved on since you opened the page, so nothing was done. Open it again."),
    }
}

/// The page for a refusal; what was typed is shown on it, to copy.
fn error_page(refusal: ControlRefusal, page: &Page, reason: &str) -> ErrorPage {
    let typed = || {
        let label = page.language.translate("Reason").to_owned();
        if reason.is_empty() { Vec::new() } else { vec![(label, reason.to_owned())] }
    };
    match refusal {
        ControlRefusal::NoSuchBatch => ErrorPage::NotFound,
        ControlRefusal::NotAllowed(action) => ErrorPage::Forbidden(not_held(action)),
        ControlRefusal::OwnBatch => ErrorPage::Forbidden(own_batch()),
        ControlRefusal::ReasonMissing => ErrorPage::BadForm,
        ControlRefusal::ReasonTooLong => ErrorPage::Conflict { what: too_long(), typed: typed() },
        ControlRefusal::NotNow(stood) => ErrorPage::Conflict { what: said_of(&stood, page), typed: typed() },
        ControlRefusal::Db(error) => error.into(),
    }
}

fn too_long() -> Said {
    say!("Shorten the reason to {limit} characters", limit = REASON_CHARS_MAX)
}
