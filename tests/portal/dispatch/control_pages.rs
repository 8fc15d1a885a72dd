//! Pause, resume, cancel, schedule and approve again, as people do it on the pages.

use std::time::Duration;

use outlay::audit::{self, By, What};
use outlay::batches::State;
use outlay::dispatch;
use outlay::ids::BatchId;
use outlay::privileges::{self, Action};

use crate::batches::desk::{batch_of, payroll, upload_with};
use crate::support::batches::{File, WAGES, actor, branch, find, submitted};
use crate::support::cast::{AYE, HLA, HLAING, MOE, MYINT, Person, SU, THIRI, TUN};
use crate::support::page::{Page, selector};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

const HOUR: Duration = Duration::from_secs(3_600);

fn path(id: &BatchId, verb: &str) -> String {
    format!("/batches/{id}{verb}")
}

async fn approve(tab: &mut Tab, id: &BatchId) {
    let decision = format!("/tasks/{id}/decision");
    tab.get(&format!("/tasks/{id}")).await.assert_status(200);
    tab.post_form(&decision, &[("decision", "approved")]).await.assert_status(200);
    tab.post_form(&decision, &[]).await.assert_status(200);
}

async fn approved(portal: &Portal) -> BatchId {
    let id = submitted(portal, &THIRI, &WAGES).await;
    approve(&mut portal.signed_in(&HLA).await, &id).await;
    id
}

async fn state(portal: &Portal, id: &BatchId) -> State {
    find(portal, id).await.state
}

/// Follows the link that begins with these words.
async fn follow<'a>(tab: &'a mut Tab, words: &str) -> &'a Page {
    let (html, linked) = (tab.page().html(), selector("a[href]"));
    let mut links = html.select(&linked);
    let link = links.find(|link| link.text().collect::<String>().trim().starts_with(words));
    let path = link.unwrap_or_else(|| panic!("no link «{words}»\n{}", tab.page())).attr("href").unwrap().to_owned();
    tab.get(&path).await
}

/// The last event of a batch: what, who, why.
async fn last(portal: &Portal, id: &BatchId) -> (What, String, Option<String>) {
    let id = id.clone();
    let events = portal.institution.db.read(move |conn| audit::of_batch(conn, &id, 100)).await.unwrap();
    events.into_iter().next_back().map(|event| (event.what, event.name, event.reason)).unwrap()
}

async fn take_away_approving(portal: &Portal, person: &Person) {
    let (user, branch) = (actor(portal, person).await.id, branch(portal, person.office).await);
    let actions = [Action::ApprovePayment].into_iter().collect();
    let ended = portal.institution.db.write(move |tx| privileges::end_grant(tx, &By::operator("ops"), &user, &branch, &actions));
    ended.await.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn a_maker_pauses_with_one_click_and_a_checker_lets_it_go_on() {
    let (portal, clock) = Portal::open().await;
    let id = approved(&portal).await;
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get(&path(&id, "")).await.assert_says("Daw Hla Hla, Daw Su Su may let it go on or cancel it.");
    assert!(!thiri.page().has(&format!("a[href='{}']", path(&id, "/cancellation"))), "never a maker alone");
    let mut again = thiri.second();
    thiri.post_form(&path(&id, "/pause"), &[("reason", "Ma Hla left")]).await.assert_path(&path(&id, ""));
    thiri.page().assert_says("Paused. What was sent before is settled").assert_says("Paused by Ma Thiri. “Ma Hla left”");
    assert_eq!(state(&portal, &id).await, State::Paused);
    assert_eq!(last(&portal, &id).await, (What::BatchPaused, "Ma Thiri".to_owned(), Some("Ma Hla left".to_owned())));
    again.post_form(&path(&id, "/pause"), &[("reason", "")]).await.assert_path(&path(&id, "")).assert_status(200);
    assert_eq!(last(&portal, &id).await.2.as_deref(), Some("Ma Hla left"), "a second click is shown the first result");
    assert!(!thiri.page().has(&format!("form[action='{}']", path(&id, "/pause"))), "it is paused already");
    let token = thiri.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("reason", "kept")];
    let page = thiri.post_bare(&path(&id, "/pause"), &fields).await;
    page.assert_status(409).assert_says("Ma Thiri paused this batch on 21 Nov 2025, 06:55.").assert_says("kept");
    thiri.get(&path(&id, "/resumption")).await.assert_status(404);

    clock.advance(HOUR);
    let mut su = portal.signed_in(&SU).await;
    su.get(&path(&id, "")).await;
    follow(&mut su, "Let it go on").await.assert_says("Ma Thiri, 21 Nov 2025, 06:55").assert_says("Ma Hla left").assert_says("450,000 MMK");
    let mut late = su.second();
    assert_eq!(su.page().text("button.button-main"), "Go on with 3 payments, 450,000 MMK");
    su.post_form(&path(&id, "/resumption"), &[]).await.assert_path(&path(&id, "")).assert_says("It goes on. Nobody is paid twice.");
    assert_eq!(state(&portal, &id).await, State::Approved, "it had not begun");
    late.post_form(&path(&id, "/resumption"), &[]).await.assert_status(200).assert_path(&path(&id, ""));
    let token = su.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "1123456789abcdef0123456789abcdef")];
    su.post_bare(&path(&id, "/resumption"), &fields).await.assert_status(409).assert_says("Daw Su Su let this batch go on");
    su.get("/history").await.assert_says("Paused").assert_says("Resumed").assert_says("Ma Hla left");
}

