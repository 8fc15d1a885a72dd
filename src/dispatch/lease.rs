//! A funding account is dispatched by one process at a time: whoever holds its lease. Its epoch goes up whenever another process
//! takes it over, and every recording compares it, so a holder that stalled and wakes cannot record.

use std::time::Duration;

use super::store::{self, LeaseRow};
use crate::clock::Instant;
use crate::db::{self, WriteTx};
use crate::ids::FundingAccountId;

/// How long an account stays with a process that is not heard of.
pub const LEASE_FOR: Duration = Duration::from_secs(30);

/// A lease that ends later than any lease lasts, by more than clocks may differ, was written by a clock that was ahead.
const CLOCKS_DIFFER: Duration = Duration::from_secs(600);

/// Whether somebody else may take a lease that lasts until then. Taking one too early costs its holder the account, never money.
pub(super) fn is_over(until: Instant, now: Instant) -> bool {
    until < now || until > now.after(LEASE_FOR).after(CLOCKS_DIFFER)
}

/// Whether a lease that we hold until then need not be renewed yet. One that ends later than any can was taken before our clock was put
/// back: somebody else may have the account by now.
pub(super) fn is_good(until: Instant, now: Instant) -> bool {
    let left = until.since(now);
    left > LEASE_FOR / 2 && left <= LEASE_FOR
}

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
    if !ours && !is_over(old.until_at, now) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_renewed_at_half_time_and_after_the_clock_was_put_back() {
        let now = Instant::from_micros(1_000_000_000_000);
        assert!(is_good(now.after(LEASE_FOR), now));
        assert!(!is_good(now.after(LEASE_FOR / 2), now));
        assert!(!is_good(now.before(Duration::from_secs(1)), now));
        assert!(!is_good(now.after(LEASE_FOR), now.before(Duration::from_secs(3_600))));
    }

    #[test]
    fn a_lease_written_by_a_clock_that_was_ahead_does_not_hold_an_account_for_ever() {
        let now = Instant::from_micros(1_000_000_000_000);
        assert!(!is_over(now, now) && !is_over(now.after(LEASE_FOR), now));
        assert!(!is_over(now.after(LEASE_FOR).after(CLOCKS_DIFFER), now), "another machine's clock may be ahead of ours");
        assert!(is_over(now.before(Duration::from_secs(1)), now));
        assert!(is_over(now.after(Duration::from_secs(86_400)), now), "its holder died with tomorrow's date");
    }
}
