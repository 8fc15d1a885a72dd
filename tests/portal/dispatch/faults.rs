//! Everything the network can do to a payment, one at a time: the portal's word and the ledger's agree at the end.

use outlay::dispatch::TransferState::{self, Failed, InDoubt, NeedsAttention, Ready, Succeeded};

use super::desk::{Desk, HOUR, MINUTE, Row};

/// Pays one payee whose digits choose the fault, to the end.
async fn paid_to(digits: &str) -> (Desk, Row) {
    let desk = Desk::open().await;
    let phone = format!("95977712{digits}");
    let batch = desk.approved(&[(phone.as_str(), 1_000)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    desk.assert_agrees_with_the_ledger(&batch);
    let row = desk.row(&batch);
    (desk, row)
}

fn outcome(row: &Row) -> (TransferState, i32, Option<&str>) {
    (row.state, row.n, row.code.as_deref())
}

#[tokio::test]
async fn a_number_without_a_wallet_fails_with_its_reason() {
    let (desk, row) = paid_to("9001").await;
    assert_eq!(outcome(&row), (Failed, 0, Some("3204")));
    assert_eq!(row.why(), "The number or account has no wallet");
    assert_eq!(desk.replies("get_transfer"), ["not_found"], "no copy of us has paid it");
}

#[tokio::test]
async fn a_wallet_at_its_limit_fails() {
    let (_, row) = paid_to("9002").await;
    assert_eq!(outcome(&row), (Failed, 0, Some("5200")));
}

#[tokio::test]
async fn a_rejected_transfer_fails_once_the_network_says_aborted() {
    let (desk, row) = paid_to("9003").await;
    assert_eq!(outcome(&row), (Failed, 1, Some("5104")));
    assert_eq!(desk.replies("get_transfer"), ["aborted", "not_found"], "and the next id was never used");
}

#[tokio::test]
async fn without_liquidity_the_batch_waits_longer_each_time_and_then_pays() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777129004", 1_000)]);
    let mut engine = desk.engine();
    let mut waits = Vec::new();
    for times in 1..=3 {
        engine.until_idle().await.unwrap();
        assert_eq!(desk.pause(&batch), (Some("waiting_for_liquidity".to_owned()), Some("4001".to_owned())));
        let wait = desk.wait(&batch);
        waits.push(wait.as_secs());
        // Meanwhile the network says that this id is over.
        desk.clock.advance(MINUTE / 2);
        engine.until_idle().await.unwrap();
        assert_eq!(outcome(&desk.row(&batch)), (Ready, times, Some("4001")));
        desk.clock.advance(wait - MINUTE / 2);
    }
    desk.pay(&mut engine, &batch).await;
    assert_eq!(outcome(&desk.row(&batch)), (Succeeded, 3, None));
    assert_eq!(waits, [60, 120, 240]);
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn an_expired_transfer_is_tried_again_under_the_next_id_and_then_fails() {
    let (desk, row) = paid_to("9005").await;
    assert_eq!((row.state, row.code.as_deref()), (Failed, Some("3303")));
    assert_eq!(desk.ledger().len(), 3, "three ids, each aborted");
}

#[tokio::test]
async fn a_lost_answer_is_recovered() {
    let (desk, row) = paid_to("9006").await;
    assert_eq!(outcome(&row), (Succeeded, 0, None));
    assert_eq!(desk.ledger().len(), 1);
}

#[tokio::test]
async fn a_late_commit_is_paid_once() {
    let (desk, row) = paid_to("9007").await;
    assert_eq!(outcome(&row), (Succeeded, 0, None));
    assert_eq!(desk.ledger().len(), 1);
}

#[tokio::test]
async fn a_broken_connection_after_the_commit_is_no_loss() {
    for digits in ["9008", "9009"] {
        let (desk, row) = paid_to(digits).await;
        assert_eq!(outcome(&row), (Succeeded, 0, None), "{digits}");
        assert_eq!(desk.ledger().len(), 1);
    }
}

#[tokio::test]
async fn what_never_arrived_is_agreed_on_again_under_the_same_id() {
    let (desk, row) = paid_to("9010").await;
    assert_eq!(outcome(&row), (Succeeded, 0, None));
    assert!(desk.replies("quotes").len() > 1);
    assert_eq!(desk.ledger().len(), 1);
}

#[tokio::test]
async fn a_slow_answer_is_an_answer() {
    let (_, row) = paid_to("9011").await;
    assert_eq!(outcome(&row), (Succeeded, 0, None));
}

#[tokio::test]
async fn reserved_is_not_paid_yet() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777129012", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, InDoubt);
    desk.pay(&mut engine, &batch).await;
    assert_eq!(outcome(&desk.row(&batch)), (Succeeded, 0, None));
}

#[tokio::test]
async fn a_settled_transfer_is_probably_paid_and_a_person_is_told() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777129013", 1_000), ("959777123456", 1_000)]);
    let mut engine = desk.engine();
    let began = desk.db.clock().now();
    desk.pay(&mut engine, &batch).await;
    let rows = desk.rows(&batch);
    assert_eq!((rows[0].state, rows[1].state), (NeedsAttention, Succeeded));
    assert_eq!(rows[0].why(), "Probably paid: the network knows this payment but does not show how it ended");
    let took = desk.db.clock().now().since(began);
    assert!(took > MINUTE * 10 && took < MINUTE * 30, "{took:?}");
    // Asking goes on, hourly, and nothing is paid again by it.
    let asked = desk.replies("get_transfer").len();
    desk.clock.advance(HOUR + MINUTE);
    engine.until_idle().await.unwrap();
    assert!(desk.replies("get_transfer").len() > asked);
    assert_eq!(desk.ledger().len(), 2);
}

