//! The hub face: what a real SDK asks of it and hears from it.

use std::time::Duration;

use outlay::simulator::{Fault, LedgerState};

use super::desk::new_id;
use super::payer::{Payer, condition, fspiop, quote_body, word};

const NUMBER: &str = "959777123456";

#[tokio::test]
async fn a_payee_is_found_asked_for_terms_and_paid_by_callbacks() {
    let mut payer = Payer::open(|settings| settings.fee_basis_points = 50).await;
    let party = payer.party(&format!("/parties/MSISDN/{NUMBER}")).await;
    assert_eq!(party.line, format!("PUT /parties/MSISDN/{NUMBER}"));
    let info = &party.body["party"]["partyIdInfo"];
    let fsp = info["fspId"].as_str().unwrap().to_owned();
    assert_eq!((info["partyIdType"].as_str(), info["partyIdentifier"].as_str()), (Some("MSISDN"), Some(NUMBER)));
    assert_eq!((party.header("fspiop-source"), party.header("fspiop-destination")), (fsp.as_str(), "mfi"));
    // The real SDK refuses a callback with any other Accept, such as `*/*`.
    assert_eq!(
        (party.header("content-type"), party.header("accept")),
        (fspiop("parties", "1.1").as_str(), fspiop("parties", "1.1").as_str())
    );
    assert_eq!(party.header("date"), "Sat, 21 Nov 2026 02:40:48 GMT");

    let id = new_id();
    let quote = payer.quote(NUMBER, &fsp, &id).await;
    assert!(quote.line.starts_with("PUT /quotes/") && !quote.line.ends_with("/error"), "{}", quote.line);
    assert_eq!(quote.body["transferAmount"], serde_json::json!({"currency": "MMK", "amount": "1508"}));
    assert_eq!(quote.body["payeeReceiveAmount"]["amount"], "1500.5");

    let prepare = payer.prepare(NUMBER, &id).await;
    assert_eq!(payer.send(&prepare).await, "taken");
    let told = payer.sdk.hears().await;
    assert_eq!((told.line.as_str(), told.header("fspiop-source")), (format!("PUT /transfers/{id}").as_str(), fsp.as_str()));
    assert_eq!(word(&told, &condition(&prepare)), "COMMITTED");
    let rows = payer.rows();
    assert_eq!((rows.len(), rows[0].executions, rows[0].state, rows[0].payee.as_str()), (1, 1, LedgerState::Committed, NUMBER));
}

#[tokio::test]
async fn a_payees_id_comes_back_as_it_was_written() {
    let mut payer = Payer::open(|_| {}).await;
    let asked = "/parties/PERSONAL_ID/12%2FOUKAMA(N)123456/NATIONAL_REGISTRATION";
    let heard = payer.party(asked).await;
    assert_eq!(heard.line, format!("PUT {asked}"));
    let info = &heard.body["party"]["partyIdInfo"];
    assert_eq!(
        (info["partyIdentifier"].as_str(), info["partySubIdOrType"].as_str()),
        (Some("12/OUKAMA(N)123456"), Some("NATIONAL_REGISTRATION"))
    );
    let unknown = payer.party("/parties/PERSONAL_ID/12%2FOUKAMA(N)129001/NATIONAL_REGISTRATION").await;
    assert_eq!(unknown.line, "PUT /parties/PERSONAL_ID/12%2FOUKAMA(N)129001/NATIONAL_REGISTRATION/error");
    assert_eq!(unknown.body["errorInformation"]["errorCode"], "3204");
}

#[tokio::test]
async fn each_version_of_fspiop_is_answered_in_its_own_and_other_languages_are_refused() {
    let mut payer = Payer::open(|_| {}).await;
    let path = format!("/parties/MSISDN/{NUMBER}");
    for version in ["1.0", "1.1", "2.0"] {
        assert_eq!(payer.ask("GET", &path, &fspiop("parties", version), "").await.unwrap().0, 202);
        assert_eq!(payer.sdk.hears().await.header("content-type"), fspiop("parties", version));
    }
    let refused = |answer: Option<(u16, String)>| {
        let (status, body) = answer.unwrap();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        (status, body["errorInformation"]["errorCode"].as_str().unwrap().to_owned())
    };
    let ask = async |content_type: &str| refused(payer.ask("GET", &path, content_type, "").await);
    assert_eq!(ask(&fspiop("parties", "3.0")).await, (406, "3001".to_owned()));
    assert_eq!(ask(&fspiop("iso20022.parties", "2.0")).await, (406, "3001".to_owned()));
    assert_eq!(ask("application/json").await, (400, "3101".to_owned()));
    let nameless = payer.ask_with("GET", &path, &[("content-type", &fspiop("parties", "1.1"))], "").await;
    assert_eq!(refused(nameless), (400, "3102".to_owned()));
    assert_eq!(refused(payer.ask("PATCH", "/nope", "application/json", "").await), (404, "3002".to_owned()));
    assert!(payer.sdk.has_heard_everything());
}

