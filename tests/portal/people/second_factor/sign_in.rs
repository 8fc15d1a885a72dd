//! Setting an app up, and signing in with it.

use std::time::Duration;

use futures_util::future::join_all;
use outlay::audit::What;
use reqwest::StatusCode;

use super::desk::{
    COMPLETION, ENROL, Phone, STEP, enrolled, events, factor, give_address, letters, password, recovery_codes_of, scanned, set, signed_in,
    strict,
};
use crate::support::cast::{AYE, HLA, KYI, SU, THIRI};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

#[tokio::test]
async fn a_checker_sets_up_an_app_at_their_first_sign_in_and_signs_in_with_its_codes() {
    let (portal, clock) = strict().await;
    give_address(&portal, &HLA).await;
    let mut hla = password(&portal, &HLA).await;
    hla.page().assert_path(ENROL).assert_says("Set up your authenticator app");
    let phone = Phone::typed_from(hla.page(), &clock);
    let typed = hla.page().text("#secret").replace(' ', "");
    let url = scanned(hla.page());
    assert!(url.starts_with("otpauth://totp/Upendo%20Microfinance:hla?secret="), "{url}");
    assert!(url.contains(&format!("secret={typed}")) && url.contains("issuer=Upendo%20Microfinance"), "{url}");
    hla.get(ENROL).await;
    assert_eq!(hla.page().text("#secret").replace(' ', ""), typed, "looking again shows the same secret");
    let page = hla.post_form(ENROL, &[("code", "000000")]).await;
    page.assert_status(422).assert_says("The code is wrong");
    assert_eq!(page.text("#secret").replace(' ', ""), typed, "the page comes back with the same secret");
    let page = hla.post_form(ENROL, &[("code", &phone.code())]).await;
    let codes = page.assert_status(200).assert_says("Your recovery codes").texts(".codes code");
    assert_eq!(codes.len(), 10);
    assert_eq!(events(&portal, &HLA, What::SignedIn).await, 0, "nobody is signed in before they kept their codes");
    hla.get("/tasks").await.assert_path(ENROL);
    hla.post_form(COMPLETION, &[]).await.assert_path("/").assert_says(HLA.full_name);
    assert_eq!(events(&portal, &HLA, What::SignedIn).await, 1);
    assert_eq!(events(&portal, &HLA, What::SecondFactorEnrolled).await, 1);
    assert_eq!(letters(&portal, &HLA).await.len(), 1, "they are told");
    hla.post_form("/sign-out", &[]).await;
    clock.advance(STEP);
    signed_in(&portal, &HLA, &phone).await.get("/tasks").await.assert_says(HLA.full_name);
    assert_eq!(events(&portal, &HLA, What::SignedIn).await, 2, "one event for each sign-in");
}

#[tokio::test]
async fn recovery_codes_are_shown_once_whatever_is_clicked() {
    let (portal, clock) = strict().await;
    let mut hla = password(&portal, &HLA).await;
    let phone = Phone::typed_from(hla.page(), &clock);
    let mut double = hla.second();
    let code = phone.code();
    assert_eq!(hla.post_form(ENROL, &[("code", &code)]).await.texts(".codes code").len(), 10);
    let page = double.post_form(ENROL, &[("code", &code)]).await;
    page.assert_status(200).assert_path(ENROL).assert_says("cannot be shown again");
    assert!(!page.has(".codes"));
    assert_eq!((factor(&portal, &HLA).await.0, recovery_codes_of(&portal, &HLA).await), (1, 10), "the second click changed nothing");
    double.post_form(COMPLETION, &[]).await.assert_says(HLA.full_name);
}

#[tokio::test]
async fn who_needs_none_is_not_asked_for_one() {
    let (portal, _) = strict().await;
    portal.signed_in(&THIRI).await.get("/me/second-factor").await.assert_says("Set up an authenticator app");
    for person in [&HLA, &AYE] {
        password(&portal, person).await.page().assert_path(ENROL);
    }
    set(&portal, "second_factor", "everybody").await;
    password(&portal, &THIRI).await.page().assert_path(ENROL);
    set(&portal, "second_factor", "off").await;
    portal.signed_in(&AYE).await;
}

