//! Claiming: many rows in one transaction, each with an attempt of its own, durable before any call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::account::Account;
use super::breakers::Whom;
use super::core::{Gate, Standing, Then, begin_asking, begin_paying};
use super::lease::Lease;
use super::pause;
use super::store::{self, Attempt, Claimed, Deltas, Key, Move};
use super::{TransferState, sealed};
use crate::clock::Instant;
use crate::db::{self, WriteTx};
use crate::funding::AccountState;
use crate::ids::{AttemptId, BatchId, FspId, FundingAccountId, InstitutionId, TransferId};
use crate::institutions;

/// How long a claimed row stays with its claim. A worker that lives finishes or gives up long before; its calls time out within a minute.
pub const ROW_LEASE: Duration = Duration::from_secs(300);

/// Who claims.
#[derive(Debug, Clone)]
pub(super) struct Claimer {
    pub house: InstitutionId,
    pub worker: String,
    pub account: FundingAccountId,
    pub lease: Lease,
}

/// A row in the hands of a worker, and what it begins with.
#[derive(Debug, Clone)]
pub(super) struct InHand {
    pub claimed: Claimed,
    pub attempt: AttemptId,
    pub standing: Standing,
    pub then: Then,
}

impl InHand {
    /// The batch it was claimed to be paid for; `None` for a question.
    pub fn batch_to_pay(&self) -> Option<&BatchId> {
        (self.standing.state == TransferState::Agreeing).then_some(&self.claimed.row.batch_id)
    }
}

/// How much is to be claimed, and from whom nothing.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Rows of each batch.
    batches: Vec<(BatchId, usize)>,
    /// FSPs whose rows wait.
    shut: Vec<(FspId, Gate)>,
}

impl Wanted {
    /// What an account has room for of these batches, whose rows wait to be paid.
    pub fn new(account: &Account, waiting: Vec<BatchId>, now: Instant) -> Self {
        let mut breakers = account.breakers();
        let shut = breakers.shut_fsps(now);
        let shares = account.shares(&waiting);
        let mut batches: Vec<_> = waiting.into_iter().zip(shares).filter(|(_, share)| *share > 0).collect();
        if !batches.is_empty() {
            match breakers.pass(&Whom::Connection, now) {
                Gate::Go => {}
                Gate::Probe => {
                    batches.truncate(1);
                    batches.iter_mut().for_each(|(_, share)| *share = 1);
                }
                Gate::Wait(_) => batches.clear(),
            }
        }
        Self { batches, shut }
    }

