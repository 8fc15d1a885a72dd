//! Who does not answer holds up nobody else: breakers, and the account that stops because what it hears cannot be trusted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use outlay::audit::By;
use outlay::clock::{Clock, Instant};
use outlay::db::schema::{attempts, audit_events, transfers};
use outlay::dispatch::TransferState::{Failed, InDoubt, Ready, Succeeded};
use outlay::dispatch::breakers::{self, Ailment, Waiting, Whom};
use outlay::dispatch::{self, Engine};
use outlay::ids::{BatchId, FspId};

use super::between::{Between, Fate, is_quote_for, phones_at};
use super::desk::{Desk, HOUR, MINUTE};

const SECOND: Duration = Duration::from_secs(1);
/// Bad answers in a row that open a breaker, and calls that may be on their way meanwhile.
const OPENS_AFTER: usize = 10;
const CALLS: usize = 4;

fn waiting(desk: &Desk) -> Vec<Waiting> {
    breakers::waiting(&mut desk.database.conn()).unwrap()
}

fn attempts(desk: &Desk) -> i64 {
    attempts::table.count().get_result(&mut desk.database.conn()).unwrap()
}

fn payees(phones: &[String]) -> Vec<(&str, i64)> {
    phones.iter().map(|phone| (phone.as_str(), 1_000)).collect()
}

fn kbz() -> Whom {
    Whom::Fsp(FspId::from("kbzpay"))
}

/// A batch for people at KBZPay and at Wave in turn, while KBZPay does not answer.
async fn silent_kbz(fsp_in_file: bool) -> (Desk, Between, Vec<BatchId>, Engine) {
    let desk = Desk::open().await;
    let between = Between::before(&desk, |request| if is_quote_for(request, "kbzpay") { Fate::Timeout } else { Fate::Pass }).await;
    let (at_kbz, at_wave) = (phones_at("kbzpay", 60), phones_at("wavemoney", 60));
    let batches = if fsp_in_file {
        vec![desk.approved_to(&payees(&at_kbz), Some("kbzpay")), desk.approved_to(&payees(&at_wave), Some("wavemoney"))]
    } else {
        let mixed: Vec<_> = at_kbz.into_iter().zip(at_wave).flat_map(|(one, other)| [one, other]).collect();
        vec![desk.approved(&payees(&mixed))]
    };
    let mut engine = between.engine(&desk, CALLS);
    engine.until_idle().await.unwrap();
    (desk, between, batches, engine)
}

#[tokio::test]
async fn a_provider_that_does_not_answer_holds_up_its_own_payments_only() {
    for fsp_in_file in [false, true] {
        let (desk, between, batches, mut engine) = silent_kbz(fsp_in_file).await;
        let states = |fsp: &str| -> Vec<_> {
            let rows = batches.iter().flat_map(|batch| desk.rows(batch));
            let is_there = |row: &super::desk::Row| row.payee_fsp.as_ref().is_some_and(|found| found.as_str() == fsp);
            rows.filter(|row| is_there(row) || (fsp == "kbzpay" && row.payee_fsp.is_none())).map(|row| row.state).collect()
        };
        assert_eq!(states("wavemoney"), vec![Succeeded; 60]);
        assert_eq!(states("kbzpay"), vec![Ready; 60]);
        assert!((OPENS_AFTER..OPENS_AFTER + CALLS).contains(&between.spoilt()), "{} were asked", between.spoilt());
        let [one] = waiting(&desk).try_into().unwrap();
        assert_eq!((&one.whom, one.shut.ailment, one.shut.times), (&kbz(), Ailment::Silent, 1));

        // Nobody claims them again and again.
        let before = attempts(&desk);
        engine.until_idle().await.unwrap();
        assert_eq!(attempts(&desk), before);

        // One goes to see, however many wait.
        let asked = between.spoilt();
        desk.clock.advance(31 * SECOND);
        engine.until_idle().await.unwrap();
        assert_eq!(between.spoilt(), asked + 1);
        let [one] = waiting(&desk).try_into().unwrap();
        assert_eq!(one.shut.times, 2);

        between.rule(|_| Fate::Pass);
        for batch in &batches {
            desk.pay(&mut engine, batch).await;
            desk.assert_agrees_with_the_ledger(batch);
            assert!(desk.rows(batch).iter().all(|row| row.state == Succeeded));
        }
        assert_eq!(waiting(&desk), []);
    }
}

