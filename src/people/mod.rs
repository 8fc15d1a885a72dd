//! The institution's people: who they are, their passwords, and how they sign in.
//!
//! A sign-in is counted before its password is looked at and forgiven when it was right, so that guesses sent side by side
//! are all counted. An unknown name costs the same time and gives the same answer as a wrong password.

mod account_manager;
mod add;
mod administer;
mod browser;
mod change_password;
mod deactivate;
mod deactivation;
mod details;
mod edit;
mod forgot;
mod hand_over;
mod hashing;
mod home;
pub mod import;
mod invite;
mod known_browser;
mod links;
mod lockout;
pub mod pages;
mod password;
mod person;
mod reactivate;
mod recover;
mod search;
pub mod second_factor;
mod sessions;
mod set_password;
mod sign_in;
mod stage;
mod store;
mod tell;
mod use_link;

pub use self::account_manager::change_account_manager_confirmed;
pub use self::add::{ACCOUNT_MANAGERS_MAX, AddUserRefusal, NewUser, add_user};
pub use self::administer::{account_managers, end_resets, guards_money};
use self::administer::{may_administer, will_guard_money};
pub use self::browser::browser_said;
pub use self::change_password::{PasswordChange, change_password};
pub use self::deactivate::{DeactivateRefusal, Deactivated, Deactivation, Fate, REASON_CHARS_MAX, deactivate, deactivate_confirmed};
pub use self::deactivation::{DraftLeft, GrantedBy, LeftBehind, TheirBatch, left_behind};
pub use self::details::{BadDetail, Details, TypedDetails, phones_of, suggest_user_name};
pub use self::edit::{Edit, EditRefusal, Edited, edit_user, set_email};
pub use self::forgot::{ForgotRefusal, forgot};
pub use self::hashing::{Busy, HASHES_AT_ONCE_MAX, Passwords, WAITING_MAX};
pub use self::home::{Administration, Home, HomeBatch, home};
pub use self::invite::{InviteRefusal, give_code, invite, offer_reset};
pub use self::known_browser::{BrowserKey, mark_name};
pub use self::links::{INVITATION_GOOD, Invited, LinkKind, RESET_GOOD, Slip, Way};
pub use self::lockout::{LockedBy, Lockout, Origin, UnlockRefusal, locked_until, unlock};
pub use self::password::{BadPassword, PasswordHash};
pub use self::person::Person;
pub use self::reactivate::{ReactivateRefusal, Reactivated, reactivate, reactivate_confirmed};
pub use self::recover::{RecoverRefusal, Recovered, Recovery, recover};
pub use self::search::{FoundUser, HeldRole, Listed, UserCriteria};
use self::sessions::end_access;
pub use self::sessions::{Ending, Lives, Session, end_sessions, sessions_of};
pub use self::set_password::{SetPasswordRefusal, set_first_password};
pub use self::sign_in::{Credentials, SignInRefusal, SignedIn, sign_in, sign_out, signed_in};
pub use self::stage::{Stage, next_stage};
pub use self::store::{
    BranchChoice, LastLink, actor, branch_choices, email as email_of, find, find_by_name, has_password, last_link, person, roles_held,
    search_users,
};
pub use self::use_link::{look_at_link, use_code, use_link};
use crate::audit::By;
use crate::clock::Instant;
use crate::db;
use crate::ids::{BranchId, UserId};

/// A person of the institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// What they sign in with: lower case, unique.
    pub user_name: String,
    pub full_name: String,
    pub branch: BranchId,
    pub is_account_manager: bool,
    pub is_active: bool,
}

/// The signed-in person on whose behalf a verb runs.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: UserId,
    pub user_name: String,
    pub full_name: String,
    pub branch: BranchId,
    pub branch_name: String,
    pub is_account_manager: bool,
}

impl Actor {
    /// As the audit log names them.
    pub fn by(&self) -> By {
        By::user(self.id.clone(), self.full_name.clone())
    }
}

/// How user names are stored and compared.
pub fn fold_user_name(typed: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    typed.trim().nfkc().collect::<String>().to_lowercase()
}

/// How names of people are stored for searching.
pub fn fold_name(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.split_whitespace().collect::<Vec<_>>().join(" ").nfkc().collect::<String>().to_lowercase()
}

/// Clears away what is of no use any more: counted tries, links and codes that are long over. The worker calls this once an hour.
///
/// # Errors
/// The database's.
pub fn forget_old(tx: &mut db::WriteTx<'_>) -> db::Result<()> {
    let now: Instant = tx.now();
    store::forget_old_failures(tx, now.before(lockout::FORGET_AFTER))?;
    store::forget_old_links(tx, now.before(links::KEPT))
}

/// Full names of the active account managers: whom a page says to ask.
///
/// # Errors
/// The database's.
pub fn names_of_account_managers(conn: &mut db::Conn) -> db::Result<Vec<String>> {
    store::account_managers(conn)
}
