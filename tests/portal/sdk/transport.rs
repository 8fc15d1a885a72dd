//! What goes over the wire, and what the client makes of a network that misbehaves.

use std::time::Duration;

use outlay::ids::{FspId, TransferId};
use outlay::sdk::{Client, NotARequest, PartyAnswer, PartyId, Prepare, SdkSettings, Trace, TransferAnswer, Why};

use super::scripted::{Act, Scripted};

const ID: &str = "9465ed4d-8a94-5fad-9c0a-ac80966ea5af";

fn id() -> TransferId {
    TransferId::from(ID)
}

fn nrc() -> PartyId {
    PartyId {
        id_type: "PERSONAL_ID".to_owned(),
        id_value: "12/OUKAMA(N)123456".to_owned(),
        sub_id: Some("NATIONAL_REGISTRATION".to_owned()),
    }
}

fn unclear(why: Why) -> TransferAnswer {
    TransferAnswer::Unclear { why }
}

#[tokio::test]
async fn an_id_with_slashes_stays_one_id_and_the_address_keeps_its_prefix() {
    let sdk = Scripted::start(|_| {}).await;
    sdk.next(Act::Reply(404, r#"{"errorInformation":{"errorCode":"3204"}}"#.to_owned()));
    sdk.client.parties(&nrc(), &Trace::of(&id())).await;
    let asked = sdk.asked();
    assert!(asked[0].starts_with("GET /mfi/parties/PERSONAL_ID/12%2FOUKAMA(N)123456/NATIONAL_REGISTRATION HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("traceparent: 00-9465ed4d8a945fad9c0aac80966ea5af-"), "{}", asked[0]);
}

#[tokio::test]
async fn a_prepare_goes_out_byte_by_byte_as_it_was_recorded() {
    let sdk = Scripted::start(|_| {}).await;
    // Spacing and an unknown field that serialising again would lose.
    let bytes = format!(
        r#"{{ "fspId":"payeefsp",  "transfersPostRequest":{{"transferId":"{ID}","payerFsp":"mfi","payeeFsp":"payeefsp","amount":{{"currency":"KES","amount":"1500.50"}},"ilpPacket":"QVlJ","condition":"YzWe","expiration":"2026-11-21T02:21:08.000Z","later":1}}}}"#
    );
    let prepare = Prepare::recorded(bytes.clone()).unwrap();
    for _ in 0..2 {
        sdk.next(Act::Reply(500, r#"{"message":"Timeout","requestSimpleTransfersInformationState":{},"statusCode":"500"}"#.to_owned()));
        assert_eq!(sdk.client.send(&prepare).await.answer, TransferAnswer::Silent);
    }
    for request in sdk.asked() {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /mfi/simpleTransfers HTTP/1.1\r\n") && head.contains("content-type: application/json"), "{head}");
        assert_eq!(body, bytes);
    }
}

#[tokio::test]
async fn a_party_that_cannot_be_asked_for_is_not_asked_for() {
    let sdk = Scripted::start(|_| {}).await;
    let party = PartyId { id_type: "MSISDN".to_owned(), id_value: "+959777123456".to_owned(), sub_id: None };
    assert_eq!(sdk.client.parties(&party, &Trace::random()).await.answer, PartyAnswer::NotAsked(NotARequest::IdValue));
    assert!(sdk.asked().is_empty());
}

#[tokio::test]
async fn a_broken_connection_is_unclear_and_the_request_is_not_repeated() {
    let sdk = Scripted::start(|_| {}).await;
    sdk.next(Act::Hang);
    let exchange = sdk.client.transfer(&id()).await;
    assert_eq!((exchange.answer, exchange.http_status), (unclear(Why::BrokenOff), None));
    sdk.next(Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"fulfil\":".to_vec()));
    let exchange = sdk.client.transfer(&id()).await;
    assert_eq!((exchange.answer, exchange.http_status), (unclear(Why::BrokenOff), Some(200)));
    sdk.next(Act::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()));
    assert_eq!(sdk.client.transfer(&id()).await.answer, unclear(Why::BrokenOff));
    assert_eq!(sdk.asked().len(), 3);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let sdk = Scripted::start(|_| {}).await;
    sdk.next(Act::Raw(b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_vec()));
    assert_eq!(sdk.client.transfer(&id()).await.answer, unclear(Why::WithoutCode));
    assert_eq!(sdk.asked().len(), 1);
}

#[tokio::test]
async fn an_endless_reply_is_cut_off() {
    let sdk = Scripted::start(|_| {}).await;
    let paid = format!(r#"{{"fulfil":{{"body":{{"transferState":"COMMITTED"}}}},"pad":"{}"}}"#, "x".repeat(64 * 1024));
    sdk.next(Act::Reply(200, paid));
    let exchange = sdk.client.transfer(&id()).await;
    assert_eq!((exchange.answer, exchange.http_status), (unclear(Why::TooLong), Some(200)));
}

#[tokio::test]
async fn a_silent_sdk_costs_its_timeout_and_no_more() {
    let sdk = Scripted::start(|settings| settings.get_timeout = Duration::from_millis(50)).await;
    sdk.next(Act::Wait);
    assert_eq!(sdk.client.transfer(&id()).await.answer, unclear(Why::NoReply));
}

#[tokio::test]
async fn nobody_there_is_told_from_no_answer() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = Client::new(&SdkSettings::new("main", &format!("http://{free}"), FspId::from("mfi"))).unwrap();
    assert_eq!(client.transfer(&id()).await.answer, unclear(Why::NotReached));
}

#[tokio::test]
async fn what_is_recorded_of_a_reply_is_short_and_storable() {
    let sdk = Scripted::start(|_| {}).await;
    sdk.next(Act::Reply(500, format!("\0{}", "ဒ".repeat(5_000))));
    let exchange = sdk.client.transfer(&id()).await;
    assert!(exchange.body.len() <= outlay::sdk::RECORDED_BODY && !exchange.body.contains('\0') && exchange.body.contains('ဒ'));
}