#[tokio::test]
async fn half_signed_in_opens_nothing_and_no_step_is_skipped() {
    let (portal, clock) = strict().await;
    let (_, phone, _) = enrolled(&portal, &clock, &HLA).await;
    let mut half = password(&portal, &HLA).await;
    for path in ["/tasks", "/me/second-factor", "/me/second-factor/set-up", ENROL, "/qr-code-requests", "/batches/new"] {
        half.get(path).await.assert_path("/sign-in/code").assert_says_not(HLA.full_name);
    }
    // A secret shown to somebody at the step before counts for nothing once there is an app.
    let mut first = password(&portal, &SU).await;
    let mut second = password(&portal, &SU).await;
    let (own, other) = (Phone::typed_from(first.page(), &clock), Phone::typed_from(second.page(), &clock));
    first.post_form(ENROL, &[("code", &own.code())]).await.assert_says("Your recovery codes");
    second.post_form(ENROL, &[("code", &other.code())]).await.assert_path("/sign-in/code").assert_says_not(SU.full_name);
    let token = second.page().attribute("input[name=form_token]", "value");
    second.post_bare(COMPLETION, &[("form_token", &token)]).await.assert_path("/sign-in/code");
    half.get("/sign-in/code").await;
    half.post_form("/sign-in/code", &[("code", &phone.code())]).await.assert_says(HLA.full_name);
}

#[tokio::test]
async fn a_code_is_taken_once_and_clocks_may_differ_by_one_step() {
    let (portal, clock) = strict().await;
    let (_, phone, _) = enrolled(&portal, &clock, &HLA).await;
    clock.advance(10 * STEP);
    let mut hla = password(&portal, &HLA).await;
    for steps in [-2, 2] {
        hla.post_form("/sign-in/code", &[("code", &phone.code_at(steps))]).await.assert_status(422).assert_says("The code is wrong");
    }
    hla.post_form("/sign-in/code", &[("code", "")]).await.assert_status(422).assert_says("Type the 6 digits");
    let early = phone.code_at(-1);
    hla.post_form("/sign-in/code", &[("code", &early)]).await.assert_says(HLA.full_name);
    let mut again = password(&portal, &HLA).await;
    again.post_form("/sign-in/code", &[("code", &early)]).await.assert_status(422).assert_says("used already");
    let late = phone.code_at(1);
    let spaced = format!(" {} {} ", &late[..3], &late[3..]);
    again.post_form("/sign-in/code", &[("code", &spaced)]).await.assert_says(HLA.full_name);
    // The step of now lies behind the one that was taken.
    let mut behind = password(&portal, &HLA).await;
    behind.post_form("/sign-in/code", &[("code", &phone.code())]).await.assert_status(422).assert_says("used already");
}

async fn signed_in_of(tabs: Vec<Tab>, action: &str, fields: &[(&str, &str)]) -> usize {
    let answers = join_all(tabs.into_iter().map(|mut tab| async move { tab.post_form(action, fields).await.clone() })).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|page| page.status == StatusCode::OK);
    for page in &won {
        page.assert_says(HLA.full_name);
    }
    for page in lost {
        page.assert_status(422);
    }
    won.len()
}

