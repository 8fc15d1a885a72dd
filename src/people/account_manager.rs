//! Whether a person is an account manager. Where two have to want a thing, both beginning and ending to be one waits for a second word:
//! whoever could alone replace the other account manager would be both.

use serde_json::json;

use super::edit::EditRefusal;
use super::{ACCOUNT_MANAGERS_MAX, User, store, tell};
use crate::audit::{self, By, Event, Subject, What};
use crate::confirmations::{self, AccountManagerChange, Change};
use crate::db::{self, WriteTx};
use crate::ids::UserId;
use crate::privileges::Action;

/// Whether it may become so now; looked at when it is asked for and again when it is confirmed.
pub(super) fn may_change(tx: &mut WriteTx<'_>, by: &By, user: &User, shall: bool) -> Result<(), EditRefusal> {
    if by.id.as_ref() == Some(&user.id) {
        return Err(EditRefusal::OwnPrivileges);
    }
    let managers = store::managers(tx)?;
    if !shall {
        let is_last = user.is_active && managers.iter().all(|manager| manager.id == user.id);
        return if is_last { Err(EditRefusal::LastAccountManager) } else { Ok(()) };
    }
    if user.is_active && managers.len() >= ACCOUNT_MANAGERS_MAX {
        return Err(EditRefusal::TooManyAccountManagers(managers));
    }
    let held = payment_actions(tx, &user.id)?;
    if held.is_empty() { Ok(()) } else { Err(EditRefusal::HoldsPaymentActions(held)) }
}

/// What the person holds that no account manager may.
pub(super) fn payment_actions(tx: &mut WriteTx<'_>, user: &UserId) -> db::Result<Vec<(Action, String)>> {
    let now = tx.now();
    let mut held = store::open_grants(tx, user, now)?;
    held.retain(|(action, _)| !action.is_for_account_managers());
    Ok(held)
}

/// Asks for it, with the address that invitations and resets of theirs go to: who confirms sees it.
pub(super) fn ask_to_make(tx: &mut WriteTx<'_>, by: &By, user: &UserId) -> db::Result<()> {
    let email = store::email(tx, user)?;
    confirmations::ask(tx, by, Some(user), &Change::AccountManager(AccountManagerChange::Make { email }))?;
    Ok(())
}

/// Asks for the end of it.
pub(super) fn ask_to_end(tx: &mut WriteTx<'_>, by: &By, user: &UserId) -> db::Result<()> {
    confirmations::ask(tx, by, Some(user), &Change::AccountManager(AccountManagerChange::TakeAway))?;
    Ok(())
}

/// What an edit or a new person's form waited for: called when `confirmer` has confirmed what `by` asked for. A new account manager
/// signs in again, and codes printed for them before are worth nothing: those needed one person's word only.
///
/// # Errors
/// [`EditRefusal`], where it is not possible any more.
pub fn change_account_manager_confirmed(
    tx: &mut WriteTx<'_>,
    by: &By,
    confirmer: &By,
    user: &UserId,
    shall: bool,
) -> Result<(), EditRefusal> {
    let old = super::find(tx, user)?.ok_or(EditRefusal::NoSuchUser)?;
    if old.is_account_manager == shall {
        return Ok(());
    }
    may_change(tx, by, &old, shall)?;
    let user = User { is_account_manager: shall, ..old };
    store::set_account_manager(tx, &user.id, shall)?;
    store::begin_period(tx, &user.id, user.is_active, shall)?;
    let mut event = Event::new(by.clone(), What::UserEdited, Subject::new("user", &user.id))
        .changing(json!({ "account_manager": { "from": !shall, "to": shall }, "confirmed_by": confirmer.name }));
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event)?;
    if shall {
        super::end_access(tx, &user.id)?;
        tell::account_manager_made(tx, by, &user)?;
    }
    Ok(())
}
