//! Guessing is slow, and keeps nobody else out.

use std::time::Duration;

use outlay::people::{HASHES_AT_ONCE_MAX, WAITING_MAX};
use reqwest::StatusCode;

use crate::support::cast::{AYE, EVERYBODY, HLA, PASSWORD, SU, THIRI};
use crate::support::links;
use crate::support::portal::Portal;
use crate::support::tab::Tab;

async fn guess(tab: &mut Tab, name: &str, password: &str) -> StatusCode {
    tab.try_post_plain("/sign-in", &[("user_name", name), ("password", password)]).await.status
}

#[tokio::test]
async fn who_is_locked_is_told_when_and_by_whom_it_opens_and_an_account_manager_opens_it() {
    let (portal, _) = Portal::open().await;
    let mut tab = portal.stranger();
    for name in ["thiri", "nobody"] {
        for _ in 0..5 {
            assert_eq!(guess(&mut tab, name, "Guess-1234").await, 422);
        }
        let page = tab.try_post_plain("/sign-in", &[("user_name", name), ("password", PASSWORD)]).await;
        page.assert_status(422).assert_says("Try again after 06:56:38").assert_says("Daw Aye Aye Mon, U Kyi Win");
    }
    let id = links::user(&portal, &THIRI).await.id;
    let mut aye = portal.signed_in(&AYE).await;
    aye.get(&format!("/users/{id}")).await.assert_says("Locked");
    let page = aye.post_form(&format!("/users/{id}/unlocking"), &[]).await;
    assert!(!page.has("form[action$=unlocking]"), "nothing is left to unlock");
    assert_eq!(guess(&mut tab, "thiri", PASSWORD).await, 303);
    // And not somebody else.
    let mut hla = portal.signed_in(&HLA).await;
    hla.get("/me/password").await;
    let token = hla.page().attribute("input[name=form_token]", "value");
    assert_eq!(hla.try_post_plain(&format!("/users/{id}/unlocking"), &[("form_token", &token)]).await.status, 404);
}

#[tokio::test]
async fn guessing_many_names_slows_down_that_address_but_not_a_browser_one_has_signed_in_with() {
    let (portal, clock) = Portal::open().await;
    let mut known = portal.signed_in(&THIRI).await;
    known.post_form("/sign-out", &[]).await;
    let mut guesser = portal.stranger();
    let mut looked_at = 0;
    for number in 0..70 {
        let page = guesser.try_post_plain("/sign-in", &[("user_name", &format!("name{number}")), ("password", "Guess-1234")]).await;
        looked_at += i32::from(page.reads().contains("is wrong"));
    }
    assert_eq!(looked_at, 60);
    // The same office, a new browser: told to wait some seconds, not locked.
    let mut new = portal.stranger();
    let page = new.try_post_plain("/sign-in", &[("user_name", "hla"), ("password", PASSWORD)]).await;
    page.assert_status(422).assert_says("signing in is slow at this moment. Try again after 06:56:08");
    assert_eq!(guess(&mut known, "thiri", PASSWORD).await, 303);
    clock.advance(Duration::from_secs(30));
    assert_eq!(guess(&mut new, "hla", PASSWORD).await, 303);
}

#[tokio::test]
async fn nobody_keeps_a_person_out_of_the_browser_they_use() {
    let (portal, _) = Portal::open().await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.post_form("/sign-out", &[]).await;
    let mut colleague = portal.stranger();
    for _ in 0..50 {
        guess(&mut colleague, "hla", "Guess-1234").await;
    }
    assert_eq!(guess(&mut colleague, "hla", PASSWORD).await, 422);
    // The mark of a browser is worth nothing for another name.
    for _ in 0..6 {
        guess(&mut hla, "su", "Guess-1234").await;
    }
    assert_eq!(guess(&mut hla, "su", PASSWORD).await, 422);
    assert_eq!(guess(&mut hla, "hla", PASSWORD).await, 303);
}

#[tokio::test]
async fn one_who_is_not_active_is_answered_like_nobody() {
    let (portal, _) = Portal::open().await;
    links::deactivate(&portal, &SU).await;
    let mut pages = Vec::new();
    for name in ["su", "nobody"] {
        let mut tab = portal.stranger();
        let page = tab.try_post_plain("/sign-in", &[("user_name", name), ("password", PASSWORD)]).await;
        page.assert_status(422);
        pages.push(page.reads());
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(portal.passwords.hashed(), 2, "both cost one hash");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_wrong_passwords_at_once_leave_the_pages_of_others_alone_and_memory_bounded() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let names: Vec<_> = EVERYBODY.iter().map(|person| person.user_name.to_owned()).chain((0..31).map(|n| format!("name{n}"))).collect();
    let guesses = (0..200).map(|number| {
        let (mut tab, name) = (portal.stranger(), names[number % names.len()].clone());
        tokio::spawn(async move {
            let page = tab.try_post_plain("/sign-in", &[("user_name", &name), ("password", "Guess-1234")]).await;
            page.assert_status(422);
            page.reads().contains("is wrong")
        })
    });
    let guesses: Vec<_> = guesses.collect();
    let mut pages = 0;
    while pages < 4 || guesses.iter().any(|guess| !guess.is_finished()) {
        for path in ["/batches/new", "/search/batches", "/me", "/me/sessions"] {
            thiri.get(path).await.assert_status(200).assert_path(path);
            pages += 1;
        }
    }
    let mut looked_at = 0;
    for guess in guesses {
        looked_at += usize::from(guess.await.unwrap());
    }
    assert!(portal.passwords.most_at_once() <= HASHES_AT_ONCE_MAX, "{} at once", portal.passwords.most_at_once());
    assert_eq!(portal.passwords.hashed(), looked_at + 1, "one hash each that was looked at, and Thiri's own");
    assert!(looked_at <= 200 && looked_at > 0);
    const { assert!(WAITING_MAX < 200, "this many guesses have to meet the bound") };
    println!("{pages} pages walked while {looked_at} of 200 guesses were looked at");
}
