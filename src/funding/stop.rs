//! An account that the network closed to us, and its opening by an operator.

use super::store;
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, WriteTx};
use crate::ids::FundingAccountId;

/// Stops an account; `false` where it was stopped already.
///
/// # Errors
/// The database's.
pub fn stop(tx: &mut WriteTx<'_>, by: &By, account: &FundingAccountId, code: Option<&str>) -> db::Result<bool> {
    if !store::set_stopped(tx, account, code)? {
        return Ok(false);
    }
    let event = Event::new(by.clone(), What::FundingAccountStopped, Subject::new("funding_account", account))
        .changing(serde_json::json!({ "code": code }));
    audit::record(tx, &event)?;
    tracing::error!(account = %account, code, "funding.stop: nothing is paid from this account until it is reopened");
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
