//! A backup is put back: nothing is paid twice, and what happened since is learned.

use std::time::Duration;

use outlay::audit::By;
use outlay::clock::Clock as _;
use outlay::dispatch::{self, EPOCH_EVERY, Held, ReleaseRefusal, TransferState};

use super::desk::{Desk, HOUR, MINUTE};
use crate::support::database::Copy;

const SETTLE: Duration = Duration::from_secs(600);

impl Desk {
    async fn release(&self, stopped: outlay::clock::Instant) -> Result<dispatch::Released, ReleaseRefusal> {
        dispatch::release(&self.db, &self.epoch_file(), By::operator("ops"), self.house.clone(), stopped, SETTLE).await
    }
}

#[tokio::test]
async fn yesterdays_copy_pays_nobody_twice_and_learns_every_outcome() {
    let mut desk = Desk::open().await;
    // Some are paid before the backup, so that this copy was dispatched from.
    let before = desk.approved(&[("959777123456", 1_000)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &before).await;
    let payees: Vec<_> = ["959777123451", "959777123452", "959777129001", "959777129003", "959777129006", "959777129013"]
        .map(|phone| (phone, 1_000))
        .to_vec();
    let batch = desk.approved(&payees);
    let copy = Copy::of(&desk.database);
    desk.pay(&mut engine, &batch).await;
    let (states, paid) = (desk.rows(&batch).into_iter().map(|row| row.state).collect::<Vec<_>>(), desk.paid());
    let stopped = desk.clock.now();
    drop(engine);

    desk.put_back(copy);
    desk.clock.advance(HOUR * 24);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert!(matches!(engine.held(), Some(Held::Differs { .. })), "{:?}", engine.held());
    assert_eq!(desk.state(&batch), "approved", "nothing is dispatched");
    let released = desk.release(stopped).await.unwrap();
    assert_eq!((released.asked, released.too_old), (6, 0));
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.rows(&batch).into_iter().map(|row| row.state).collect::<Vec<_>>(), states);
    assert_eq!(desk.paid(), paid, "nobody twice");
    desk.assert_agrees_with_the_ledger(&batch);
    desk.assert_counts_add_up();
    assert_eq!(desk.audit().iter().filter(|action| *action == "dispatch.held").count(), 1);
}

#[tokio::test]
async fn a_failed_row_that_was_paid_by_a_retry_since_is_learned() {
    let mut desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    // A copy in which this row had failed, before a person retried it.
    let copy = Copy::of(&desk.database);
    let stopped = desk.clock.now();
    desk.clock.advance(EPOCH_EVERY);
    engine.until_idle().await.unwrap();
    drop(engine);
    desk.put_back(copy);
    desk.run_sql(
        "UPDATE transfers SET state = 'failed', reason = '{\"why\":\"no_answer\"}', recorded_by = NULL, recorded_until = NULL; \
         UPDATE batches SET succeeded = 0, failed = 1, sum_succeeded = 0, sum_failed = sum_total",
    );
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert!(engine.held().is_some(), "a minute of recording is an epoch of its own");
    desk.clock.advance(HOUR);
    desk.release(stopped).await.unwrap();
    assert_eq!((desk.state(&batch), desk.row(&batch).state), ("processing".to_owned(), TransferState::InDoubt));
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn a_release_waits_until_nothing_of_the_other_writer_can_be_executed() {
    let desk = Desk::open().await;
    desk.approved(&[("959777123456", 1_000)]);
    let stopped = desk.clock.now();
    desk.clock.advance(SETTLE + Duration::from_secs(29));
    assert!(matches!(desk.release(stopped).await, Err(ReleaseRefusal::TooSoon(_))));
    desk.clock.advance(Duration::from_secs(1));
    assert!(desk.release(stopped).await.is_ok());
}

#[tokio::test]
async fn rows_older_than_the_networks_memory_need_a_person() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    std::fs::write(desk.epoch_path(), format!("{{\"institution\":\"{}\",\"epoch\":7}}", desk.house)).unwrap();
    desk.clock.advance(HOUR * 24 * 31);
    let released = desk.release(desk.clock.now().before(HOUR)).await.unwrap();
    assert_eq!((released.asked, released.too_old), (0, 1));
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(engine.held(), None);
    assert_eq!(desk.row(&batch).state, TransferState::NeedsAttention);
    assert_eq!(desk.ledger(), [], "nothing is paid that may have been paid before");
    desk.assert_counts_add_up();
}

#[tokio::test]
async fn a_second_server_without_the_file_is_held() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    desk.run_sql("UPDATE institution SET dispatch_epoch = 3");
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(engine.held(), Some(&Held::NoFile { database: 3 }));
    desk.clock.advance(MINUTE);
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch).as_str(), desk.ledger().len()), ("approved", 0));
}

#[tokio::test]
async fn a_database_that_goes_back_under_a_running_process_records_nothing() {
    let desk = Desk::open().await;
    let mut engine = desk.engine();
    let first = desk.approved(&[("959777123456", 1_000)]);
    desk.pay(&mut engine, &first).await;
    desk.run_sql("UPDATE institution SET dispatch_epoch = 1");
    let batch = desk.approved(&[("959777123457", 1_000)]);
    engine.until_idle().await.unwrap();
    assert!(engine.held().is_some());
    assert_eq!((desk.state(&batch).as_str(), desk.ledger().len()), ("approved", 1));
}