#[tokio::test]
async fn who_takes_the_account_over_remembers_who_does_not_answer() {
    let (desk, between, batches, engine) = silent_kbz(false).await;
    drop(engine);
    let (before, asked) = (waiting(&desk), between.spoilt());
    desk.clock.advance(20 * SECOND);
    let mut next = between.engine(&desk, CALLS);
    next.until_idle().await.unwrap();
    assert_eq!((waiting(&desk), between.spoilt()), (before, asked), "its lease lasts, and so does its wait");
    desk.clock.advance(MINUTE);
    next.until_idle().await.unwrap();
    assert_eq!(between.spoilt(), asked + 1, "one goes to see");
    between.rule(|_| Fate::Pass);
    desk.pay(&mut next, &batches[0]).await;
}

#[tokio::test]
async fn what_was_recorded_is_asked_about_while_its_provider_does_not_answer() {
    let desk = Desk::open().await;
    // Paid, and the answer lost.
    let lost = (0..)
        .map(|number| format!("95977{number:03}9006"))
        .find(|phone| outlay::simulator::look_up("MSISDN", phone, false).fsp == "kbzpay");
    let first = desk.approved(&[(lost.unwrap().as_str(), 1_000)]);
    let between = Between::before(&desk, |_| Fate::Pass).await;
    let mut engine = between.engine(&desk, CALLS);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&first).state, InDoubt);
    between.rule(|request| if is_quote_for(request, "kbzpay") { Fate::Timeout } else { Fate::Pass });
    let phones = phones_at("kbzpay", 30);
    let second = desk.approved(&payees(&phones));
    engine.until_idle().await.unwrap();
    assert_eq!(waiting(&desk).len(), 1);
    desk.clock.advance(5 * SECOND);
    engine.until_idle().await.unwrap();
    assert_eq!((desk.row(&first).state, waiting(&desk).len()), (Succeeded, 1));
    assert!(desk.rows(&second).iter().all(|row| row.state == Ready));
}

#[tokio::test]
async fn an_sdk_that_cannot_be_reached_for_a_night_fails_nobody() {
    let desk = Desk::open().await;
    let phones = phones_at("kbzpay", 60);
    let batch = desk.approved(&payees(&phones));
    let mut setup = desk.setup();
    setup.concurrency = CALLS;
    // Nobody listens there.
    setup.sdks[0].url = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let mut engine = Engine::new(desk.db.clone(), setup).unwrap();
    engine.until_idle().await.unwrap();
    let [one] = waiting(&desk).try_into().unwrap();
    assert_eq!((&one.whom, one.shut.ailment), (&Whom::Connection, Ailment::Unreachable));
    let claimed = attempts(&desk);
    for _ in 0..8 * 60 {
        desk.clock.advance(MINUTE);
        engine.until_idle().await.unwrap();
    }
    assert!(desk.rows(&batch).iter().all(|row| row.state == Ready), "{:#?}", desk.rows(&batch));
    assert!(attempts(&desk) - claimed <= 60, "one goes to see every ten minutes: {}", attempts(&desk) - claimed);
    // In the morning it is there.
    desk.clock.advance(HOUR);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    assert!(desk.rows(&batch).iter().all(|row| row.state == Succeeded));
    assert_eq!(waiting(&desk), []);
}

#[tokio::test]
async fn a_payment_that_nobody_was_reached_for_in_a_whole_night_has_all_its_tries_in_the_morning() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    let mut setup = desk.setup();
    setup.sdks[0].url = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let mut engine = Engine::new(desk.db.clone(), setup).unwrap();
    for _ in 0..8 * 60 {
        engine.until_idle().await.unwrap();
        desk.clock.advance(MINUTE);
    }
    assert!(attempts(&desk) > 20, "it went to see again and again, being alone");
    assert_eq!(waiting(&desk)[0].whom, Whom::Connection);
    let tries: (i32, i32) = transfers::table.select((transfers::tries, transfers::tries_limited)).first(&mut desk.database.conn()).unwrap();
    assert_eq!((desk.row(&batch).state, tries), (Ready, (0, 0)));
    desk.clock.advance(HOUR);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.row(&batch).state, Succeeded);
}

/// The reason and the details of the event that tells why the account was stopped.
fn stopped(desk: &Desk) -> (Option<String>, String) {
    let events = audit_events::table.filter(audit_events::action.eq("funding_account.stopped"));
    events.select((audit_events::reason, audit_events::changes)).first(&mut desk.database.conn()).unwrap()
}

async fn reopen(desk: &Desk) {
    let account = desk.account.clone();
    desk.db.write(move |tx| dispatch::reopen_account(tx, &By::operator("ops"), &account)).await.unwrap();
}

