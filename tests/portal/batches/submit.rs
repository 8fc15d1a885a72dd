//! The last look, the submission, taking it back, and deleting.

use diesel::prelude::*;
use outlay::batches::State;
use outlay::db::schema::transfers;
use outlay::privileges::Action;

use super::desk::{batch_of, find, payroll, state, upload};
use crate::support::cast::{HLA, Person, SU, THIRI, TUN};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

async fn drafted(tab: &mut Tab) -> outlay::ids::BatchId {
    batch_of(&upload(tab, "payroll.csv", &payroll(3)).await)
}

async fn submitted(tab: &mut Tab) -> outlay::ids::BatchId {
    let id = drafted(tab).await;
    tab.post_form(&format!("/batches/{id}/submission"), &[]).await.assert_status(200);
    id
}

#[tokio::test]
async fn a_maker_looks_once_more_and_submits() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = drafted(&mut thiri).await;
    let page = thiri.get(&format!("/batches/{id}/check")).await.clone();
    page.assert_says("3,003 MMK").assert_says("3,000 MMK (at most 1,000 MMK a payment)").assert_says("6,003 MMK");
    let seal = page.attribute("input[name=seal]", "value");
    page.assert_says(&seal[..8]);
    let page = thiri.post_form(&format!("/batches/{id}/submission"), &[]).await;
    page.assert_path(&format!("/batches/{id}/submission")).assert_says("Submitted for approval");
    page.assert_says(HLA.full_name).assert_says(SU.full_name).assert_says_not(TUN.full_name);
    let batch = find(&portal, &id).await.unwrap();
    assert_eq!((batch.state, batch.seal), (State::PendingApproval, Some(seal)));
    assert_eq!(batch.fee_limit.units(), 100_000);
    thiri
        .get(&format!("/batches/{id}"))
        .await
        .assert_says("Waiting for approval")
        .assert_says("Submitted for approval")
        .assert_says("Withdraw");
}

#[tokio::test]
async fn a_second_click_shows_what_the_first_one_did() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = drafted(&mut thiri).await;
    let mut other = thiri.second();
    let action = format!("/batches/{id}/submission");
    thiri.post_form(&action, &[]).await.assert_says("Submitted for approval");
    other.post_form(&action, &[]).await.assert_status(200).assert_says("Submitted for approval");
    // A form opened before, with a key of its own, is told.
    let late = thiri.get("/batches/new").await.attribute("input[name=once]", "value");
    let token = thiri.page().attribute("input[name=form_token]", "value");
    let page = thiri.post_bare(&action, &[("form_token", &token), ("once", &late), ("seal", "x")]).await;
    page.assert_status(409).assert_says("has moved on");
}

#[tokio::test]
async fn what_changed_since_it_was_looked_at_is_not_submitted() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = drafted(&mut thiri).await;
    let of = id.clone();
    let tampered = portal.institution.db.write(move |tx| {
        let row = transfers::table.filter(transfers::batch_id.eq(&of)).filter(transfers::line.eq(2_i64));
        diesel::update(row).set(transfers::row_digest.eq("0".repeat(64))).execute(&mut **tx).map_err(outlay::db::Error::from)
    });
    tampered.await.unwrap();
    let page = thiri.post_form(&format!("/batches/{id}/submission"), &[]).await;
    page.assert_status(409).assert_says("not what you looked at");
    assert_eq!(state(&portal, &id).await, State::Draft);
}

#[tokio::test]
async fn a_maker_takes_a_batch_back_and_nobody_else_can() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = submitted(&mut thiri).await;
    let action = format!("/batches/{id}/withdrawal");
    let mut tun = portal.signed_in(&TUN).await;
    tun.get(&format!("/batches/{id}")).await.assert_status(200).assert_says_not("Withdraw");
    let token = tun.page().attribute("input[name=form_token]", "value");
    let once = "0123456789abcdef0123456789abcdef";
    tun.post_bare(&action, &[("form_token", &token), ("once", once)]).await.assert_status(403);
    assert_eq!(state(&portal, &id).await, State::PendingApproval);

    thiri.post_form(&action, &[]).await.assert_status(200).assert_says("It is a draft again");
    let batch = find(&portal, &id).await.unwrap();
    assert_eq!((batch.state, batch.seal, batch.submitted_at), (State::Draft, None, None));
    thiri.post_form(&format!("/batches/{id}/submission"), &[]).await.assert_says("Submitted for approval");
}

#[tokio::test]
async fn a_batch_is_deleted_after_a_second_thought() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = submitted(&mut thiri).await;
    let page = thiri.get(&format!("/batches/{id}/deletion")).await;
    page.assert_says("Delete payroll?").assert_says("This cannot be undone");
    thiri.post_form(&format!("/batches/{id}/deletion"), &[]).await.assert_status(200).assert_says("payroll is deleted");
    assert_eq!(state(&portal, &id).await, State::Deleted);
    assert!(!thiri.get("/batches/new").await.has(&format!("a[href='/batches/{id}']")), "it is still among the last batches");
    // Its file is not the same file again any more.
    upload(&mut thiri, "payroll.csv", &payroll(3)).await.assert_status(200).assert_says("Check this batch");
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&format!("/batches/{id}/deletion")).await.assert_status(404);
}

/// Views payroll nowhere.
const BLIND: Person = Person { user_name: "blind", full_name: "Ma Blind", actions: &[Action::MakePayment, Action::MakePayroll], ..THIRI };

#[tokio::test]
async fn a_maker_sees_what_they_made_without_any_view() {
    let (portal, _) = Portal::open().await;
    let branch = crate::support::batches::branch(&portal, BLIND.office).await;
    let added = portal
        .institution
        .db
        .write(move |tx| crate::support::cast::add_person(tx, &outlay::audit::By::operator("a test"), &BLIND, &branch));
    added.await.unwrap();
    let mut blind = portal.signed_in(&BLIND).await;
    let own = drafted(&mut blind).await;
    blind.get(&format!("/batches/{own}")).await.assert_status(200).assert_says("A draft");
    blind.get(&format!("/batches/{own}/file")).await.assert_status(403);
    let mut thiri = portal.signed_in(&THIRI).await;
    let other = batch_of(&upload(&mut thiri, "other.csv", &payroll(1)).await);
    blind.get(&format!("/batches/{other}")).await.assert_status(404);
}
