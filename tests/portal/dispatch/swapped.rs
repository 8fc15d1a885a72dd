//! The SDK hands one payment the quote of another: nothing is paid with it.

use diesel::prelude::*;
use outlay::db::schema::transfers;
use outlay::dispatch::TransferState::{Ready, Succeeded};
use outlay::dispatch::breakers::{self, Ailment};

use super::between::{Between, Fate, phones_at};
use super::desk::{Desk, HOUR};

/// Every quote is answered with the first one's answer.
async fn mixed_up(desk: &Desk) -> Between {
    Between::before(desk, |request| if request.starts_with("POST /quotes") { Fate::AsBefore } else { Fate::Pass }).await
}

fn tries(desk: &Desk) -> Vec<i32> {
    transfers::table.order((transfers::batch_id, transfers::line)).select(transfers::tries).load(&mut desk.database.conn()).unwrap()
}

#[tokio::test]
async fn a_quote_about_another_payment_is_no_answer_and_the_next_one_counts() {
    let desk = Desk::open().await;
    let between = mixed_up(&desk).await;
    let phones = phones_at("kbzpay", 2);
    let first = desk.approved(&[(phones[0].as_str(), 1_000)]);
    let mut engine = between.engine(&desk, 1);
    desk.pay(&mut engine, &first).await;
    // The same sum to the same provider: nothing but the packet tells that these terms are another's.
    let second = desk.approved(&[(phones[1].as_str(), 1_000)]);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.replies("quotes"), ["quoted", "about_another"]);
    assert_eq!((desk.row(&second).state, desk.row(&second).n, tries(&desk)), (Ready, 0, vec![0, 1]), "it counts as a silence would");
    assert_eq!(desk.row(&second).why(), "The payee's provider did not answer");
    assert_eq!(desk.ledger().len(), 1, "nothing was sent with it");
    between.rule(|_| Fate::Pass);
    desk.pay(&mut engine, &second).await;
    assert_eq!(desk.row(&second).state, Succeeded);
    assert_eq!(desk.replies("quotes").last().map(String::as_str), Some("quoted"));
    desk.assert_agrees_with_the_ledger(&second);
}

#[tokio::test]
async fn a_provider_whose_quotes_are_always_about_others_waits_and_stops_nobody_else() {
    let desk = Desk::open().await;
    let between = mixed_up(&desk).await;
    let (at_kbz, at_wave) = (phones_at("kbzpay", 30), phones_at("wavemoney", 5));
    let first = desk.approved(&[(at_kbz[0].as_str(), 1_000)]);
    let mut engine = between.engine(&desk, 1);
    desk.pay(&mut engine, &first).await;
    let payees: Vec<_> = at_kbz[1..].iter().map(|phone| (phone.as_str(), 1_000)).collect();
    let wrong = desk.approved(&payees);
    engine.until_idle().await.unwrap();
    let [one] = breakers::waiting(&mut desk.database.conn()).unwrap().try_into().unwrap();
    assert_eq!(one.shut.ailment, Ailment::Faulty);
    assert_eq!(desk.state(&wrong), "processing", "the account is not stopped: the provider writes these packets, not our SDK");
    between.rule(|_| Fate::Pass);
    let others = desk.approved(&at_wave.iter().map(|phone| (phone.as_str(), 1_000)).collect::<Vec<_>>());
    engine.until_idle().await.unwrap();
    assert!(desk.rows(&others).iter().all(|row| row.state == Succeeded));
    desk.until(&mut engine, &wrong, "processed", HOUR).await;
    desk.assert_agrees_with_the_ledger(&wrong);
    assert_eq!(desk.ledger().len(), 35);
}
