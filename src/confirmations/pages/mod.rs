//! Confirmations: the list, and the page of one on which it is decided.

mod list;
mod one;

pub use self::list::list;
pub use self::one::{confirmation, refusal, show, withdrawal};
use super::{Decided, Refusal, State};
use crate::ids::ConfirmationId;
use crate::say;
use crate::web::filters::printed_time;
use crate::web::{ErrorPage, Page};
use crate::words::Said;

fn path_of(id: &ConfirmationId) -> String {
    format!("/confirmations/{id}")
}

/// What became of it, who did it and when.
fn said_of(state: State, decided: &Decided, page: &Page) -> Said {
    let (name, time) = (&decided.by, printed_time(decided.at, &page.zone, &page.language));
    match state {
        State::Waiting => say!("It waits."),
        State::Confirmed => say!("{name} confirmed it on {time}.", name = name, time = time),
        State::Spent => say!("{name} confirmed it on {time}. The code was printed.", name = name, time = time),
        State::Refused => say!("{name} did not confirm it on {time}.", name = name, time = time),
        State::Withdrawn => say!("{name} withdrew it on {time}.", name = name, time = time),
    }
}

/// The page for a refusal; what was typed is shown on it, to copy.
fn error_page(refusal: Refusal, page: &Page, reason: &str) -> ErrorPage {
    match refusal {
        Refusal::NoSuchConfirmation | Refusal::NotAccountManager => ErrorPage::NotFound,
        Refusal::OwnRequest => ErrorPage::Forbidden(say!("You asked for this yourself: another account manager has to decide.")),
        Refusal::AboutYourself => ErrorPage::Forbidden(say!("This is about yourself: another account manager has to decide.")),
        Refusal::NotTheAsker => ErrorPage::Forbidden(say!("Only the person who asked for this can withdraw it.")),
        Refusal::OthersCan(_) | Refusal::ReasonMissing | Refusal::ReasonTooLong => ErrorPage::BadForm,
        Refusal::AlreadyDecided(state, decided) => {
            let typed =
                if reason.is_empty() { Vec::new() } else { vec![(page.language.translate("Reason").to_owned(), reason.to_owned())] };
            ErrorPage::Conflict { what: said_of(state, &decided, page), typed }
        }
        Refusal::Db(error) => error.into(),
    }
}
