//! Every reply recorded from the real SDK, versions 24.19.4 and 18.0.2, against the verdict a person wrote beside it.

use std::collections::BTreeMap;

use outlay::clock::Instant;
use outlay::ids::{FspId, TransferId};
use outlay::money::{Currency, Minor};
use outlay::sdk::{
    Class, Code, PartyAnswer, PartyId, Prepare, QuoteAnswer, QuoteRequest, Stage, Trace, TransferAnswer, fulfils, read_party,
};
use serde_json::Value;

use super::scripted::{Act, Scripted};

const REPLIES: &str = include_str!("../../fixtures/sdk/replies.jsonl");
const VERDICTS: &str = include_str!("../../fixtures/sdk/verdicts.tsv");

/// The words of `verdicts.tsv`.
fn by_code(code: Code, stage: Stage) -> String {
    let word = match code.class(stage) {
        Class::Permanent => "permanent",
        Class::Retry | Class::RetryLimited => "retryable",
        Class::WaitForLiquidity => "liquidity",
        Class::StopAccount => "stop",
        Class::Unknown => "unknown",
    };
    format!("{word} {code}")
}

fn of_party(answer: PartyAnswer) -> String {
    match answer {
        PartyAnswer::Found { fsp, name, .. } if fsp.as_str() == "payeefsp" && name.as_deref() == Some("Amina Odhiambo") => {
            "found".to_owned()
        }
        PartyAnswer::Refused { code } => by_code(code, Stage::Agree),
        PartyAnswer::Unclear { .. } => "retryable".to_owned(),
        other => format!("{other:?}"),
    }
}

fn of_quote(answer: QuoteAnswer) -> String {
    match answer {
        QuoteAnswer::Quoted(_) => "quoted".to_owned(),
        QuoteAnswer::Refused { code } => by_code(code, Stage::Agree),
        QuoteAnswer::Unclear { .. } => "retryable".to_owned(),
        QuoteAnswer::NotAsked(why) => format!("{why:?}"),
    }
}

/// `condition` is known for a send, whose reply counts as paid only with its proof.
fn of_transfer(answer: TransferAnswer, condition: Option<&str>) -> String {
    match answer {
        TransferAnswer::Committed { fulfilment } => match (condition, fulfilment) {
            (None, _) => "paid".to_owned(),
            (Some(condition), Some(fulfilment)) if fulfils(&fulfilment, condition) => "paid".to_owned(),
            _ => "unknown".to_owned(),
        },
        TransferAnswer::Aborted { .. } => "aborted".to_owned(),
        TransferAnswer::Reserved | TransferAnswer::Received => "pending".to_owned(),
        TransferAnswer::NotFound => "not found".to_owned(),
        TransferAnswer::Refused { code } => by_code(code, Stage::Transfer),
        TransferAnswer::Modified => "unknown 3106".to_owned(),
        TransferAnswer::Silent | TransferAnswer::Unclear { .. } => "unknown".to_owned(),
    }
}

fn party(path: &str) -> PartyId {
    let mut parts = path.trim_start_matches("/parties/").split('/').map(str::to_owned);
    PartyId { id_type: parts.next().unwrap(), id_value: parts.next().unwrap(), sub_id: parts.next() }
}

fn question() -> QuoteRequest {
    let party = |number: &str| PartyId { id_type: "MSISDN".to_owned(), id_value: number.to_owned(), sub_id: None };
    QuoteRequest {
        quote_id: "bd4f53b8-97f4-4582-ab9f-278947c870e8".to_owned(),
        transfer_id: TransferId::from("9465ed4d-8a94-5fad-9c0a-ac80966ea5af"),
        payer: party("254700000001"),
        payer_name: None,
        payee: party("254711000123"),
        currency: Currency::find("KES").unwrap(),
        amount: Minor::new(150_050),
        note: None,
        expiration: Some(Instant::from_micros(1_795_228_848_000_000)),
    }
}

fn prepare(condition: &str) -> Prepare {
    let body = serde_json::json!({"fspId": "payeefsp", "transfersPostRequest": {
        "transferId": "9465ed4d-8a94-5fad-9c0a-ac80966ea5af", "payerFsp": "mfi", "payeeFsp": "payeefsp",
        "amount": {"currency": "KES", "amount": "1500.5"}, "ilpPacket": "QVlJ", "condition": condition, "expiration": "2026-11-21T02:21:08.000Z"}});
    Prepare::recorded(body.to_string()).unwrap()
}

#[tokio::test]
async fn every_recorded_reply_gets_the_verdict_written_beside_it() {
    let mut verdicts: BTreeMap<&str, &str> = VERDICTS.lines().skip(1).map(|line| line.split_once('\t').unwrap()).collect();
    let sdk = Scripted::start(|_| {}).await;
    let mut wrong = Vec::new();
    for line in REPLIES.lines() {
        let capture: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| capture[key].as_str().unwrap_or_else(|| panic!("{key} in {line}"));
        let body = capture["body"].as_str().map_or_else(|| capture["body"].to_string(), str::to_owned);
        let status = u16::try_from(capture["status"].as_u64().unwrap()).unwrap();
        // The client refuses to ask for a type the network does not have, so that one reply is read as if it had.
        let unaskable = capture["asked"].as_str().is_some_and(|path| path.contains("/FOO/"));
        if !unaskable {
            sdk.next(Act::Reply(status, body.clone()));
        }
        let verdict = match text("call") {
            "parties" if unaskable => of_party(read_party(&party(text("asked")), status, &body).0),
            "parties" => of_party(sdk.client.parties(&party(text("asked")), &Trace::random()).await.answer),
            "quotes" => of_quote(sdk.client.quote(&FspId::from("payeefsp"), &question()).await.answer),
            "send" => of_transfer(sdk.client.send(&prepare(text("condition"))).await.answer, Some(text("condition"))),
            "get" => of_transfer(sdk.client.transfer(&TransferId::from(text("asked"))).await.answer, None),
            other => panic!("{other}"),
        };
        let expected = verdicts.remove(text("name")).unwrap_or_else(|| panic!("no verdict for {}", text("name")));
        if verdict != expected {
            wrong.push(format!("{}: {verdict}, not {expected}", text("name")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(verdicts.is_empty(), "verdicts without a recording: {verdicts:?}");
    assert_eq!(REPLIES.lines().count(), 192);
}

#[tokio::test]
async fn a_recorded_quote_is_read_to_the_last_field() {
    let sdk = Scripted::start(|_| {}).await;
    let line = REPLIES.lines().find(|line| line.contains("\"own18_fee_7_1_quote\"")).unwrap();
    let capture: Value = serde_json::from_str(line).unwrap();
    sdk.next(Act::Reply(200, capture["body"].to_string()));
    let QuoteAnswer::Quoted(quote) = sdk.client.quote(&FspId::from("payeefsp"), &question()).await.answer else { panic!() };
    assert_eq!((quote.transfer_amount.wire.as_str(), quote.transfer_amount.minor), ("1507.5", Minor::new(150_750)));
    assert_eq!(quote.payee_fee.unwrap().minor, Minor::new(700));
    assert_eq!(quote.payee_receive_amount.unwrap().minor, Minor::new(150_050));
    assert_eq!(quote.source, Some(FspId::from("payeefsp")));
    assert_eq!(quote.condition, "YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU");
}
