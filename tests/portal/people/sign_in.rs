//! Signing in and out.

use std::time::Duration;

use crate::support::cast::{PASSWORD, THIRI};
use crate::support::portal::Portal;

#[tokio::test]
async fn one_signs_in_and_out_again() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.post_form("/sign-out", &[]).await.assert_path("/sign-in?ended=out").assert_says("You are signed out.");
    thiri.get("/").await.assert_says("Sign in").assert_says_not(THIRI.full_name);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer_and_keep_what_was_typed() {
    let (portal, _) = Portal::open().await;
    for (name, password) in [(THIRI.user_name, "Mingalaba-2"), ("nobody", PASSWORD)] {
        let mut tab = portal.stranger();
        tab.get("/sign-in").await;
        let page = tab.post_form("/sign-in", &[("user_name", name), ("password", password)]).await;
        page.assert_status(422).assert_says("The user name or the password is wrong.");
        assert_eq!(page.attribute("input[name=user_name]", "value"), name);
        assert!(!page.body().contains(password));
    }
}

#[tokio::test]
async fn a_name_is_locked_after_wrong_passwords_and_opens_by_itself() {
    let (portal, clock) = Portal::open().await;
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    for _ in 0..20 {
        let page = tab.post_form("/sign-in", &[("user_name", THIRI.user_name), ("password", "Guess-1234")]).await;
        page.assert_status(422);
    }
    let page = tab.post_form("/sign-in", &[("user_name", THIRI.user_name), ("password", PASSWORD)]).await;
    page.assert_status(422).assert_says("Too many wrong passwords");
    clock.advance(Duration::from_secs(3600));
    portal.signed_in(&THIRI).await;
}

#[tokio::test]
async fn a_session_ends_when_nobody_clicks_and_its_form_is_not_sent() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    clock.advance(Duration::from_secs(29 * 60));
    thiri.get("/").await.assert_says(THIRI.full_name);
    clock.advance(Duration::from_secs(31 * 60));
    thiri.post_form("/sign-out", &[]).await.assert_says("You were signed out, so your last form was not sent");
}

#[tokio::test]
async fn a_link_to_the_sign_in_page_leads_to_pages_of_ours_only() {
    let (portal, _) = Portal::open().await;
    let hostile =
        ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", "https://evil.example", ""];
    for next in hostile {
        let fields = [("user_name", THIRI.user_name), ("password", PASSWORD), ("next", next)];
        let page = portal.stranger().try_post_plain("/sign-in", &fields).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (303, Some("/")), "{next:?}");
    }
    let fields = [("user_name", THIRI.user_name), ("password", PASSWORD), ("next", "/search/batches?q=x")];
    let page = portal.stranger().try_post_plain("/sign-in", &fields).await;
    assert_eq!(page.header("location"), Some("/search/batches?q=x"));
}
