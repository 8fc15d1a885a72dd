//! Changing one's password, and setting the first.

use diesel::prelude::*;
use outlay::db::schema::users;
use outlay::db::{self, Conn, WriteTx};

use crate::support::cast::{PASSWORD, THIRI};
use crate::support::portal::Portal;

const NEW: &str = "Shwe-Dagon-44";

/// As the operator leaves somebody whose password they typed.
async fn must_set_password(portal: &Portal) {
    let write = |tx: &mut WriteTx<'_>| {
        let conn: &mut Conn = tx;
        diesel::update(users::table.filter(users::user_name.eq("thiri"))).set(users::must_set_password.eq(true)).execute(conn)?;
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_signs_out_everywhere_else() {
    let (portal, _) = Portal::open().await;
    let mut elsewhere = portal.signed_in(&THIRI).await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/me").await.assert_says("Change my password");
    thiri.get("/me/password").await;
    let change = |old, new| [("old_password", old), ("new_password", new)];
    thiri.post_form("/me/password", &change("Mingalaba-2", NEW)).await.assert_status(422).assert_says("The password is wrong.");
    thiri.post_form("/me/password", &change(PASSWORD, "mingalaba-1")).await.assert_status(422).assert_says("upper case letter");
    thiri.post_form("/me/password", &change(PASSWORD, "Thiri-is-here-1")).await.assert_says("must not contain your user name");
    let page = thiri.post_form("/me/password", &change(PASSWORD, PASSWORD)).await;
    page.assert_status(422).assert_says("This is the password you have.");
    assert!(!page.body().contains(PASSWORD));
    thiri.post_form("/me/password", &change(PASSWORD, NEW)).await.assert_path("/me").assert_says("Your password is changed.");
    thiri.get("/me").await.assert_says("Ma Thiri");
    elsewhere.get("/me").await.assert_says("Sign in to see that page.");
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    tab.post_form("/sign-in", &[("user_name", "thiri"), ("password", PASSWORD)]).await.assert_status(422);
    tab.post_form("/sign-in", &[("user_name", "thiri"), ("password", NEW)]).await.assert_path("/");
}

#[tokio::test]
async fn guessing_the_old_password_in_a_session_somebody_left_is_stopped() {
    let (portal, _) = Portal::open().await;
    let mut left = portal.signed_in(&THIRI).await;
    left.get("/me/password").await;
    for guess in 0..5 {
        let guess = format!("Guess-{guess}");
        left.post_form("/me/password", &[("old_password", &guess), ("new_password", NEW)]).await.assert_status(422);
    }
    let page = left.post_form("/me/password", &[("old_password", PASSWORD), ("new_password", NEW)]).await;
    page.assert_status(422).assert_says("Too many wrong passwords");
    // Her own sign-in elsewhere is not touched by it.
    portal.signed_in(&THIRI).await;
}

#[tokio::test]
async fn the_first_sign_in_sets_a_password_of_ones_own() {
    let (portal, _) = Portal::open().await;
    must_set_password(&portal).await;
    let mut tab = portal.stranger();
    tab.get("/sign-in?next=/me").await;
    let page = tab.post_form("/sign-in", &[("user_name", "thiri"), ("password", PASSWORD), ("next", "/me")]).await;
    page.assert_path("/sign-in/password").assert_says("Set your own password");
    tab.post_form("/sign-in/password", &[("new_password", PASSWORD)])
        .await
        .assert_status(422)
        .assert_says("This is the password you have.");
    tab.post_form("/sign-in/password", &[("new_password", NEW)]).await.assert_path("/me").assert_says("Ma Thiri");
    let mut again = portal.stranger();
    again.get("/sign-in").await;
    again.post_form("/sign-in", &[("user_name", "thiri"), ("password", NEW)]).await.assert_path("/");
}

#[tokio::test]
async fn a_second_window_of_a_first_sign_in_sets_nothing() {
    let (portal, _) = Portal::open().await;
    must_set_password(&portal).await;
    let mut first = portal.stranger();
    let mut second = portal.stranger();
    for tab in [&mut first, &mut second] {
        tab.get("/sign-in").await;
        tab.post_form("/sign-in", &[("user_name", "thiri"), ("password", PASSWORD)]).await.assert_path("/sign-in/password");
    }
    first.post_form("/sign-in/password", &[("new_password", NEW)]).await.assert_says("Ma Thiri");
    second.post_form("/sign-in/password", &[("new_password", "Tea-leaf-Salad-9")]).await.assert_says("Sign in");
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    tab.post_form("/sign-in", &[("user_name", "thiri"), ("password", NEW)]).await.assert_says("Ma Thiri");
}
