//! What is left when a reader dies, and how many rows one can take.

use std::time::Duration;

use outlay::batches::{self, Arrived, Channel, Choices, NewBatch, PaymentType, State, create, sweep};
use outlay::clock::Instant;
use outlay::ids::BatchId;

use super::desk::{assert_nothing, count, counts, find, payroll, payroll_into};
use crate::support::batches::{account, actor, branch};
use crate::support::cast::{HLAING, THIRI};
use crate::support::portal::Portal;

async fn new(portal: &Portal, name: &str) -> NewBatch {
    let choices = Choices {
        branch: branch(portal, HLAING).await,
        payment_type: PaymentType::Payroll,
        channel: Channel::Mojaloop,
        funding_account: account(portal).await,
        to_fsp: None,
    };
    NewBatch { choices, client_reference: None, file_name: name.to_owned(), again: None }
}

/// A batch whose reader died before its first row.
async fn orphaned(portal: &Portal, bytes: &[u8]) -> (BatchId, batches::ReadFile) {
    let thiri = actor(portal, &THIRI).await;
    let new = new(portal, "payroll.csv").await;
    let arrived = Arrived::copy(bytes, 1_000_000).unwrap().unwrap();
    let read = batches::read_file(&portal.institution, &thiri, &new.choices, arrived).await.unwrap();
    let (id, summary) = (BatchId::new(Instant::from_micros(1)), read.summary.clone());
    let batch = id.clone();
    portal.institution.db.write(move |tx| create(tx, &thiri, &batch, &new, &summary)).await.unwrap();
    (id, read)
}

#[tokio::test]
async fn what_a_dead_reader_left_is_swept_and_the_same_file_is_new_again() {
    let (portal, clock) = Portal::open().await;
    let (id, _) = orphaned(&portal, &payroll(3)).await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get(&format!("/batches/{id}")).await.assert_path(&format!("/batches/{id}/findings")).assert_says("Reading payroll");
    assert_eq!(sweep(&portal.institution.db).await.unwrap(), 0, "its reader may only be slow");
    clock.advance(Duration::from_secs(6 * 60));
    assert_eq!(sweep(&portal.institution.db).await.unwrap(), 1);
    assert_nothing(&counts(&portal).await);
    assert_eq!(count(&portal, "content_sightings").await, 0);

    let thiri = actor(&portal, &THIRI).await;
    let again = new(&portal, "payroll.csv").await;
    let arrived = Arrived::copy(&payroll(3)[..], 1_000_000).unwrap().unwrap();
    let id = batches::upload(&portal.institution, &thiri, again, arrived).await.unwrap();
    assert_eq!(find(&portal, &id).await.unwrap().content_seen, 1);
}

#[tokio::test]
async fn a_reader_that_was_given_up_can_write_no_more() {
    let (portal, clock) = Portal::open().await;
    let (id, read) = orphaned(&portal, &payroll(3)).await;
    clock.advance(Duration::from_secs(6 * 60));
    sweep(&portal.institution.db).await.unwrap();
    let thiri = actor(&portal, &THIRI).await;
    assert!(batches::load(&portal.institution, &thiri, &id, read, None).await.is_err());
    assert_nothing(&counts(&portal).await);
}

#[tokio::test]
async fn one_that_was_being_corrected_waits_for_another_file() {
    let (portal, clock) = Portal::open().await;
    let thiri = actor(&portal, &THIRI).await;
    let first = new(&portal, "payroll.csv").await;
    let choices = first.choices.clone();
    let arrived = Arrived::copy(&payroll(3)[..], 1_000_000).unwrap().unwrap();
    let id = batches::upload(&portal.institution, &thiri, first, arrived).await.unwrap();
    let arrived = Arrived::copy(&payroll(4)[..], 1_000_000).unwrap().unwrap();
    let read = batches::read_file(&portal.institution, &thiri, &choices, arrived).await.unwrap();
    let (batch, maker, summary) = (id.clone(), thiri.clone(), read.summary.clone());
    let file = outlay::ids::FileId::new(portal.institution.clock().now());
    let opened = portal.institution.db.write(move |tx| batches::correct(tx, &maker, &batch, &file, "b.csv", &summary, false));
    opened.await.unwrap();
    clock.advance(Duration::from_secs(6 * 60));
    sweep(&portal.institution.db).await.unwrap();
    let left = find(&portal, &id).await.unwrap();
    assert_eq!((left.state, left.counts.total, left.counts.sum.units()), (State::NeedsCorrection, 0, 0));
    assert_eq!((count(&portal, "transfers").await, count(&portal, "batch_files").await), (0, 1));
    let mut tab = portal.signed_in(&THIRI).await;
    tab.get(&format!("/batches/{id}/findings")).await.assert_says("not read to its end").assert_says("Upload corrected file");
}

/// How much memory this process has ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Alone in its process: `cargo test --release --test portal -- --ignored --exact batches::load::a_hundred_thousand_rows`; `OUTLAY_ROWS` for more.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures the memory of its whole process"]
async fn a_hundred_thousand_rows() {
    let rows: usize = std::env::var("OUTLAY_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let (portal, _) = Portal::open_with_settings("[limits]\nupload_bytes = 200000000\n").await;
    let thiri = actor(&portal, &THIRI).await;
    let mut file = tempfile::tempfile().unwrap();
    payroll_into(&mut std::io::BufWriter::new(&mut file), rows);
    let arrived = Arrived::of(file).unwrap();
    let before = peak();
    let began = std::time::Instant::now();
    let id = batches::upload(&portal.institution, &thiri, new(&portal, "big.csv").await, arrived).await.unwrap();
    let uploaded = began.elapsed();
    let batch = find(&portal, &id).await.unwrap();
    assert_eq!((batch.state, batch.counts.total), (State::Draft, i64::try_from(rows).unwrap()));
    let mut tab = portal.signed_in(&THIRI).await;
    tab.get(&format!("/batches/{id}/check")).await.assert_status(200);
    let checked = began.elapsed();
    tab.post_form(&format!("/batches/{id}/submission"), &[]).await.assert_says("Submitted for approval");
    let submitted = began.elapsed();
    println!(
        "{rows} rows: uploaded in {:?}, check page in {:?}, submitted in {:?}; peak {} MB, {} MB of it before",
        uploaded,
        checked - uploaded,
        submitted - checked,
        peak() / 1_000_000,
        before / 1_000_000
    );
    let most = if rows > 100_000 { 300_000_000 } else { 200_000_000 };
    assert!(peak() < most, "{} bytes", peak());
}
