//! The first page.

use outlay::approvals::{self, Decision, DecisionForm};
use outlay::confirmations::{self, Change};

use super::desk::id_of;
use crate::support::batches::{WAGES, actor, drafted, find, submitted};
use crate::support::cast::{AYE, HLA, KYI, MOE, THIRI, TUN};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

#[tokio::test]
async fn everybody_lands_on_what_waits_for_them() {
    let (portal, clock) = Portal::open().await;
    portal.signed_in(&THIRI).await.page().assert_path("/").assert_says("Nothing waits for you").assert_says("Upload a file");
    let rejected = submitted(&portal, &THIRI, &WAGES).await;
    let (seal, hla) = (find(&portal, &rejected).await.seal.unwrap(), actor(&portal, &HLA).await);
    let form = DecisionForm { batch: rejected.clone(), decision: Decision::Rejected, reason: "Wrong month".to_owned(), seal };
    portal.institution.db.write(move |tx| approvals::decide(tx, &hla, &form)).await.unwrap();
    drafted(&portal, &THIRI, &WAGES).await;
    submitted(&portal, &THIRI, &WAGES).await;
    clock.advance(std::time::Duration::from_secs(2 * 3600));

    let thiri = portal.signed_in(&THIRI).await;
    let todos = thiri.page().texts(".stage-label");
    assert!(todos[0].contains("payroll-oct was rejected"), "{todos:?}");
    assert!(todos[1].contains("payroll-oct is not submitted yet, 450,000 MMK"), "{todos:?}");
    assert_eq!(thiri.page().attribute(".stage-label a", "href"), format!("/batches/{rejected}"));

    let hla = portal.signed_in(&HLA).await;
    assert_eq!(hla.page().texts(".stage-label"), ["1 batch waits for your decision, 450,000 MMK 2 h"]);
    assert_eq!(hla.page().attribute(".stage-label a", "href"), "/tasks");
    // Another branch's checker has nothing, and learns of nothing.
    let moe = portal.signed_in(&MOE).await;
    moe.page().assert_says("Nothing waits for you").assert_says_not("payroll-oct");
    // A branch manager sees the last batches.
    let tun = portal.signed_in(&TUN).await;
    tun.page().assert_says("Nothing waits for you").assert_says("Last batches").assert_says("payroll-oct");
}

#[tokio::test]
async fn an_account_manager_sees_what_the_other_asked_for() {
    let (portal, _) = Portal::open().await;
    let aye = portal.signed_in(&AYE).await;
    aye.page().assert_says("Nothing waits for you").assert_says("Add New User");
    let (by, hla) = (actor(&portal, &KYI).await.by(), id_of(&portal, &HLA).await);
    let ask = portal.institution.db.write(move |tx| confirmations::ask(tx, &by, Some(&hla), &Change::Reactivation));
    ask.await.unwrap();
    let aye = portal.signed_in(&AYE).await;
    aye.page().assert_says("1 request of the other account manager waits for your confirmation");
    let kyi = portal.signed_in(&KYI).await;
    kyi.page().assert_says("Nothing waits for you");
}

#[tokio::test]
async fn an_account_manager_gets_from_the_first_page_to_those_who_are_locked() {
    let (portal, clock) = Portal::open().await;
    let mut guesser = portal.stranger();
    for _ in 0..5 {
        guesser.try_post_plain("/sign-in", &[("user_name", THIRI.user_name), ("password", "Guess-1234")]).await;
    }
    let mut aye = portal.signed_in(&AYE).await;
    aye.page().assert_says("1 person cannot sign in for a while");
    let list = aye.page().attribute(".stage-label a", "href");
    let page = aye.get(&list).await;
    assert_eq!(page.rows("table").len(), 1);
    page.assert_says(THIRI.full_name).assert_says("Locked now");
    clock.advance(std::time::Duration::from_secs(60));
    aye.get(&list).await.assert_says("No one matches");
    aye.get("/").await.assert_says("Nothing waits for you");
}

#[tokio::test]
async fn the_sidebar_counts_what_waits_for_a_decision_and_ones_own_drafts() {
    let (portal, _) = Portal::open().await;
    let beside = |tab: &Tab, path: &str| {
        let entry = format!(".sidebar a[href='{path}'] .menu-count");
        if tab.page().has(&entry) { Some(tab.page().text(&entry)) } else { None }
    };
    let thiri = portal.signed_in(&THIRI).await;
    assert_eq!(beside(&thiri, "/batches/new"), None, "nothing is counted where there is nothing");
    drafted(&portal, &THIRI, &WAGES).await;
    submitted(&portal, &THIRI, &WAGES).await;
    submitted(&portal, &THIRI, &WAGES).await;
    let (thiri, hla, moe) = (portal.signed_in(&THIRI).await, portal.signed_in(&HLA).await, portal.signed_in(&MOE).await);
    assert!(beside(&thiri, "/batches/new").unwrap().starts_with('1'));
    assert!(beside(&hla, "/tasks").unwrap().starts_with('2'));
    assert_eq!(beside(&moe, "/tasks"), None, "another branch's work is not counted");
}
