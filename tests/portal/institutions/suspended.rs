//! An institution that the operator suspended: its pages say so, nothing new of it is paid, and its neighbour does not notice.

use outlay::audit::By;
use outlay::db;
use outlay::dispatch::TransferState;
use outlay::institutions::{self, FRESH_FOR};

use crate::dispatch::desk::{Desk, MINUTE};
use crate::support::cast::{HLA, THIRI};
use crate::support::portal::Portal;

const WHY: &str = "licence withdrawn";

fn suspend(tx: &mut db::WriteTx<'_>) -> Result<(), institutions::NotSuspended> {
    institutions::suspend(tx, &By::operator("ops"), WHY)
}

fn resume(tx: &mut db::WriteTx<'_>) -> Result<(), institutions::NotSuspended> {
    institutions::resume(tx, &By::operator("ops"))
}

#[tokio::test]
async fn its_pages_say_so_within_seconds_and_its_neighbours_go_on() {
    let (upendo, zabu, clock) = Portal::two().await;
    let (mut thiri, mut hla) = (upendo.signed_in(&THIRI).await, zabu.signed_in(&HLA).await);
    // As the command line does it, in another process.
    upendo.another_process().await.db.write(suspend).await.unwrap();
    clock.advance(FRESH_FOR);
    for path in ["/batches/new", "/sign-in", "/nowhere"] {
        let page = thiri.look(path).await;
        page.assert_status(503).assert_says("Suspended by the operator").assert_says("Upendo").assert_says_not(WHY);
        assert_eq!(page.header("retry-after"), Some("60"));
    }
    let sheet = thiri.look("/sign-in").await.attribute("link[rel=stylesheet]", "href");
    thiri.look(&sheet).await.assert_status(200);
    thiri.try_post("/sign-out", &[]).await.assert_status(503);
    hla.get("/tasks").await.assert_status(200).assert_says(HLA.full_name);

    upendo.another_process().await.db.write(resume).await.unwrap();
    clock.advance(FRESH_FOR);
    thiri.get("/batches/new").await.assert_status(200).assert_says(THIRI.full_name);
}

#[tokio::test]
async fn it_is_suspended_once_and_for_a_reason() {
    let (portal, _) = Portal::open().await;
    let db = &portal.institution.db;
    let silent = db.write(|tx| institutions::suspend(tx, &By::operator("ops"), " ")).await;
    assert!(matches!(silent, Err(institutions::NotSuspended::NoReason)));
    db.write(suspend).await.unwrap();
    assert!(matches!(db.write(suspend).await, Err(institutions::NotSuspended::Already)));
    db.write(resume).await.unwrap();
    assert!(matches!(db.write(resume).await, Err(institutions::NotSuspended::NotSuspended)));
}

#[tokio::test]
async fn nothing_new_is_paid_until_it_is_resumed() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000), ("959777123457", 1_000)]);
    desk.db.write(suspend).await.unwrap();
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!((desk.state(&batch).as_str(), desk.ledger().len()), ("approved", 0));
    desk.db.write(resume).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.paid().len(), 2);
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn what_was_sent_is_still_asked_about() {
    let desk = Desk::open().await;
    // The network carries it out a little later, and says so only then.
    let batch = desk.approved(&[("959777129007", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::InDoubt);
    desk.db.write(suspend).await.unwrap();
    desk.until(&mut engine, &batch, "processed", MINUTE * 60).await;
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn what_the_network_never_saw_is_not_sent_again_while_it_is_suspended() {
    let desk = Desk::open().await;
    // Its bytes never arrive; others under the same id would.
    let batch = desk.approved(&[("959777129010", 1_000)]);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.row(&batch).state, TransferState::InDoubt);
    desk.db.write(suspend).await.unwrap();
    let quotes = desk.replies("quotes").len();
    for _ in 0..20 {
        desk.clock.advance(MINUTE * 5);
        engine.until_idle().await.unwrap();
    }
    assert_eq!(desk.replies("quotes").len(), quotes, "no new terms are asked for");
    assert!(desk.paid().is_empty());
    desk.db.write(resume).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.paid().len(), 1);
    desk.assert_agrees_with_the_ledger(&batch);
}
