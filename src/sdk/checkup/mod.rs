//! Whether an SDK is one that Outlay can pay through, found out without moving money: `outlay admin check-sdk`.
//!
//! Four looks, each only if the one before allows it: does anything answer, and what time is it there (`clock.rs`); is it an SDK's
//! outbound API with a hub behind it (`reach.rs`: `GET` of a transfer that nobody made); where is a payee, and on what terms
//! (`payee.rs`: lookup and quote). Beside them our own settings are compared with how long the SDK waits (`waits.rs`). Each file
//! judges what it was given and asks nothing itself, so every judgement can be tested.

mod clock;
mod payee;
mod reach;
mod remark;
mod waits;

use std::time::Duration;

use uuid::Uuid;

pub use clock::{Glimpse, Skew};
pub use remark::{Grade, Remark};

use crate::clock::Instant;
use crate::ids::TransferId;
use crate::money::{Currency, Minor};
use crate::sdk::{Client, PartyAnswer, PartyId, QuoteRequest, Trace};

/// How many times the SDK's time is looked at, at most, and how long to wait between: together a little more than the second in
/// which a `Date` header changes once.
const GLIMPSES: u32 = 30;
const BETWEEN: Duration = Duration::from_millis(40);
/// Clocks are known well enough at this.
const WELL_ENOUGH: Duration = Duration::from_millis(100);

/// Whom to look up, and what to ask a quote for.
#[derive(Debug, Clone)]
pub struct Question {
    pub payee: PartyId,
    pub payer: PartyId,
    pub payer_name: String,
    pub currency: Currency,
    pub amount: Minor,
    /// Where a funding account is there to have one.
    pub fee_limit: Option<Minor>,
}

/// Everything that was found, good and bad. `sdk_waits`: its `REQUEST_PROCESSING_TIMEOUT_SECONDS`.
pub async fn check_up(client: &Client, question: Option<&Question>, sdk_waits: Duration) -> Vec<Remark> {
    let settings = client.settings();
    let mut remarks = Vec::new();
    let glimpses = match glimpses(client).await {
        Ok(glimpses) => glimpses,
        Err(why) => return vec![reach::nobody(settings, why)],
    };
    let asked = client.transfer(&TransferId::from(Uuid::new_v4().to_string())).await;
    let reached = reach::judge(settings, &asked);
    let goes_on = reached.goes_on;
    remarks.push(reached.remark);
    let mut silent_after = reached.silent_after;
    if !reached.is_an_sdk {
        return remarks;
    }
    remarks.push(clock::judge(settings, Skew::between(&glimpses)));
    match question {
        Some(question) if goes_on => silent_after = silent_after.max(ask(client, question, &mut remarks).await),
        Some(_) => {}
        None => remarks.push(Remark::note("No payee was looked up and no quote asked for: name one with --payee".to_owned())),
    }
    remarks.extend(waits::judge(settings, sdk_waits, silent_after));
    remarks
}

/// Lookup and quote; gives back after how long the SDK gave up waiting for the hub, if it did.
async fn ask(client: &Client, question: &Question, remarks: &mut Vec<Remark>) -> Option<Duration> {
    let settings = client.settings();
    let found = client.parties(&question.payee, &Trace::random()).await;
    remarks.extend(payee::judge_party(settings, question, &found));
    let PartyAnswer::Found { fsp, .. } = &found.answer else { return payee::silent_after(&found) };
    let request = QuoteRequest {
        quote_id: Uuid::new_v4().to_string(),
        transfer_id: TransferId::from(Uuid::new_v4().to_string()),
        payer: question.payer.clone(),
        payer_name: Some(question.payer_name.clone()),
        payee: question.payee.clone(),
        currency: question.currency,
        amount: question.amount,
        note: None,
        expiration: None,
    };
    let quoted = client.quote(fsp, &request).await;
    remarks.extend(payee::judge_quote(question, fsp, &quoted));
    payee::silent_after(&quoted)
}

/// Looks at the SDK's time until it is known well enough.
async fn glimpses(client: &Client) -> Result<Vec<Glimpse>, crate::sdk::Why> {
    let mut all = vec![client.glimpse().await?];
    for _ in 1..GLIMPSES {
        if Skew::between(&all).is_none_or(|skew| skew.within <= WELL_ENOUGH) {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
        all.extend(client.glimpse().await);
    }
    Ok(all)
}

/// The moment a `Date` header names.
pub(super) fn read_date(header: &str) -> Option<Instant> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header).ok()?;
    Some(Instant::from_micros(at.as_microsecond()))
}

/// Seconds as people say them: `0.03 s`, `12.5 s`.
fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{:.2} s", time.as_secs_f64()) } else { format!("{:.1} s", time.as_secs_f64()) }
}

/// Sets of settings as the judges' tests need them.
#[cfg(test)]
fn usual() -> crate::sdk::SdkSettings {
    crate::sdk::SdkSettings::new("main", "http://sdk:4001", crate::ids::FspId::from("mfi"))
}