    pub const fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

/// What came of a claim to pay.
#[derive(Debug, Default)]
pub(super) struct Paying {
    pub in_hand: Vec<InHand>,
    /// Rows that wait for their FSP's breaker; they are looked at again when it may be tried.
    pub set_aside: usize,
}

/// Claims rows that wait to be paid, shared fairly among the account's batches.
pub(super) fn claim_to_pay(tx: &mut WriteTx<'_>, by: &Claimer, wanted: &Wanted) -> db::Result<Paying> {
    if !still_ours(tx, by)? || institutions::is_suspended(tx)? {
        return Ok(Paying::default());
    }
    let now = tx.now();
    let still_waiting = store::waiting_batches(tx, &by.account)?;
    let (mut claimed, mut set_aside) = (Vec::new(), 0);
    for (batch, share) in wanted.batches.iter().filter(|(batch, _)| still_waiting.contains(batch)) {
        for (fsp, gate) in &wanted.shut {
            if let Gate::Wait(until) = gate {
                set_aside += store::set_aside(tx, batch, fsp, now, *until)?;
            }
        }
        let rows = store::claimable(tx, batch, now, i64::try_from(*share).unwrap_or(i64::MAX))?;
        claimed.extend(unaltered(tx, batch, free_to_go(rows, &wanted.shut))?);
    }
    let to = |standing: &Standing, lease_until| Standing { state: TransferState::Agreeing, next_at: Some(lease_until), ..standing.clone() };
    let first = |claimed: &Claimed, now| begin_paying(claimed.row.looked_up_at.filter(|_| claimed.row.payee_fsp.is_some()), now);
    Ok(Paying { in_hand: take(tx, by, claimed, "pay", to, first)?, set_aside })
}

/// Without the rows of FSPs that are not to be asked; of one that is to be tried, a single row.
fn free_to_go(mut rows: Vec<Claimed>, shut: &[(FspId, Gate)]) -> Vec<Claimed> {
    let mut probes = BTreeSet::new();
    rows.retain(|claimed| {
        let Some(fsp) = claimed.row.fsp() else { return true };
        match shut.iter().find(|(known, _)| known == fsp) {
            None | Some((_, Gate::Go)) => true,
            Some((_, Gate::Probe)) => probes.insert(fsp.clone()),
            Some((_, Gate::Wait(_))) => false,
        }
    });
    rows
}

/// Claims transfers in doubt whose time has come, at most `limit`, shared fairly among the account's batches.
pub(super) fn claim_to_ask(tx: &mut WriteTx<'_>, by: &Claimer, limit: usize) -> db::Result<Vec<InHand>> {
    if !still_ours(tx, by)? {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let mut rows = Vec::new();
    let mut batches = store::batches_to_ask(tx, &by.account, now, i64::try_from(limit).unwrap_or(i64::MAX))?;
    while let Some(batch) = batches.pop() {
        // Every batch gets its share; what it does not need goes to the next.
        let share = limit.saturating_sub(rows.len()) / (batches.len() + 1);
        rows.extend(store::doubtful(tx, &batch, now, i64::try_from(share).unwrap_or(i64::MAX))?);
    }
    if institutions::is_suspended(tx)? {
        // Asked about, but not agreed again.
        rows.iter_mut().for_each(|row| row.account = AccountState::Stopped);
    }
    // In doubt before and after: the claim is its attempt, and the next question if this one never ends.
    let to = |standing: &Standing, lease_until| Standing { next_at: Some(lease_until), ..standing.clone() };
    take(tx, by, rows, "reconcile", to, |claimed, _| begin_asking(claimed.standing.clone()).then)
}

fn still_ours(tx: &mut WriteTx<'_>, by: &Claimer) -> db::Result<bool> {
    let ours = store::still_held(tx, &by.worker, &[(by.lease.name.clone(), by.lease.epoch)])?;
    Ok(!ours.is_empty())
}

/// Rows whose sealed fields do not give the digest that was sealed stop their batch.
fn unaltered(tx: &mut WriteTx<'_>, batch: &BatchId, rows: Vec<Claimed>) -> db::Result<Vec<Claimed>> {
    if rows.iter().all(|claimed| sealed::digest_of(&claimed.row) == claimed.row.row_digest) {
        return Ok(rows);
    }
    pause::stop_altered(tx, batch, "a row was changed after the approval")?;
    Ok(Vec::new())
}

fn take(
    tx: &mut WriteTx<'_>,
    by: &Claimer,
    rows: Vec<Claimed>,
    purpose: &'static str,
    to: impl Fn(&Standing, Instant) -> Standing,
    first: impl Fn(&Claimed, Instant) -> Then,
) -> db::Result<Vec<InHand>> {
    let now = tx.now();
    let lease_until = now.after(ROW_LEASE);
    let mut in_hand: BTreeMap<_, _> = BTreeMap::new();
    let (mut moves, mut attempts) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for claimed in rows {
        let attempt = AttemptId::new(now);
        let standing = to(&claimed.standing, lease_until);
        moves.push(Move::new(&claimed.row.id, &Key::of(&claimed.standing, claimed.attempt.as_ref()), &standing, Some(&attempt)));
        attempts.push(Attempt {
            id: attempt.clone(),
            row_key: claimed.row.id.clone(),
            purpose,
            n: standing.n,
            transfer: TransferId::derive(&by.house, &claimed.row.home_transaction_id, standing.n),
            worker: by.worker.clone(),
            at: now.micros(),
        });
        let then = first(&claimed, now);
        in_hand.insert(claimed.row.id.clone(), InHand { claimed, attempt, standing, then });
    }
    let moved = store::move_rows(tx, &moves)?;
    let moved: std::collections::HashSet<_> = moved.into_iter().collect();
    in_hand.retain(|row, _| moved.contains(row));
    attempts.retain(|attempt| moved.contains(&attempt.row_key));
    store::begin_attempts(tx, &attempts)?;
    let mut deltas = Deltas::default();
    for one in in_hand.values() {
        deltas.moved(&one.claimed.row.batch_id, one.claimed.row.amount, one.claimed.standing.state, one.standing.state);
    }
    store::add_deltas(tx, &deltas)?;
    Ok(in_hand.into_values().collect())
}
