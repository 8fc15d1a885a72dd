//! Who may do what in which branch, and why.
//!
//! A grant is one (user, branch, action) with its giver and its time; it is ended, never deleted. A verb's first line is
//! [`Authorise::authorise`], which reads person, grant and expiry inside the verb's own transaction and hands out [`May`],
//! the proof that it did. Pages ask [`Rights`] what to show; what they show is never what protects.
//!
//! Grants are changed as sets: [`plan()`] says what a wish changes in a branch, [`draft()`] what it changes everywhere, and
//! [`change()`] does it. What would let one account manager alone move money waits until another confirms it
//! ([`give_confirmed()`]). The operator gives by [`grant()`] and [`end_grant()`].

mod action;
mod authorise;
mod change;
mod delete_role;
mod download;
mod draft;
mod end_grant;
mod give_confirmed;
mod give_newcomers;
mod grant;
mod lost;
mod needs;
pub mod pages;
mod plan;
mod record;
mod report;
mod rights;
mod roles;
mod save_role;
mod store;
mod tell;
mod wanted;
mod why;
pub mod words;

pub use self::action::{Action, ActionGroup};
pub use self::authorise::{Administers, Authorise, May, NotAllowed};
pub use self::change::{Changed, change};
pub use self::delete_role::delete_role;
pub use self::download::{CannotWrite, grants_csv, record_download};
pub use self::draft::{Draft, draft};
pub use self::end_grant::end_grant;
pub use self::give_confirmed::give_confirmed;
pub use self::give_newcomers::{ToNewcomer, give_newcomers};
pub use self::grant::{GrantRefusal, NewGrant, grant};
pub use self::lost::{Loss, lost_since};
pub use self::needs::{Actions, MAKE_TYPES, Useless, VIEWS, taken_with, useless, with_needs};
pub use self::plan::{BranchPlan, Given, Held, Mode, lasts_as_long, plan, useless_ever};
pub use self::report::{BothHands, GrantInForce, Relaxed, ReportCriteria, report_scope};
pub use self::rights::Rights;
pub use self::roles::{ROLES_MAX, Role, RoleName, StandardRole, roles};
pub use self::save_role::{ROLE_NAME_CHARS_MAX, RoleRefusal, save_role};
pub use self::store::{OpenGrant, WaitingGrants, branches_with_all, facts, holders, holds_sensitive, people_with_all};
pub use self::wanted::{BRANCHES_MAX, ChangeRefusal, Wanted, Way};
pub use self::why::{Against, Answer, Facts, PastAsked, PastGrant, Period, why};
