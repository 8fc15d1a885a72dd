//! A funding account in the hands of this process: its SDK, its payer, its slots, its lease.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::core::Rules;
use super::lease::Lease;
use crate::funding::FundingAccount;
use crate::ids::{FspId, FundingAccountId};
use crate::sdk::{Client, PartyId};

/// Rows in hand for each call that may be in flight: enough that the recorder's groups are large.
const ROWS_PER_SLOT: usize = 8;

pub(super) struct Account {
    pub id: FundingAccountId,
    pub client: Arc<Client>,
    pub dfsp: FspId,
    pub payer: PartyId,
    pub rules: Rules,
    slots: Semaphore,
    rows_max: usize,
    rows: AtomicUsize,
    lease: Mutex<Lease>,
}

impl Account {
    pub fn new(account: &FundingAccount, client: Arc<Client>, concurrency: usize, lease: Lease) -> Self {
        let settings = client.settings();
        Self {
            id: account.id.clone(),
            dfsp: settings.dfsp_id.clone(),
            payer: PartyId { id_type: account.payer_id_type.clone(), id_value: account.payer_id_value.clone(), sub_id: None },
            rules: Rules { settle_margin: settings.settle_margin, expiry: settings.expiry },
            client,
            slots: Semaphore::new(concurrency),
            rows_max: concurrency.saturating_mul(ROWS_PER_SLOT),
            rows: AtomicUsize::new(0),
            lease: Mutex::new(lease),
        }
    }

    /// Waits for the right to make one call; it ends with the permit. `None` only where the account is gone.
    pub async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    /// The lease that a write compares: name and epoch.
    pub fn lease(&self) -> (String, i64) {
        let lease = self.held();
        (lease.name, lease.epoch)
    }

    pub fn held(&self) -> Lease {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn renew(&self, lease: Lease) {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = lease;
    }

    /// How many rows may be claimed now; none until a good part of the room is free, so that claims are large.
    pub fn room(&self) -> usize {
        let free = self.rows_max.saturating_sub(self.rows.load(Ordering::SeqCst));
        if free.saturating_mul(4) >= self.rows_max { free } else { 0 }
    }

    /// One more row in hand, until the guard is dropped.
    pub fn row(self: &Arc<Self>) -> RowInHand {
        self.rows.fetch_add(1, Ordering::SeqCst);
        RowInHand(Arc::clone(self))
    }
}

pub(super) struct RowInHand(Arc<Account>);

impl Drop for RowInHand {
    fn drop(&mut self) {
        self.0.rows.fetch_sub(1, Ordering::SeqCst);
    }
}