#[tokio::test]
async fn what_is_no_quote_and_no_prepare_is_refused_at_the_door() {
    let mut payer = Payer::open(|_| {}).await;
    let quote = quote_body(NUMBER, "kbzpay", &new_id()).to_string();
    for wrong in [quote.replace("1500.5", "1500.50"), quote.replace("MSISDN", "PHONE"), "{".to_owned()] {
        assert_eq!(payer.ask("POST", "/quotes", &fspiop("quotes", "1.1"), &wrong).await.unwrap().0, 400, "{wrong}");
    }
    let good = payer.prepare(NUMBER, &new_id()).await;
    for wrong in [good.replace("\"mfi\"", "\"another\""), good.replace(".000Z", "Z"), good.replace("\"MMK\"", "\"ZWG\"")] {
        assert_ne!(wrong, good);
        assert!(payer.send(&wrong).await.starts_with("400 "), "{wrong}");
    }
    assert!(payer.rows().is_empty() && payer.sdk.has_heard_everything());
}

/// Digits; then what is heard of the prepare, of the same bytes again, and of a question; executions in the ledger.
const TABLE: &[(&str, &str, &str, &str, i32)] = &[
    ("3456", "COMMITTED", "COMMITTED", "COMMITTED", 1),
    ("9003", "5104", "nothing", "ABORTED", 0),
    ("9004", "4001", "nothing", "ABORTED", 0),
    ("9005", "3303", "nothing", "ABORTED", 0),
    ("9006", "nothing", "COMMITTED", "COMMITTED", 1),
    ("9007", "nothing", "nothing", "3208", 0),
    ("9008", "broken", "COMMITTED", "COMMITTED", 1),
    ("9009", "nothing", "COMMITTED", "COMMITTED", 1),
    ("9010", "503", "503", "3208", 0),
    ("9011", "COMMITTED", "COMMITTED", "COMMITTED", 1),
    ("9012", "RESERVED", "nothing", "RESERVED", 0),
    ("9013", "nothing", "nothing", "SETTLED", 1),
    ("9014", "3106", "COMMITTED", "COMMITTED", 1),
    ("9015", "unproven", "nothing", "ABORTED", 0),
];

#[tokio::test]
async fn every_fault_is_met_as_a_callback() {
    let mut payer = Payer::open(|_| {}).await;
    for (digits, first, again, asked, executions) in TABLE {
        let (id, before) = (new_id(), payer.executions());
        let prepare = payer.prepare(&format!("95977712{digits}"), &id).await;
        let condition = condition(&prepare);
        for expected in [first, again] {
            let at_once = payer.send(&prepare).await;
            match *expected {
                "nothing" => assert_eq!(at_once, "taken", "{digits}"),
                "broken" => assert_eq!(at_once, "broken", "{digits}"),
                "503" => assert!(at_once.starts_with("503 ") && at_once.contains("2003"), "{digits}: {at_once}"),
                callback => {
                    assert_eq!(at_once, "taken", "{digits}");
                    let heard = payer.sdk.hears().await;
                    assert_eq!(word(&heard, &condition), callback, "{digits}: {heard:?}");
                }
            }
        }
        assert_eq!(payer.get(&id, &condition).await, *asked, "{digits}");
        assert_eq!(payer.executions() - before, *executions, "{digits}");
    }
    assert!(payer.sdk.has_heard_everything());
    let walked = |digits: &str| TABLE.iter().any(|row| row.0 == digits);
    let before_money = ["9001", "9002", "9016", "9017"];
    assert!(Fault::ALL.iter().all(|(_, digits, ..)| walked(digits) || before_money.contains(digits)));
}

#[tokio::test]
async fn faults_before_the_money_come_as_errors_of_lookup_and_quote() {
    let mut payer = Payer::open(|_| {}).await;
    let error = |heard: super::listening::Heard| (heard.line.ends_with("/error"), heard.body["errorInformation"]["errorCode"].clone());
    assert_eq!(error(payer.party("/parties/MSISDN/959777129001").await), (true, "3204".into()));
    assert_eq!(error(payer.quote("959777129002", "kbzpay", &new_id()).await), (true, "5200".into()));
    let dear = payer.quote("959777129016", "kbzpay", &new_id()).await.body;
    assert_eq!(dear["payeeFspFee"]["amount"], "1500.5");
    let old = payer.party("/parties/MSISDN/959777129017").await.body["party"]["partyIdInfo"]["fspId"].clone();
    assert_eq!(error(payer.quote("959777129017", old.as_str().unwrap(), &new_id()).await), (true, "3204".into()));
    assert_ne!(payer.party("/parties/MSISDN/959777129017").await.body["party"]["partyIdInfo"]["fspId"], old);
}