#[tokio::test]
async fn answers_that_make_no_sense_stop_the_account_until_an_operator_has_looked() {
    let desk = Desk::open().await;
    let between = Between::before(&desk, |_| Fate::Page(200, "<html>It works!</html>")).await;
    let phones = phones_at("kbzpay", 60);
    let batch = desk.approved(&payees(&phones));
    let mut engine = between.engine(&desk, CALLS);
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch), desk.pause(&batch).0.as_deref()), ("paused".to_owned(), Some("no_sense")));
    assert_eq!(stopped(&desk).0.as_deref(), Some("no_sense"));
    assert_eq!(desk.audit(), ["batch.paused", "batch.started", "funding_account.stopped"]);
    let asked = between.spoilt();
    desk.clock.advance(HOUR);
    engine.until_idle().await.unwrap();
    assert_eq!(between.spoilt(), asked, "nothing is asked while it is stopped");
    between.rule(|_| Fate::Pass);
    reopen(&desk).await;
    desk.pay(&mut engine, &batch).await;
    assert!(desk.rows(&batch).iter().all(|row| row.state == Succeeded));
    desk.assert_agrees_with_the_ledger(&batch);
}

/// SDK 18.0.2 answers so to a number without a wallet; where all that is left of a payroll are such numbers, nothing else is heard.
#[tokio::test]
async fn many_numbers_without_a_wallet_do_not_stop_the_account() {
    let desk = Desk::open().await;
    let untold = r#"{"party":{"body":{},"headers":{"fspiop-source":"Hub","fspiop-destination":"mfi"}},"currentState":"COMPLETED"}"#;
    let rule = move |request: &str| if request.starts_with("GET /parties") { Fate::Page(200, untold) } else { Fate::Pass };
    let between = Between::before(&desk, rule).await;
    let batch = desk.approved(&payees(&phones_at("kbzpay", 30)));
    let mut engine = between.engine(&desk, CALLS);
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.state(&batch), "processed");
    assert!(desk.rows(&batch).iter().all(|row| row.state == Failed), "each ended by itself, after its tries");
    assert_eq!(desk.ledger(), []);
}

#[tokio::test]
async fn a_send_that_is_answered_without_proof_again_and_again_stops_the_account() {
    let desk = Desk::open().await;
    let unproven = r#"{"transfer":{"body":{"transferState":"COMMITTED"}}}"#;
    let rule = move |request: &str| if request.starts_with("POST /simpleTransfers") { Fate::Page(200, unproven) } else { Fate::Pass };
    let between = Between::before(&desk, rule).await;
    let phones = phones_at("kbzpay", 60);
    let batch = desk.approved(&payees(&phones));
    let mut engine = between.engine(&desk, 1);
    engine.until_idle().await.unwrap();
    assert_eq!(desk.pause(&batch).0.as_deref(), Some("no_sense"));
    assert!(desk.rows(&batch).iter().all(|row| matches!(row.state, Ready | InDoubt)), "nothing is called paid");
    assert_eq!(desk.ledger(), []);
}

/// A clock that is ahead of another by so many seconds.
struct Ahead {
    of: Arc<dyn Clock>,
    seconds: Arc<AtomicU64>,
}

impl Clock for Ahead {
    fn now(&self) -> Instant {
        self.of.now().after(Duration::from_secs(self.seconds.load(Ordering::SeqCst)))
    }

    fn monotonic(&self) -> Duration {
        self.of.monotonic()
    }
}

#[tokio::test]
async fn clocks_that_differ_stop_the_account_and_say_by_how_much() {
    let ahead = Arc::new(AtomicU64::new(60));
    let seconds = Arc::clone(&ahead);
    let desk = Desk::open_with(move |settings| settings.clock = Arc::new(Ahead { of: settings.clock.clone(), seconds })).await;
    let phones = phones_at("kbzpay", 60);
    let batch = desk.approved(&payees(&phones));
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch), desk.pause(&batch).0.as_deref()), ("paused".to_owned(), Some("clocks_differ")));
    let (reason, details) = stopped(&desk);
    assert_eq!(reason.as_deref(), Some("clocks_differ"));
    assert!(details.contains("\"clock_ahead_s\":60"), "{details}");
    assert_eq!(desk.paid().len(), 0, "everything was too late by the network's clock");
    // Somebody sets the clocks right.
    ahead.store(0, Ordering::SeqCst);
    reopen(&desk).await;
    desk.pay(&mut engine, &batch).await;
    assert!(desk.rows(&batch).iter().all(|row| row.state == Succeeded));
    desk.assert_agrees_with_the_ledger(&batch);
}
