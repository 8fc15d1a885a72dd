//! Deactivate: from this transaction on nothing of the person's opens anything. Nobody is deleted: history keeps their name.

use std::collections::BTreeMap;

use serde_json::json;

use super::deactivation::DRAFTS_MAX;
use super::hand_over::{CannotHandOver, delete_left, hand_over};
use super::{User, may_administer, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Failure, WriteTx};
use crate::ids::{BatchId, UserId};
use crate::privileges::NotAllowed;

/// Characters of a reason, at most.
pub const REASON_CHARS_MAX: usize = 500;

/// What becomes of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    HandOver(UserId),
    Delete,
}

#[derive(Debug, Clone)]
pub struct Deactivation {
    pub user: UserId,
    pub reason: Option<String>,
    /// One for each draft with no other active maker.
    pub drafts: BTreeMap<BatchId, Fate>,
}

#[derive(Debug, thiserror::Error)]
pub enum DeactivateRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("there is no such person")]
    NoSuchUser,
    #[error("they are not active")]
    AlreadyInactive,
    #[error("nobody deactivates themselves")]
    Yourself,
    #[error("the last active account manager cannot be deactivated; «outlay admin recover» makes another one")]
    LastAccountManager,
    #[error("the reason is longer than {REASON_CHARS_MAX} characters")]
    ReasonTooLong,
    /// With the draft's name.
    #[error("the draft «{1}» needs somebody, or is to be deleted")]
    DraftUndecided(BatchId, String),
    /// With the draft's name: whoever was chosen may not make it.
    #[error("nobody was found who may go on with «{1}»")]
    NoSuchHeir(BatchId, String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for DeactivateRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// Ends their sessions, invitations, reset links, second factor and whatever waits for or from them; hands over or deletes drafts.
/// Grants stay as history and count for nothing while they are inactive.
///
/// # Errors
/// [`DeactivateRefusal`]; nothing is done then.
pub fn deactivate(tx: &mut WriteTx<'_>, by: &By, order: &Deactivation) -> Result<User, DeactivateRefusal> {
    may_administer(tx, by)?;
    let user = super::find(tx, &order.user)?.ok_or(DeactivateRefusal::NoSuchUser)?;
    if !user.is_active {
        return Err(DeactivateRefusal::AlreadyInactive);
    }
    if by.id.as_ref() == Some(&user.id) {
        return Err(DeactivateRefusal::Yourself);
    }
    if user.is_account_manager && store::account_managers(tx)?.len() < 2 {
        return Err(DeactivateRefusal::LastAccountManager);
    }
    let reason = order.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        return Err(DeactivateRefusal::ReasonTooLong);
    }
    let settled = settle_drafts(tx, by, &user, &order.drafts)?;
    end_account(tx, by, &user, reason, settled)?;
    Ok(user)
}

/// How many drafts were handed over and deleted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settled {
    handed_over: usize,
    deleted: usize,
}

fn settle_drafts(tx: &mut WriteTx<'_>, by: &By, user: &User, fates: &BTreeMap<BatchId, Fate>) -> Result<Settled, DeactivateRefusal> {
    let mut settled = Settled::default();
    for draft in store::drafts_of_leaver(tx, &user.id, DRAFTS_MAX)? {
        match fates.get(&draft.id) {
            None => return Err(DeactivateRefusal::DraftUndecided(draft.id, draft.name)),
            Some(Fate::Delete) => {
                delete_left(tx, by, user, &draft)?;
                settled.deleted += 1;
            }
            Some(Fate::HandOver(heir)) => {
                hand_over(tx, by, user, &draft, heir).map_err(|refusal| match refusal {
                    CannotHandOver::NotAMaker => DeactivateRefusal::NoSuchHeir(draft.id.clone(), draft.name.clone()),
                    CannotHandOver::Db(error) => error.into(),
                })?;
                settled.handed_over += 1;
            }
        }
    }
    Ok(settled)
}

/// The end of the account itself: also for `admin recover`, which asks about nothing.
pub(super) fn end_account(tx: &mut WriteTx<'_>, by: &By, user: &User, reason: Option<&str>, settled: Settled) -> db::Result<()> {
    store::set_active(tx, &user.id, false)?;
    store::begin_period(tx, &user.id, false, user.is_account_manager)?;
    let ended = store::end_access(tx, &user.id, by)?;
    let confirmations = store::withdraw_confirmations(tx, &user.id, by)?;
    let mut event = Event::new(by.clone(), What::UserDeactivated, Subject::new("user", &user.id)).changing(json!({
        "sessions": ended.sessions, "links": ended.links, "second_factor": ended.second_factor, "qr_requests": ended.requests,
        "confirmations": confirmations, "drafts_handed_over": settled.handed_over, "drafts_deleted": settled.deleted,
    }));
    event.reason = reason.map(str::to_owned);
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event)
}