#[tokio::test]
async fn an_id_is_executed_once_whatever_is_sent_under_it() {
    let mut payer = Payer::open(|_| {}).await;
    let id = new_id();
    let prepare = payer.prepare(NUMBER, &id).await;
    let sent = futures_util::future::join_all((0..16).map(|_| payer.send(&prepare))).await;
    assert!(sent.iter().all(|sent| sent == "taken"), "{sent:?}");
    for _ in 0..16 {
        assert_eq!(word(&payer.sdk.hears().await, &condition(&prepare)), "COMMITTED");
    }
    payer.clock.advance(Duration::from_millis(1));
    let other = prepare.replace(".000Z", ".001Z");
    assert_eq!(payer.send(&other).await, "taken");
    assert_eq!(word(&payer.sdk.hears().await, &condition(&prepare)), "3106");
    assert_eq!((payer.get(&id, &condition(&prepare)).await.as_str(), payer.executions()), ("COMMITTED", 1));
}

#[tokio::test]
async fn a_prepare_handled_after_its_expiry_moves_nothing() {
    let mut payer = Payer::open(|_| {}).await;
    let id = new_id();
    let prepare = payer.prepare(NUMBER, &id).await;
    payer.clock.advance(Duration::from_secs(31));
    assert_eq!(payer.send(&prepare).await, "taken");
    assert_eq!(word(&payer.sdk.hears().await, &condition(&prepare)), "3100");
    assert_eq!((payer.get(&id, &condition(&prepare)).await.as_str(), payer.executions()), ("ABORTED", 0));
}

#[tokio::test]
async fn how_a_late_transfer_ended_is_told_once_however_often_it_was_sent() {
    let mut payer = Payer::open(|_| {}).await;
    for (digits, at_once) in [("9007", None), ("9012", Some("RESERVED"))] {
        let id = new_id();
        let prepare = payer.prepare(&format!("95977712{digits}"), &id).await;
        assert_eq!(payer.send(&prepare).await, "taken");
        if let Some(state) = at_once {
            assert_eq!(word(&payer.sdk.hears().await, &condition(&prepare)), state);
        }
        for _ in 0..3 {
            assert_eq!(payer.send(&prepare).await, "taken");
        }
        payer.clock.advance(Duration::from_secs(11));
        let told = payer.sdk.hears().await;
        assert_eq!((word(&told, &condition(&prepare)).as_str(), told.header("fspiop-destination")), ("COMMITTED", "mfi"), "{digits}");
        assert_eq!(payer.get(&id, &condition(&prepare)).await, "COMMITTED");
    }
    assert_eq!(payer.executions(), 2);
    assert!(payer.sdk.has_heard_everything());
}

#[tokio::test]
async fn a_hub_that_was_restarted_tells_how_it_ended_whoever_asks_again() {
    let mut payer = Payer::open(|_| {}).await;
    let id = new_id();
    let prepare = payer.prepare("959777129007", &id).await;
    assert_eq!(payer.send(&prepare).await, "taken");
    let mut payer = payer.restart().await;
    assert_eq!(payer.send(&prepare).await, "taken");
    payer.clock.advance(Duration::from_secs(6));
    assert_eq!(word(&payer.sdk.hears().await, &condition(&prepare)), "COMMITTED");
    assert_eq!(payer.executions(), 1);
}

#[tokio::test]
async fn an_answer_is_brought_again_to_an_sdk_that_stumbles_and_not_to_one_that_refuses() {
    let mut payer = Payer::open(|_| {}).await;
    payer.sdk.will_answer(&[503]);
    let first = payer.party(&format!("/parties/MSISDN/{NUMBER}")).await;
    let second = payer.sdk.hears().await;
    assert_eq!((first.line, first.body), (second.line, second.body));
    payer.sdk.will_answer(&[400]);
    payer.party(&format!("/parties/MSISDN/{NUMBER}")).await;
    // Had it been brought again, that would be heard before this.
    assert_eq!(payer.get(&new_id(), "").await, "3208");
    assert!(payer.sdk.has_heard_everything());
}

#[tokio::test]
async fn what_the_hub_could_not_take_may_be_agreed_again_under_the_same_id() {
    let mut payer = Payer::open(|_| {}).await;
    let id = new_id();
    let lost = payer.prepare("959777129010", &id).await;
    assert!(payer.send(&lost).await.starts_with("503 "));
    let again = payer.prepare("959777129010", &id).await;
    assert_eq!(payer.send(&again).await, "taken");
    assert_eq!(word(&payer.sdk.hears().await, &condition(&again)), "COMMITTED");
    assert_eq!(payer.send(&lost).await, "taken");
    assert_eq!(word(&payer.sdk.hears().await, &condition(&lost)), "3106");
    assert_eq!(payer.executions(), 1);
}
