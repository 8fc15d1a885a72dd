//! What every page shares: the name it answers to, where forms may come from, and what it says when something is not there.

use crate::support::cast::{AYE, THIRI};
use crate::support::links::MAIL;
use crate::support::portal::Portal;
use crate::support::tab::{ChosenFile, Tab};

#[tokio::test]
async fn only_the_configured_name_is_answered() {
    let (portal, _) = Portal::open().await;
    let page = Tab::at(portal.address(), "evil.example").get("/sign-in").await.clone();
    page.assert_status(421).assert_says("does not answer under that name");
    assert!(!page.body().contains("Upendo"));
}

#[tokio::test]
async fn a_page_that_is_not_there_says_so_and_leads_on() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = thiri.get("/batches/no-such-batch").await;
    page.assert_status(404);
    assert_eq!(page.attribute("main a", "href"), "/");
}

#[tokio::test]
async fn a_form_without_the_sessions_token_does_nothing() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.post_bare("/sign-out", &[("form_token", "0123456789abcdef")]).await.assert_status(403);
    thiri.get("/").await.assert_says(THIRI.full_name);
}

#[tokio::test]
async fn every_page_says_what_it_may_load() {
    let (portal, _) = Portal::open().await;
    let mut tab = portal.stranger();
    let page = tab.get("/sign-in").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert!(!page.body().contains("//fonts.") && !page.body().contains("https://"), "a page of ours loads from elsewhere");
}

#[tokio::test]
async fn a_byte_that_no_database_takes_is_no_trouble_anywhere() {
    let (portal, _) = Portal::open_with_settings(MAIL).await;
    let mut aye = portal.signed_in(&AYE).await;
    for path in ["/users?q=%00", "/users/%00", "/why?user=%00&branch=%00&group=make", "/branches?q=a%00b", "/confirmations/%00"] {
        aye.get(path).await.assert_status(404);
    }
    aye.get("/branches/new").await;
    aye.post_form("/branches", &[("name", "Branch\0 1"), ("code", "X-1")]).await.assert_status(400);
    let mut nobody = portal.stranger();
    for (path, field) in [("/sign-in", "user_name"), ("/forgot", "who"), ("/code", "user_name"), ("/invitations/x", "new_password")] {
        let page = nobody.try_post_plain(path, &[(field, "thi\0ri"), ("password", "a\0b"), ("code", "\0"), ("next", "\0")]).await;
        assert!(!page.status.is_server_error(), "{path}: {}", page.status);
    }
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/batches/new").await;
    let file = ChosenFile { field: "file", name: "pay\0roll.csv", bytes: b"payee_name\0,id_type\n" };
    let page = thiri.post_form_with_file("/batches", &[("client_reference", "A\0B")], &file).await;
    assert!(page.status.is_client_error(), "{}", page.status);
}