#[tokio::test]
async fn only_those_who_may_see_and_approve_find_the_pages() {
    let (portal, _) = Portal::open().await;
    let id = approved(&portal).await;
    for (person, status) in [(&MOE, 404), (&MYINT, 404), (&TUN, 404), (&THIRI, 404), (&AYE, 404)] {
        let mut tab = portal.signed_in(person).await;
        tab.get(&path(&id, "/cancellation")).await.assert_status(status);
        tab.get(&path(&id, "/resumption")).await.assert_status(status);
    }
    // A branch manager sees the batch and who could do something; posting all the same does nothing.
    let mut tun = portal.signed_in(&TUN).await;
    tun.get(&path(&id, "")).await.assert_says("Daw Hla Hla, Daw Su Su may pause it, let it go on or cancel it.");
    assert!(tun.page().has("a[href^='/why?branch=']"));
    follow(&mut tun, "Why may I not?").await.assert_status(200).assert_says("Approve Payment");
    let token = tun.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("reason", "x")];
    tun.post_bare(&path(&id, "/pause"), &fields).await.assert_status(403).assert_says("You do not hold Approve Payment in this branch.");
    let mut moe = portal.signed_in(&MOE).await;
    let token = moe.get("/tasks").await.attribute("input[name=form_token]", "value");
    for verb in ["/pause", "/cancellation", "/resumption"] {
        let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef"), ("reason", "x")];
        moe.post_bare(&path(&id, verb), &fields).await.assert_status(404);
    }
    assert_eq!(state(&portal, &id).await, State::Approved);
}

#[tokio::test]
async fn a_cancellation_is_an_interruption_with_counts_and_asks_why() {
    let (portal, _) = Portal::open().await;
    let id = approved(&portal).await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&path(&id, "")).await;
    let page = follow(&mut hla, "Cancel what is left").await;
    page.assert_says("Cancel what is left of payroll-oct?")
        .assert_says("3 payments are not paid: 450,000 MMK.")
        .assert_says("This cannot be undone.");
    let mut again = hla.second();
    let page = hla.post_form(&path(&id, "/cancellation"), &[("reason", " ")]).await;
    page.assert_status(422).assert_says("Write why");
    assert_eq!(state(&portal, &id).await, State::Approved);
    let long = "x".repeat(501);
    hla.post_form(&path(&id, "/cancellation"), &[("reason", &long)]).await.assert_status(422).assert_says(&long);
    let page = hla.post_form(&path(&id, "/cancellation"), &[("reason", "Paid in cash")]).await;
    page.assert_path(&path(&id, "")).assert_says("It is being cancelled").assert_says("Cancelled by Daw Hla Hla. “Paid in cash”");
    assert_eq!(state(&portal, &id).await, State::Cancelling);
    let page = again.post_form(&path(&id, "/cancellation"), &[("reason", "Too late")]).await;
    page.assert_status(409).assert_says("Daw Hla Hla cancelled this batch on").assert_says("Too late");
    assert_eq!(last(&portal, &id).await.2.as_deref(), Some("Paid in cash"));
    hla.get(&path(&id, "/cancellation")).await.assert_path(&path(&id, ""));
    let mut thiri = portal.signed_in(&THIRI).await;
    thiri.get("/search/batches?status=cancelling").await.assert_says("payroll-oct").assert_says("Cancelling");
    thiri.get("/search/batches?status=cancelled").await.assert_says("No batches match");
}

