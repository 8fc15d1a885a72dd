//! The day the phone is lost: from asking to a new QR code, by way of one account manager or two.

use std::collections::BTreeMap;
use std::time::Duration;

use outlay::audit::{By, What};
use outlay::people::second_factor::{self, OperatorRefusal};
use outlay::people::{self, Deactivation};

use super::desk::{
    COMPLETION, ENROL, Phone, STEP, enrolled, events, factor, give_address, id, letters, password, recovery_codes_of, set, signed_in,
    strict,
};
use crate::support::cast::{AYE, HLA, KYI, Person, TUN};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::Tab;

const LOST: &str = "/sign-in/lost-phone";
const REQUESTS: &str = "/qr-code-requests";

/// «I lost my phone», at the step where the code is asked for.
async fn ask(portal: &Portal, person: &Person) -> Tab {
    let mut tab = password(portal, person).await;
    tab.get(LOST).await.assert_says("Ask for a new QR code");
    tab.post_form(LOST, &[("reason", "It fell into the Hlaing river")])
        .await
        .assert_status(200)
        .assert_says("Your request waits for an account manager");
    tab
}

/// Opens the one request that waits.
async fn open(tab: &mut Tab) -> String {
    let path = tab.get(REQUESTS).await.attribute("table a", "href");
    tab.get(&path).await.assert_status(200);
    path
}

async fn allow(tab: &mut Tab) -> Page {
    let path = open(tab).await;
    tab.post_form(&format!("{path}/decision"), &[("decision", "allow"), ("recognised", "yes")]).await.clone()
}

/// Branch managers may let no money out, and have an app all the same.
async fn portal_of_tun() -> (Portal, std::sync::Arc<outlay::clock::ManualClock>, Phone, Vec<String>, Tab) {
    let (portal, clock) = Portal::open().await;
    for person in [&TUN, &AYE, &KYI] {
        give_address(&portal, person).await;
    }
    set(&portal, "second_factor", "everybody").await;
    let (tab, phone, codes) = enrolled(&portal, &clock, &TUN).await;
    set(&portal, "second_factor", "off").await;
    (portal, clock, phone, codes, tab)
}

