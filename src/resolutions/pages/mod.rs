//! Operations: payments without an outcome by age; what people say of one; alarms.

mod alarm;
mod list;
mod one;
mod outcome;

pub use self::alarm::{acknowledgement, alarm};
pub use self::list::operations;
pub use self::one::{confirmation, refusal, show, withdrawal};
pub use self::outcome::{outcome, outcome_form, question};
use super::{EVIDENCE_CHARS_MAX, NOTE_CHARS_MAX, Refusal, State};
use crate::dispatch::{Ending, TransferState};
use crate::ids::{AlarmId, ResolutionId, RowId};
use crate::people::pages::second_factor::code_problem;
use crate::say;
use crate::web::filters::printed_time;
use crate::web::page::Problem;
use crate::web::{ErrorPage, Page};
use crate::words::Said;

/// Where an alarm is seen to.
pub fn path_of_alarm(id: &AlarmId) -> String {
    format!("/operations/alarms/{id}")
}

/// Where a proposal is decided on.
pub fn path_of(id: &ResolutionId) -> String {
    format!("/resolutions/{id}")
}

fn path_of_transfer(row: &RowId) -> String {
    format!("/transfers/{row}")
}

/// What a proposal says.
pub fn words_of_ending(ending: Ending) -> Said {
    match ending {
        Ending::Paid => say!("It was paid"),
        Ending::NotPaid => say!("It was not paid"),
    }
}

/// What became of a proposal, by whom and when.
pub fn said_of(state: State, by: Option<&str>, at: Option<crate::clock::Instant>, page: &Page) -> Said {
    let name = by.map_or_else(|| say!("Somebody").in_language(&page.language), str::to_owned);
    let time = at.map_or_else(String::new, |at| printed_time(at, &page.zone, &page.language));
    match state {
        State::Proposed => say!("It waits for another person's word."),
        State::Confirmed => say!("{name} confirmed it on {time}.", name = name, time = time),
        State::Refused => say!("{name} did not confirm it on {time}.", name = name, time = time),
        State::Withdrawn => say!("{name} withdrew it on {time}.", name = name, time = time),
        State::Overtaken => say!("The network told how the payment ended on {time}, before anybody had confirmed it.", time = time),
    }
}

/// What is wrong with a field, where the refusal is about one.
fn problem_of(refusal: &Refusal, note: &'static str) -> Option<Problem> {
    Some(match refusal {
        Refusal::NoteMissing if note == "reason" => Problem::new(note, say!("Say why you do not confirm it")),
        Refusal::NoteMissing => Problem::new(note, say!("Write what you found out")),
        Refusal::NoteTooLong => Problem::new(note, say!("Shorten this to {limit} characters", limit = NOTE_CHARS_MAX)),
        Refusal::EvidenceMissing => Problem::new("evidence", say!("Write how you know, so that another person can check it")),
        Refusal::EvidenceTooLong => Problem::new("evidence", say!("Shorten this to {limit} characters", limit = EVIDENCE_CHARS_MAX)),
        _ => return None,
    })
}

/// The page for a refusal; what was typed is shown on it, to copy.
fn error_page(refusal: Refusal, page: &Page, typed: &str) -> ErrorPage {
    let typed = if typed.is_empty() { Vec::new() } else { vec![(page.language.translate("What you wrote").to_owned(), typed.to_owned())] };
    let conflict = |what| ErrorPage::Conflict { what, typed };
    match refusal {
        Refusal::NotHere => ErrorPage::NotFound,
        Refusal::NotAllowed(action) => ErrorPage::Forbidden(say!("You do not hold {action} in this branch.", action = action.label())),
        Refusal::Maker => ErrorPage::Forbidden(say!("You made a part of this batch, so others have to say how its payments ended.")),
        Refusal::OwnProposal => ErrorPage::Forbidden(say!("You proposed this yourself: another person has to decide.")),
        Refusal::NotTheProposer => ErrorPage::Forbidden(say!("Only the person who proposed this can withdraw it.")),
        Refusal::ProposerGone => conflict(say!(
            "The person who proposed this may not resolve payments here any more, so their word does not count. Refuse it, and let somebody propose it anew."
        )),
        Refusal::JustAsked => {
            conflict(say!("The network was asked within the last minute, or is being asked now. Wait a moment and open the payment again."))
        }
        Refusal::WrongState(TransferState::InDoubt) => {
            conflict(say!("This payment is in doubt: the network is still asked, and people do not say how it ended yet."))
        }
        Refusal::WrongState(_) => conflict(say!("This payment has an outcome by now, or is being paid. Its page tells what it is.")),
        Refusal::AlreadyProposed => conflict(say!("Somebody has proposed an outcome already. It has to be decided on first.")),
        Refusal::AlreadyDecided { state, by, at } => conflict(said_of(state, by.as_deref(), at, page)),
        Refusal::AlreadyAcknowledged { by, at } => {
            let time = at.map_or_else(String::new, |at| printed_time(at, &page.zone, &page.language));
            conflict(say!("{name} acknowledged this alarm on {time}.", name = by.unwrap_or_default(), time = time))
        }
        Refusal::NoteMissing | Refusal::NoteTooLong | Refusal::EvidenceMissing | Refusal::EvidenceTooLong => ErrorPage::BadForm,
        // Said beside the field.
        Refusal::Code(refusal) => code_problem(refusal, page).map_or_else(|error| error, conflict),
        Refusal::Db(error) => error.into(),
    }
}
