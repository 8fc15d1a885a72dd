//! The simulator takes what the real SDK takes, and refuses what it refuses.

use outlay::ids::FspId;
use outlay::sdk::{NotARequest, PartyAnswer, PartyId, QuoteAnswer, Trace};

use super::desk::{Desk, new_id};

async fn post(desk: &Desk, path: &str, body: String) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let reply = reqwest::Client::new().post(format!("{}{path}", desk.running.url())).body(body).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

#[tokio::test]
async fn every_kind_of_payee_is_found_and_paid_by_what_the_client_asks() {
    let desk = Desk::open(|_| {});
    let payees = [
        ("MSISDN", "959777123456", None),
        ("PERSONAL_ID", "12/OUKAMA(N)123456", Some("NATIONAL_REGISTRATION")),
        ("ACCOUNT_ID", "0012003400056", None),
        ("ALIAS", "ဒေါ်လှ 1", None),
    ];
    for (id_type, id_value, sub_id) in payees {
        let party = PartyId { id_type: id_type.to_owned(), id_value: id_value.to_owned(), sub_id: sub_id.map(str::to_owned) };
        let PartyAnswer::Found { fsp, name, .. } = desk.client.parties(&party, &Trace::random()).await.answer else { panic!("{id_type}") };
        assert!(name.is_some_and(|name| name.split(' ').count() == 3));
        let question = outlay::sdk::QuoteRequest { payee: party, ..desk.question("959777123456", &new_id()) };
        assert!(matches!(desk.client.quote(&fsp, &question).await.answer, QuoteAnswer::Quoted(_)), "{id_type}");
    }
}

#[tokio::test]
async fn a_named_destination_is_respected() {
    let desk = Desk::open(|_| {});
    let to = FspId::from("someotherbank");
    let answer = desk.client.quote(&to, &desk.question("959777123456", &new_id())).await.answer;
    assert!(matches!(answer, QuoteAnswer::Quoted(_)), "{answer:?}");
}

#[tokio::test]
async fn an_id_in_capitals_is_refused_as_the_real_one_does() {
    let desk = Desk::open(|_| {});
    let mut question = desk.question("959777123456", &new_id());
    question.quote_id = question.quote_id.to_uppercase();
    let answer = desk.client.quote(&FspId::from("kbzpay"), &question).await.answer;
    assert_eq!(answer, QuoteAnswer::NotAsked(NotARequest::RefusedBySdk));
}

#[tokio::test]
async fn unknown_fields_wrong_amounts_and_broken_json_are_refused() {
    let desk = Desk::open(|_| {});
    let good = desk.prepare("959777123456", &new_id()).await.as_str().to_owned();
    let wrong = [
        good.replacen("{\"fspId\"", "{\"homeTransactionId\":\"x\",\"fspId\"", 1),
        good.replace("\"1500.5\"", "\"1500.50\""),
        good.replace("\"1500.5\"", "\"-1\""),
        good.replace("\"MMK\"", "\"ZWG\""),
        good.replace(".000Z", "Z"),
    ];
    for body in wrong {
        assert_ne!(body, good);
        let (status, answer) = post(&desk, "/simpleTransfers", body).await;
        assert!(status == 400 && answer.contains("\"statusCode\":400"), "{status} {answer}");
    }
    assert_eq!(post(&desk, "/simpleTransfers", "{".to_owned()).await, (404, "Not Found".to_owned()));
    assert_eq!(post(&desk, "/nope", String::new()).await.0, 400);
    assert!(desk.rows().is_empty());
}
