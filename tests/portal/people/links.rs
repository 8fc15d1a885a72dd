//! Invitations and resets by mail: good once, for a while, and opening them changes nothing.

use std::time::Duration;

use diesel::prelude::*;
use outlay::db::schema::{audit_unsealed, outbox, password_links, sign_in_failures};
use outlay::db::{self, Conn};
use reqwest::StatusCode;

use crate::support::cast::{AYE, PASSWORD, SU, THIRI};
use crate::support::links::{self, MAIL, PHYU};
use crate::support::portal::Portal;

const NEW: &str = "Shwe-Dagon-44";

#[tokio::test]
async fn one_is_invited_by_mail_sets_a_password_and_is_in() {
    let (portal, _) = Portal::open_with_settings(MAIL).await;
    let phyu = links::add_phyu(&portal).await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get(&format!("/users/{}/invitation", phyu.id)).await;
    page.assert_status(200).assert_says("Invite Ma Phyu Phyu").assert_says("phyu@upendo.example").assert_says("You never see it");
    let action = format!("/users/{}/invitation", phyu.id);
    aye.post_form(&action, &[("way", "mail")]).await;

    let path = links::mailed_path(&portal, &phyu.id).await;
    assert!(path.starts_with("/invitations/"), "{path}");
    let mut tab = portal.stranger();
    // A mail scanner opens it first, twice.
    tab.get(&path).await.assert_status(200);
    tab.get(&path).await.assert_says("Upendo Microfinance").assert_says("phyu");
    let page = tab.post_form(&path, &[("new_password", "Ab1!")]).await;
    page.assert_status(422).assert_says("The password needs at least 8 characters.");
    tab.post_form(&path, &[("new_password", "Phyu-2026!")]).await.assert_says("must not contain your user name");
    tab.post_form(&path, &[("new_password", "P@ssw0rd1!")]).await.assert_says("easy to guess");
    tab.post_form(&path, &[("new_password", NEW)]).await.assert_path("/").assert_says("Ma Phyu Phyu");

    portal.stranger().get(&path).await.assert_status(404).assert_says("This link is not good any more");
    let mut later = portal.stranger();
    later.get("/sign-in").await;
    later.post_form("/sign-in", &[("user_name", PHYU.user_name), ("password", NEW)]).await.assert_says("Ma Phyu Phyu");
}

#[tokio::test]
async fn a_newer_invitation_ends_the_earlier_and_a_week_ends_both() {
    let (portal, clock) = Portal::open_with_settings(MAIL).await;
    let first = links::invitation(&portal).await;
    let phyu = links::user(&portal, &PHYU).await;
    let mut aye = portal.signed_in(&AYE).await;
    let action = format!("/users/{}/invitation", phyu.id);
    aye.get(&action).await;
    aye.post_form(&action, &[("way", "mail")]).await;
    let second = links::mailed_path(&portal, &phyu.id).await;
    assert_ne!(first, second);
    portal.stranger().get(&first).await.assert_status(404);
    clock.advance(Duration::from_secs(7 * 24 * 3600 - 1));
    portal.stranger().get(&second).await.assert_status(200);
    clock.advance(Duration::from_secs(1));
    portal.stranger().get(&second).await.assert_status(404);
}

