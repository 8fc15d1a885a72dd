//! Where one is signed in, and ending it.

use std::time::Duration;

use crate::support::cast::{AYE, HLA, THIRI};
use crate::support::links;
use crate::support::portal::Portal;

#[tokio::test]
async fn one_sees_ones_sessions_and_ends_one_that_is_not_known() {
    let (portal, clock) = Portal::open().await;
    let mut left_open = portal.signed_in(&THIRI).await;
    clock.advance(Duration::from_secs(120));
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = thiri.get("/me/sessions").await;
    let rows = page.rows(".table");
    assert_eq!(rows.len(), 2, "{page}");
    assert!(rows[0][0].contains("This one") && !rows[1][0].contains("This one"), "{rows:?}");
    assert!(rows.iter().all(|row| row[1] == "127.0.0.1" && row[2] == "Unknown"), "{rows:?}");
    thiri.post_form("/me/sessions/endings", &[]).await.assert_says("1 session is ended.");
    assert_eq!(thiri.page().rows(".table").len(), 1);
    left_open.get("/me").await.assert_says("Sign in to see that page.");
    thiri.get("/me").await.assert_says(THIRI.full_name);
}

#[tokio::test]
async fn one_ends_all_the_others_at_once() {
    let (portal, _) = Portal::open().await;
    let mut others = [portal.signed_in(&THIRI).await, portal.signed_in(&THIRI).await, portal.signed_in(&THIRI).await];
    let mut hla = portal.signed_in(&HLA).await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/me/sessions").await.assert_says("End all the others");
    thiri.post_form("/me/sessions/endings", &[("session", "others")]).await.assert_says("3 sessions are ended.");
    for other in &mut others {
        other.get("/me").await.assert_says("Sign in to see that page.");
    }
    thiri.get("/me").await.assert_says(THIRI.full_name);
    hla.get("/me").await.assert_says(HLA.full_name);
}

#[tokio::test]
async fn an_account_manager_ends_somebodys_sessions_and_nobody_ends_anothers_by_its_name() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let mut hla = portal.signed_in(&HLA).await;
    let id = links::user(&portal, &THIRI).await.id;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get(&format!("/users/{id}/sessions")).await;
    page.assert_says("Where Ma Thiri is signed in");
    let session = page.attribute("input[name=session]", "value");

    // A checker who learned the session's name can do nothing with it.
    hla.get(&format!("/users/{id}/sessions")).await.assert_status(404);
    hla.get("/me/password").await;
    let token = hla.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("session", session.as_str())];
    hla.post_bare("/me/sessions/endings", &fields).await.assert_says("That session had ended already.");
    thiri.get("/me").await.assert_says(THIRI.full_name);

    aye.post_form(&format!("/users/{id}/sessions/endings"), &[("session", &session)]).await.assert_says("1 session is ended.");
    thiri.get("/me").await.assert_says("Sign in to see that page.");
}
