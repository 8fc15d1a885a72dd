//! Files to take away.

use std::time::Duration;

use outlay::approvals::{self, Decision, DecisionForm};
use outlay::batches::State;
use outlay::db;
use outlay::db::schema::{batches as batches_table, transfers};
use outlay::dispatch::TransferState;
use outlay::ids::BatchId;

use super::desk::{batch_of, find, payroll, upload};
use crate::support::batches::actor;
use crate::support::cast::{HLA, MOE, THIRI, TUN};
use crate::support::portal::Portal;
use crate::support::tab::Tab;
use diesel::prelude::*;

/// Uploads, submits and approves three payments.
async fn approved(portal: &Portal, thiri: &mut Tab) -> BatchId {
    let id = batch_of(&upload(thiri, "payroll.csv", &payroll(3)).await);
    thiri.post_form(&format!("/batches/{id}/submission"), &[]).await.assert_status(200);
    let seal = find(portal, &id).await.unwrap().seal.unwrap();
    let checker = actor(portal, &HLA).await;
    let form = DecisionForm { batch: id.clone(), decision: Decision::Approved, reason: String::new(), seal };
    portal.institution.db.write(move |tx| approvals::decide(tx, &checker, &form).map(drop)).await.unwrap();
    id
}

/// As if dispatch had paid the first row, failed the second and were still at the third.
async fn half_paid(portal: &Portal, id: &BatchId) {
    let of = id.clone();
    let moved = portal.institution.db.write(move |tx| {
        let now = tx.now();
        let row = |line: i64| transfers::table.filter(transfers::batch_id.eq(of.clone())).filter(transfers::line.eq(line));
        let paid = (transfers::state.eq(TransferState::Succeeded), transfers::settled_at.eq(now), transfers::payee_fsp.eq("kbzpay"));
        diesel::update(row(2)).set(paid).execute(&mut **tx)?;
        let why = "{\"why\":\"network\",\"code\":\"3204\"}";
        let failed = (transfers::state.eq(TransferState::Failed), transfers::code.eq("3204"), transfers::reason.eq(why));
        diesel::update(row(3)).set(failed).execute(&mut **tx)?;
        let counts = (
            batches_table::state.eq(State::Processing),
            batches_table::started_at.eq(now),
            (batches_table::waiting.eq(1_i64), batches_table::succeeded.eq(1_i64), batches_table::failed.eq(1_i64)),
            (
                batches_table::sum_waiting.eq(100_200_i64),
                batches_table::sum_succeeded.eq(100_000_i64),
                batches_table::sum_failed.eq(100_100_i64),
            ),
        );
        diesel::update(batches_table::table.find(of.clone())).set(counts).execute(&mut **tx)?;
        Ok::<_, db::Error>(())
    });
    moved.await.unwrap();
}

#[tokio::test]
async fn the_batch_page_tells_where_every_payment_stands() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = approved(&portal, &mut thiri).await;
    clock.advance(Duration::from_secs(60));
    half_paid(&portal, &id).await;
    let page = thiri.get(&format!("/batches/{id}")).await.clone();
    page.assert_says("Being paid since 21 Nov 2025, 06:56").assert_says("2 of 3 payments have their outcome (66 %)");
    page.assert_says("Accepted by KBZPay at 21 Nov 2025, 06:56").assert_says_not("received");
    page.assert_says("The number or account has no wallet").assert_says("3204");
    page.assert_says(&format!("Approved\n21 Nov 2025, 06:55 · {}", HLA.full_name));
    let page = thiri.get(&format!("/batches/{id}?show=failed")).await.clone();
    assert_eq!(page.rows("#payments table").len(), 1);
    page.assert_says("Showing 1 to 1 of 1 entries");
}

#[tokio::test]
async fn the_batch_page_tells_whose_payments_wait_and_why() {
    use outlay::db::schema::breakers;
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = approved(&portal, &mut thiri).await;
    half_paid(&portal, &id).await;
    let path = format!("/batches/{id}");
    assert!(thiri.get(&path).await.texts("[data-waits]").is_empty());
    let account = find(&portal, &id).await.unwrap().funding_account;
    // As dispatch leaves it when a provider, and then the connection, does not answer.
    let shut = |whom: &'static str, ailment: &'static str| {
        let account = account.clone();
        portal.institution.db.write(move |tx| {
            let now = tx.now();
            let what = (breakers::funding_account_id.eq(&account), breakers::whom.eq(whom), breakers::ailment.eq(ailment));
            let when = (breakers::since.eq(now), breakers::retry_at.eq(now.after(Duration::from_secs(120))), breakers::times.eq(1));
            diesel::insert_into(breakers::table).values((what, when)).execute(&mut **tx)?;
            Ok::<_, db::Error>(())
        })
    };
    shut("kbzpay", "silent").await.unwrap();
    let page = thiri.get(&path).await.clone();
    let [said] = page.texts("[data-waits]").try_into().unwrap();
    assert_eq!(said, "Does not answer at the moment: its payments wait, the others go on. It is tried again at 21 Nov 2025, 06:57.");
    page.assert_says_not("cannot be reached");
    shut("", "unreachable").await.unwrap();
    thiri.get(&path).await.assert_says("The payment connection cannot be reached: payments wait until it can.");
}

#[tokio::test]
async fn progress_is_asked_for_again_and_answered_only_when_it_changed() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = approved(&portal, &mut thiri).await;
    half_paid(&portal, &id).await;
    let path = format!("/batches/{id}/progress");
    let part = thiri.get(&path).await.clone();
    part.assert_status(200).assert_says("2 of 3 payments have their outcome");
    assert!(!part.has("html head title"), "a fragment is a part of a page");
    clock.advance(Duration::from_secs(60));
    let tag = part.header("etag").unwrap().to_owned();
    assert_eq!(thiri.get(&path).await.header("etag"), Some(&*tag), "nothing happened, yet it looks changed");
}

#[tokio::test]
async fn results_are_the_original_file_with_what_came_of_each_row() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = approved(&portal, &mut thiri).await;
    half_paid(&portal, &id).await;
    let file = thiri.get(&format!("/batches/{id}/results")).await.clone();
    assert!(file.header("content-disposition").unwrap().contains("payroll-results.csv"));
    let text = file.body().trim_start_matches('\u{feff}');
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("reference,payee_name") && lines[0].ends_with("outlay_payee_fsp,outlay_settled_at"), "{text}");
    assert!(lines[1].starts_with("OCT-0,Ma Payee 0") && lines[1].ends_with("Success,,,,KBZPay,2025-11-21 06:55:38"), "{text}");
    assert!(lines[2].contains("Failed,The number or account has no wallet,3204,"), "{text}");
    assert!(lines[3].contains(",Waiting,"), "{text}");
    thiri.get(&format!("/batches/{id}")).await.assert_says("Results downloaded");
}

#[tokio::test]
async fn files_need_download_payment_in_the_batchs_branch() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = approved(&portal, &mut thiri).await;
    half_paid(&portal, &id).await;
    let mut tun = portal.signed_in(&TUN).await;
    tun.get(&format!("/batches/{id}/results")).await.assert_status(200);
    let mut moe = portal.signed_in(&MOE).await;
    moe.get(&format!("/batches/{id}/results")).await.assert_status(404);
    moe.get(&format!("/batches/{id}")).await.assert_status(404);
}
