//! Deactivate: from this transaction on nothing of the person's opens anything. Nobody is deleted: history keeps their name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::deactivation::{DRAFTS_MAX, LISTED_MAX};
use super::hand_over::{CannotHandOver, delete_left, hand_over};
use super::{User, may_administer, second_factor, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::confirmations::{self, AccountManagerChange, Change};
use crate::db::{self, Failure, WriteTx};
use crate::dispatch;
use crate::ids::{BatchId, UserId};
use crate::privileges::NotAllowed;
use crate::say;

/// Characters of a reason, at most.
pub const REASON_CHARS_MAX: usize = 500;

/// What becomes of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    HandOver(UserId),
    Delete,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deactivation {
    pub user: UserId,
    pub reason: Option<String>,
    /// One for each draft with no other active maker.
    pub drafts: BTreeMap<BatchId, Fate>,
    /// Batches on their way that are paused with it, of those they made or approved.
    #[serde(default)]
    pub pauses: Vec<BatchId>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Deactivated {
    Now(User),
    /// They are an account manager, and stay active until somebody else has confirmed it.
    Waits(User),
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
/// Grants stay as history and count for nothing while they are inactive. Where confirmations are on, an account manager stays until
/// somebody else has confirmed it: one of two cannot be rid of the other alone.
///
/// # Errors
/// [`DeactivateRefusal`]; nothing is done then.
pub fn deactivate(tx: &mut WriteTx<'_>, by: &By, order: &Deactivation) -> Result<Deactivated, DeactivateRefusal> {
    may_administer(tx, by)?;
    let user = may_be_deactivated(tx, by, order)?;
    if user.is_account_manager && confirmations::is_needed(tx, by)? {
        decided(tx, &user, &order.drafts)?;
        let change = Change::AccountManager(AccountManagerChange::Deactivate(order.clone()));
        confirmations::ask(tx, by, Some(&user.id), &change)?;
        return Ok(Deactivated::Waits(user));
    }
    let settled = settle_drafts(tx, by, &user, &order.drafts)?;
    let settled = Settled { paused: pause_chosen(tx, by, &user, &order.pauses)?, ..settled };
    end_account(tx, by, None, &user, reason_of(order), settled)?;
    Ok(Deactivated::Now(user))
}

/// What [`deactivate`] waited for: called when `confirmer` has confirmed what `by` asked for.
///
/// # Errors
/// [`DeactivateRefusal`], where it is not possible any more.
pub fn deactivate_confirmed(tx: &mut WriteTx<'_>, by: &By, confirmer: &By, order: &Deactivation) -> Result<(), DeactivateRefusal> {
    let user = may_be_deactivated(tx, by, order)?;
    let settled = settle_drafts(tx, by, &user, &order.drafts)?;
    let settled = Settled { paused: pause_chosen(tx, by, &user, &order.pauses)?, ..settled };
    Ok(end_account(tx, by, Some(confirmer), &user, reason_of(order), settled)?)
}

fn reason_of(order: &Deactivation) -> Option<&str> {
    order.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty())
}

fn may_be_deactivated(tx: &mut WriteTx<'_>, by: &By, order: &Deactivation) -> Result<User, DeactivateRefusal> {
    let user = super::find(tx, &order.user)?.ok_or(DeactivateRefusal::NoSuchUser)?;
    if !user.is_active {
        return Err(DeactivateRefusal::AlreadyInactive);
    }
    if by.id.as_ref() == Some(&user.id) {
        return Err(DeactivateRefusal::Yourself);
    }
    if user.is_account_manager && store::managers(tx)?.len() < 2 {
        return Err(DeactivateRefusal::LastAccountManager);
    }
    if reason_of(order).is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        return Err(DeactivateRefusal::ReasonTooLong);
    }
    Ok(user)
}

/// Whether the order says of each draft what becomes of it.
fn decided(tx: &mut WriteTx<'_>, user: &User, fates: &BTreeMap<BatchId, Fate>) -> Result<(), DeactivateRefusal> {
    let left = store::drafts_of_leaver(tx, &user.id, DRAFTS_MAX)?;
    match left.into_iter().find(|draft| !fates.contains_key(&draft.id)) {
        Some(draft) => Err(DeactivateRefusal::DraftUndecided(draft.id, draft.name)),
        None => Ok(()),
    }
}

/// How many drafts were handed over and deleted, and how many batches were paused.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settled {
    handed_over: usize,
    deleted: usize,
    paused: usize,
}

/// Pauses those of their batches that were chosen; one that has ended meanwhile is left as it is.
fn pause_chosen(tx: &mut WriteTx<'_>, by: &By, user: &User, chosen: &[BatchId]) -> db::Result<usize> {
    let reason = say!("{name} was deactivated", name = &user.full_name).english();
    let mut paused = 0;
    for batch in store::on_the_way(tx, &user.id, LISTED_MAX)?.into_iter().filter(|batch| chosen.contains(&batch.id)) {
        paused += usize::from(dispatch::pause_left(tx, by, &batch.id, &reason)?);
    }
    Ok(paused)
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
pub(super) fn end_account(
    tx: &mut WriteTx<'_>,
    by: &By,
    confirmer: Option<&By>,
    user: &User,
    reason: Option<&str>,
    settled: Settled,
) -> db::Result<()> {
    store::set_active(tx, &user.id, false)?;
    store::begin_period(tx, &user.id, false, user.is_account_manager)?;
    let sessions = store::end_sessions(tx, &user.id, None)?;
    store::end_links(tx, Some(&user.id))?;
    let had_second_factor = second_factor::is_active(tx, &user.id)?;
    second_factor::end(tx, by, &user.id)?;
    let confirmations = store::withdraw_confirmations(tx, &user.id, by)?;
    confirmations::record_withdrawn(tx, by, &confirmations)?;
    let mut event = Event::new(by.clone(), What::UserDeactivated, Subject::new("user", &user.id)).changing(json!({
        "sessions": sessions, "second_factor": had_second_factor, "confirmations": confirmations, "drafts_handed_over": settled.handed_over,
        "drafts_deleted": settled.deleted, "batches_paused": settled.paused, "confirmed_by": confirmer.map(|confirmer| confirmer.name.as_str()),
    }));
    event.reason = reason.map(str::to_owned);
    event.branch = Some(user.branch.clone());
    audit::record(tx, &event)
}
