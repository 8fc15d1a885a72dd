//! Codes on printed slips: shown once, good once, and for one who lets money out only with both account managers.

use outlay::confirmations::{self, Change, GrantAsked, State};
use outlay::db::WriteTx;
use outlay::ids::ConfirmationId;
use outlay::people::{self, Invited, Way};
use outlay::privileges::Action;
use reqwest::StatusCode;

use crate::support::batches::actor;
use crate::support::cast::{AYE, HLA, KYI, PASSWORD, THIRI};
use crate::support::links::{self, PHYU};
use crate::support::portal::Portal;

const NEW: &str = "Shwe-Dagon-44";

#[tokio::test]
async fn without_mail_one_is_invited_on_paper() {
    let (portal, _) = Portal::open().await;
    let phyu = links::add_phyu(&portal).await;
    let mut aye = portal.signed_in(&AYE).await;
    let action = format!("/users/{}/invitation", phyu.id);
    aye.get(&action).await.assert_says("No mail is set up");
    let mut again = aye.second();
    let page = aye.post_form(&action, &[]).await;
    page.assert_status(200)
        .assert_path(&action)
        .assert_says("Print this now")
        .assert_says("Ma Phyu Phyu")
        .assert_says("http://localhost/sign-in");
    let code = page.text(".slip-code");
    // A second click: the code is not there any more.
    let page = again.post_form(&action, &[]).await;
    page.assert_says("The code was shown once");
    assert!(!page.body().contains(&code));

    let mut tab = portal.stranger();
    tab.get("/sign-in").await.assert_says("I have a code on paper");
    tab.get("/code").await;
    let fields = |code| [("user_name", "Phyu"), ("code", code), ("new_password", NEW)];
    let page = tab.post_form("/code", &fields("2222-3333-4444")).await;
    page.assert_status(422).assert_says("The user name or the code is wrong");
    assert_eq!(page.attribute("input[name=user_name]", "value"), "Phyu");
    let typed = code.to_lowercase().replace('-', " ");
    tab.post_form("/code", &[("user_name", "phyu"), ("code", &typed), ("new_password", "short")])
        .await
        .assert_says("at least 8 characters");
    tab.post_form("/code", &fields(&typed)).await.assert_path("/").assert_says("Ma Phyu Phyu");
    let mut other = portal.stranger();
    other.get("/code").await;
    other.post_form("/code", &fields(&code)).await.assert_status(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_use_one_code_at_once_one_wins() {
    let (portal, _) = Portal::open().await;
    links::add_phyu(&portal).await;
    let code = links::code(&portal, &PHYU).await;
    let tries = (0..20).map(|number| {
        let (mut tab, code) = (portal.stranger(), code.clone());
        tokio::spawn(async move {
            let password = format!("Shwe-Dagon-{number}");
            let fields = [("user_name", "phyu"), ("code", code.as_str()), ("new_password", password.as_str())];
            tab.try_post_plain("/code", &fields).await.status
        })
    });
    let mut answers = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        answers.push(one.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY].contains(status)), "{answers:?}");
}

#[tokio::test]
async fn guessed_codes_lock_like_guessed_passwords() {
    let (portal, _) = Portal::open().await;
    links::add_phyu(&portal).await;
    let code = links::code(&portal, &PHYU).await;
    for name in ["phyu", "nobody"] {
        let mut tab = portal.stranger();
        tab.get("/code").await;
        for _ in 0..5 {
            tab.post_form("/code", &[("user_name", name), ("code", "2222-3333-4444"), ("new_password", NEW)]).await.assert_status(422);
        }
        let page = tab.post_form("/code", &[("user_name", name), ("code", &code), ("new_password", NEW)]).await;
        page.assert_status(422).assert_says("Too many wrong passwords");
    }
}

#[tokio::test]
async fn a_code_for_a_checker_needs_both_account_managers() {
    let (portal, _) = Portal::open().await;
    let hla = links::user(&portal, &HLA).await;
    let mut aye = portal.signed_in(&AYE).await;
    let action = format!("/users/{}/reset-code", hla.id);
    aye.get(&action).await.assert_says("A new password for Daw Hla Hla");
    aye.post_form(&action, &[]).await;
    let waiting = portal.institution.db.read(confirmations::waiting).await.unwrap();
    assert_eq!(waiting.len(), 1);
    // Asking again asks for nothing new, and prints nothing.
    aye.get(&action).await;
    let page = aye.post_form(&action, &[]).await;
    assert!(!page.has(".slip-code"), "{page}");

    let (kyi, id) = (actor(&portal, &KYI).await.by(), waiting[0].confirmation.id.clone());
    let confirmed = portal.institution.db.write(move |tx| confirmations::confirm(tx, &kyi, &id)).await;
    confirmed.unwrap_or_else(|error| panic!("{error}"));
    aye.get(&action).await;
    let code = aye.post_form(&action, &[]).await.text(".slip-code");
    let id = waiting[0].confirmation.id.clone();
    let spent = portal.institution.db.read(move |conn| confirmations::find(conn, &id)).await.unwrap().unwrap();
    assert_eq!(spent.state, State::Spent);
    // Once: another code waits for another word.
    aye.get(&action).await;
    assert!(!aye.post_form(&action, &[]).await.has(".slip-code"));

    let mut tab = portal.stranger();
    tab.get("/code").await;
    tab.post_form("/code", &[("user_name", "hla"), ("code", &code), ("new_password", NEW)]).await.assert_path("/");
}