#[tokio::test]
async fn a_lost_phone_from_asking_to_the_new_code() {
    let (portal, clock, old, codes, mut elsewhere) = portal_of_tun().await;
    elsewhere.get("/me/second-factor").await.assert_says(TUN.full_name);
    drop(ask(&portal, &TUN).await);
    assert_eq!(events(&portal, &TUN, What::QrCodeAsked).await, 1);
    assert!(letters(&portal, &AYE).await.last().unwrap().contains("asks for a new QR code"));
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get(REQUESTS).await;
    page.assert_says("1 request waits for you.").assert_says("It fell into the Hlaing river").assert_says(TUN.full_name);
    assert!(page.text(".sidebar .menu-link[href='/qr-code-requests']").contains('1'), "the sidebar counts it");
    let path = open(&mut aye).await;
    let decision = format!("{path}/decision");
    aye.post_form(&decision, &[]).await.assert_status(422).assert_says("Choose whether you allow or refuse it");
    let page = aye.post_form(&decision, &[("decision", "allow")]).await;
    page.assert_status(422).assert_says("Call them or see them first");
    let mut double = aye.second();
    let page = aye.post_form(&decision, &[("decision", "allow"), ("recognised", "yes")]).await;
    let one_time = page.assert_status(200).assert_says("Tell them this code").text("#one-time-code");
    let page = double.post_form(&decision, &[("decision", "allow"), ("recognised", "yes")]).await;
    page.assert_path(&path).assert_says("Allowed").assert_says_not(&one_time);
    elsewhere.get("/me/second-factor").await.assert_says("Sign in").assert_says_not(TUN.full_name);
    assert_eq!((factor(&portal, &TUN).await.1.as_str(), recovery_codes_of(&portal, &TUN).await), ("dead", 0));
    assert_eq!(factor(&portal, &TUN).await.3.len(), 0, "the old secret is gone");
    for told in [&TUN, &AYE, &KYI] {
        assert!(letters(&portal, told).await.last().unwrap().contains("set up a new authenticator app"), "{}", told.full_name);
    }
    // The password alone, and what was lost, open nothing.
    let mut thief = password(&portal, &TUN).await;
    thief.page().assert_path(ENROL).assert_says("One-time code");
    let thiefs = Phone::typed_from(thief.page(), &clock);
    thief.post_form(ENROL, &[("code", &thiefs.code())]).await.assert_status(422).assert_says("Type the one-time code");
    thief
        .post_form(ENROL, &[("code", &thiefs.code()), ("one_time_code", "AAAA-BBBB")])
        .await
        .assert_status(422)
        .assert_says("This is not the one-time code");
    thief.get("/sign-in/code").await.assert_path(ENROL);
    thief.get("/search/batches").await.assert_path(ENROL);
    // The person, with the code.
    clock.advance(STEP);
    let mut tun = password(&portal, &TUN).await;
    let phone = Phone::typed_from(tun.page(), &clock);
    let as_heard = one_time.to_lowercase().replace('-', " ");
    let page = tun.post_form(ENROL, &[("code", &phone.code()), ("one_time_code", &as_heard)]).await;
    assert_eq!(page.assert_status(200).texts(".codes code").len(), 10);
    tun.post_form(COMPLETION, &[]).await.assert_says(TUN.full_name);
    assert_eq!(factor(&portal, &TUN).await.0, 2);
    // The code counts once, and neither the old app nor the old recovery codes count.
    thief.post_form(ENROL, &[("code", &thiefs.code()), ("one_time_code", &one_time)]).await.assert_path("/sign-in/code");
    clock.advance(STEP);
    thief.post_form("/sign-in/code", &[("code", &old.code())]).await.assert_status(422);
    thief.get("/sign-in/recovery-code").await;
    thief.post_form("/sign-in/recovery-code", &[("recovery_code", &codes[0])]).await.assert_status(422);
    signed_in(&portal, &TUN, &phone).await;
    aye.get("/qr-code-requests?show=set-up").await.assert_says(TUN.full_name).assert_says("In use");
}

#[tokio::test]
async fn nobody_guesses_a_one_time_code() {
    let (portal, clock, ..) = portal_of_tun().await;
    drop(ask(&portal, &TUN).await);
    let one_time = allow(&mut portal.signed_in(&AYE).await).await.text("#one-time-code");
    let mut thief = password(&portal, &TUN).await;
    let phone = Phone::typed_from(thief.page(), &clock);
    for _ in 0..5 {
        thief
            .post_form(ENROL, &[("code", &phone.code()), ("one_time_code", "0000-0000")])
            .await
            .assert_says("This is not the one-time code");
    }
    let page = thief.post_form(ENROL, &[("code", &phone.code()), ("one_time_code", &one_time)]).await;
    page.assert_status(422).assert_says("Too many wrong codes. Try again after");
    assert_eq!(factor(&portal, &TUN).await.1, "dead");
}

#[tokio::test]
async fn a_one_time_code_runs_out_after_seven_days_and_is_asked_for_again() {
    let (portal, clock, ..) = portal_of_tun().await;
    drop(ask(&portal, &TUN).await);
    let old = allow(&mut portal.signed_in(&AYE).await).await.text("#one-time-code");
    clock.advance(Duration::from_secs(7 * 24 * 3600));
    let mut tun = password(&portal, &TUN).await;
    tun.page().assert_path(ENROL).assert_says("You need a new one-time code");
    assert!(!tun.page().has("#secret"));
    tun.get(LOST).await;
    tun.post_form(LOST, &[("reason", "I was on leave")]).await.assert_says("Your request waits");
    let new = allow(&mut portal.signed_in(&KYI).await).await.text("#one-time-code");
    let mut tun = password(&portal, &TUN).await;
    let phone = Phone::typed_from(tun.page(), &clock);
    tun.post_form(ENROL, &[("code", &phone.code()), ("one_time_code", &old)]).await.assert_status(422);
    tun.post_form(ENROL, &[("code", &phone.code()), ("one_time_code", &new)]).await.assert_says("Your recovery codes");
}

