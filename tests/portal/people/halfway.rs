//! In the middle of signing in: the next step and the way out, and nothing else.

use std::collections::HashMap;

use diesel::prelude::*;
use outlay::db::schema::{second_factors, sessions, users};
use outlay::db::{self, Conn, WriteTx};
use outlay::people::Stage;
use outlay::web::urls::{Needs, URLS};

use crate::support::cast::{PASSWORD, THIRI};
use crate::support::links;
use crate::support::portal::Portal;
use crate::support::tab::Tab;

const NEW: &str = "Shwe-Dagon-44";

/// She has an authenticator app, and a password that somebody gave her.
async fn prepare(portal: &Portal, has_factor: bool) {
    let thiri = links::user(portal, &THIRI).await.id;
    let write = move |tx: &mut WriteTx<'_>| {
        let now = tx.now();
        let conn: &mut Conn = tx;
        diesel::update(users::table.find(&thiri)).set(users::must_set_password.eq(true)).execute(conn)?;
        if has_factor {
            let secret: &[u8] = b"not looked at here";
            diesel::insert_into(second_factors::table)
                .values((
                    second_factors::user_id.eq(&thiri),
                    second_factors::version.eq(1),
                    second_factors::state.eq("active"),
                    second_factors::key_id.eq("k"),
                    second_factors::secret.eq(secret),
                    second_factors::first_at.eq(now),
                    second_factors::confirmed_at.eq(now),
                    second_factors::last_step.eq(0),
                    second_factors::wrong_codes.eq(0),
                ))
                .execute(conn)?;
        }
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

async fn halfway(portal: &Portal) -> Tab {
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    let page = tab.try_post_plain("/sign-in", &[("user_name", THIRI.user_name), ("password", PASSWORD)]).await;
    page.assert_status(303);
    tab
}

/// The form token of the one session there is.
async fn form_token(portal: &Portal) -> String {
    let find = |conn: &mut Conn| Ok::<String, db::Error>(sessions::table.select(sessions::state).first(conn)?);
    let state: HashMap<String, String> = serde_json::from_str(&portal.institution.db.read(find).await.unwrap()).unwrap();
    serde_json::from_str(&state["form_token"]).unwrap()
}

#[tokio::test]
async fn who_is_halfway_is_led_to_the_next_step_from_everywhere() {
    let (portal, _) = Portal::open().await;
    prepare(&portal, false).await;
    let mut tab = halfway(&portal).await;
    let mut tried = 0;
    for url in URLS.iter().filter(|url| !matches!(url.needs, Needs::Nothing | Needs::HalfSignedIn | Needs::Session)) {
        let path = url.path.replace(['{', '}'], "");
        let page = if url.method == "GET" { tab.look(&path).await } else { tab.try_post_plain(&path, &[]).await };
        assert_eq!(page.status, 303, "{} {}", url.method, url.path);
        assert_eq!(page.header("location"), Some(Stage::Password.path()), "{} {}", url.method, url.path);
        assert!(page.bytes.is_empty());
        tried += 1;
    }
    assert!(tried > 20, "{tried}");
}

#[tokio::test]
async fn who_is_halfway_may_sign_out() {
    let (portal, _) = Portal::open().await;
    prepare(&portal, false).await;
    let mut tab = halfway(&portal).await;
    tab.get("/sign-in/password").await.assert_says_not("Search").assert_says_not(THIRI.full_name);
    tab.post_form("/sign-out", &[]).await.assert_says("You are signed out.");
    tab.get("/sign-in/password").await.assert_path("/sign-in?ended=page&next=/sign-in/password");
}

#[tokio::test]
async fn nobody_sets_a_password_before_the_code_of_their_second_factor() {
    let (portal, _) = Portal::open().await;
    prepare(&portal, true).await;
    let mut tab = halfway(&portal).await;
    let page = tab.look("/sign-in/password").await;
    assert_eq!(page.header("location"), Some(Stage::Code.path()));
    // With the form token of the very session, as one who knows how would send it.
    let token = form_token(&portal).await;
    let page = tab.try_post_plain("/sign-in/password", &[("form_token", &token), ("new_password", NEW)]).await;
    assert_eq!(page.header("location"), Some(Stage::Code.path()), "{page}");
    let mut again = portal.stranger();
    again.get("/sign-in").await;
    assert_eq!(again.try_post_plain("/sign-in", &[("user_name", "thiri"), ("password", NEW)]).await.status, 422);
}

#[tokio::test]
async fn after_a_reset_the_code_is_still_asked() {
    let (portal, _) = Portal::open().await;
    prepare(&portal, true).await;
    let path = links::reset(&portal, &THIRI).await;
    let mut tab = portal.stranger();
    let page = tab.try_post_plain(&path, &[("new_password", NEW)]).await;
    assert_eq!(page.header("location"), Some(Stage::Code.path()), "{page}");
    let page = tab.look("/me").await;
    assert_eq!(page.header("location"), Some(Stage::Code.path()), "{page}");
}