#[tokio::test]
async fn a_batch_is_scheduled_from_its_upload_to_its_day() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let day = [("pay_on_date", "2025-11-28"), ("pay_on_time", "09:00")];
    let page = upload_with(&mut thiri, "payroll.csv", &payroll(3), &day).await;
    page.assert_status(200).assert_says("28 Nov 2025, 09:00");
    let id = batch_of(&page);
    follow(&mut thiri, "Change").await.assert_says("When is it to be paid?");
    assert_eq!(thiri.page().attribute("#pay_on_date", "value"), "2025-11-28");
    assert_eq!(thiri.page().attribute("#pay_on_time", "value"), "09:00");
    let before = thiri.get(&path(&id, "/check")).await.texts("code")[0].clone();
    thiri.get(&path(&id, "/schedule")).await;
    thiri.post_form(&path(&id, "/schedule"), &[("pay_on_time", "10:30")]).await.assert_path(&path(&id, "/check"));
    assert_ne!(thiri.page().texts("code")[0], before, "the day is part of the seal");
    thiri.page().assert_says("28 Nov 2025, 10:30");
    thiri.post_form(&path(&id, "/submission"), &[]).await.assert_says("Submitted for approval");
    thiri.get(&path(&id, "/schedule")).await.assert_path(&path(&id, ""));

    let mut hla = portal.signed_in(&HLA).await;
    hla.get("/tasks").await.assert_says("Pay on 28 Nov 2025, 10:30");
    hla.get(&format!("/tasks/{id}")).await.assert_says("28 Nov 2025, 10:30");
    let decision = format!("/tasks/{id}/decision");
    hla.post_form(&decision, &[("decision", "approved")]).await.assert_says("Outlay begins to pay on 28 Nov 2025, 10:30.");
    hla.post_form(&decision, &[]).await.assert_says("Outlay begins to pay on 28 Nov 2025, 10:30.");
    assert_eq!(state(&portal, &id).await, State::Scheduled);
    assert_eq!(last(&portal, &id).await.0, What::BatchScheduled);
    hla.get(&path(&id, "")).await.assert_says("Approved by Daw Hla Hla.").assert_says("It is paid on 28 Nov 2025, 10:30.");
    hla.get("/search/batches?status=scheduled").await.assert_says("payroll").assert_says("28 Nov 2025, 10:30");
    thiri.get("/").await.assert_says("payroll will be paid on 28 Nov 2025, 10:30, ").assert_says_not("is being paid");
    let last = hla.get("/").await.rows("main table");
    assert!(last[0][3].contains("Scheduled 28 Nov 2025, 10:30"), "{last:?}");
    hla.get(&path(&id, "/cancellation")).await.assert_status(200);
    clock.advance(HOUR * 24 * 8);
    assert_eq!(state(&portal, &id).await, State::Scheduled, "only the worker begins it");
}

#[tokio::test]
async fn a_day_that_has_passed_is_refused_in_words() {
    let (portal, clock) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    // It is 21 November 2025, 06:55.
    for (date, time, words) in [
        ("2025-11-21", "06:55", "That time has passed."),
        ("2025-11-21", "", "Write the time too"),
        ("", "09:00", "Write the day too"),
        ("2025-12-22", "09:00", "Choose a day within the next 30 days"),
        ("soon", "09:00", "Write the day like 28/11/2025"),
        ("2025-11-28", "9 am", "Write the time like 09:00"),
    ] {
        let fields = [("pay_on_date", date), ("pay_on_time", time), ("client_reference", "kept")];
        let page = upload_with(&mut thiri, "payroll.csv", &payroll(3), &fields).await;
        page.assert_status(422).assert_says(words);
        assert_eq!(page.attribute("#pay_on_date", "value"), date, "what was typed stays");
        assert_eq!(page.attribute("#client_reference", "value"), "kept");
    }
    let page = upload_with(&mut thiri, "payroll.csv", &payroll(3), &[("pay_on_date", "21/11/2025"), ("pay_on_time", "07:05")]).await;
    let id = batch_of(page.assert_status(200));
    let mut late = thiri.second();
    clock.advance(HOUR / 4);
    let page = late.post_form(&path(&id, "/submission"), &[]).await;
    page.assert_status(409).assert_says("That time has passed. Choose a later one");
    assert_eq!(state(&portal, &id).await, State::Draft);
    thiri.get(&path(&id, "/check")).await.assert_says("The day on which it was to be paid has passed.");
    assert!(!thiri.page().has(&format!("form[action='{}']", path(&id, "/submission"))));
    follow(&mut thiri, "Choose another").await;
    thiri.post_form(&path(&id, "/schedule"), &[("pay_on_time", "07:08")]).await.assert_status(422).assert_says("That time has passed.");
    thiri.post_form(&path(&id, "/schedule"), &[("pay_on_time", "09:00")]).await.assert_path(&path(&id, "/check"));
    thiri.post_form(&path(&id, "/submission"), &[]).await.assert_says("Submitted for approval");
    // Approved after the time: paid at once, and said so.
    clock.advance(HOUR * 3);
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&format!("/tasks/{id}")).await;
    let decision = format!("/tasks/{id}/decision");
    let page = hla.post_form(&decision, &[("decision", "approved")]).await;
    page.assert_says("It was to be paid on 21 Nov 2025, 09:00, which has passed.").assert_says("Outlay pays as soon as you approve.");
    hla.post_form(&decision, &[]).await;
    assert_eq!(state(&portal, &id).await, State::Approved);
    hla.get(&path(&id, "")).await.assert_says("It was to be paid on 21 Nov 2025, 09:00, which had passed.");
}

