//! People stop what is being paid, let it go on, and cancel the rest; and what is paid on a day.

use std::collections::BTreeSet;
use std::time::Duration;

use diesel::prelude::*;
use outlay::audit::{self, What};
use outlay::clock::Clock as _;
use outlay::db::schema::{attempts, batches, leases, transfers};
use outlay::db::{self, WriteTx};
use outlay::dispatch::{self, CONCURRENCY, ControlRefusal, Count, Engine, LEASE_FOR, TransferState, Went};
use outlay::ids::BatchId;
use outlay::people::Actor;
use tokio::task::JoinHandle;

use super::desk::{Desk, HOUR, MINUTE, Payee};
use super::fair::until;
use super::workers::{Gate, engine_through};
use crate::support::cast::{HLA, MOE, Person, SU, THIRI, TUN};

pub async fn pause(desk: &Desk, person: &Person, batch: &BatchId) -> Result<(), ControlRefusal> {
    let (actor, batch) = (desk.actor(person), batch.clone());
    desk.db.write(move |tx| dispatch::pause_batch(tx, &actor, &batch, "the list is wrong")).await
}

pub async fn resume(desk: &Desk, person: &Person, batch: &BatchId) -> Result<Went, ControlRefusal> {
    let (actor, batch) = (desk.actor(person), batch.clone());
    desk.db.write(move |tx| dispatch::resume_batch(tx, &actor, &batch)).await
}

async fn cancel(desk: &Desk, person: &Person, batch: &BatchId) -> Result<(), ControlRefusal> {
    let (actor, batch) = (desk.actor(person), batch.clone());
    desk.db.write(move |tx| dispatch::cancel_batch(tx, &actor, &batch, "paid in cash")).await
}

fn phones(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("9597776{number:05}")).collect()
}

fn payees(phones: &[String]) -> Vec<Payee<'_>> {
    phones.iter().map(|phone| (phone.as_str(), 1_000)).collect()
}

