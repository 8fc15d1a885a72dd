//! An account that the network closed to us, and its opening by an operator.

use super::store;
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, WriteTx};
use crate::ids::FundingAccountId;

/// Why an account is stopped.
#[derive(Debug, Clone, Copy)]
pub struct WhyStopped<'a> {
    /// In a word.
    pub reason: &'a str,
    /// The network's, where it gave one.
    pub code: Option<&'a str>,
    /// How many seconds the SDK's clock is ahead of ours, where that is why and it tells.
    pub clock_ahead_s: Option<i64>,
}

/// Stops an account; `false` where it was stopped already.
///
/// # Errors
/// The database's.
pub fn stop(tx: &mut WriteTx<'_>, by: &By, account: &FundingAccountId, why: &WhyStopped<'_>) -> db::Result<bool> {
    if !store::set_stopped(tx, account, why.reason, why.code)? {
        return Ok(false);
    }
    let event = Event::new(by.clone(), What::FundingAccountStopped, Subject::new("funding_account", account))
        .because(why.reason)
        .changing(serde_json::json!({ "code": why.code, "clock_ahead_s": why.clock_ahead_s }));
    audit::record(tx, &event)?;
    let WhyStopped { reason, code, clock_ahead_s } = why;
    tracing::error!(account = %account, reason, code, clock_ahead_s, "funding.stop: nothing is paid from this account until it is reopened");
    Ok(true)
}

/// Opens a stopped account. The batches that stood still for it are `dispatch::reopen_account`'s business.
///
/// # Errors
/// The database's; `Conflict` where it is not stopped.
pub fn reopen(tx: &mut WriteTx<'_>, by: &By, account: &FundingAccountId) -> db::Result<()> {
    if !store::set_open(tx, account)? {
        return Err(db::Error::Conflict);
    }
    let event = Event::new(by.clone(), What::FundingAccountReopened, Subject::new("funding_account", account));
    audit::record(tx, &event)
}
