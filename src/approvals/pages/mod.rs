//! Task, the page on which one decides, and Batch Action History.

mod decision;
mod history;
mod tasks;

pub use self::decision::{case, decide, decided};
pub use self::history::history;
pub use self::tasks::tasks;
use super::{Decision, Moved, MovedHow, Refusal};
use crate::dispatch::Went;
use crate::ids::BatchId;
use crate::say;
use crate::search::Slice;
use crate::web::filters::printed_time;
use crate::web::{COUNTED_MAX, ErrorPage, List, PAGE_ROWS, Page};
use crate::words::Said;

/// The batch's own page.
fn path_of_batch(batch: &BatchId) -> String {
    format!("/batches/{batch}")
}

fn slice(list: &List) -> Slice {
    Slice { offset: list.offset(), limit: PAGE_ROWS, most: COUNTED_MAX }
}

/// What a batch did that was approved again.
fn said_of_again(went: Went) -> Said {
    match went {
        Went::On => say!("Approved again: it goes on. Nobody is paid twice."),
        Went::ToItsDay => say!("Approved again: it is paid when its day comes."),
        Went::AccountStopped => say!("Approved again. It goes on when the operator opens its funding account, which is stopped."),
        Went::NeedsApprovalAgain => say!("It still needs approval."),
    }
}

/// What became of a batch that somebody wanted to decide on: who and when.
fn said_of(moved: &Moved, page: &Page) -> Said {
    let time = printed_time(moved.at, &page.zone, &page.language);
    let name = moved.by.clone().unwrap_or_else(|| say!("Somebody").in_language(&page.language));
    match moved.how {
        MovedHow::Decided(Decision::Approved) => say!("{name} approved this batch on {time}.", name = name, time = time),
        MovedHow::Decided(Decision::Rejected) => say!("{name} rejected this batch on {time}.", name = name, time = time),
        MovedHow::Withdrawn => {
            say!("{name} withdrew this batch on {time}, so it does not wait for a decision now.", name = name, time = time)
        }
        MovedHow::Deleted => say!("{name} deleted this batch on {time}.", name = name, time = time),
        MovedHow::Changed => say!(
            "{name} submitted this batch anew on {time}: it is not what you were shown. Open it again from Task and look at it as it is now.",
            name = name,
            time = time
        ),
    }
}

/// The page for a refusal; the reason that was typed is shown on it, to copy.
fn error_page(refusal: Refusal, page: &Page, reason: &str) -> ErrorPage {
    match refusal {
        Refusal::NoSuchBatch => ErrorPage::NotFound,
        Refusal::NotAllowed(action) => ErrorPage::Forbidden(say!("You do not hold {action} in this branch.", action = action.label())),
        Refusal::OwnBatch => ErrorPage::Forbidden(own_batch()),
        Refusal::OnlyApprove => ErrorPage::Forbidden(only_approve()),
        Refusal::ReasonMissing | Refusal::ReasonTooLong | Refusal::Code(_) => ErrorPage::BadForm,
        Refusal::Moved(moved) => {
            let typed =
                if reason.is_empty() { Vec::new() } else { vec![(page.language.translate("Reason").to_owned(), reason.to_owned())] };
            ErrorPage::Conflict { what: said_of(&moved, page), typed }
        }
        Refusal::Db(error) => error.into(),
    }
}

fn only_approve() -> Said {
    say!("It was approved before, so it is approved again or cancelled, not rejected.")
}

fn own_batch() -> Said {
    say!("You made a part of this batch, so somebody else has to decide on it.")
}
