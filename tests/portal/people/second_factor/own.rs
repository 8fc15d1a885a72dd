//! One's own page: another phone, new recovery codes, turning it off.

use outlay::audit::What;

use super::desk::{Phone, STEP, enrolled, events, factor, password, recovery_codes_of, set, signed_in, strict};
use crate::support::cast::{HLA, THIRI};
use crate::support::portal::Portal;

const SET_UP: &str = "/me/second-factor/set-up";

#[tokio::test]
async fn a_person_moves_to_another_phone_with_a_code_of_the_old_one() {
    let (portal, clock) = strict().await;
    let (mut hla, old, _) = enrolled(&portal, &clock, &HLA).await;
    hla.get("/me/second-factor").await.assert_says("10 left");
    let new = Phone::typed_from(hla.get(SET_UP).await, &clock);
    hla.post_form(SET_UP, &[("code", &new.code())])
        .await
        .assert_status(422)
        .assert_says("Type the code that the app on your old phone shows");
    hla.post_form(SET_UP, &[("code", &new.code()), ("old_code", "000000")]).await.assert_status(422).assert_says("The code is wrong");
    hla.post_form(SET_UP, &[("code", "000000"), ("old_code", &old.code())]).await.assert_status(422);
    assert_eq!(factor(&portal, &HLA).await.0, 1, "nothing was replaced");
    let page = hla.post_form(SET_UP, &[("code", &new.code()), ("old_code", &old.code())]).await;
    let codes = page.assert_status(200).texts(".codes code");
    assert_eq!((codes.len(), recovery_codes_of(&portal, &HLA).await), (10, 10));
    assert_eq!(factor(&portal, &HLA).await.0, 2);
    clock.advance(STEP);
    let mut tab = password(&portal, &HLA).await;
    tab.post_form("/sign-in/code", &[("code", &old.code())]).await.assert_status(422).assert_says("The code is wrong");
    tab.post_form("/sign-in/code", &[("code", &new.code())]).await.assert_says(HLA.full_name);
}

#[tokio::test]
async fn new_recovery_codes_end_the_old_ones() {
    let (portal, clock) = strict().await;
    let (mut hla, phone, old) = enrolled(&portal, &clock, &HLA).await;
    let path = "/me/second-factor/recovery-codes";
    hla.get(path).await.assert_says("You have 10 recovery codes left.");
    hla.post_form(path, &[("code", "000000")]).await.assert_status(422).assert_says("The code is wrong");
    let mut double = hla.second();
    let code = phone.code();
    let new = hla.post_form(path, &[("code", &code)]).await.assert_status(200).texts(".codes code");
    assert!(new.len() == 10 && old.iter().all(|code| !new.contains(code)));
    double.post_form(path, &[("code", &code)]).await.assert_path(path).assert_says("Your new recovery codes were shown once");
    assert_eq!(events(&portal, &HLA, What::RecoveryCodesRenewed).await, 1);
    let mut tab = password(&portal, &HLA).await;
    tab.get("/sign-in/recovery-code").await;
    tab.post_form("/sign-in/recovery-code", &[("recovery_code", &old[0])]).await.assert_status(422);
    tab.post_form("/sign-in/recovery-code", &[("recovery_code", &new[0])]).await.assert_says(HLA.full_name);
}

#[tokio::test]
async fn who_needs_none_may_turn_theirs_off_with_a_code() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let phone = Phone::typed_from(thiri.get(SET_UP).await, &clock);
    thiri.post_form(SET_UP, &[("code", &phone.code())]).await.assert_says("Your recovery codes");
    clock.advance(STEP);
    thiri.get("/me/second-factor/removal").await;
    thiri.post_form("/me/second-factor/removal", &[("code", "000000")]).await.assert_status(422).assert_says("The code is wrong");
    thiri.post_form("/me/second-factor/removal", &[("code", &phone.code())]).await.assert_says("Your authenticator app is turned off.");
    let (_, state, _, secret) = factor(&portal, &THIRI).await;
    assert_eq!((state.as_str(), secret.len(), recovery_codes_of(&portal, &THIRI).await), ("off", 0, 0), "nothing of it is kept");
    portal.signed_in(&THIRI).await;
    // And may have one again, its number counting on.
    let again = Phone::typed_from(thiri.get(SET_UP).await, &clock);
    thiri.post_form(SET_UP, &[("code", &again.code())]).await.assert_says("Your recovery codes");
    assert_eq!(factor(&portal, &THIRI).await.0, 2);
    clock.advance(STEP);
    signed_in(&portal, &THIRI, &again).await;
}

#[tokio::test]
async fn who_needs_one_keeps_it() {
    let (portal, clock) = strict().await;
    let (mut hla, phone, _) = enrolled(&portal, &clock, &HLA).await;
    hla.get("/me/second-factor/removal").await.assert_path("/me/second-factor").assert_says("you cannot turn it off");
    set(&portal, "second_factor", "off").await;
    hla.get("/me/second-factor/removal").await.assert_path("/me/second-factor/removal");
    set(&portal, "second_factor", "deciders").await;
    hla.post_form("/me/second-factor/removal", &[("code", &phone.code())]).await.assert_path("/me/second-factor");
    assert_eq!(factor(&portal, &HLA).await.1, "active");
}
