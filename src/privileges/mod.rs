//! Who may do what in which branch, and why.
//!
//! A grant is one (user, branch, action) with its giver and its time; it is ended, never deleted. A verb's first line is
//! [`Authorise::authorise`], which reads person, grant and expiry inside the verb's own transaction and hands out [`May`],
//! the proof that it did. Pages ask [`Rights`] what to show; what they show is never what protects.

mod action;
mod authorise;
mod grant;
mod rights;
mod roles;
mod store;

pub use self::action::{Action, ActionGroup};
pub use self::authorise::{Administers, Authorise, May, NotAllowed};
pub use self::grant::{GrantRefusal, NewGrant, grant};
pub use self::rights::Rights;
pub use self::roles::{ROLES_MAX, Role, RoleName, StandardRole, roles};
pub use self::store::{branches_with_all, holds_sensitive, people_with_all};