#[tokio::test]
async fn a_refusal_needs_a_reason_which_the_person_reads() {
    let (portal, _, phone, ..) = portal_of_tun().await;
    let mut tun = ask(&portal, &TUN).await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = open(&mut aye).await;
    let decision = format!("{path}/decision");
    aye.post_form(&decision, &[("decision", "refuse")]).await.assert_status(422).assert_says("Say why you refuse it");
    let page = aye.post_form(&decision, &[("decision", "refuse"), ("reason", &"x".repeat(501))]).await;
    page.assert_status(422).assert_says("Shorten the reason to 500 characters");
    aye.post_form(&decision, &[("decision", "refuse"), ("reason", "Your phone lies on my desk")])
        .await
        .assert_path(REQUESTS)
        .assert_says("No request waits");
    aye.get("/qr-code-requests?show=ended").await.assert_says("Refused").assert_says(TUN.full_name);
    tun.get(LOST).await.assert_says("refused your last request: Your phone lies on my desk");
    assert!(letters(&portal, &TUN).await.last().unwrap().contains("Your phone lies on my desk"));
    signed_in(&portal, &TUN, &phone).await;
    let token = aye.page().attribute("input[name=form_token]", "value");
    let late = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("decision", "allow"), ("recognised", "yes")];
    aye.post_bare(&decision, &late).await.assert_status(409).assert_says("decided on this request first");
}

#[tokio::test]
async fn who_finds_the_phone_needs_no_new_code() {
    let (portal, _, phone, ..) = portal_of_tun().await;
    drop(ask(&portal, &TUN).await);
    let mut second = password(&portal, &TUN).await;
    second.get(LOST).await.assert_says("Your request waits");
    assert!(!second.page().has("textarea"), "who waits asks nothing new");
    signed_in(&portal, &TUN, &phone).await;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(REQUESTS).await.assert_says("No request waits");
    aye.get("/qr-code-requests?show=ended").await.assert_says("Not needed any more");
    assert_eq!(events(&portal, &TUN, What::QrCodeWithdrawn).await, 1);
}

#[tokio::test]
async fn nobody_decides_on_their_own_request_and_only_account_managers_decide() {
    let (portal, clock) = strict().await;
    let (mut aye, ..) = enrolled(&portal, &clock, &AYE).await;
    let (mut kyi, ..) = enrolled(&portal, &clock, &KYI).await;
    let (mut hla, ..) = enrolled(&portal, &clock, &HLA).await;
    drop(ask(&portal, &AYE).await);
    let path = open(&mut aye).await;
    aye.page().assert_says("the other account manager decides");
    assert!(
        !aye.page().has("textarea") && aye.page().text(".sidebar .menu-link[href='/qr-code-requests']").chars().all(|c| !c.is_numeric())
    );
    let token = aye.page().attribute("input[name=form_token]", "value");
    let fields =
        [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("decision", "allow"), ("recognised", "yes")];
    aye.post_bare(&format!("{path}/decision"), &fields).await.assert_status(403).assert_says("your own request");
    hla.get(&path).await.assert_status(404);
    hla.get(REQUESTS).await.assert_status(404);
    assert_eq!(factor(&portal, &AYE).await.1, "active");
    assert!(!allow(&mut kyi).await.text("#one-time-code").is_empty());
    assert_eq!(factor(&portal, &AYE).await.1, "dead");
}

