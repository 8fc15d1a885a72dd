//! Adds an FSP or a funding account: the operator's verbs.

use super::{Fsp, store};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Failure, WriteTx};
use crate::ids::{FspId, FundingAccountId};
use crate::money::{Currency, Minor};

/// Characters of an FSP's id (CONTRACT 1.5).
const FSP_ID_CHARS_MAX: usize = 32;
/// Characters of a payer's id value (CONTRACT 1.5).
const ID_VALUE_CHARS_MAX: usize = 128;
/// The id types a payer may have (CONTRACT 1.5).
const ID_TYPES: [&str; 8] = ["MSISDN", "EMAIL", "PERSONAL_ID", "BUSINESS", "DEVICE", "ACCOUNT_ID", "IBAN", "ALIAS"];

#[derive(Debug, thiserror::Error)]
pub enum AddFspRefusal {
    #[error("an FSP has an id of 1 to 32 characters, as the network knows it, and a name")]
    Incomplete,
    #[error("there is already an FSP with the id or name «{0}»")]
    Taken(String),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for AddFspRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// [`AddFspRefusal`].
pub fn add_fsp(tx: &mut WriteTx<'_>, by: &By, id: &str, name: &str) -> Result<Fsp, AddFspRefusal> {
    let (id, name) = (id.trim(), name.trim());
    if name.is_empty() || !(1..=FSP_ID_CHARS_MAX).contains(&id.chars().count()) {
        return Err(AddFspRefusal::Incomplete);
    }
    let fsp = Fsp { id: FspId::from(id), name: name.to_owned() };
    let known = store::fsps(tx)?;
    if store::find_fsp(tx, &fsp.id)?.is_some() || known.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
        return Err(AddFspRefusal::Taken(name.to_owned()));
    }
    store::insert_fsp(tx, &fsp)?;
    let event = Event::new(by.clone(), What::FspAdded, Subject::new("fsp", &fsp.id)).changing(serde_json::json!({ "name": fsp.name }));
    audit::record(tx, &event)?;
    Ok(fsp)
}

#[derive(Debug, Clone)]
pub struct NewFundingAccount {
    pub name: String,
    /// The name of an SDK in the institution's settings; the caller checks that there is one.
    pub sdk: String,
    pub fsp: FspId,
    pub currency: Currency,
    pub payer_id_type: String,
    pub payer_id_value: String,
    pub fee_limit: Minor,
}

#[derive(Debug, thiserror::Error)]
pub enum AddFundingAccountRefusal {
    #[error("a funding account needs a name")]
    NoName,
    #[error("there is already a funding account named «{0}»")]
    NameTaken(String),
    #[error("there is no FSP with the id «{0}»; «outlay admin add-fsp» adds one")]
    NoSuchFsp(FspId),
    #[error("the payer's id type must be one of {}", ID_TYPES.join(", "))]
    BadIdType,
    #[error("the payer's id has 1 to 128 characters")]
    BadIdValue,
    #[error("the fee limit cannot be negative")]
    BadFeeLimit,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for AddFundingAccountRefusal {
    fn database(&self) -> Option<&db::Error> {
        if let Self::Db(error) = self { Some(error) } else { None }
    }
}

/// # Errors
/// [`AddFundingAccountRefusal`].
pub fn add_funding_account(tx: &mut WriteTx<'_>, by: &By, new: &NewFundingAccount) -> Result<FundingAccountId, AddFundingAccountRefusal> {
    if new.name.trim().is_empty() {
        return Err(AddFundingAccountRefusal::NoName);
    }
    if store::is_name_taken(tx, &new.name)? {
        return Err(AddFundingAccountRefusal::NameTaken(new.name.clone()));
    }
    if store::find_fsp(tx, &new.fsp)?.is_none() {
        return Err(AddFundingAccountRefusal::NoSuchFsp(new.fsp.clone()));
    }
    if !ID_TYPES.contains(&new.payer_id_type.as_str()) {
        return Err(AddFundingAccountRefusal::BadIdType);
    }
    if !(1..=ID_VALUE_CHARS_MAX).contains(&new.payer_id_value.chars().count()) {
        return Err(AddFundingAccountRefusal::BadIdValue);
    }
    if new.fee_limit < Minor::ZERO {
        return Err(AddFundingAccountRefusal::BadFeeLimit);
    }
    let id = FundingAccountId::new(tx.now());
    store::insert_account(tx, &id, new)?;
    let event = Event::new(by.clone(), What::FundingAccountAdded, Subject::new("funding_account", &id)).changing(serde_json::json!({
        "name": new.name, "sdk": new.sdk, "fsp": new.fsp, "currency": new.currency, "fee_limit": new.fee_limit,
    }));
    audit::record(tx, &event)?;
    Ok(id)
}
