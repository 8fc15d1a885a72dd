//! A client that makes the calls of a payment and reads the answers, and keeps nothing: the floor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::bail;
use outlay::clock::{Clock as _, SystemClock};
use outlay::ids::{FspId, HomeTransactionId, InstitutionId, TransferId};
use outlay::money::{Currency, Minor};
use outlay::sdk::{Client, PartyAnswer, PartyId, Prepare, QuoteAnswer, QuoteRequest, SdkSettings, Trace, TransferAnswer, fulfils};

use super::house::{OWN_FSP, PAYER, phone};

/// Pays `count` people with so many calls in flight; returns the seconds it took. `round` makes the transfers' ids new.
pub async fn pay(url: &str, round: usize, count: usize, in_flight: usize) -> anyhow::Result<f64> {
    let client = Arc::new(Client::new(&SdkSettings::new("main", url, FspId::from(OWN_FSP)))?);
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let workers: Vec<_> = (0..in_flight)
        .map(|_| {
            let (client, next) = (Arc::clone(&client), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= count {
                        return Ok::<_, anyhow::Error>(());
                    }
                    pay_one(&client, round, nth).await?;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// The three calls that Outlay makes for a payee it has not looked up before.
async fn pay_one(client: &Client, round: usize, nth: usize) -> anyhow::Result<()> {
    let house = InstitutionId::from("bare");
    let home = HomeTransactionId::derive(&house, &format!("round {round}"), 1, i64::try_from(nth)?);
    let id = TransferId::derive(&house, &home, 0);
    let payee = PartyId { id_type: "MSISDN".to_owned(), id_value: format!("95{}", phone(nth).trim_start_matches('0')), sub_id: None };
    let PartyAnswer::Found { fsp, .. } = client.parties(&payee, &Trace::of(&id)).await.answer else { bail!("no party") };
    let request = QuoteRequest {
        quote_id: uuid::Uuid::new_v4().to_string(),
        transfer_id: id.clone(),
        payer: PartyId { id_type: PAYER.0.to_owned(), id_value: PAYER.1.to_owned(), sub_id: None },
        payer_name: Some("Upendo Microfinance".to_owned()),
        payee,
        currency: Currency::MMK,
        amount: Minor::new(100_000),
        note: Some("November".to_owned()),
        expiration: None,
    };
    let QuoteAnswer::Quoted(quote) = client.quote(&fsp, &request).await.answer else { bail!("no quote") };
    let expiration = SystemClock::new().now().after(std::time::Duration::from_secs(30));
    let prepare = Prepare::new(&id, &FspId::from(OWN_FSP), &fsp, &quote, expiration)?;
    match client.send(&prepare).await.answer {
        TransferAnswer::Committed { fulfilment: Some(fulfilment) } if fulfils(&fulfilment, prepare.condition()) => Ok(()),
        other => bail!("not paid: {other:?}"),
    }
}