type Stop = fn(&mut WriteTx<'_>, &Actor, &BatchId) -> Result<(), ControlRefusal>;

fn pauses(tx: &mut WriteTx<'_>, actor: &Actor, batch: &BatchId) -> Result<(), ControlRefusal> {
    dispatch::pause_batch(tx, actor, batch, "")
}

fn cancels(tx: &mut WriteTx<'_>, actor: &Actor, batch: &BatchId) -> Result<(), ControlRefusal> {
    dispatch::cancel_batch(tx, actor, batch, "paid in cash")
}

/// What was on Record's side: sent by now, or about to be.
const RECORDED: [TransferState; 4] =
    [TransferState::Sending, TransferState::InDoubt, TransferState::Succeeded, TransferState::NeedsAttention];

/// A batch of 300 that is being paid, while the calls to `path` after the first `pass` are held up.
async fn in_flight(path: &'static str, pass: usize) -> (Desk, BatchId, Gate, JoinHandle<Engine>) {
    let desk = Desk::open().await;
    let phones = phones(300);
    let batch = desk.approved(&payees(&phones));
    let gate = Gate::after(&desk, path, pass).await;
    let mut engine = engine_through(&desk, &gate);
    let flight = tokio::spawn(async move {
        engine.until_idle().await.unwrap();
        engine
    });
    gate.arrived.notified().await;
    (desk, batch, gate, flight)
}

/// Stops such a batch, and lets the engine run out. Returns the lines that were recorded at the very moment of the stop.
async fn stopped_in_flight(path: &'static str, pass: usize, stop: Stop) -> (Desk, BatchId, BTreeSet<i64>) {
    let (desk, batch, gate, flight) = in_flight(path, pass).await;
    let (actor, id) = (desk.actor(&HLA), batch.clone());
    let recorded = desk.db.write(move |tx| {
        stop(tx, &actor, &id)?;
        let lines = transfers::table.filter(transfers::batch_id.eq(&id)).filter(transfers::state.eq_any(RECORDED));
        let lines: Vec<i64> = lines.select(transfers::line).load(&mut **tx).map_err(db::Error::from)?;
        Ok::<_, ControlRefusal>(lines)
    });
    let recorded = recorded.await.unwrap();
    gate.let_go();
    let mut engine = flight.await.unwrap();
    settle(&desk, &mut engine, &batch).await;
    (desk, batch, recorded.into_iter().collect())
}

/// A slow machine makes the simulated network slow too, and an answer that came too late is asked for: until nothing is in doubt.
async fn settle(desk: &Desk, engine: &mut Engine, batch: &BatchId) {
    for _ in 0..1_000 {
        engine.until_idle().await.unwrap();
        if desk.count(batch, Count::InDoubt) + desk.count(batch, Count::Paying) == 0 {
            return;
        }
        let due = engine.next_due().await.unwrap().unwrap();
        desk.clock.advance(due.since(desk.clock.now()) + Duration::from_millis(1));
    }
    panic!("something stays in doubt: {:#?}", desk.rows(batch));
}

/// Exactly what was recorded at the moment of the stop is paid, and nothing else ever reached the network.
fn assert_exact(desk: &Desk, batch: &BatchId, recorded: &BTreeSet<i64>, rest: TransferState) {
    let rows = desk.rows(batch);
    for row in &rows {
        let expected = if recorded.contains(&row.line) { TransferState::Succeeded } else { rest };
        assert_eq!(row.state, expected, "line {}", row.line);
    }
    assert_eq!(desk.ledger().len(), recorded.len(), "nothing else was ever sent");
    assert_eq!(desk.paid().len(), recorded.len());
    desk.assert_agrees_with_the_ledger(batch);
    desk.assert_counts_add_up();
    let alive: i64 = attempts::table.filter(attempts::ended_at.is_null()).count().get_result(&mut desk.database.conn()).unwrap();
    assert_eq!(alive, 0, "no attempt is left open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_the_recorded_side_of_a_pause_is_paid_and_the_rest_waits_exactly() {
    for (path, pass) in [("/parties", 40), ("/quotes", 0), ("/quotes", 90), ("/simpleTransfers", 0), ("/simpleTransfers", 120)] {
        let (desk, batch, recorded) = stopped_in_flight(path, pass, pauses).await;
        assert_eq!((desk.state(&batch).as_str(), desk.pause(&batch).0.as_deref()), ("paused", Some("by_person")), "{path} {pass}");
        assert!(recorded.len() < 300, "{path} {pass}: something was left to stop");
        assert!(path != "/simpleTransfers" || recorded.len() > pass, "{path} {pass}: some were recorded");
        assert_exact(&desk, &batch, &recorded, TransferState::Ready);
        desk.clock.advance(HOUR * 24);
        let mut engine = desk.engine();
        engine.until_idle().await.unwrap();
        assert_exact(&desk, &batch, &recorded, TransferState::Ready);
        assert_eq!(resume(&desk, &SU, &batch).await.unwrap(), Went::On);
        desk.pay(&mut engine, &batch).await;
        assert_eq!(desk.count(&batch, Count::Succeeded), 300);
        assert!(desk.paid().values().all(|paid| *paid == 100_000), "each once");
        assert_eq!(desk.paid().len(), 300);
    }
}

/// Waits for the next two looks of the engine: each renews a lease of which half is over.
async fn looked_twice(desk: &Desk) {
    let until_at = |conn: &mut db::Conn| leases::table.select(diesel::dsl::max(leases::until_at)).first::<Option<i64>>(conn).unwrap();
    for _ in 0..2 {
        let before = until_at(&mut desk.database.conn());
        desk.clock.advance(LEASE_FOR * 2 / 3);
        until(desk, |conn| until_at(conn) > before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_batch_asks_for_no_more_quotes() {
    let (desk, batch, gate, flight) = in_flight("/quotes", 0).await;
    pause(&desk, &HLA, &batch).await.unwrap();
    looked_twice(&desk).await;
    gate.let_go();
    let mut engine = flight.await.unwrap();
    settle(&desk, &mut engine, &batch).await;
    let quotes = desk.replies("quotes").len();
    assert!(quotes <= CONCURRENCY, "{quotes} were asked for");
    assert!(desk.ledger().is_empty());
    assert!(desk.rows(&batch).iter().all(|row| row.state == TransferState::Ready), "all wait");
    resume(&desk, &SU, &batch).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.count(&batch, Count::Succeeded), 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_the_recorded_side_of_a_cancellation_is_paid_and_the_rest_never_is() {
    for (path, pass) in [("/quotes", 0), ("/quotes", 90), ("/simpleTransfers", 0), ("/simpleTransfers", 120)] {
        let (desk, batch, recorded) = stopped_in_flight(path, pass, cancels).await;
        assert_eq!(desk.state(&batch), "cancelled", "{path} {pass}");
        assert_exact(&desk, &batch, &recorded, TransferState::Cancelled);
        let unpaid = desk.rows(&batch).into_iter().find(|row| row.state == TransferState::Cancelled).unwrap();
        assert_eq!(unpaid.why(), "The batch was cancelled before this payment was sent");
        desk.clock.advance(HOUR * 24);
        desk.engine().until_idle().await.unwrap();
        assert_exact(&desk, &batch, &recorded, TransferState::Cancelled);
        let again = resume(&desk, &SU, &batch).await;
        assert!(matches!(again, Err(ControlRefusal::NotNow(stood)) if stood.by.as_deref() == Some(HLA.full_name)));
    }
}

#[tokio::test]
async fn a_cancelled_batch_ends_once_what_was_in_doubt_is_known() {
    let desk = Desk::open().await;
    // Paid with its answer lost; without a wallet; ready.
    let batch = desk.approved(&[("959777129006", 1_000), ("959777129001", 2_000), ("959777123456", 3_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.count(&batch, Count::InDoubt), 1);
    // The third was paid; one more that waits, as after a pause.
    let left = desk.approved(&[("959777129006", 1_000), ("959777129013", 500)]);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.count(&left, Count::InDoubt), 2);
    cancel(&desk, &HLA, &batch).await.unwrap();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&batch), "cancelling", "one is in doubt");
    let failed = &desk.rows(&batch)[1];
    assert_eq!((failed.state, failed.code.as_deref()), (TransferState::Cancelled, Some("3204")), "and why it failed stays told");
    desk.assert_counts_add_up();
    desk.until(&mut engine, &batch, "cancelled", HOUR).await;
    let states: Vec<_> = desk.rows(&batch).iter().map(|row| row.state).collect();
    assert_eq!(states, [TransferState::Succeeded, TransferState::Cancelled, TransferState::Succeeded], "what was paid stays paid");
    // Settled payments cannot be shown: a person has to look, and that does not hold the batch.
    cancel(&desk, &HLA, &left).await.unwrap();
    desk.until(&mut engine, &left, "cancelled", HOUR * 24).await;
    assert_eq!(desk.count(&left, Count::NeedsAttention), 1);
    desk.assert_agrees_with_the_ledger(&batch);
    let told = audit::of_batch(&mut desk.database.conn(), &batch, 50).unwrap();
    let told: Vec<_> = told.iter().map(|event| (event.what, event.name.as_str(), event.reason.as_deref())).collect();
    assert_eq!(
        told,
        [
            (What::BatchStarted, "Outlay", None),
            (What::BatchCancelling, HLA.full_name, Some("paid in cash")),
            (What::BatchCancelled, "Outlay", None),
        ]
    );
}

#[tokio::test]
async fn a_cancelled_batch_is_ended_by_whoever_takes_its_account_over() {
    let desk = Desk::open().await;
    let phones = phones(60);
    let batch = desk.approved(&payees(&phones));
    let gate = Gate::after(&desk, "/simpleTransfers", 10).await;
    let mut dying = engine_through(&desk, &gate);
    let flight = tokio::spawn(async move { dying.until_idle().await });
    gate.arrived.notified().await;
    flight.abort();
    assert!(flight.await.unwrap_err().is_cancelled());
    cancel(&desk, &SU, &batch).await.unwrap();
    let sent = desk.count(&batch, Count::Paying) + desk.count(&batch, Count::Succeeded);
    assert!(sent > 10);
    desk.clock.advance(MINUTE);
    let mut next = desk.engine();
    desk.until(&mut next, &batch, "cancelled", HOUR * 24).await;
    desk.assert_agrees_with_the_ledger(&batch);
    desk.assert_counts_add_up();
    assert_eq!(desk.count(&batch, Count::Succeeded) + desk.count(&batch, Count::Cancelled), 60);
}

#[tokio::test]
async fn makers_pause_and_only_checkers_of_the_branch_do_more() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    // Another branch's checker, and a branch manager who only looks.
    assert!(matches!(pause(&desk, &MOE, &batch).await, Err(ControlRefusal::NoSuchBatch)));
    assert!(matches!(pause(&desk, &TUN, &batch).await, Err(ControlRefusal::NotAllowed(_))));
    pause(&desk, &THIRI, &batch).await.unwrap();
    let twice = pause(&desk, &SU, &batch).await;
    assert!(matches!(twice, Err(ControlRefusal::NotNow(stood)) if stood.by.as_deref() == Some(THIRI.full_name)));
    for person in [&MOE, &TUN] {
        assert!(resume(&desk, person, &batch).await.is_err() && cancel(&desk, person, &batch).await.is_err());
    }
    assert!(matches!(resume(&desk, &THIRI, &batch).await, Err(ControlRefusal::OwnBatch)));
    assert!(matches!(cancel(&desk, &THIRI, &batch).await, Err(ControlRefusal::OwnBatch)), "never a maker alone");
    desk.engine().until_idle().await.unwrap();
    assert_eq!((desk.state(&batch).as_str(), desk.ledger().len()), ("paused", 0));
    assert_eq!(resume(&desk, &HLA, &batch).await.unwrap(), Went::On);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    for verb in [pause(&desk, &HLA, &batch).await, cancel(&desk, &HLA, &batch).await] {
        assert!(matches!(verb, Err(ControlRefusal::NotNow(_))), "it is processed");
    }
    let told = audit::of_batch(&mut desk.database.conn(), &batch, 50).unwrap();
    let told: Vec<_> = told.iter().map(|event| (event.what, event.name.as_str())).collect();
    assert_eq!(
        told,
        [
            (What::BatchPaused, THIRI.full_name),
            (What::BatchResumed, HLA.full_name),
            (What::BatchStarted, "Outlay"),
            (What::BatchProcessed, "Outlay"),
        ]
    );
}

#[tokio::test]
async fn a_batch_that_was_paused_before_it_began_still_has_its_seal_verified() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    pause(&desk, &HLA, &batch).await.unwrap();
    desk.run_sql("UPDATE transfers SET amount = 900000");
    resume(&desk, &HLA, &batch).await.unwrap();
    assert_eq!(desk.state(&batch), "approved", "it begins as it would have");
    desk.engine().until_idle().await.unwrap();
    assert_eq!((desk.pause(&batch).0.as_deref(), desk.ledger().len()), (Some("seal_mismatch"), 0));
    assert!(matches!(resume(&desk, &HLA, &batch).await, Err(ControlRefusal::NotNow(_))), "nobody lets that go on");
}

#[tokio::test]
async fn a_batch_that_waits_for_money_goes_on_when_a_person_says_so_or_is_paused_by_one() {
    let desk = Desk::open().await;
    // 4001 three times, then paid.
    let batch = desk.approved(&[("959777129004", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    desk.until(&mut engine, &batch, "paused", MINUTE).await;
    assert_eq!(desk.pause(&batch).0.as_deref(), Some("waiting_for_liquidity"));
    assert_eq!(resume(&desk, &SU, &batch).await.unwrap(), Went::On, "go on now");
    assert_eq!(desk.state(&batch), "processing");
    desk.until(&mut engine, &batch, "paused", MINUTE).await;
    assert_eq!(desk.wait(&batch), MINUTE, "waited for anew, not twice as long");
    pause(&desk, &THIRI, &batch).await.unwrap();
    desk.clock.advance(HOUR * 24);
    engine.until_idle().await.unwrap();
    assert_eq!(
        (desk.state(&batch).as_str(), desk.pause(&batch).0.as_deref()),
        ("paused", Some("by_person")),
        "it does not go on by itself now"
    );
    resume(&desk, &HLA, &batch).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn a_batch_does_not_go_on_from_an_account_that_was_stopped_meanwhile() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    pause(&desk, &HLA, &batch).await.unwrap();
    desk.run_sql("UPDATE funding_accounts SET state = 'stopped', stopped_code = '4400'");
    assert_eq!(resume(&desk, &HLA, &batch).await.unwrap(), Went::AccountStopped);
    assert_eq!(desk.pause(&batch), (Some("account_stopped".to_owned()), Some("4400".to_owned())));
    let account = desk.account.clone();
    desk.db.write(move |tx| dispatch::reopen_account(tx, &audit::By::operator("ops"), &account)).await.unwrap();
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
}

#[tokio::test]
async fn a_scheduled_batch_is_paid_when_its_day_comes_and_not_before() {
    let desk = Desk::open().await;
    let day = desk.clock.now().after(HOUR * 26);
    let batch = desk.scheduled(&[("959777123456", 1_000)], day);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(engine.next_due().await.unwrap(), Some(day), "the engine knows when it has to look");
    desk.clock.advance(HOUR * 26 - Duration::from_millis(1));
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch).as_str(), desk.ledger().len()), ("scheduled", 0));
    desk.clock.advance(Duration::from_millis(1));
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&batch), "processed");
    assert_eq!(desk.paid()["959777123456"], 100_000);
}

#[tokio::test]
async fn the_day_is_part_of_what_was_approved() {
    for change in ["pay_at = pay_at - 1", "state = 'approved', pay_at = NULL"] {
        let desk = Desk::open().await;
        let batch = desk.scheduled(&[("959777123456", 1_000)], desk.clock.now().after(HOUR));
        desk.run_sql(&format!("UPDATE batches SET {change}"));
        desk.clock.advance(HOUR);
        desk.engine().until_idle().await.unwrap();
        assert_eq!((desk.pause(&batch).0.as_deref(), desk.ledger().len()), (Some("seal_mismatch"), 0), "{change}");
    }
}

#[tokio::test]
async fn a_scheduled_batch_is_paused_and_cancelled_before_its_day() {
    let desk = Desk::open().await;
    let day = desk.clock.now().after(HOUR * 2);
    let [held, late, cancelled] = [(); 3].map(|()| desk.scheduled(&[("959777123456", 1_000)], day));
    pause(&desk, &THIRI, &held).await.unwrap();
    pause(&desk, &THIRI, &late).await.unwrap();
    assert_eq!(resume(&desk, &HLA, &held).await.unwrap(), Went::ToItsDay);
    assert_eq!(desk.state(&held), "scheduled");
    cancel(&desk, &HLA, &cancelled).await.unwrap();
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&cancelled), "cancelled", "at once");
    assert_eq!(desk.row(&cancelled).state, TransferState::Cancelled);
    desk.clock.advance(HOUR * 3);
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&held).as_str(), desk.state(&late).as_str()), ("processed", "paused"));
    assert_eq!(resume(&desk, &HLA, &late).await.unwrap(), Went::On, "its day has passed");
    desk.pay(&mut engine, &late).await;
    assert_eq!(desk.paid()["959777123456"], 200_000, "held and late, each once");
    let waiting: i64 = batches::table.filter(batches::waiting.gt(0)).count().get_result(&mut desk.database.conn()).unwrap();
    assert_eq!(waiting, 0);
}
