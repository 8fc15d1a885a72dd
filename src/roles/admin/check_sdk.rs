//! `admin check-sdk`: before the first payment, and whenever payments wait.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::json;

use super::{Ended, operator};
use crate::audit::{self, Event, Subject, What};
use crate::funding::{self, FundingAccount};
use crate::institutions::Institution;
use crate::payees::{self, PartyIdType, Phones};
use crate::sdk::checkup::{Grade, Question, check_up};
use crate::sdk::{Client, PartyId};

#[derive(Debug, Args)]
pub struct CheckSdk {
    /// Name of an SDK in the institution's registry file
    pub name: String,
    /// Somebody to look up and to ask a quote for, written as in a payment file: MSISDN 09777123456, or NRC, ACCOUNT_ID …
    #[arg(long, num_args = 2, value_names = ["TYPE", "VALUE"])]
    pub payee: Vec<String>,
    /// What the quote is asked for, in the currency of the SDK's funding account
    #[arg(long, default_value = "1000")]
    pub amount: String,
    /// How long the SDK waits for the hub: its REQUEST_PROCESSING_TIMEOUT_SECONDS
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub sdk_waits: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    let read: jiff::SignedDuration = text.parse().map_err(|_| "write it as 30s or 1m".to_owned())?;
    Duration::try_from(read).map_err(|_| "it must not be negative".to_owned())
}

pub(super) async fn check_sdk(institution: &Institution, args: CheckSdk) -> Ended {
    let all = &institution.settings.sdk;
    let named = all.iter().find(|sdk| sdk.name == args.name).with_context(|| {
        let names = all.iter().map(|sdk| sdk.name.as_str()).collect::<Vec<_>>().join(", ");
        format!("the registry file names no SDK «{}»; it names: {names}", args.name)
    })?;
    let account = account_of(institution, &args.name).await?;
    let question = question(institution, account.as_ref(), &args)?;
    record(institution, &args).await?;
    let remarks = check_up(&Client::new(named)?, question.as_ref(), args.sdk_waits).await;
    for remark in &remarks {
        println!("{remark}");
    }
    if account.is_none() {
        println!("note   No funding account uses this SDK yet; «outlay admin add-funding-account» adds one");
    }
    let wrong = remarks.iter().filter(|remark| remark.grade == Grade::Wrong).count();
    println!("{}", if wrong == 0 { "Nothing is wrong.".to_owned() } else { format!("Wrong: {wrong}.") });
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The account that is paid from through this SDK: in the institution's currency, where there are several.
async fn account_of(institution: &Institution, sdk: &str) -> anyhow::Result<Option<FundingAccount>> {
    let currency = institution.house().currency;
    let mut accounts = institution.db.read(funding::accounts).await?;
    accounts.retain(|account| account.sdk == sdk);
    accounts.sort_by_key(|account| account.currency != currency);
    Ok(accounts.into_iter().next())
}

fn question(institution: &Institution, account: Option<&FundingAccount>, args: &CheckSdk) -> anyhow::Result<Option<Question>> {
    let [id_type, value] = args.payee.as_slice() else { return Ok(None) };
    let currency = account.map_or(institution.house().currency, |account| account.currency);
    let amount = currency.parse(&args.amount).with_context(|| format!("the amount «{}»", args.amount))?;
    let payer = match account {
        Some(account) => PartyId { id_type: account.payer_id_type.clone(), id_value: account.payer_id_value.clone(), sub_id: None },
        None => PartyId { id_type: PartyIdType::Business.wire().to_owned(), id_value: institution.settings.name.clone(), sub_id: None },
    };
    let payee = payee(id_type, value, &phones_of(institution))?;
    let payee = PartyId { id_type: payee.id_type.wire().to_owned(), id_value: payee.value, sub_id: payee.sub_id };
    let fee_limit = account.map(|account| account.fee_limit);
    Ok(Some(Question { payee, payer, payer_name: institution.settings.name.clone(), currency, amount, fee_limit }))
}

fn phones_of(institution: &Institution) -> Phones {
    crate::people::phones_of(&institution.settings.phone_country)
}

/// As a payment file's row is read.
fn payee(typed: &str, value: &str, phones: &Phones) -> anyhow::Result<payees::PartyId> {
    let Some((id_type, sub_id)) = PartyIdType::named(typed) else {
        bail!(
            "there is no id type «{typed}»; there are: {}",
            PartyIdType::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", ")
        );
    };
    match id_type {
        PartyIdType::Msisdn => match phones.read(value) {
            Ok(phone) => Ok(payees::PartyId { id_type, value: phone.msisdn, sub_id: None }),
            Err(_) => Err(anyhow!("the phone number cannot be read: write it as your files have it")),
        },
        PartyIdType::Nrc => payees::PartyId::nrc(value).map_err(|_| anyhow!("the NRC cannot be read: write it as 12/OUKAMA(N)123456")),
        _ => payees::PartyId::account(id_type, sub_id, value).map_err(|_| anyhow!("the id cannot be read: write it as your files have it")),
    }
}

/// That somebody may have been looked up, and not whom.
async fn record(institution: &Institution, args: &CheckSdk) -> anyhow::Result<()> {
    let subject = Subject::new("institution", institution.id()?);
    let changes = json!({"sdk": args.name, "looked_up": !args.payee.is_empty()});
    let event = Event::new(operator(), What::SdkChecked, subject).changing(changes);
    Ok(institution.db.write(move |tx| audit::record(tx, &event)).await?)
}
