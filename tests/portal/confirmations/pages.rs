//! The pages on which an account manager decides.

use outlay::confirmations::{Change, GrantAsked, State};
use outlay::privileges::Action;

use super::desk::{asked, deactivate, state};
use crate::support::batches::branch;
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, THIRI};
use crate::support::portal::Portal;

#[tokio::test]
async fn the_other_account_manager_sees_what_it_is_and_confirms() {
    let (portal, _) = Portal::open().await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    let path = format!("/confirmations/{id}");
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get("/confirmations").await;
    page.assert_says("Nothing waits for you").assert_says("Print a password code");
    assert!(!page.texts(".sidebar .menu-link[href='/confirmations']")[0].contains('1'), "nothing for her");
    let page = aye.get(&path).await;
    page.assert_says("You asked for this, so you cannot confirm it yourself.").assert_says("U Kyi Win decides.");
    assert!(!page.has(&format!("form[action='{path}/confirmation']")));
    let mut kyi = portal.signed_in(&KYI).await;
    let page = kyi.get("/confirmations").await;
    assert!(page.texts(".sidebar .menu-link[href='/confirmations']")[0].contains('1'), "the sidebar counts it");
    assert_eq!(page.rows("table")[0][..3], ["Print a password code", "Daw Hla Hla hla", "Daw Aye Aye Mon"]);
    let page = kyi.get(&path).await;
    page.assert_says("Within 24 hours").assert_says("Daw Hla Hla").assert_says("Daw Aye Aye Mon");
    let mut second = kyi.second();
    let page = kyi.post_form(&format!("{path}/confirmation"), &[]).await;
    page.assert_status(200).assert_path(&path).assert_says("Confirmed.").assert_says("U Kyi Win confirmed it on");
    assert_eq!(state(&portal, &id).await, State::Confirmed);
    second.post_form(&format!("{path}/confirmation"), &[]).await.assert_status(200).assert_path(&path).assert_says("Confirmed.");
    kyi.get("/confirmations").await.assert_says("U Kyi Win").assert_says("Nothing waits for you");
}

#[tokio::test]
async fn not_confirming_needs_a_reason_which_the_asker_reads() {
    let (portal, _) = Portal::open().await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    let path = format!("/confirmations/{id}");
    let mut kyi = portal.signed_in(&KYI).await;
    kyi.get(&path).await;
    let page = kyi.post_form(&format!("{path}/refusal"), &[("reason", " ")]).await;
    page.assert_status(422).assert_says("Say why you do not confirm it");
    let mut late = kyi.second();
    let page = kyi.post_form(&format!("{path}/refusal"), &[("reason", "She has her password")]).await;
    page.assert_path(&path).assert_says("She has her password");
    assert_eq!(state(&portal, &id).await, State::Refused);
    portal.signed_in(&AYE).await.get(&path).await.assert_says("She has her password").assert_says("U Kyi Win did not confirm it on");
    // Another form, opened before: a page in words instead of a second decision.
    let token = late.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("reason", "typed too late")];
    let page = late.post_bare(&format!("{path}/confirmation"), &fields).await;
    page.assert_status(409).assert_says("U Kyi Win did not confirm it on");
    late.post_bare(&format!("{path}/refusal"), &fields).await.assert_status(409).assert_says("typed too late");
}

#[tokio::test]
async fn the_page_shows_every_branch_and_warns_of_who_would_make_and_approve() {
    let (portal, _) = Portal::open().await;
    let (hlaing, mandalay) = (branch(&portal, HLAING).await, branch(&portal, MANDALAY).await);
    let grant = |branch, until| GrantAsked { branch, action: Action::ApprovePayment, until };
    let grants = vec![grant(hlaing, None), grant(mandalay, Some(1_798_736_400_000_000))];
    let id = asked(&portal, &AYE, Some(&THIRI), Change::Grants(grants)).await;
    let page = portal.signed_in(&KYI).await.get(&format!("/confirmations/{id}")).await.clone();
    assert_eq!(page.text("h1"), "Grant Approve Payment in 2 branches");
    let rows = page.rows("table");
    assert_eq!(rows[0], ["MANDALAY - CHANAYETHAZAN - Chanayethazan MDY-01", "Approve Payment, until 31 Dec 2026, 23:30"]);
    assert_eq!(rows[1], ["YANGON - HLAING - Hlaing YGN-01", "Approve Payment, until somebody ends it"]);
    let warning = page.text(".banner-warn");
    assert!(warning.contains("both make and approve") && warning.contains("YANGON - HLAING") && !warning.contains("MANDALAY"), "{warning}");
}

#[tokio::test]
async fn only_account_managers_have_these_pages() {
    let (portal, _) = Portal::open().await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    for person in [&HLA, &THIRI] {
        let mut tab = portal.signed_in(person).await;
        assert!(!tab.page().has("a[href='/confirmations']"));
        tab.get("/confirmations").await.assert_status(404);
        tab.get(&format!("/confirmations/{id}")).await.assert_status(404);
    }
    portal.signed_in(&AYE).await.get("/confirmations/nothing").await.assert_status(404);
}

#[tokio::test]
async fn who_asked_withdraws_and_is_told_who_else_could_decide() {
    let (portal, _) = Portal::open().await;
    let id = asked(&portal, &AYE, Some(&HLA), Change::PasswordCode).await;
    let path = format!("/confirmations/{id}");
    deactivate(&portal, &KYI).await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(&path).await.assert_says(&format!("outlay admin confirm {id}"));
    let page = aye.post_form(&format!("{path}/withdrawal"), &[]).await;
    page.assert_path("/confirmations").assert_says("Withdrawn. Nothing was changed.");
    assert_eq!(state(&portal, &id).await, State::Withdrawn);
}
