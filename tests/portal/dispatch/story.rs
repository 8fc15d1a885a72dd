//! The everyday case.

use outlay::dispatch::{Count, TransferState};

use super::desk::Desk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_on_the_payroll_is_paid_once() {
    let desk = Desk::open().await;
    let phones: Vec<String> = (0..300).map(|number| format!("9597771{number:05}")).collect();
    let payees: Vec<_> = phones.iter().zip(1..).map(|(phone, amount)| (phone.as_str(), 1_000 + amount)).collect();
    let batch = desk.approved(&payees);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&batch), "processed", "without any wait");
    assert_eq!(desk.count(&batch, Count::Succeeded), 300);
    let paid = desk.paid();
    assert!(payees.iter().all(|(phone, amount)| paid[*phone] == amount * 100));
    assert_eq!(paid.len(), 300);
    desk.assert_agrees_with_the_ledger(&batch);
    desk.assert_counts_add_up();
    for row in desk.rows(&batch) {
        assert_eq!((row.state, row.n, row.code.clone(), row.reason.clone()), (TransferState::Succeeded, 0, None, None));
    }
    assert_eq!(desk.replies("simple_transfers"), vec!["committed"; 300]);
    assert_eq!(desk.audit(), ["batch.processed", "batch.started"]);
}

#[tokio::test]
async fn a_second_batch_waits_for_nobody() {
    let desk = Desk::open().await;
    let phones: Vec<String> = (0..80).map(|number| format!("9597772{number:05}")).collect();
    let payees: Vec<_> = phones.iter().map(|phone| (phone.as_str(), 500)).collect();
    let first = desk.approved(&payees);
    let second = desk.approved(&[("959777400001", 700)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&first), desk.state(&second)), ("processed".to_owned(), "processed".to_owned()));
    assert_eq!(desk.paid().len(), 81);
}

#[tokio::test]
async fn the_same_payee_twice_in_a_file_is_paid_twice() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 100), ("959777123456", 100)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.paid()["959777123456"], 20_000);
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn an_excluded_row_is_not_paid_and_a_batch_of_nothing_else_is_done() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 100)]);
    desk.run_sql(
        "UPDATE transfers SET state = 'excluded'; UPDATE decisions SET excluded_lines = '[2]'; \
         UPDATE batches SET waiting = 0, excluded = 1, sum_waiting = 0, sum_excluded = 10000;",
    );
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&batch), "processed");
    assert_eq!(desk.ledger(), []);
}