#[tokio::test]
async fn modified_request_is_no_failure() {
    let (desk, row) = paid_to("9014").await;
    assert_eq!(outcome(&row), (Succeeded, 0, None));
    assert_eq!(desk.replies("simple_transfers").first().map(String::as_str), Some("modified"));
}

#[tokio::test]
async fn a_false_proof_is_no_payment() {
    let (desk, row) = paid_to("9015").await;
    assert_eq!(row.state, Failed);
    assert!(desk.ledger().iter().all(|row| !row.state.is_paid()));
}

#[tokio::test]
async fn a_fee_above_the_limit_is_not_accepted() {
    let (desk, row) = paid_to("9016").await;
    assert_eq!(outcome(&row), (Failed, 0, None));
    assert_eq!(row.why(), "The fee of 1,000 MMK is above the limit of 500 MMK");
    assert_eq!(desk.ledger(), []);
}

#[tokio::test]
async fn a_payee_who_moved_is_found_again() {
    let (desk, row) = paid_to("9017").await;
    assert_eq!(outcome(&row), (Succeeded, 0, None));
    assert_eq!(desk.replies("parties").len(), 2);
    assert_eq!(desk.ledger()[0].payee_fsp, row.payee_fsp.unwrap().to_string());
}

#[tokio::test]
async fn an_account_elsewhere_than_the_file_says_is_not_paid() {
    let desk = Desk::open().await;
    let here = outlay::simulator::look_up("MSISDN", "959777123456", false).fsp;
    let elsewhere = outlay::simulator::look_up("MSISDN", "959777123456", true).fsp;
    let batch = desk.approved_to(&[("959777123456", 1_000)], Some(elsewhere));
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    let row = desk.row(&batch);
    assert_eq!(row.state, Failed);
    assert_eq!(row.why(), format!("The file says {elsewhere}, but this account is at {here}"));
}

#[tokio::test]
async fn a_payroll_with_every_fault_ends_with_books_that_agree() {
    for version in [outlay::simulator::SdkVersion::V24, outlay::simulator::SdkVersion::V18] {
        let desk = Desk::open_with(|settings| settings.version = version).await;
        let phones: Vec<String> = outlay::simulator::Fault::ALL
            .iter()
            .flat_map(|(_, digits, ..)| (10..14).map(move |prefix| format!("9597771{prefix}{digits}")))
            .chain((0..40).map(|number| format!("95977713{number:04}")))
            .collect();
        let payees: Vec<_> = phones.iter().map(|phone| (phone.as_str(), 1_000)).collect();
        let batch = desk.approved(&payees);
        let mut engine = desk.engine();
        desk.pay(&mut engine, &batch).await;
        desk.assert_agrees_with_the_ledger(&batch);
        assert!(desk.paid().values().all(|paid| *paid == 100_000), "nobody twice");
    }
}
