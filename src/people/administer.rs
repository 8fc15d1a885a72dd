//! Who looks after people: account managers from the pages, the operator from the command line.

use super::{User, store};
use crate::audit::{ActorKind, By};
use crate::clock::Instant;
use crate::confirmations;
use crate::db::{Conn, Result, WriteTx};
use crate::ids::UserId;
use crate::privileges::{self, Authorise, NotAllowed};

/// The first line of every verb on people. The operator answers to the machine, not to a grant.
pub(super) fn may_administer(tx: &mut WriteTx<'_>, by: &By) -> std::result::Result<(), NotAllowed> {
    match (by.kind, &by.id) {
        (ActorKind::User, Some(user)) => tx.administer(user).map(|_| ()),
        (ActorKind::User, None) => Err(NotAllowed::NotAccountManager),
        (ActorKind::Operator | ActorKind::System, _) => Ok(()),
    }
}

/// Whether somebody who took over this account could let money out: they hold a sensitive action, or administer.
///
/// # Errors
/// The database's.
pub fn guards_money(conn: &mut Conn, user: &User, now: Instant) -> Result<bool> {
    Ok(user.is_account_manager || privileges::holds_sensitive(conn, &user.id, now)?)
}

/// The same, or they would as soon as somebody confirms what is asked for: until then nobody may get hold of the account by one person's
/// word either.
///
/// # Errors
/// The database's.
pub(super) fn will_guard_money(conn: &mut Conn, user: &User, now: Instant) -> Result<bool> {
    Ok(guards_money(conn, user, now)? || confirmations::gives_power_to(conn, &user.id)?)
}

/// They are about to let money out for the first time: resets that one person could make for them before are worth nothing now.
///
/// # Errors
/// The database's.
pub fn end_resets(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    store::end_resets(tx, user)
}

/// The active account managers, by name; at most [`super::ACCOUNT_MANAGERS_MAX`].
///
/// # Errors
/// The database's.
pub fn account_managers(conn: &mut Conn) -> Result<Vec<User>> {
    store::managers(conn)
}
