//! The second factor: an authenticator app (TOTP, RFC 6238) and recovery codes, and how a person who lost their phone gets a new QR code.
//!
//! A person sets it up by typing a code of the secret they were shown ([`confirm`]); from then on a code is asked for when they sign in
//! ([`pass`]) and, where the institution wants it, when they approve ([`step_up`]). Every code and every recovery code is taken once; a try is
//! counted before the code is looked at, so that guesses sent side by side are all counted.
//!
//! Who lost their phone asks for a new QR code ([`ask`]); an account manager other than them allows or refuses it, and where the person could
//! let money out, a second one confirms. Allowing ends the old secret, its recovery codes and all sessions. Whoever knows only the
//! password could set up the next one then, so that needs a one-time code too, which the account manager tells the person.
//!
//! Secrets are encrypted and bound to institution, person and number ([`Vault`]); of codes only keyed digests or hashes are kept.

mod allow;
mod ask;
mod check;
mod device;
mod enrol;
mod letters;
mod recovery;
mod refuse;
mod reset;
mod secret;
mod step_up;
mod store;
mod totp;

pub use self::allow::{Allowed, allow, allow_confirmed, confirmation_refused};
pub use self::ask::{REASON_CHARS_MAX, ask};
pub use self::check::{CodeRefusal, Given, Passed, pass};
pub use self::enrol::{Confirmation, EnrolRefusal, Enrolled, Proof, Standing, confirm, propose, shown, standing, turn_off};
pub use self::recovery::{RECOVERY_CODES, renew};
pub use self::refuse::refuse;
pub use self::reset::{CODE_IS_GOOD_FOR, OneTimeCode, OperatorRefusal, end, reset_by_operator};
pub use self::secret::{Purpose, Sealed, Unreadable, Vault};
pub use self::step_up::{Asked, AsksForCode, asked_of, counted, step_up};
pub(in crate::people) use self::store::{
    EnrolledPerson, Request, RequestFilter, deciders, enrolled, enrolment_code, factor, last_request, request, requests,
};
pub use self::store::{is_active, is_required, recovery_codes_left, requests_waiting};
pub use self::totp::Shown;
use crate::db::{self, Failure, text_enum};
use crate::ids::UserId;
use crate::privileges::NotAllowed;

text_enum! {
    /// Where a person's second factor stands. Without a row they never had one.
    pub enum State {
        Active = "active",
        /// It was reset: the next one needs the code that an account manager tells them.
        Dead = "dead",
        /// They turned it off themselves.
        Off = "off",
    }
}

text_enum! {
    /// Where a request for a new QR code stands.
    pub enum RequestState {
        Waiting = "waiting",
        Allowed = "allowed",
        Refused = "refused",
        /// The person found their phone and signed in, or was deactivated.
        Withdrawn = "withdrawn",
    }
}

impl RequestState {
    /// All ways between the states.
    pub const MOVES: &'static [(Self, Self)] =
        &[(Self::Waiting, Self::Allowed), (Self::Waiting, Self::Refused), (Self::Waiting, Self::Withdrawn)];
}

/// What a person who lost their phone says.
#[derive(Debug, Clone)]
pub struct NewRequest {
    pub user: UserId,
    /// At most [`REASON_CHARS_MAX`] characters.
    pub reason: String,
    /// The browser's own name, and where it is: so that an account manager can ask.
    pub browser: String,
    pub address: String,
}

/// Why a request for a new QR code is not asked or decided as somebody wants it.
#[derive(Debug, thiserror::Error)]
pub enum RequestRefusal {
    #[error("there is no such request")]
    NoSuchRequest,
    #[error("only an account manager may do this")]
    NotAccountManager,
    #[error("this is your own request: the other account manager decides on it")]
    OwnRequest,
    #[error("the request does not wait any more")]
    Decided(RequestState),
    #[error("the person has no second factor that could be replaced")]
    NothingToReplace,
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("the reason is longer than {REASON_CHARS_MAX} characters")]
    ReasonTooLong,
    #[error("the person asked too often within a day")]
    TooOften,
    #[error("it has to be said that the person was recognised")]
    NotRecognised,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for RequestRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

impl From<NotAllowed> for RequestRefusal {
    fn from(refusal: NotAllowed) -> Self {
        match refusal {
            NotAllowed::Db(error) => Self::Db(error),
            NotAllowed::NoGrant(_) | NotAllowed::NotAccountManager => Self::NotAccountManager,
        }
    }
}
