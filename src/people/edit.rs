//! Edits a person. Their user name stays: history, sign-ins and printed slips know them by it.

use serde_json::{Map, Value, json};

use super::account_manager::{ask_to_end, ask_to_make, may_change};
use super::add::names;
use super::{Details, Person, User, may_administer, store, tell, will_guard_money};
use crate::audit::{self, By, Event, Subject, What};
use crate::branches;
use crate::confirmations::{self, Change};
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BranchId, UserId};
use crate::privileges::{Action, NotAllowed};

/// What a person shall be like.
#[derive(Debug, Clone)]
pub struct Edit {
    pub user: UserId,
    /// Its user name is not looked at.
    pub details: Details,
    pub branch: BranchId,
    pub is_account_manager: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Edited {
    pub user: User,
    /// The new address waits for the other account manager. What does not wait is so now.
    pub email_waits: bool,
    /// Being an account manager, or not any more, waits.
    pub account_manager_waits: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EditRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("there is no such person")]
    NoSuchUser,
    #[error("{} has this phone already", .0.full_name)]
    PhoneTaken(Box<User>),
    #[error("there is no such branch, or it is not active")]
    NoSuchBranch,
    #[error("nobody changes their own privileges")]
    OwnPrivileges,
    #[error("only 2 account managers are allowed; they are {}", names(.0))]
    TooManyAccountManagers(Vec<User>),
    #[error("the last active account manager stays one")]
    LastAccountManager,
    /// An account manager holds no payment action. Each with the code of its branch.
    #[error("end these first, as an account manager holds no payment action: {}", listed(.0))]
    HoldsPaymentActions(Vec<(Action, String)>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for EditRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// `Make Payment in YGN-01, Approve Payment in MDY-01`.
pub(super) fn listed(held: &[(Action, String)]) -> String {
    held.iter().map(|(action, branch)| format!("{} in {branch}", action.label())).collect::<Vec<_>>().join(", ")
}

/// Saves all but two things, which wait for somebody else's word where confirmations are on: the address of one who guards money, and
/// being an account manager or not any more.
///
/// # Errors
/// [`EditRefusal`]; nothing is saved then.
pub fn edit_user(tx: &mut WriteTx<'_>, by: &By, edit: &Edit) -> Result<Edited, EditRefusal> {
    may_administer(tx, by)?;
    let old = store::person(tx, &edit.user)?.ok_or(EditRefusal::NoSuchUser)?;
    if let Some(phone) = &edit.details.phone
        && let Some(taken) = store::with_phone(tx, phone, Some(&edit.user))?
    {
        return Err(EditRefusal::PhoneTaken(Box::new(taken)));
    }
    if old.user.branch != edit.branch && !branches::find(tx, &edit.branch)?.is_some_and(|branch| branch.is_active) {
        return Err(EditRefusal::NoSuchBranch);
    }
    let changes_administration = old.user.is_account_manager != edit.is_account_manager;
    if changes_administration {
        may_change(tx, by, &old.user, edit.is_account_manager)?;
    }
    let account_manager_waits = changes_administration && confirmations::is_needed(tx, by)?;
    let user = User {
        full_name: edit.details.full_name.clone(),
        branch: edit.branch.clone(),
        is_account_manager: if account_manager_waits { old.user.is_account_manager } else { edit.is_account_manager },
        ..old.user.clone()
    };
    store::update(tx, &user, &edit.details)?;
    let changes = changes(&old, &user, &edit.details);
    if !changes.is_empty() {
        let mut event = Event::new(by.clone(), What::UserEdited, Subject::new("user", &user.id)).changing(Value::Object(changes));
        event.branch = Some(user.branch.clone());
        audit::record(tx, &event)?;
    }
    if old.user.is_account_manager != user.is_account_manager {
        store::begin_period(tx, &user.id, user.is_active, user.is_account_manager)?;
        if user.is_account_manager {
            tell::account_manager_made(tx, by, &user)?;
        }
    }
    let email_waits = change_address(tx, by, &old, edit.details.email.as_deref())?;
    match (account_manager_waits, edit.is_account_manager) {
        (true, true) => ask_to_make(tx, by, &user.id)?,
        (true, false) => ask_to_end(tx, by, &user.id)?,
        (false, _) => {}
    }
    Ok(Edited { user, email_waits, account_manager_waits })
}

/// Changes the address, or asks the other account manager to confirm it; whether it waits.
fn change_address(tx: &mut WriteTx<'_>, by: &By, old: &Person, to: Option<&str>) -> db::Result<bool> {
    let from = old.details.email.as_deref();
    if from == to {
        return Ok(false);
    }
    let now = tx.now();
    if confirmations::is_needed(tx, by)? && will_guard_money(tx, &old.user, now)? {
        let change = Change::Email { from: from.map(str::to_owned), to: to.map(str::to_owned) };
        confirmations::ask(tx, by, Some(&old.user.id), &change)?;
        return Ok(true);
    }
    set_email(tx, by, &old.user.id, to)?;
    Ok(false)
}

/// The address changes now; the old one, the new one and, where the person guards money, the checkers beside them are told. Links that
/// were sent to the old one end: it may be somebody else's. For an edit, and for the account manager who confirms one.
///
/// # Errors
/// [`db::Error::Conflict`] where there is no such person.
pub fn set_email(tx: &mut WriteTx<'_>, by: &By, user: &UserId, to: Option<&str>) -> db::Result<()> {
    let person = store::person(tx, user)?.ok_or(db::Error::Conflict)?;
    let from = person.details.email.as_deref();
    store::set_address(tx, user, to)?;
    store::end_mailed_links(tx, user)?;
    let mut event =
        Event::new(by.clone(), What::UserEdited, Subject::new("user", user)).changing(json!({ "email": { "from": from, "to": to } }));
    event.branch = Some(person.user.branch.clone());
    audit::record(tx, &event)?;
    tell::address_changed(tx, by, &person.user, from, to)
}

/// Old and new value of each field that changes, but the address, which has an event of its own.
fn changes(old: &Person, user: &User, new: &Details) -> Map<String, Value> {
    let was = &old.details;
    let fields = [
        ("full_name", json!(was.full_name), json!(new.full_name)),
        ("first_name", json!(was.first_name), json!(new.first_name)),
        ("middle_name", json!(was.middle_name), json!(new.middle_name)),
        ("last_name", json!(was.last_name), json!(new.last_name)),
        ("phone", json!(was.phone), json!(new.phone)),
        ("job_title", json!(was.job_title), json!(new.job_title)),
        ("branch", json!(old.user.branch), json!(user.branch)),
        ("account_manager", json!(old.user.is_account_manager), json!(user.is_account_manager)),
    ];
    let changed = fields.into_iter().filter(|(_, from, to)| from != to);
    changed.map(|(name, from, to)| (name.to_owned(), json!({ "from": from, "to": to }))).collect()
}
