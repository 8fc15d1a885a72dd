//! Two account managers are a control: what would let one of them alone move money waits here until the other has confirmed it.
//!
//! A verb that is about to do such a thing asks [`is_needed`]; where it is, the verb only writes what it would do ([`ask`]) and the
//! other account manager, or the operator where there is none, does it by confirming ([`confirm()`]). They may refuse it
//! ([`refuse()`]), and who asked may take it back ([`withdraw()`]). What cannot be done any more when it is confirmed is refused.

mod apply;
mod ask;
mod confirm;
mod details;
mod event;
mod list;
pub mod pages;
mod refusal;
mod refuse;
mod spend;
mod store;
mod tell;
mod who;
mod withdraw;
mod words;

use serde::{Deserialize, Serialize};

pub use self::ask::{ask, is_needed};
pub use self::confirm::{Confirmed, confirm};
pub use self::details::{Details, InBranch};
pub use self::list::{Listed, decided, deciders_of, listed, waiting, waiting_for};
pub use self::refusal::{REASON_CHARS_MAX, Refusal};
pub use self::refuse::refuse;
pub use self::spend::{CODE_GOOD_FOR, spend_password_code};
pub use self::store::{find, gives_power_to, waiting_of_kind};
pub use self::withdraw::{record_withdrawn, withdraw};
pub use self::words::words;
use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::{BranchId, ConfirmationId, QrRequestId, UserId};
use crate::people::Deactivation;
use crate::privileges::Action;

text_enum! {
    /// What is asked for, as the table names it.
    pub enum Kind {
        Grants = "grants",
        Email = "email",
        SecondFactor = "second_factor",
        Reactivation = "reactivation",
        PasswordCode = "password_code",
        Setting = "setting",
        AccountManager = "account_manager",
    }
}

text_enum! {
    /// Where a confirmation stands. `Spent`: a confirmed right to print a password code, used.
    pub enum State {
        Waiting = "waiting",
        Confirmed = "confirmed",
        Refused = "refused",
        Withdrawn = "withdrawn",
        Spent = "spent",
    }
}

impl State {
    /// All ways between the states.
    pub const MOVES: &'static [(Self, Self)] = &[
        (Self::Waiting, Self::Confirmed),
        (Self::Waiting, Self::Refused),
        (Self::Waiting, Self::Withdrawn),
        (Self::Confirmed, Self::Spent),
    ];

    pub fn can_become(self, next: Self) -> bool {
        Self::MOVES.contains(&(self, next))
    }
}

/// What will be so once it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Sensitive actions for a person.
    Grants(Vec<GrantAsked>),
    /// Another address for one who holds sensitive actions, or none.
    Email { from: Option<String>, to: Option<String> },
    /// A new QR code for one who holds sensitive actions.
    SecondFactor { request: QrRequestId },
    /// One who held sensitive actions becomes active again, with the grants that are still open.
    Reactivation,
    /// A printed code with which one who holds sensitive actions sets a new password.
    PasswordCode,
    /// A setting that protects money.
    Setting { name: String, from: String, to: String },
    /// Somebody becomes an account manager, or is none any more.
    AccountManager(AccountManagerChange),
}

/// Who looks after people and rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountManagerChange {
    /// With the address that invitations and resets of theirs go to.
    Make { email: Option<String> },
    /// They stay here, and are no account manager any more.
    TakeAway,
    /// An account manager leaves.
    Deactivate(Deactivation),
}

/// One sensitive action in one branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GrantAsked {
    pub branch: BranchId,
    pub action: Action,
    /// Microseconds since 1970; `None`: until somebody ends it.
    pub until: Option<i64>,
}

impl Change {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Grants(_) => Kind::Grants,
            Self::Email { .. } => Kind::Email,
            Self::SecondFactor { .. } => Kind::SecondFactor,
            Self::Reactivation => Kind::Reactivation,
            Self::PasswordCode => Kind::PasswordCode,
            Self::Setting { .. } => Kind::Setting,
            Self::AccountManager(_) => Kind::AccountManager,
        }
    }
}

/// A confirmation as it stands.
#[derive(Debug, Clone)]
pub struct Confirmation {
    pub id: ConfirmationId,
    /// Whom it is about; nobody for a setting.
    pub user: Option<UserId>,
    pub change: Change,
    pub asked_by: UserId,
    pub asked_at: Instant,
    pub state: State,
    /// Once it does not wait any more.
    pub decided: Option<Decided>,
}

/// Who ended the waiting, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// A person's full name, or the operator's name.
    pub by: String,
    pub at: Instant,
    pub because: Option<String>,
}
