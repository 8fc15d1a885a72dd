//! Claiming: many rows in one transaction, each with an attempt of its own, durable before any call.

use std::collections::BTreeMap;
use std::time::Duration;

use super::core::{Standing, Then, begin_asking, begin_paying};
use super::lease::Lease;
use super::pause;
use super::store::{self, Attempt, Claimed, Deltas, Key, Move};
use super::{TransferState, sealed};
use crate::db::{self, WriteTx};
use crate::funding::AccountState;
use crate::ids::{AttemptId, BatchId, FundingAccountId, InstitutionId, TransferId};
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

/// Claims rows that wait to be paid, at most `limit`, shared fairly among the account's batches.
pub(super) fn claim_to_pay(tx: &mut WriteTx<'_>, by: &Claimer, limit: usize) -> db::Result<Vec<InHand>> {
    if !still_ours(tx, by)? || institutions::is_suspended(tx)? {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let batches = store::waiting_batches(tx, &by.account)?;
    let mut left = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut claimed = Vec::new();
    let mut shares = i64::try_from(batches.len()).unwrap_or(1).max(1);
    for batch in batches {
        // Every batch gets its share; what it does not need goes to the next.
        let share = (left / shares).max(1).min(left);
        shares = (shares - 1).max(1);
        if share == 0 {
            break;
        }
        let rows = store::claimable(tx, &batch, now, share)?;
        left -= i64::try_from(rows.len()).unwrap_or(left);
        claimed.extend(unaltered(tx, &batch, rows)?);
    }
    let to = |standing: &Standing, lease_until| Standing { state: TransferState::Agreeing, next_at: Some(lease_until), ..standing.clone() };
    let first = |claimed: &Claimed, now| begin_paying(claimed.row.looked_up_at.filter(|_| claimed.row.payee_fsp.is_some()), now);
    take(tx, by, claimed, "pay", to, first)
}

/// Claims transfers in doubt whose time has come, at most `limit`.
pub(super) fn claim_to_ask(tx: &mut WriteTx<'_>, by: &Claimer, limit: usize) -> db::Result<Vec<InHand>> {
    if !still_ours(tx, by)? {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let mut rows = store::doubtful(tx, &by.account, now, i64::try_from(limit).unwrap_or(i64::MAX))?;
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
    to: impl Fn(&Standing, crate::clock::Instant) -> Standing,
    first: impl Fn(&Claimed, crate::clock::Instant) -> Then,
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
