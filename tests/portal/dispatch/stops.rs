//! What stops a batch, and who gets it going again.

use outlay::audit::By;
use outlay::dispatch::{self, TransferState};

use super::desk::{Desk, HOUR};

/// Changes a row or a batch behind the program's back, after the approval.
async fn altered(sql: &str) {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000), ("959777123457", 1_000), ("959777123458", 1_000)]);
    desk.run_sql(sql);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&batch), "paused", "{sql}");
    assert_eq!(desk.pause(&batch).0.as_deref(), Some("seal_mismatch"), "{sql}");
    desk.clock.advance(HOUR * 24);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.ledger(), [], "{sql}: nothing is paid, however long it waits");
    assert_eq!(desk.audit(), ["batch.paused", "batch.seal_mismatch"]);
}

#[tokio::test]
async fn nothing_is_paid_of_a_batch_that_is_not_what_was_approved() {
    altered("UPDATE transfers SET amount = 900000 WHERE line = 3").await;
    altered("UPDATE transfers SET id_value = '959777999999' WHERE line = 4").await;
    altered("UPDATE transfers SET to_fsp = 'wavemoney' WHERE line = 2").await;
    altered("UPDATE transfers SET note = 'other' WHERE line = 2").await;
    altered("UPDATE batches SET fee_limit = 999999").await;
    altered("UPDATE decisions SET seal = 'x'").await;
    altered("UPDATE decisions SET excluded_lines = '[3]'").await;
    altered("UPDATE transfers SET state = 'excluded' WHERE line = 3").await;
    altered("DELETE FROM decisions").await;
}

#[tokio::test]
async fn a_row_with_a_digest_to_match_its_new_amount_breaks_the_seal() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    let other = desk.approved(&[("959777123456", 9_000)]);
    // Everything of the other row that is sealed with it, under this one's line.
    desk.run_sql(&format!(
        "UPDATE transfers SET amount = 900000, home_transaction_id = 'h', row_digest = (SELECT row_digest FROM transfers WHERE batch_id = '{other}') \
         WHERE batch_id = '{batch}'"
    ));
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch), desk.state(&other)), ("paused".to_owned(), "processed".to_owned()));
}

#[tokio::test]
async fn a_row_changed_after_the_start_is_caught_when_it_is_claimed() {
    let desk = Desk::open().await;
    // Liquidity runs out, so the batch has started and stands still.
    let batch = desk.approved(&[("959777129004", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    desk.clock.advance(HOUR / 100);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::Ready);
    desk.run_sql("UPDATE transfers SET amount = 900000");
    desk.clock.advance(HOUR);
    let sent = desk.ledger().len();
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch), desk.pause(&batch).0.as_deref()), ("paused".to_owned(), Some("seal_mismatch")));
    assert_eq!(desk.ledger().len(), sent);
}

#[tokio::test]
async fn a_paused_batch_pays_nothing_but_still_learns() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777129006", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::InDoubt);
    let other = desk.approved(&[("959777123456", 1_000)]);
    desk.run_sql("UPDATE batches SET state = 'paused', pause_reason = 'by_person'");
    desk.clock.advance(HOUR);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    assert_eq!((desk.row(&other).state, desk.ledger().len()), (TransferState::Ready, 1));
    desk.assert_counts_add_up();
}

#[tokio::test]
async fn a_stopped_account_pays_nothing_until_an_operator_opens_it() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777129004", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    // As dispatch leaves it after 4400.
    desk.run_sql(
        "UPDATE funding_accounts SET state = 'stopped', stopped_code = '4400'; \
         UPDATE batches SET state = 'paused', pause_reason = 'account_stopped', pause_code = '4400', resume_at = NULL",
    );
    let next = desk.approved(&[("959777123456", 1_000)]);
    desk.clock.advance(HOUR);
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch), desk.row(&next).state), ("paused".to_owned(), TransferState::Ready));
    let account = desk.account.clone();
    desk.db.write(move |tx| dispatch::reopen_account(tx, &By::operator("ops"), &account)).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    desk.pay(&mut engine, &next).await;
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    let account = desk.account.clone();
    let again = desk.db.write(move |tx| dispatch::reopen_account(tx, &By::operator("ops"), &account)).await;
    assert!(matches!(again, Err(outlay::db::Error::Conflict)), "it is open");
}
