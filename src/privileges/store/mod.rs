//! The tables of privileges: what is in force, what one person holds, what writes, roles.

mod branches;
mod in_force;
mod person;
mod reports;
mod roles;
mod why;
mod writes;

pub(super) use self::branches::{active_branches, count_active_branches, holders_but};
pub use self::in_force::{branches_with_all, holders, holds_sensitive, people_with_all};
pub(super) use self::in_force::{held, holds};
pub use self::person::{OpenGrant, WaitingGrants};
pub(super) use self::person::{address, branches_of, checkers, confirmers, open_grants, waiting};
pub(super) use self::reports::{Last, both_hands, grants_after, relaxed, who_can_do_what};
pub(super) use self::roles::{delete_role, insert_role, own_roles};
pub use self::why::facts;
pub(super) use self::writes::{NewRow, end as end_grants, insert as insert_grants, shorten as shorten_grants};