#[tokio::test]
async fn a_batch_that_needs_approval_again_is_a_task_for_the_others() {
    let (portal, clock) = Portal::open().await;
    let id = approved(&portal).await;
    clock.advance(HOUR);
    take_away_approving(&portal, &HLA).await;
    let waits = id.clone();
    portal.institution.db.write(move |tx| dispatch::wait_for_approval(tx, &waits)).await.unwrap();
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = thiri.get(&path(&id, "")).await;
    page.assert_says("It must be approved again before it goes on.")
        .assert_says("ops took Approve Payment away from Daw Hla Hla")
        .assert_says("Daw Su Su may approve it.");
    let mut su = portal.signed_in(&SU).await;
    let page = su.get("/tasks").await;
    page.assert_says("1 batch waits for your decision.").assert_says("Approve again");
    su.get(&path(&id, "")).await;
    let page = follow(&mut su, "Look at it and approve it again").await;
    page.assert_says("This batch was approved before and needs approval again.").assert_says("It has the same seal as then.");
    assert!(page.has("input[value=approved]") && !page.has("input[value=rejected]"), "what was approved is not rejected");
    let mut again = su.second();
    let decision = format!("/tasks/{id}/decision");
    let fields = [("decision", "rejected"), ("reason", "no"), ("confirmed", "yes")];
    su.post_form(&decision, &fields).await.assert_status(403).assert_says("approved again or cancelled, not rejected");
    su.get(&format!("/tasks/{id}")).await;
    su.post_form(&decision, &[("decision", "approved")]).await.assert_says("Approve 3 payments, 450,000 MMK");
    su.post_form(&decision, &[]).await.assert_path(&path(&id, "")).assert_says("Approved again: it goes on.");
    assert_eq!(state(&portal, &id).await, State::Approved);
    again.post_form(&decision, &[("decision", "approved")]).await.assert_status(409);
    su.get("/tasks").await.assert_says("Nothing waits for you");
    su.get("/history").await.assert_says("Approved again");
}

#[tokio::test]
async fn batches_of_somebody_who_leaves_are_paused_with_their_deactivation() {
    let (portal, _) = Portal::open().await;
    let (id, waiting) = (approved(&portal).await, submitted(&portal, &THIRI, &File { name: "waits.csv", ..WAGES }).await);
    let kept = submitted(&portal, &THIRI, &File { name: "kept.csv", ..WAGES }).await;
    approve(&mut portal.signed_in(&SU).await, &kept).await;
    let mut aye = portal.signed_in(&AYE).await;
    let leaving = |user: String| format!("/users/{user}/deactivation");
    let of_hla = leaving(actor(&portal, &HLA).await.id.to_string());
    aye.get(&of_hla).await.assert_says("approved by them").assert_says("payroll-oct").assert_says_not("kept");
    let of_thiri = leaving(actor(&portal, &THIRI).await.id.to_string());
    let page = aye.get(&of_thiri).await;
    assert!(page.has(&format!("input[name=pause][value='{id}']")) && page.has(&format!("input[name=pause][value='{kept}']")));
    assert!(!page.has(&format!("input[name=pause][value='{waiting}']")), "what is not approved cannot be paused");
    // Somebody else's batch cannot be paused so.
    aye.post_form(&of_thiri, &[("pause", id.as_str())]).await.assert_status(200).assert_says("is not active any more");
    assert_eq!(state(&portal, &id).await, State::Paused);
    assert_eq!(last(&portal, &id).await, (What::BatchPaused, AYE.full_name.to_owned(), Some("Ma Thiri was deactivated".to_owned())));
    assert_eq!((state(&portal, &kept).await, state(&portal, &waiting).await), (State::Approved, State::PendingApproval));
    let mut su = portal.signed_in(&SU).await;
    su.get(&path(&id, "")).await.assert_says("Paused by Daw Aye Aye Mon. “Ma Thiri was deactivated”");
    su.get(&path(&id, "/resumption")).await;
    su.post_form(&path(&id, "/resumption"), &[]).await.assert_says("It goes on.");
    assert_eq!(HLAING.code, THIRI.office.code);
}
