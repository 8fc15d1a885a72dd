//! A funding account is dispatched by one process at a time: whoever holds its lease. Its epoch goes up whenever another process
//! takes it over, and every recording compares it, so a holder that stalled and wakes cannot record.

use std::time::Duration;

use super::store::{self, LeaseRow};
use crate::clock::Instant;
use crate::db::{self, WriteTx};
use crate::ids::FundingAccountId;

/// How long an account stays with a process that is not heard of.
pub const LEASE_FOR: Duration = Duration::from_secs(30);

/// The right to dispatch one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub name: String,
    pub epoch: i64,
    pub until: Instant,
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// Ours before and still.
    Renewed(Lease),
    /// Ours now; whoever had it before may have left rows behind.
    Fresh(Lease),
    /// Somebody else's.
    Refused,
}

pub(super) fn name_of(account: &FundingAccountId) -> String {
    format!("funding-account:{account}")
}

/// Takes or renews the lease of an account for `holder`.
pub(super) fn take(tx: &mut WriteTx<'_>, account: &FundingAccountId, holder: &str) -> db::Result<Taken> {
    let (now, name) = (tx.now(), name_of(account));
    let until = now.after(LEASE_FOR);
    let Some(old) = store::find_lease(tx, &name)? else {
        let new = LeaseRow { name: name.clone(), holder: holder.to_owned(), epoch: 1, until_at: until };
        store::insert_lease(tx, &new)?;
        return Ok(Taken::Fresh(Lease { name, epoch: 1, until }));
    };
    let ours = old.holder == holder;
    if !ours && old.until_at >= now {
        return Ok(Taken::Refused);
    }
    let epoch = if ours { old.epoch } else { old.epoch.saturating_add(1) };
    let new = LeaseRow { name: name.clone(), holder: holder.to_owned(), epoch, until_at: until };
    store::swap_lease(tx, &old, &new)?;
    let lease = Lease { name, epoch, until };
    Ok(if ours { Taken::Renewed(lease) } else { Taken::Fresh(lease) })
}

/// Gives a lease back, so that another process need not wait for its end.
pub(super) fn give_back(tx: &mut WriteTx<'_>, lease: &Lease, holder: &str) -> db::Result<()> {
    let Some(old) = store::find_lease(tx, &lease.name)? else { return Ok(()) };
    if old.holder != holder || old.epoch != lease.epoch {
        return Ok(());
    }
    let ended = LeaseRow { until_at: Instant::from_micros(0), ..old.clone() };
    store::swap_lease(tx, &old, &ended)
}
