//! The rules of the hub: once per id, never after expiry, and nothing forgotten.

use std::time::Duration;

use outlay::clock::Clock as _;
use outlay::ids::FspId;
use outlay::money::Minor;
use outlay::sdk::Prepare;
use outlay::simulator::LedgerState;

use super::desk::{Desk, new_id};

const NUMBER: &str = "959777123456";

#[tokio::test]
async fn identical_sends_at_once_are_all_told_paid_and_executed_once() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let prepare = desk.prepare(NUMBER, &id).await;
    let told = futures_util::future::join_all((0..32).map(|_| desk.send(&prepare))).await;
    assert!(told.iter().all(|told| told == "paid"), "{told:?}");
    let rows = desk.rows();
    assert_eq!((rows.len(), rows[0].executions, rows[0].amount), (1, 1, Minor::new(150_050)));
    assert_eq!((rows[0].payee.as_str(), rows[0].currency.as_str(), rows[0].state), (NUMBER, "MMK", LedgerState::Committed));
}

#[tokio::test]
async fn other_bytes_under_a_known_id_are_refused_and_change_nothing() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let first = desk.prepare(NUMBER, &id).await;
    assert_eq!(desk.send(&first).await, "paid");
    desk.clock.advance(Duration::from_millis(1));
    let other = desk.prepare(NUMBER, &id).await;
    assert_eq!((desk.send(&other).await.as_str(), desk.get(&id).await.as_str()), ("modified", "paid"));
    assert_eq!(desk.executions(), 1);
}

#[tokio::test]
async fn a_new_id_pays_again_as_the_real_network_does() {
    let desk = Desk::open(|_| {});
    for _ in 0..2 {
        assert_eq!(desk.send(&desk.prepare(NUMBER, &new_id()).await).await, "paid");
    }
    assert_eq!(desk.executions(), 2);
}

#[tokio::test]
async fn asking_before_sending_destroys_nothing() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    assert_eq!(desk.get(&id).await, "not found");
    assert_eq!(desk.send(&desk.prepare(NUMBER, &id).await).await, "paid");
    assert_eq!(desk.get(&id).await, "paid");
}

#[tokio::test]
async fn a_prepare_that_arrives_after_its_expiry_moves_nothing_then_or_ever() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let prepare = desk.prepare(NUMBER, &id).await;
    desk.clock.advance(Duration::from_secs(31));
    assert_eq!((desk.send(&prepare).await.as_str(), desk.send(&prepare).await.as_str()), ("refused 3100", "silent"));
    assert_eq!((desk.get(&id).await.as_str(), desk.executions()), ("aborted", 0));
}

#[tokio::test]
async fn an_old_prepare_fails_on_its_condition_once_another_quote_replaced_its_own() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let old = desk.prepare(NUMBER, &id).await;
    desk.quote(NUMBER, &id).await;
    assert_eq!((desk.send(&old).await.as_str(), desk.executions()), ("refused 5105", 0));
}

#[tokio::test]
async fn an_amount_nobody_quoted_is_refused_by_the_payee() {
    let desk = Desk::open(|_| {});
    let id = new_id();
    let (fsp, mut quote) = (desk.fsp(NUMBER).await, desk.quote(NUMBER, &id).await);
    quote.transfer_amount.wire = "15005".to_owned();
    let altered = Prepare::new(&id, &FspId::from("mfi"), &fsp, &quote, desk.clock.now().after(Duration::from_secs(30))).unwrap();
    assert_eq!((desk.send(&altered).await.as_str(), desk.executions()), ("refused 5105", 0));
}

#[tokio::test]
async fn the_ledger_outlives_a_restart() {
    let desk = Desk::open(|_| {});
    let (paid, rejected, late) = (new_id(), new_id(), new_id());
    let prepares =
        [desk.prepare(NUMBER, &paid).await, desk.prepare("959777129003", &rejected).await, desk.prepare("959777129007", &late).await];
    for prepare in &prepares {
        desk.send(prepare).await;
    }
    let desk = desk.restart().await;
    assert_eq!((desk.send(&prepares[0]).await.as_str(), desk.get(&rejected).await.as_str()), ("paid", "aborted"));
    assert_eq!(desk.get(&late).await, "not found");
    desk.clock.advance(Duration::from_secs(6));
    assert_eq!(desk.get(&late).await, "paid");
    assert_eq!(desk.executions(), 2);
}

#[tokio::test]
async fn the_ledger_is_shown_over_http_only_where_that_was_asked_for() {
    let read = |url: String| async move {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let reply = reqwest::get(url).await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    };
    let closed = Desk::open(|_| {});
    assert_eq!(read(format!("{}/simulator/ledger", closed.running.url())).await.0, 404);
    let open = Desk::open(|settings| settings.control = true);
    open.send(&open.prepare(NUMBER, &new_id()).await).await;
    let (status, body) = read(format!("{}/simulator/ledger", open.running.url())).await;
    let rows: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, rows[0]["state"].as_str(), rows[0]["executions"].as_i64()), (200, Some("COMMITTED"), Some(1)));
    let (_, stats) = read(format!("{}/simulator/stats", open.running.url())).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stats).unwrap()["executions"], 1);
}
