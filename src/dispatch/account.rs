//! A funding account in the hands of this process: its SDK, its payer, its slots, its lease, and what it hears of the other end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::breakers::Breakers;
use super::core::{Lane, Oddity, Rules, Sight, Step, Watch, shares};
use super::lease::Lease;
use super::slots::{Slot, Slots};
use crate::funding::FundingAccount;
use crate::ids::{BatchId, FspId, FundingAccountId};
use crate::sdk::{Client, PartyId};

/// Rows in hand for each call that may be in flight: enough that the recorder's groups are large, though one batch alone gets half.
const ROWS_PER_SLOT: usize = 32;
/// Questions in hand for each call that may be in flight, beside the rows to pay.
const QUESTIONS_PER_SLOT: usize = 4;

/// An SDK as this process uses it: one client, and the calls of all its accounts.
#[derive(Clone)]
pub(super) struct Line {
    pub client: Arc<Client>,
    pub slots: Arc<Slots>,
}

pub(super) struct Account {
    pub id: FundingAccountId,
    pub client: Arc<Client>,
    pub dfsp: FspId,
    pub payer: PartyId,
    pub rules: Rules,
    slots: Arc<Slots>,
    rows_max: usize,
    questions_max: usize,
    hand: Mutex<Hand>,
    /// The batches that were being paid at the last look.
    being_paid: Mutex<BTreeSet<BatchId>>,
    lease: Mutex<Lease>,
    watch: Mutex<Watch>,
    breakers: Mutex<Breakers>,
}

/// Rows that tasks of this process work on.
#[derive(Debug, Default)]
struct Hand {
    paying: BTreeMap<BatchId, usize>,
    asking: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Account {
    pub fn new(account: &FundingAccount, line: &Line, concurrency: usize, lease: Lease, breakers: Breakers) -> Self {
        let settings = line.client.settings();
        Self {
            id: account.id.clone(),
            dfsp: settings.dfsp_id.clone(),
            payer: PartyId { id_type: account.payer_id_type.clone(), id_value: account.payer_id_value.clone(), sub_id: None },
            rules: Rules { settle_margin: settings.settle_margin, expiry: settings.expiry },
            client: Arc::clone(&line.client),
            slots: Arc::clone(&line.slots),
            rows_max: concurrency.saturating_mul(ROWS_PER_SLOT),
            questions_max: concurrency.saturating_mul(QUESTIONS_PER_SLOT),
            hand: Mutex::default(),
            being_paid: Mutex::default(),
            lease: Mutex::new(lease),
            watch: Mutex::default(),
            breakers: Mutex::new(breakers),
        }
    }

    /// Waits for the right to make one call; it ends with the slot. `fsp`: who has to answer, where it is one payee's FSP.
    pub async fn slot(&self, step: Step, batch: &BatchId, fsp: Option<&FspId>) -> Slot {
        self.slots.slot(Lane { account: self.id.clone(), batch: batch.clone(), fsp: fsp.cloned(), step }).await
    }

    /// The lease that a write compares: name and epoch.
    pub fn lease(&self) -> (String, i64) {
        let lease = lock(&self.lease);
        (lease.name.clone(), lease.epoch)
    }

    pub fn held(&self) -> Lease {
        lock(&self.lease).clone()
    }

    pub fn renew(&self, lease: Lease) {
        *lock(&self.lease) = lease;
    }

    /// How many more rows of each of these batches may be claimed now.
    pub fn shares(&self, batches: &[BatchId]) -> Vec<usize> {
        let hand = lock(&self.hand);
        let in_hand: Vec<_> = batches.iter().map(|batch| hand.paying.get(batch).copied().unwrap_or(0)).collect();
        shares(self.rows_max, &in_hand)
    }

    /// How many more rows may be asked about now; none until a good part of the room is free, so that claims are large.
    pub fn room_to_ask(&self) -> usize {
        let free = self.questions_max.saturating_sub(lock(&self.hand).asking);
        if free.saturating_mul(4) >= self.questions_max { free } else { 0 }
    }

    /// One more row in hand, until the guard is dropped. `batch`: of a row to pay.
    pub fn row(self: &Arc<Self>, batch: Option<&BatchId>) -> RowInHand {
        let mut hand = lock(&self.hand);
        match batch {
            Some(batch) => *hand.paying.entry(batch.clone()).or_default() += 1,
            None => hand.asking += 1,
        }
        RowInHand { account: Arc::clone(self), batch: batch.cloned() }
    }

    /// Which batches are being paid now: rows of the others make no more calls before something is recorded.
    pub fn now_paying(&self, batches: BTreeSet<BatchId>) {
        *lock(&self.being_paid) = batches;
    }

    pub fn is_paying(&self, batch: &BatchId) -> bool {
        lock(&self.being_paid).contains(batch)
    }

    pub fn breakers(&self) -> MutexGuard<'_, Breakers> {
        lock(&self.breakers)
    }

    /// Takes in what an answer shows beside what it says; an oddity is one too many.
    pub fn see(&self, sight: &Sight) -> Option<Oddity> {
        lock(&self.watch).see(sight, &self.rules)
    }
}

pub(super) struct RowInHand {
    account: Arc<Account>,
    batch: Option<BatchId>,
}

impl Drop for RowInHand {
    fn drop(&mut self) {
        let mut hand = lock(&self.account.hand);
        let Some(batch) = &self.batch else {
            hand.asking = hand.asking.saturating_sub(1);
            return;
        };
        if let Some(count) = hand.paying.get_mut(batch) {
            *count = count.saturating_sub(1);
        }
        if hand.paying.get(batch) == Some(&0) {
            hand.paying.remove(batch);
        }
    }
}