#[tokio::test]
async fn nobody_makes_a_code_for_themselves_and_nobody_else_makes_one_at_all() {
    let (portal, _) = Portal::open().await;
    let (aye, thiri) = (links::user(&portal, &AYE).await, links::user(&portal, &THIRI).await);
    let mut tab = portal.signed_in(&AYE).await;
    tab.get(&format!("/users/{}/reset-code", aye.id)).await.assert_status(403);
    for (by, user) in [(&AYE, aye), (&HLA, thiri)] {
        let by = actor(&portal, by).await.by();
        let refused = portal.institution.db.write(move |tx| people::offer_reset(tx, &by, &user, Way::Slip)).await;
        assert!(!matches!(refused, Ok(Invited::Printed(_) | Invited::Asked(_) | Invited::Mailed { .. })));
    }
    // Her password is what it was.
    portal.signed_in(&THIRI).await.get("/me").await.assert_says(THIRI.full_name).assert_says_not(PASSWORD);
}

/// Puts Approve Payment for Thiri before the other account manager.
async fn asked_for_approve(portal: &Portal) -> ConfirmationId {
    let (aye, thiri) = (actor(portal, &AYE).await.by(), links::user(portal, &THIRI).await);
    let grant = GrantAsked { branch: thiri.branch.clone(), action: Action::ApprovePayment, until: None };
    let ask = move |tx: &mut WriteTx<'_>| confirmations::ask(tx, &aye, Some(&thiri.id), &Change::Grants(vec![grant.clone()]));
    portal.institution.db.write(ask).await.unwrap()
}

#[tokio::test]
async fn a_code_that_one_account_manager_kept_opens_nothing_once_its_person_can_approve() {
    let (portal, _) = Portal::open().await;
    let thiri = links::user(&portal, &THIRI).await;
    let mut aye = portal.signed_in(&AYE).await;
    let action = format!("/users/{}/reset-code", thiri.id);
    aye.get(&action).await;
    let kept = aye.post_form(&action, &[]).await.text(".slip-code");
    let id = asked_for_approve(&portal).await;
    let mut kyi = portal.signed_in(&KYI).await;
    kyi.get(&format!("/confirmations/{id}")).await.assert_says("They set one of their own");
    kyi.post_form(&format!("/confirmations/{id}/confirmation"), &[]).await.assert_says("Confirmed.");
    let mut thief = portal.stranger();
    thief.get("/code").await;
    thief.post_form("/code", &[("user_name", "thiri"), ("code", &kept), ("new_password", NEW)]).await.assert_status(422);
    portal.signed_in(&THIRI).await.get("/tasks").await.assert_status(200);
}

#[tokio::test]
async fn while_approve_waits_one_account_manager_alone_gets_neither_a_code_nor_another_address() {
    let (portal, _) = Portal::open().await;
    let thiri = links::user(&portal, &THIRI).await;
    asked_for_approve(&portal).await;
    let mut aye = portal.signed_in(&AYE).await;
    let action = format!("/users/{}/reset-code", thiri.id);
    aye.get(&action).await;
    assert!(!aye.post_form(&action, &[]).await.has(".slip-code"));
    let edit = format!("/users/{}/edit", thiri.id);
    aye.get(&edit).await;
    aye.post_form(&edit, &[("email", "mine@example.org")]).await.assert_says("waits until the other account manager confirms it");
    assert_eq!(portal.institution.db.read(confirmations::waiting).await.unwrap().len(), 3);
}

#[tokio::test]
async fn who_confirms_approve_for_a_newcomer_sees_that_a_code_is_in_somebodys_hands() {
    let (portal, _) = Portal::open().await;
    let phyu = links::add_phyu(&portal).await;
    links::code(&portal, &PHYU).await;
    let (aye, id) = (actor(&portal, &AYE).await.by(), phyu.id.clone());
    let grant = GrantAsked { branch: phyu.branch, action: Action::ApprovePayment, until: None };
    let ask = move |tx: &mut WriteTx<'_>| confirmations::ask(tx, &aye, Some(&id), &Change::Grants(vec![grant.clone()]));
    let asked = portal.institution.db.write(ask).await.unwrap();
    let mut kyi = portal.signed_in(&KYI).await;
    let page = kyi.get(&format!("/confirmations/{asked}")).await;
    page.assert_says("phyu@upendo.example").assert_says("Not set. A code was printed on 21 Nov 2025, 06:55");
}
