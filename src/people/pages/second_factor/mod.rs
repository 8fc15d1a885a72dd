//! The second factor's pages: the code at sign-in, setting an app up, recovery codes, and what a person who lost their phone does.

mod code;
mod enrol;
mod lost_phone;
mod own;
mod picture;

pub use self::code::{code, code_form, recovery_code, recovery_code_form};
pub use self::enrol::{completion, enrol, enrol_form, set_up, set_up_form};
pub use self::lost_phone::{ask, ask_form};
pub use self::own::{recovery_codes, recovery_codes_form, removal, removal_form, show};
use actix_session::SessionExt;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};

use crate::clock::Instant;
use crate::people::second_factor::CodeRefusal;
use crate::say;
use crate::web::sessions::TypedSession;
use crate::web::{ErrorPage, Page};
use crate::words::Said;

/// Where a person sees their second factor.
const OWN: &str = "/me/second-factor";
/// Where a signed-in person sets one up.
pub const SET_UP: &str = "/me/second-factor/set-up";
const RECOVERY_CODES: &str = "/me/second-factor/recovery-codes";

/// Who has to have a second factor for what they are about to do, and has none, sets it up first; `why` tells them, and what comes then.
pub fn to_set_up(request: &HttpRequest, page: &Page, why: &Said) -> HttpResponse {
    TypedSession(request.get_session()).set_flash(&why.in_language(&page.language));
    HttpResponse::SeeOther().insert_header((LOCATION, SET_UP)).finish()
}

/// What is wrong with a code that was typed.
///
/// # Errors
/// What is not about the code.
pub fn code_problem(refusal: CodeRefusal, page: &Page) -> Result<Said, ErrorPage> {
    match refusal {
        CodeRefusal::Missing => Ok(say!("Type the 6 digits that your authenticator app shows")),
        CodeRefusal::Wrong => Ok(say!("The code is wrong. Type the one that your app shows now: it changes every 30 seconds")),
        CodeRefusal::Used => Ok(say!("This code was used already. Wait until your app shows the next one")),
        CodeRefusal::Locked { until } => {
            Ok(say!("Too many wrong codes. Try again after {time}. Waiting unlocks it by itself", time = clock(until, page)))
        }
        CodeRefusal::NoFactor => Ok(say!("You have no authenticator app set up")),
        CodeRefusal::Unreadable(refusal) => {
            tracing::error!(%refusal, "a second factor cannot be read");
            Ok(say!(
                "Your authenticator app cannot be checked. Tell your operator: the key of its secret is missing, or the secret was changed"
            ))
        }
        CodeRefusal::Db(error) => Err(error.into()),
    }
}

fn clock(moment: Instant, page: &Page) -> String {
    moment.timestamp().to_zoned(page.zone.clone()).strftime("%H:%M:%S").to_string()
}