#[tokio::test]
async fn of_twenty_at_once_with_the_same_code_one_wins() {
    let (portal, clock) = strict().await;
    let (_, phone, codes) = enrolled(&portal, &clock, &HLA).await;
    let mut tabs = Vec::new();
    for _ in 0..20 {
        tabs.push(password(&portal, &HLA).await);
    }
    assert_eq!(signed_in_of(tabs, "/sign-in/code", &[("code", &phone.code())]).await, 1);
    clock.advance(Duration::from_secs(3600));
    let mut tabs = Vec::new();
    for _ in 0..20 {
        let mut tab = password(&portal, &HLA).await;
        tab.get("/sign-in/recovery-code").await;
        tabs.push(tab);
    }
    assert_eq!(signed_in_of(tabs, "/sign-in/recovery-code", &[("recovery_code", &codes[3])]).await, 1);
    assert_eq!(events(&portal, &HLA, What::RecoveryCodeUsed).await, 1);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_the_person_is_told() {
    let (portal, clock) = strict().await;
    give_address(&portal, &HLA).await;
    let (_, _, codes) = enrolled(&portal, &clock, &HLA).await;
    let mut hla = password(&portal, &HLA).await;
    hla.get("/sign-in/recovery-code").await;
    hla.post_form("/sign-in/recovery-code", &[("recovery_code", "ABCDE-12345")]).await.assert_status(422).assert_says("none of your");
    let as_written = codes[0].to_lowercase().replace('-', " ");
    let page = hla.post_form("/sign-in/recovery-code", &[("recovery_code", &as_written)]).await;
    page.assert_status(200).assert_says(HLA.full_name).assert_says("You have 9 recovery codes left.");
    let told = letters(&portal, &HLA).await;
    assert!(told.last().unwrap().contains("recovery code") && told.last().unwrap().contains('9'), "{told:?}");
    let mut again = password(&portal, &HLA).await;
    again.get("/sign-in/recovery-code").await;
    again.post_form("/sign-in/recovery-code", &[("recovery_code", &codes[0])]).await.assert_status(422);
    // Somebody else's codes are worth nothing.
    let (_, _, of_aye) = enrolled(&portal, &clock, &AYE).await;
    again.post_form("/sign-in/recovery-code", &[("recovery_code", &of_aye[0])]).await.assert_status(422);
}

#[tokio::test]
async fn wrong_codes_lock_for_a_while_and_a_right_one_forgives() {
    let (portal, clock) = strict().await;
    let (_, phone, codes) = enrolled(&portal, &clock, &HLA).await;
    let mut hla = password(&portal, &HLA).await;
    for _ in 0..4 {
        hla.post_form("/sign-in/code", &[("code", "000000")]).await.assert_status(422).assert_says("The code is wrong");
    }
    hla.post_form("/sign-in/code", &[("code", &phone.code())]).await.assert_says(HLA.full_name);
    let mut guesser = password(&portal, &HLA).await;
    for _ in 0..5 {
        guesser.post_form("/sign-in/code", &[("code", "000000")]).await.assert_says("The code is wrong");
    }
    clock.advance(STEP);
    guesser
        .post_form("/sign-in/code", &[("code", &phone.code())])
        .await
        .assert_status(422)
        .assert_says("Too many wrong codes. Try again after");
    // Another computer and another kind of code do not open it.
    let mut other = password(&portal, &HLA).await;
    other.get("/sign-in/recovery-code").await;
    other.post_form("/sign-in/recovery-code", &[("recovery_code", &codes[0])]).await.assert_status(422).assert_says("Too many wrong codes");
    clock.advance(Duration::from_secs(60));
    guesser.post_form("/sign-in/code", &[("code", "000000")]).await.assert_says("The code is wrong");
    clock.advance(Duration::from_secs(60));
    guesser.post_form("/sign-in/code", &[("code", &phone.code())]).await.assert_says("Too many wrong codes");
    clock.advance(Duration::from_secs(61));
    guesser.post_form("/sign-in/code", &[("code", &phone.code())]).await.assert_says(HLA.full_name);
    assert!(events(&portal, &HLA, What::SecondFactorRefused).await >= 4);
    assert_eq!(events(&portal, &HLA, What::SecondFactorLocked).await, 2);
}

#[tokio::test]
async fn guesses_side_by_side_are_all_counted() {
    let (portal, clock) = strict().await;
    let (_, _, _) = enrolled(&portal, &clock, &KYI).await;
    let half = password(&portal, &KYI).await;
    let tabs: Vec<_> = (0..20).map(|_| half.second()).collect();
    let answers =
        join_all(tabs.into_iter().map(|mut tab| async move { tab.post_form("/sign-in/code", &[("code", "000000")]).await.clone() }));
    let looked_at = answers.await.iter().filter(|page| page.reads().contains("The code is wrong")).count();
    assert_eq!(looked_at, 5, "the others were refused unseen");
}

#[tokio::test]
async fn a_portal_without_the_rule_still_asks_who_has_an_app() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/me/second-factor/set-up").await;
    let phone = Phone::typed_from(thiri.page(), &clock);
    thiri.post_form("/me/second-factor/set-up", &[("code", &phone.code())]).await.assert_says("Your recovery codes");
    clock.advance(STEP);
    signed_in(&portal, &THIRI, &phone).await;
}
