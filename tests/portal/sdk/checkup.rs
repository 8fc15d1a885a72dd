//! `outlay admin check-sdk`, before the first payment: against an SDK that is as it should be, and against much else.

use std::time::Duration;

use outlay::clock::{Clock as _, SystemClock};
use outlay::ids::FspId;
use outlay::money::{Currency, Minor};
use outlay::sdk::checkup::{Grade, Question, Remark, check_up};
use outlay::sdk::{Client, PartyId, SdkSettings};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::scripted::read_request;
use crate::support::portal::{OWN_FSP, Portal, SDK};
use crate::support::process::{Ended, outlay, run};
use crate::support::registry::registry;

fn check(registry: &tempfile::TempDir, arguments: &[&str]) -> Ended {
    let mut command = outlay(["--log", "error", "admin", "--registry", registry.path().to_str().unwrap(), "check-sdk"]);
    run(command.args(arguments).env("OUTLAY_REHEARSAL_FORGETS", "yes"))
}

fn sdk(url: &str, more: &str) -> String {
    format!("[[sdk]]\nname = '{SDK}'\nurl = '{url}'\ndfsp_id = '{OWN_FSP}'\n{more}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sdk_that_is_as_it_should_be_passes_and_nobody_is_paid() {
    let (portal, network) = Portal::paying().await;
    let registry = registry(&portal, &sdk(&network.url(), ""));
    let checked = check(&registry, &[SDK, "--payee", "MSISDN", "09777123456"]);
    assert!(checked.status.success(), "{checked:?}");
    for words in ["and the hub behind it answer", "Our clock is", "The payee was found in", "would cost 1,000", "Nothing is wrong."] {
        assert!(checked.out.contains(words), "«{words}» is not said: {checked:?}");
    }
    assert!(!checked.out.contains("777123456"), "the payee's number is printed: {checked:?}");
    let by_nrc = check(&registry, &[SDK, "--payee", "NRC", "12/OUKAMA(N)123456", "--amount", "5"]);
    assert!(by_nrc.status.success() && by_nrc.out.contains("would cost 5"), "{by_nrc:?}");
    let without = check(&registry, &[SDK]);
    assert!(without.status.success() && without.out.contains("name one with --payee"), "{without:?}");
    assert!(network.ledger().is_empty());
    let audit =
        run(outlay(["admin", "--registry", registry.path().to_str().unwrap(), "verify-audit"]).env("OUTLAY_REHEARSAL_FORGETS", "yes"));
    assert!(audit.status.success(), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_in_words_and_in_the_exit_status() {
    let (portal, network) = Portal::paying().await;
    let here = registry(&portal, &sdk(&network.url(), "quotes_timeout = '20s'"));
    let wrong = |ended: Ended, words: &str| {
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.out.contains(words) || ended.err.contains(words), "«{words}» is not said: {ended:?}");
    };
    wrong(check(&here, &[SDK, "--payee", "MSISDN", "09777129001"]), "knows nobody by this id (3204)");
    wrong(check(&here, &[SDK, "--payee", "MSISDN", "09777129002"]), "refused with 5200");
    wrong(check(&here, &[SDK, "--payee", "MSISDN", "09777129016", "--amount", "2000"]), "a fee above the account's limit");
    wrong(check(&here, &[SDK]), "quotes_timeout is 20.0 s: too short");
    assert!(check(&here, &[SDK, "--sdk-waits", "10s"]).status.success());
    wrong(check(&here, &["another"]), "names no SDK «another»; it names: main");
    wrong(check(&here, &[SDK, "--payee", "PIGEON", "1"]), "there is no id type «PIGEON»");
    wrong(check(&here, &[SDK, "--payee", "MSISDN", "12"]), "the phone number cannot be read");
    let nowhere = registry(&portal, &sdk("http://127.0.0.1:9", ""));
    wrong(check(&nowhere, &[SDK]), "could not be reached");
    assert!(network.ledger().is_empty());
}

/// An address at which something answers, with a clock that may be wrong.
async fn answering(ahead: i64, answer: fn(&str) -> (u16, &'static str)) -> SdkSettings {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = SdkSettings::new("main", &format!("http://{}", listener.local_addr().unwrap()), FspId::from("mfi"));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let request = read_request(&mut socket).await;
            let (status, body) = answer(request.lines().next().unwrap());
            let there = SystemClock::new().now().timestamp() + jiff::SignedDuration::from_secs(ahead);
            let date = there.strftime("%a, %d %b %Y %H:%M:%S GMT");
            let head = format!("HTTP/1.1 {status} X\r\ndate: {date}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            drop(socket.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await);
        }
    });
    settings
}

const UNKNOWN: &str = r#"{"message":"Got an error response retrieving transfer: {}","transferState":{},"statusCode":"3208"}"#;
const PARTY: &str = r#"{"party":{"body":{"partyIdInfo":{"partyIdType":"MSISDN","partyIdentifier":"959777123456","fspId":"kbzpay"}},"headers":{}},"currentState":"COMPLETED"}"#;
const ISO_PARTY: &str = r#"{"party":{"body":{"partyIdInfo":{"partyIdType":"MSISDN","partyIdentifier":"959777123456","fspId":"kbzpay"}},"headers":{"content-type":"application/vnd.interoperability.iso20022.parties+json;version=2.0"}},"currentState":"COMPLETED"}"#;
const NO_CURRENCY: &str = r#"{"message":"must be equal to one of the allowed values","statusCode":400}"#;

async fn checked(settings: &SdkSettings) -> Vec<Remark> {
    let party = |value: &str| PartyId { id_type: "MSISDN".to_owned(), id_value: value.to_owned(), sub_id: None };
    let question = Question {
        payee: party("959777123456"),
        payer: party("959700000001"),
        payer_name: "Upendo".to_owned(),
        currency: Currency::MMK,
        amount: Minor::new(100_000),
        fee_limit: None,
    };
    check_up(&Client::new(settings).unwrap(), Some(&question), Duration::from_secs(30)).await
}

fn assert_wrong(remarks: &[Remark], words: &str) {
    let said = remarks.iter().any(|remark| remark.grade == Grade::Wrong && remark.said.contains(words));
    assert!(said, "«{words}» is not said: {remarks:#?}");
}

#[tokio::test]
async fn clocks_that_differ_by_more_than_the_margins_permit_are_found() {
    let answer = |_: &str| (500, UNKNOWN);
    let behind = checked(&answering(-400, answer).await).await;
    assert_wrong(&behind, "more than half of settle_margin");
    let ahead = checked(&answering(20, answer).await).await;
    assert_wrong(&ahead, "prepares would expire before they are handled");
    let remarks = checked(&answering(5, answer).await).await;
    let clock = &remarks[1];
    assert!(clock.grade == Grade::Note && clock.said.contains("behind the SDK's"), "{clock}");
    // It was measured well enough to say so to a tenth of a second.
    let said = clock.said.split("is ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|number| number.parse::<f64>().ok());
    assert!((4.8..5.2).contains(&said.unwrap()), "{clock}");
}

#[tokio::test]
async fn servers_that_outlay_cannot_pay_through_are_known_by_what_they_say() {
    let other = checked(&answering(0, |_| (404, "<html>Not here</html>")).await).await;
    assert_wrong(&other, "nothing an SDK says");
    assert_eq!(other.len(), 1, "{other:?}");
    let wrong_path = checked(&answering(0, |_| (400, r#"{"message":"Couldn't match path /x","statusCode":400}"#)).await).await;
    assert_wrong(&wrong_path, "MULTI_DFSP");
    let without_hub =
        checked(&answering(0, |_| (504, r#"{"message":"Timeout getting transfer","transferState":{},"statusCode":"504"}"#)).await).await;
    assert_wrong(&without_hub, "PEER_ENDPOINT");
    let iso = checked(&answering(0, |line| if line.contains("/parties/") { (200, ISO_PARTY) } else { (500, UNKNOWN) }).await).await;
    assert_wrong(&iso, "API_TYPE=fspiop");
    let old_list = |line: &str| match line {
        line if line.contains("/parties/") => (200, PARTY),
        line if line.contains("/quotes") => (400, NO_CURRENCY),
        _ => (500, UNKNOWN),
    };
    assert_wrong(&checked(&answering(0, old_list).await).await, "list of currencies is probably without MMK");
}

#[tokio::test]
async fn an_sdk_that_never_answers_is_told_from_one_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = SdkSettings::new("main", &format!("http://{}", listener.local_addr().unwrap()), FspId::from("mfi"));
    settings.get_timeout = Duration::from_millis(50);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let request = read_request(&mut socket).await;
                if request.starts_with("GET / ") {
                    drop(socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await);
                } else {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    let remarks = checked(&settings).await;
    assert_wrong(&remarks, "was not answered within get_timeout");
    assert!(remarks.iter().any(|remark| remark.said.contains("could not be compared")), "{remarks:?}");
}
