//! `admin recover`: whoever runs Outlay makes an account manager when none can act. Everybody who guards money is told.

use serde_json::json;

use super::account_manager::payment_actions;
use super::add::names;
use super::deactivate::{Settled, end_account};
use super::edit::listed;
use super::second_factor::{self, OneTimeCode, OperatorRefusal};
use super::{ACCOUNT_MANAGERS_MAX, Details, Invited, NewUser, PasswordHash, Slip, User, Way, add_user, invite, store, tell};
use crate::audit::{self, ActorKind, By, Event, Subject, What};
use crate::confirmations;
use crate::db::{self, Failure, WriteTx};
use crate::ids::BranchId;
use crate::privileges::Action;

/// Who it shall be.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Their user name, which a person may have already, and the rest for one who is new.
    pub details: Details,
    /// `None`: they must be there already.
    pub branch: Option<BranchId>,
    /// Folded user name of the account manager who is deactivated for it.
    pub instead_of: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum RecoverRefusal {
    #[error("only whoever runs Outlay may do this")]
    NotTheOperator,
    #[error("there is no person with that user name; give --full-name and --branch to add them")]
    NoSuchUser,
    #[error("{} are active account managers; --instead-of USER_NAME deactivates one of them", names(.0))]
    TooManyAccountManagers(Vec<User>),
    #[error("«{0}» is no active account manager")]
    NotAnAccountManager(String),
    #[error("a person cannot take their own place")]
    InsteadOfThemselves,
    #[error("an account manager holds no payment action, and this person holds {}; name somebody else, or a new person", listed(.0))]
    HoldsPaymentActions(Vec<(Action, String)>),
    #[error(transparent)]
    CannotAdd(#[from] super::AddUserRefusal),
    #[error(transparent)]
    CannotInvite(#[from] super::InviteRefusal),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for RecoverRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) => Some(error),
            Self::CannotAdd(refusal) => refusal.database(),
            Self::CannotInvite(refusal) => refusal.database(),
            _ => None,
        }
    }
}

/// What the operator tells the person, seen once.
pub struct Recovered {
    pub user: User,
    /// With it they set their password.
    pub slip: Slip,
    /// With it they set up their next second factor, where they had one.
    pub second_factor: Option<OneTimeCode>,
}

/// Makes the person an active account manager; what they signed in with before is worth nothing, and codes for the next are made.
///
/// # Errors
/// [`RecoverRefusal`]; nothing is done then.
pub fn recover(tx: &mut WriteTx<'_>, by: &By, order: &Recovery) -> Result<Recovered, RecoverRefusal> {
    if by.kind != ActorKind::Operator {
        return Err(RecoverRefusal::NotTheOperator);
    }
    if let Some(leaver) = &order.instead_of {
        make_room(tx, by, leaver, &order.details.user_name)?;
    }
    let known = store::find_by_name(tx, &order.details.user_name)?;
    let mut others = store::managers(tx)?;
    others.retain(|other| known.as_ref().is_none_or(|known| known.id != other.id));
    if others.len() >= ACCOUNT_MANAGERS_MAX {
        return Err(RecoverRefusal::TooManyAccountManagers(others));
    }
    let (user, second_factor) = match (known, &order.branch) {
        (Some(known), _) => restore(tx, by, known)?,
        (None, Some(branch)) => {
            let new = NewUser {
                details: order.details.clone(),
                branch: branch.clone(),
                is_account_manager: true,
                password: PasswordHash::not_set(),
                must_set_password: true,
            };
            (add_user(tx, by, &new)?, None)
        }
        (None, None) => return Err(RecoverRefusal::NoSuchUser),
    };
    let mut event = Event::new(by.clone(), What::AccountManagerRecovered, Subject::new("user", &user.id))
        .changing(json!({ "user_name": user.user_name, "instead_of": order.instead_of }));
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event)?;
    tell::recovered(tx, by, &user)?;
    match invite(tx, by, &user, Way::Slip)? {
        Invited::Printed(slip) => Ok(Recovered { user, slip, second_factor }),
        // The operator's codes wait for nobody.
        Invited::Mailed { .. } | Invited::Asked(_) => Err(db::Error::Conflict.into()),
    }
}

fn make_room(tx: &mut WriteTx<'_>, by: &By, leaver: &str, for_whom: &str) -> Result<(), RecoverRefusal> {
    if leaver == for_whom {
        return Err(RecoverRefusal::InsteadOfThemselves);
    }
    let leaves = store::managers(tx)?.into_iter().find(|manager| manager.user_name == leaver);
    let leaves = leaves.ok_or_else(|| RecoverRefusal::NotAnAccountManager(leaver.to_owned()))?;
    Ok(end_account(tx, by, None, &leaves, Some("outlay admin recover --instead-of"), Settled::default())?)
}

/// One who is there already: whatever they signed in with before is worth nothing now.
fn restore(tx: &mut WriteTx<'_>, by: &By, known: User) -> Result<(User, Option<OneTimeCode>), RecoverRefusal> {
    let held = payment_actions(tx, &known.id)?;
    if !held.is_empty() {
        return Err(RecoverRefusal::HoldsPaymentActions(held));
    }
    super::end_access(tx, &known.id)?;
    let withdrawn = store::withdraw_confirmations(tx, &known.id, by)?;
    confirmations::record_withdrawn(tx, by, &withdrawn)?;
    store::make_account_manager(tx, &known.id)?;
    if !known.is_active || !known.is_account_manager {
        store::begin_period(tx, &known.id, true, true)?;
    }
    let code = match second_factor::reset_by_operator(tx, by, &known.user_name) {
        Ok((code, _)) => Some(code),
        Err(OperatorRefusal::Db(error)) => return Err(error.into()),
        // They never had one, or turned it off: they set one up as newcomers do.
        Err(_) => None,
    };
    Ok((User { is_active: true, is_account_manager: true, ..known }, code))
}