#[tokio::test]
async fn an_invitation_that_went_to_a_wrong_address_ends_when_the_address_is_mended() {
    let (portal, _) = Portal::open_with_settings(MAIL).await;
    let first = links::invitation(&portal).await;
    let phyu = links::user(&portal, &PHYU).await;
    let mut aye = portal.signed_in(&AYE).await;
    let edit = format!("/users/{}/edit", phyu.id);
    aye.get(&edit).await;
    // Another change leaves it alone.
    aye.post_form(&edit, &[("job_title", "Cashier")]).await.assert_status(200);
    portal.stranger().get(&first).await.assert_status(200);
    aye.get(&edit).await;
    aye.post_form(&edit, &[("email", "phyu.phyu@upendo.example")]).await.assert_status(200);
    portal.stranger().get(&first).await.assert_status(404);
    aye.get(&format!("/users/{}", phyu.id)).await.assert_says("the last invitation does not work any more");
    let action = format!("/users/{}/invitation", phyu.id);
    aye.get(&action).await;
    aye.post_form(&action, &[("way", "mail")]).await.assert_says("on its way to phyu.phyu@upendo.example");
    portal.stranger().get(&links::mailed_path(&portal, &phyu.id).await).await.assert_status(200);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_ends_every_session() {
    let (portal, clock) = Portal::open_with_settings(MAIL).await;
    links::set_email(&portal, &THIRI, "Thiri@Upendo.example").await;
    let mut at_work = portal.signed_in(&THIRI).await;
    let mut tab = portal.stranger();
    tab.get("/forgot").await;
    tab.post_form("/forgot", &[("who", "thiri@upendo.example")]).await.assert_says("a link is on its way");
    let thiri = links::user(&portal, &THIRI).await;
    let first = links::mailed_path(&portal, &thiri.id).await;
    tab.get("/forgot").await;
    tab.post_form("/forgot", &[("who", " THIRI ")]).await.assert_says("a link is on its way");
    let second = links::mailed_path(&portal, &thiri.id).await;
    assert_ne!(first, second);
    portal.stranger().get(&first).await.assert_status(404);
    clock.advance(Duration::from_secs(29 * 60));
    tab.get(&second).await.assert_says("Set a new password");
    tab.post_form(&second, &[("new_password", NEW)]).await.assert_path("/");
    at_work.get("/me").await.assert_says("Sign in to see that page.");
    assert_eq!(links::letters(&portal, &thiri.id, "Your password was changed").await, 1);

    let mut old = portal.stranger();
    old.get("/sign-in").await;
    old.post_form("/sign-in", &[("user_name", "thiri"), ("password", PASSWORD)]).await.assert_status(422);
}

#[tokio::test]
async fn a_reset_link_is_good_for_half_an_hour() {
    let (portal, clock) = Portal::open_with_settings(MAIL).await;
    let path = links::reset(&portal, &SU).await;
    clock.advance(Duration::from_secs(30 * 60));
    portal.stranger().get(&path).await.assert_status(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_use_one_reset_link_at_once_one_wins() {
    let (portal, _) = Portal::open_with_settings(MAIL).await;
    let path = links::reset(&portal, &SU).await;
    let tries = (0..20).map(|number| {
        let (mut tab, path) = (portal.stranger(), path.clone());
        tokio::spawn(async move {
            let password = format!("Shwe-Dagon-{number}");
            (tab.try_post_plain(&path, &[("new_password", &password)]).await.status, password)
        })
    });
    let mut answers = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        answers.push(one.await.unwrap());
    }
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == StatusCode::SEE_OTHER).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND].contains(status)), "{answers:?}");
    let mut tab = portal.stranger();
    tab.get("/sign-in").await;
    tab.post_form("/sign-in", &[("user_name", SU.user_name), ("password", &won[0].1)]).await.assert_says(SU.full_name);
}

/// What a request leaves behind, by table: the same statements wrote it.
async fn rows(portal: &Portal) -> [i64; 4] {
    let count = |conn: &mut Conn| {
        Ok::<_, db::Error>([
            password_links::table.count().get_result(conn)?,
            outbox::table.count().get_result(conn)?,
            audit_unsealed::table.count().get_result(conn)?,
            sign_in_failures::table.count().get_result(conn)?,
        ])
    };
    portal.institution.db.read(count).await.unwrap()
}

#[tokio::test]
async fn asking_for_a_link_answers_and_works_alike_for_known_and_unknown_names() {
    let (portal, _) = Portal::open_with_settings(MAIL).await;
    links::set_email(&portal, &THIRI, "thiri@upendo.example").await;
    let mut pages = Vec::new();
    let mut work = Vec::new();
    let mut tab = portal.stranger();
    tab.get("/forgot").await;
    tab.post_form("/forgot", &[("who", "the first makes the address's own row")]).await;
    // Known with an address, known without one, unknown, and asked for too often.
    for who in ["thiri", "su", "nobody", "somebody@upendo.example", "thiri", "thiri", "thiri"] {
        let before = rows(&portal).await;
        tab.get("/forgot").await;
        pages.push(tab.post_form("/forgot", &[("who", who)]).await.reads());
        let after = rows(&portal).await;
        work.push([0, 1, 2].map(|table| after[table] - before[table]));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
    assert!(work.iter().all(|rows| *rows == [1, 1, 1]), "{work:?}");
    // Only Thiri was written to, and not a fourth time.
    let thiri = links::user(&portal, &THIRI).await;
    assert_eq!(links::letters(&portal, &thiri.id, "Set a new password").await, 3);
}

#[tokio::test]
async fn links_are_asked_for_so_often_from_one_address() {
    let (portal, _) = Portal::open_with_settings(MAIL).await;
    let mut tab = portal.stranger();
    tab.get("/forgot").await;
    for number in 0..20 {
        tab.post_form("/forgot", &[("who", &format!("nobody{number}"))]).await.assert_status(200);
        tab.get("/forgot").await;
    }
    tab.post_form("/forgot", &[("who", "thiri")]).await.assert_status(422).assert_says("Too many links were asked for");
}

#[tokio::test]
async fn without_mail_the_page_says_whom_to_ask() {
    let (portal, _) = Portal::open().await;
    let mut tab = portal.stranger();
    tab.get("/forgot").await.assert_says("Ask an account manager for a code on paper.").assert_says(AYE.full_name);
    let before = rows(&portal).await;
    tab.try_post_plain("/forgot", &[("who", "thiri")]).await.assert_says("Ask an account manager");
    assert_eq!(rows(&portal).await, before);
}
