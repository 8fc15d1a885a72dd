//! `admin add-branch`, `add-fsp`, `add-funding-account` and `reopen-account`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::{Ended, operator};
use crate::branches::{self, NewBranch};
use crate::dispatch;
use crate::funding::{self, AccountState, NewFundingAccount};
use crate::ids::FspId;
use crate::institutions::Institution;
use crate::money::Currency;

#[derive(Debug, Args)]
pub struct AddBranch {
    /// What files and people call it, as in YGN-01
    pub code: String,
    #[arg(long)]
    pub region: String,
    #[arg(long)]
    pub township: String,
    #[arg(long)]
    pub name: String,
}

pub(super) async fn add_branch(institution: &Institution, args: AddBranch) -> Ended {
    let new = NewBranch { code: args.code, region: args.region, township: args.township, name: args.name };
    let branch = institution.db.write(move |tx| branches::add_branch(tx, &operator(), &new)).await?;
    println!("Added {} ({}).", branch.full_name(), branch.code);
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct AddFsp {
    /// Its id on the network, as in kbzpay
    pub id: String,
    /// The name people know, as in KBZPay
    #[arg(long)]
    pub name: String,
}

pub(super) async fn add_fsp(institution: &Institution, args: AddFsp) -> Ended {
    let fsp = institution.db.write(move |tx| funding::add_fsp(tx, &operator(), &args.id, &args.name)).await?;
    println!("Added {} ({}).", fsp.name, fsp.id);
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct AddFundingAccount {
    /// As forms show it, as in "Main account"
    pub name: String,
    /// Name of an SDK in the institution's registry file
    #[arg(long)]
    pub sdk: String,
    /// Id of the From FSP
    #[arg(long)]
    pub fsp: String,
    /// As in MMK
    #[arg(long)]
    pub currency: Currency,
    /// The payer's id type on the network
    #[arg(long, default_value = "MSISDN")]
    pub payer_id_type: String,
    /// The payer's id on the network
    #[arg(long)]
    pub payer_id: String,
    /// The highest fee for one transfer, in the account's currency
    #[arg(long)]
    pub fee_limit: String,
}

pub(super) async fn add_funding_account(institution: &Institution, args: AddFundingAccount) -> Ended {
    let known = institution.settings.sdk.iter().map(|sdk| sdk.name.as_str()).collect::<Vec<_>>();
    if !known.contains(&args.sdk.as_str()) {
        bail!("the registry file names no SDK «{}»; it names: {}", args.sdk, known.join(", "));
    }
    let fee_limit = args.currency.parse(&args.fee_limit).with_context(|| format!("the fee limit «{}»", args.fee_limit))?;
    let new = NewFundingAccount {
        name: args.name,
        sdk: args.sdk,
        fsp: FspId::from(args.fsp),
        currency: args.currency,
        payer_id_type: args.payer_id_type,
        payer_id_value: args.payer_id,
        fee_limit,
    };
    let name = new.name.clone();
    institution.db.write(move |tx| funding::add_funding_account(tx, &operator(), &new)).await?;
    println!("Added {name}.");
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub struct ReopenAccount {
    /// Name of the funding account
    pub name: String,
}

pub(super) async fn reopen_account(institution: &Institution, args: ReopenAccount) -> Ended {
    let accounts = institution.db.read(funding::accounts).await?;
    let account = accounts.into_iter().find(|account| account.name == args.name);
    let account = account.with_context(|| format!("there is no funding account named «{}»", args.name))?;
    if account.state == AccountState::Open {
        bail!("{} is open already", account.name);
    }
    institution.db.write(move |tx| dispatch::reopen_account(tx, &operator(), &account.id)).await?;
    println!("Reopened {}; the batches that waited for it go on.", args.name);
    Ok(ExitCode::SUCCESS)
}