#[tokio::test]
async fn who_can_let_money_out_gets_a_new_code_from_two_account_managers() {
    let (portal, clock) = strict().await;
    let (mut hla, ..) = enrolled(&portal, &clock, &HLA).await;
    let (mut aye, ..) = enrolled(&portal, &clock, &AYE).await;
    let (mut kyi, ..) = enrolled(&portal, &clock, &KYI).await;
    drop(ask(&portal, &HLA).await);
    let page = allow(&mut aye).await;
    page.assert_status(200).assert_says("as soon as another account manager confirms it");
    assert!(!page.has("#one-time-code"));
    hla.get("/tasks").await.assert_says(HLA.full_name);
    assert_eq!(factor(&portal, &HLA).await.1, "active", "nothing has happened yet");
    let path = kyi.get("/confirmations").await.attribute("table a", "href");
    kyi.get(&path).await;
    kyi.post_form(&format!("{path}/refusal"), &[("reason", "I could not reach her")]).await.assert_status(200);
    aye.get(REQUESTS).await.assert_says_not("Waits for confirmation");
    allow(&mut aye).await.assert_says("as soon as another account manager confirms it");
    let path = kyi.get("/confirmations").await.attribute("table a", "href");
    kyi.get(&path).await;
    let page = kyi.post_form(&format!("{path}/confirmation"), &[]).await;
    let one_time = page.assert_status(200).text(".panel-reference");
    assert_eq!(factor(&portal, &HLA).await.1, "dead");
    hla.get("/tasks").await.assert_says_not(HLA.full_name);
    let mut hla = password(&portal, &HLA).await;
    let phone = Phone::typed_from(hla.page(), &clock);
    hla.post_form(ENROL, &[("code", &phone.code()), ("one_time_code", &one_time)]).await.assert_says("Your recovery codes");
    assert_eq!(events(&portal, &HLA, What::QrCodeAllowed).await, 1);
}

#[tokio::test]
async fn the_operator_resets_for_the_only_account_manager() {
    let (portal, clock) = strict().await;
    give_address(&portal, &AYE).await;
    let (mut aye, ..) = enrolled(&portal, &clock, &AYE).await;
    let reset =
        |name: &'static str| portal.institution.db.write(move |tx| second_factor::reset_by_operator(tx, &By::operator("root"), name));
    assert!(matches!(reset("nobody").await, Err(OperatorRefusal::NoSuchPerson(_))));
    assert!(matches!(reset("hla").await, Err(OperatorRefusal::NothingToReset(_))));
    let (code, _) = reset("AYE").await.unwrap();
    aye.get(REQUESTS).await.assert_says_not(AYE.full_name);
    assert_eq!(events(&portal, &AYE, What::SecondFactorReset).await, 1);
    assert!(letters(&portal, &AYE).await.last().unwrap().contains("allowed you to set up a new"));
    let mut aye = password(&portal, &AYE).await;
    let phone = Phone::typed_from(aye.page(), &clock);
    aye.post_form(ENROL, &[("code", &phone.code()), ("one_time_code", &code.to_string())]).await.assert_says("Your recovery codes");
    aye.post_form(COMPLETION, &[]).await.assert_says(AYE.full_name);
}

#[tokio::test]
async fn who_is_deactivated_leaves_no_second_factor_behind() {
    let (portal, ..) = portal_of_tun().await;
    drop(ask(&portal, &TUN).await);
    let tun = id(&portal, &TUN).await;
    let leaving = Deactivation { user: tun.clone(), reason: None, drafts: BTreeMap::new(), pauses: Vec::new() };
    portal.institution.db.write(move |tx| people::deactivate(tx, &By::operator("root"), &leaving)).await.unwrap();
    portal.signed_in(&AYE).await.get(REQUESTS).await.assert_says("No request waits");
    portal.institution.db.write(move |tx| people::reactivate(tx, &By::operator("root"), &tun).map(drop)).await.unwrap();
    let (_, state, _, secret) = factor(&portal, &TUN).await;
    assert_eq!((state.as_str(), secret.len(), recovery_codes_of(&portal, &TUN).await), ("dead", 0, 0));
    // Whatever the rule is: who had one comes back only with a new one.
    password(&portal, &TUN).await.page().assert_path(ENROL).assert_says("You need a new one-time code");
}

#[tokio::test]
async fn nobody_floods_the_account_managers() {
    let (portal, ..) = portal_of_tun().await;
    let mut aye = portal.signed_in(&AYE).await;
    for _ in 0..5 {
        drop(ask(&portal, &TUN).await);
        let path = open(&mut aye).await;
        aye.post_form(&format!("{path}/decision"), &[("decision", "refuse"), ("reason", "No")]).await.assert_says("The request is refused");
    }
    let mut tun = password(&portal, &TUN).await;
    tun.get(LOST).await;
    tun.post_form(LOST, &[("reason", "Again")]).await.assert_status(422).assert_says("You asked 5 times within a day");
}
