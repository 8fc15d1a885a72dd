//! Who may do what in which branch, and why.
//!
//! A grant is one (user, branch, action) with its giver and its time; it is ended, never deleted. A verb's first line is
//! [`Authorise::authorise`], which reads person, grant and expiry inside the verb's own transaction and hands out [`May`],
//! the proof that it did. Pages ask [`Rights`] what to show; what they show is never what protects.

mod action;
mod authorise;
mod grant;
mod needs;
mod plan;
mod rights;
mod roles;
mod store;

pub use self::action::{Action, ActionGroup};
pub use self::authorise::{Administers, Authorise, May, NotAllowed};
pub use self::grant::{GrantRefusal, NewGrant, grant};
pub use self::needs::{Actions, MAKE_TYPES, Useless, VIEWS, taken_with, useless, with_needs};
pub use self::plan::{BranchPlan, Given, Held, Mode, lasts_as_long, plan};
pub use self::rights::Rights;
pub use self::roles::{ROLES_MAX, Role, RoleName, StandardRole, roles};
pub use self::store::{branches_with_all, holds_sensitive, people_with_all};
