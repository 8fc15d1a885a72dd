//! What two people closed is asked about from then on; where the network tells another end, the alarm goes up.

use std::time::Duration;

use diesel::prelude::*;
use outlay::dispatch::{AlarmKind, Ending, Engine, RetryForm, TransferState, Which, retry, retryable};
use outlay::ids::{BatchId, RowId};
use outlay::people::Actor;
use outlay::privileges::Action;
use outlay::resolutions::{self, Alarm, Proposal, Refusal};

use super::desk::{Desk, HOUR, MINUTE};
use super::retry::NILAR;
use crate::support::cast::Person;

const DAY: Duration = Duration::from_secs(86_400);
const NAN: Person = Person { user_name: "nan", full_name: "Nan Khin", actions: &[Action::ResolvePayment, Action::ViewPayroll], ..NILAR };
const WAI: Person = Person { user_name: "wai", full_name: "Ko Wai Yan", ..NAN };

struct People {
    nan: Actor,
    wai: Actor,
    nilar: Actor,
}

async fn people(desk: &Desk) -> People {
    People { nan: desk.arrives(&NAN).await, wai: desk.arrives(&WAI).await, nilar: desk.arrives(&NILAR).await }
}

fn row_of(batch: &BatchId) -> RowId {
    RowId::from(format!("{batch}-000002"))
}

/// One proposes, another confirms.
async fn close(desk: &Desk, people: &People, batch: &BatchId, ending: Ending) -> Result<Ending, Refusal> {
    let proposal = Proposal { row: row_of(batch), ending, note: "Asked the bank".to_owned(), evidence: "ref 7".to_owned() };
    let nan = people.nan.clone();
    let id = desk.db.write(move |tx| resolutions::propose(tx, &nan, &proposal)).await?;
    let wai = people.wai.clone();
    desk.db.write(move |tx| resolutions::confirm(tx, &wai, &id)).await
}

async fn alarms(desk: &Desk) -> Vec<(AlarmKind, RowId)> {
    let open: Vec<Alarm> = desk.db.read(|conn| resolutions::open_alarms(conn, None, 10)).await.unwrap();
    open.into_iter().map(|alarm| (alarm.kind, alarm.row_id)).collect()
}

async fn try_again(desk: &Desk, people: &People, batch: &BatchId) {
    let id = batch.clone();
    let seen = desk.db.read(move |conn| retryable(conn, &id, Which::All, &[])).await.unwrap();
    let form = RetryForm { batch: batch.clone(), which: Which::All, chosen: Vec::new(), count: seen.count(), sum: seen.sum() };
    let nilar = people.nilar.clone();
    desk.db.write(move |tx| retry(tx, &nilar, &form)).await.unwrap();
}

/// A batch of one payee, paid to its end and then put back as if the network had never told: it needs attention.
async fn put_in_doubt(desk: &Desk, phone: &str) -> (BatchId, Engine) {
    let batch = desk.approved(&[(phone, 1_000)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    let now = outlay::clock::Clock::now(&*desk.clock).micros();
    desk.run_sql(&format!(
        "UPDATE transfers SET state = 'needs_attention', n = 0, reason = '{{\"why\":\"no_word\"}}', code = NULL, settled_at = NULL, \
         doubt_since = {now}, next_at = {}, recorded_until = {now} WHERE batch_id = '{batch}'; \
         UPDATE batches SET succeeded = 0, failed = 0, needs_attention = 1, sum_succeeded = 0, sum_failed = 0, \
         sum_needs_attention = 100000 WHERE id = '{batch}';",
        now + 3_600_000_000
    ));
    desk.assert_counts_add_up();
    (batch, engine)
}

#[tokio::test]
async fn a_settled_payment_closed_as_paid_stays_so_and_raises_no_alarm() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let batch = desk.approved(&[("959777129013", 1_000)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.row(&batch).state, TransferState::NeedsAttention);
    close(&desk, &people, &batch, Ending::Paid).await.unwrap();
    let asked = desk.replies("get_transfer").len();
    for _ in 0..8 {
        desk.clock.advance(HOUR);
        engine.until_idle().await.unwrap();
        desk.assert_counts_add_up();
    }
    assert_eq!((desk.row(&batch).state, desk.row(&batch).n), (TransferState::Succeeded, 0));
    assert_eq!(alarms(&desk).await, []);
    assert_eq!(desk.replies("get_transfer").len(), asked + 1, "asked every hour, and the same answer is kept once");
    assert_eq!(desk.paid().len(), 1);
}

#[tokio::test]
async fn a_settled_payment_closed_as_not_paid_and_tried_again_raises_the_alarm() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let batch = desk.approved(&[("959777129013", 1_000)]);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    close(&desk, &people, &batch, Ending::NotPaid).await.unwrap();
    assert_eq!((desk.row(&batch).state, desk.row(&batch).n), (TransferState::Failed, 1), "the next id, on their word");
    try_again(&desk, &people, &batch).await;
    engine.until_idle().await.unwrap();
    let executed: i32 = desk.ledger().iter().map(|row| row.executions).sum();
    assert_eq!(executed, 2, "people were wrong: this is what the alarm is for");
    desk.clock.advance(HOUR);
    for _ in 0..6 {
        engine.until_idle().await.unwrap();
        desk.clock.advance(MINUTE * 6);
    }
    assert_eq!(alarms(&desk).await, [(AlarmKind::PossibleDoublePayment, row_of(&batch))]);
    assert!(desk.audit().contains(&"transfer.alarm_raised".to_owned()));
}

#[tokio::test]
async fn a_payment_that_comes_to_light_before_the_retry_is_not_made_again() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let (batch, mut engine) = put_in_doubt(&desk, "959777123456").await;
    close(&desk, &people, &batch, Ending::NotPaid).await.unwrap();
    try_again(&desk, &people, &batch).await;
    // Nothing is paid while the batch stands still, but the network is asked.
    desk.run_sql(&format!("UPDATE batches SET state = 'paused', pause_reason = 'by_a_person' WHERE id = '{batch}'"));
    desk.clock.advance(MINUTE * 2);
    engine.until_idle().await.unwrap();
    assert_eq!(alarms(&desk).await, [(AlarmKind::PossibleDoublePayment, row_of(&batch))]);
    desk.assert_counts_add_up();
    let row = desk.row(&batch);
    assert_eq!((row.state, row.n), (TransferState::Failed, 1), "it was stopped, and the next id is unknown to the network");
    assert!(row.why().starts_with("Not paid again"), "{}", row.why());
    assert_eq!(desk.ledger().iter().map(|row| row.executions).sum::<i32>(), 1, "paid once");
    let id = batch.clone();
    let seen = desk.db.read(move |conn| retryable(conn, &id, Which::All, &[])).await.unwrap();
    assert_eq!((seen.count(), seen.paid_before), (0, 1), "and it cannot be tried again");
}

#[tokio::test]
async fn a_payment_closed_as_paid_that_the_network_aborted_raises_the_alarm() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let (batch, mut engine) = put_in_doubt(&desk, "959777129003").await;
    close(&desk, &people, &batch, Ending::Paid).await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    desk.clock.advance(MINUTE * 2);
    engine.until_idle().await.unwrap();
    assert_eq!(alarms(&desk).await, [(AlarmKind::NotPaidAfterAll, row_of(&batch))]);
    assert_eq!(desk.paid().len(), 0);
    let asked = desk.replies("get_transfer").len();
    desk.clock.advance(DAY);
    engine.until_idle().await.unwrap();
    assert_eq!((alarms(&desk).await.len(), desk.replies("get_transfer").len()), (1, asked), "raised once, and asked no more");
}

#[tokio::test]
async fn a_payment_closed_as_paid_that_never_arrived_raises_the_alarm_after_the_margin() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    // Fails at the lookup, so that the network never heard of it.
    let (batch, mut engine) = put_in_doubt(&desk, "959777129001").await;
    let expiry = outlay::clock::Clock::now(&*desk.clock);
    desk.run_sql(&format!("UPDATE transfers SET recorded_by = 'r', recorded_expires_at = {0}, recorded_until = {0}", expiry.micros()));
    close(&desk, &people, &batch, Ending::Paid).await.unwrap();
    desk.clock.advance(MINUTE * 2);
    engine.until_idle().await.unwrap();
    assert_eq!(alarms(&desk).await, [], "unknown proves nothing before the margin has passed");
    desk.clock.advance(HOUR);
    engine.until_idle().await.unwrap();
    assert_eq!(alarms(&desk).await, [(AlarmKind::NotPaidAfterAll, row_of(&batch))]);
}

#[tokio::test]
async fn what_was_closed_long_ago_is_asked_about_no_more() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let (batch, mut engine) = put_in_doubt(&desk, "959777123456").await;
    close(&desk, &people, &batch, Ending::Paid).await.unwrap();
    desk.clock.advance(DAY * 29);
    engine.until_idle().await.unwrap();
    assert!(engine.next_due().await.unwrap().is_some(), "still asked about");
    desk.clock.advance(DAY);
    engine.until_idle().await.unwrap();
    assert_eq!(engine.next_due().await.unwrap(), None, "the network may have forgotten it");
    assert_eq!(alarms(&desk).await, []);
}

#[tokio::test]
async fn a_question_under_way_while_two_people_close_changes_nothing() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let (batch, mut engine) = put_in_doubt(&desk, "959777123456").await;
    desk.clock.advance(HOUR);
    // The engine asks just now, and hears that it was paid; whoever is first, the books are whole and the truth is out.
    let (asked, closed) = tokio::join!(engine.until_idle(), close(&desk, &people, &batch, Ending::NotPaid));
    asked.unwrap();
    desk.assert_counts_add_up();
    desk.clock.advance(MINUTE * 2);
    engine.until_idle().await.unwrap();
    let row = desk.row(&batch);
    match closed {
        Ok(_) => {
            assert_eq!(row.state, TransferState::Failed);
            assert_eq!(alarms(&desk).await, [(AlarmKind::PossibleDoublePayment, row_of(&batch))]);
        }
        Err(refused) => {
            assert!(matches!(refused, Refusal::WrongState(_) | Refusal::AlreadyDecided { .. } | Refusal::Db(_)), "{refused:?}");
            assert_eq!(row.state, TransferState::Succeeded);
        }
    }
    assert_eq!(desk.paid().len(), 1);
}

#[tokio::test]
async fn what_the_network_tells_meanwhile_overtakes_what_somebody_proposed() {
    let desk = Desk::open().await;
    let people = people(&desk).await;
    let (batch, mut engine) = put_in_doubt(&desk, "959777123456").await;
    let proposal = Proposal { row: row_of(&batch), ending: Ending::NotPaid, note: "n".to_owned(), evidence: "e".to_owned() };
    let nan = people.nan.clone();
    let id = desk.db.write(move |tx| resolutions::propose(tx, &nan, &proposal)).await.unwrap();
    desk.clock.advance(HOUR + MINUTE);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    let state: String = outlay::db::schema::resolutions::table
        .find(id.as_str())
        .select(outlay::db::schema::resolutions::state)
        .first(&mut desk.database.conn())
        .unwrap();
    assert_eq!(state, "overtaken");
    let wai = people.wai.clone();
    let late = desk.db.write(move |tx| resolutions::confirm(tx, &wai, &id)).await;
    assert!(matches!(late, Err(Refusal::AlreadyDecided { .. })), "{late:?}");
}
