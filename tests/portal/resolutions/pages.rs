//! Operations, proposals and alarms as people see them.

use outlay::dispatch::{AlarmKind, Ending, TransferState};
use outlay::ids::RowId;

use super::desk::{MIN, NAN, WAI, alarm, another, approved, left, needs_attention, propose, run, standing};
use crate::support::batches::WAGES;
use crate::support::cast::{AYE, HLA, THIRI, TUN};
use crate::support::portal::Portal;

fn of(row: &RowId, what: &str) -> String {
    format!("/transfers/{row}{what}")
}

#[tokio::test]
async fn operations_lists_by_age_what_one_may_resolve_and_counts_it() {
    let (portal, _) = Portal::open().await;
    let batch = approved(&portal).await;
    let attention = (TransferState::NeedsAttention, "probably_paid", None);
    left(&portal, &batch, &[(2, attention.0, attention.1, attention.2), (3, TransferState::InDoubt, "no_answer", Some("2004"))]).await;
    run(&portal, "UPDATE transfers SET doubt_since = doubt_since - 3600000000 WHERE line = 2").await;
    let mut nan = portal.signed_in(&NAN).await;
    nan.get("/").await.assert_says("1 payment needs attention").assert_says("1 payment is in doubt");
    let page = nan.get("/operations").await;
    let rows = page.rows("table");
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0][0].as_str(), rows[0][1].as_str()), ("Daw Mya", "150,000 MMK"));
    assert!(rows[0][3].starts_with("3 h"), "{:?}", rows[0]);
    page.assert_says("Probably paid");
    assert!(page.texts(".sidebar .menu-link[href='/operations']")[0].contains('1'), "the sidebar counts it");
    let page = nan.get("/operations?state=in_doubt").await;
    assert_eq!(page.rows("table")[0][0], "U Ba");
    page.assert_says("2004");
    nan.get("/operations?batch=soon").await.assert_status(422);
    nan.get("/operations?fsp=wavemoney").await.assert_says("Clear filters").assert_says_not("Daw Mya");
    nan.get("/operations?fsp=kbzpay").await.assert_says("Daw Mya");
    // Another branch's resolver sees none of it, others not even the page.
    portal
        .signed_in(&MIN)
        .await
        .get("/operations")
        .await
        .assert_status(200)
        .assert_says("Every payment that you may resolve has its outcome");
    for person in [&HLA, &TUN, &THIRI, &AYE] {
        portal.signed_in(person).await.get("/operations").await.assert_status(404);
    }
}

#[tokio::test]
async fn a_long_list_goes_on_where_the_last_page_ended() {
    let (portal, _) = Portal::open().await;
    let mut at = 0;
    let lines: Vec<String> = (0..60).map(|n| format!("P-{n},Payee {n:02},MSISDN,097701{n:05},kbzpay,1000,MMK,October,")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    approved(&portal).await;
    let batch = another(&portal, &crate::support::batches::File { name: "many.csv", lines: &lines, ..WAGES }).await;
    let all: Vec<_> = (2..62).map(|line| (line, TransferState::NeedsAttention, "no_word", None)).collect();
    left(&portal, &batch, &all).await;
    // Pairs of the same age, as rows of one claim have.
    run(&portal, "UPDATE transfers SET doubt_since = 1763000000000000 + (line / 2) * 1000000 WHERE state = 'needs_attention'").await;
    let mut nan = portal.signed_in(&NAN).await;
    let mut page = nan.get("/operations").await.clone();
    let mut seen = Vec::new();
    loop {
        page.assert_says("60 entries");
        seen.extend(page.rows("table").into_iter().map(|row| row[0].clone()));
        at += 1;
        if !page.has("a[rel=next]") {
            break;
        }
        let next = page.attribute("a[rel=next]", "href");
        page = nan.get(&next).await.clone();
    }
    let expected: Vec<_> = (0..60).map(|n| format!("Payee {n:02}")).collect();
    let mut sorted = seen.clone();
    sorted.sort();
    assert_eq!((at, sorted), (3, expected), "each once: {seen:?}");
}

#[tokio::test]
async fn one_proposes_on_the_page_and_another_closes_it() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let mut nan = portal.signed_in(&NAN).await;
    let page = nan.get(&of(&row, "")).await;
    assert!(page.has(&format!("a[href='/transfers/{row}/outcome']")) && page.has(&format!("form[action='/transfers/{row}/question']")));
    nan.get(&of(&row, "/outcome")).await.assert_says("How did this payment end?");
    let page = nan.post_form(&of(&row, "/outcome"), &[("ending", ""), ("note", "The bank called"), ("evidence", "ref 7")]).await;
    page.assert_status(422).assert_says("Choose whether it was paid or not").assert_says("The bank called");
    let page = nan.post_form(&of(&row, "/outcome"), &[("ending", "not_paid"), ("note", ""), ("evidence", "ref 7")]).await;
    page.assert_status(422).assert_says("Write what you found out").assert_says("ref 7");
    assert!(page.has("input[value=not_paid][checked]"), "the choice is kept");
    let mut again = nan.second();
    let fields = [("ending", "not_paid"), ("note", "It never arrived"), ("evidence", "Daw Mya at KBZPay, ref 7")];
    let page = nan.post_form(&of(&row, "/outcome"), &fields).await.clone();
    page.assert_status(200).assert_says("Proposed: It was not paid").assert_says("another person with Resolve Payment");
    assert!(!page.has("form[action$='/confirmation']"), "one's own proposal has no button to confirm it");
    again.post_form(&of(&row, "/outcome"), &fields).await.assert_path(&page.path);
    let path = page.path.clone();
    let mut wai = portal.signed_in(&WAI).await;
    wai.get("/").await.assert_says("1 payment's outcome waits for your word");
    wai.get("/operations").await.assert_says("Nan Khin says: It was not paid");
    wai.get(&path).await.assert_says("Daw Mya at KBZPay, ref 7").assert_says("the payee gets the money twice");
    let mut second = wai.second();
    let page = wai.post_form(&format!("{path}/confirmation"), &[]).await;
    page.assert_status(200).assert_path(&of(&row, "")).assert_says("Closed as not paid").assert_says("Confirmed");
    second.post_form(&format!("{path}/confirmation"), &[]).await.assert_status(200).assert_path(&of(&row, ""));
    assert_eq!(standing(&portal, &row).await, (TransferState::Failed, 1, None), "the second click did nothing more");
    wai.get(&path).await.assert_says("Ko Wai Yan confirmed it on");
}

#[tokio::test]
async fn a_proposal_is_refused_with_a_reason_or_withdrawn() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    let path = format!("/resolutions/{id}");
    let (mut nan, mut wai) = (portal.signed_in(&NAN).await, portal.signed_in(&WAI).await);
    wai.get(&path).await;
    wai.post_form(&format!("{path}/refusal"), &[("reason", "")]).await.assert_status(422).assert_says("Say why you do not confirm it");
    nan.get(&path).await;
    let mut late = nan.second();
    wai.post_form(&format!("{path}/refusal"), &[("reason", "The bank knows nothing of it")]).await.assert_says("Not confirmed");
    let page = late.post_form(&format!("{path}/withdrawal"), &[]).await;
    page.assert_status(409).assert_says("Ko Wai Yan did not confirm it on");
    nan.get(&of(&row, "")).await.assert_says("The bank knows nothing of it");
    let id = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    let path = format!("/resolutions/{id}");
    nan.get(&path).await;
    nan.post_form(&format!("{path}/withdrawal"), &[]).await.assert_says("Withdrawn");
    assert_eq!(standing(&portal, &row).await.0, TransferState::NeedsAttention);
    portal.signed_in(&MIN).await.get(&path).await.assert_status(404);
}

#[tokio::test]
async fn a_forger_of_forms_gets_no_further_than_the_pages() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let id = propose(&portal, &NAN, &row, Ending::Paid).await.unwrap();
    let mut nan = portal.signed_in(&NAN).await;
    nan.get("/operations").await;
    let token = nan.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef")];
    nan.post_bare(&format!("/resolutions/{id}/confirmation"), &fields).await.assert_status(403).assert_says("another person has to decide");
    let mut min = portal.signed_in(&MIN).await;
    min.get("/operations").await;
    let token = min.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcde0")];
    min.post_bare(&format!("/resolutions/{id}/confirmation"), &fields).await.assert_status(404);
    min.post_bare(&of(&row, "/question"), &fields).await.assert_status(404);
    assert_eq!(standing(&portal, &row).await.0, TransferState::NeedsAttention);
}

#[tokio::test]
async fn the_network_is_asked_by_one_click_and_the_second_is_told_to_wait() {
    let (portal, _) = Portal::open().await;
    let (_, row) = needs_attention(&portal).await;
    let (mut nan, mut wai) = (portal.signed_in(&NAN).await, portal.signed_in(&WAI).await);
    nan.get(&of(&row, "")).await;
    wai.get(&of(&row, "")).await;
    let mut again = nan.second();
    nan.post_form(&of(&row, "/question"), &[]).await.assert_status(200).assert_says("The network is being asked");
    again.post_form(&of(&row, "/question"), &[]).await.assert_status(200);
    wai.post_form(&of(&row, "/question"), &[]).await.assert_status(409).assert_says("within the last minute");
}

#[tokio::test]
async fn an_alarm_stands_on_every_page_until_somebody_acknowledges_it() {
    let (portal, _) = Portal::open().await;
    let (batch, row) = needs_attention(&portal).await;
    alarm(&portal, &row, AlarmKind::PossibleDoublePayment).await;
    let (mut nan, mut aye) = (portal.signed_in(&NAN).await, portal.signed_in(&AYE).await);
    for path in ["/", "/operations", "/me", "/search/batches", "/nowhere"] {
        let page = nan.get(path).await;
        assert!(page.text(".alarms").contains("Possible double payment: 150,000 MMK in payroll-oct"), "{page}");
    }
    for path in ["/", "/users", "/me"] {
        assert!(aye.get(path).await.has(".alarms"), "account managers too");
    }
    for person in [&THIRI, &HLA, &MIN] {
        let mut tab = portal.signed_in(person).await;
        assert!(!tab.get("/").await.has(".alarms"), "{} neither resolves there nor looks after people", person.user_name);
    }
    portal.signed_in(&HLA).await.get(&format!("/batches/{batch}")).await.assert_says("Possible double payment");
    let path = nan.page().attribute(".alarms a", "href");
    let page = aye.get(&path).await;
    page.assert_status(200)
        .assert_says("Ko Wai Yan, Nan Khin may acknowledge it")
        .assert_says_not("Daw Mya")
        .assert_says_not("959770123456");
    portal.signed_in(&MIN).await.get(&path).await.assert_status(404);
    nan.get(&path).await;
    let action = format!("{path}/acknowledgement");
    nan.post_form(&action, &[("note", "")]).await.assert_status(422).assert_says("Write what you found out");
    let mut second = nan.second();
    nan.post_form(&action, &[("note", "KBZPay sends one back")]).await.assert_says("Acknowledged").assert_says("KBZPay sends one back");
    second.post_form(&action, &[("note", "KBZPay sends one back")]).await.assert_status(200);
    assert!(!nan.get("/").await.has(".alarms"));
    assert!(!aye.get("/").await.has(".alarms"));
    nan.get(&of(&row, "")).await.assert_says("KBZPay sends one back");
}

#[tokio::test]
async fn operations_tells_whose_payments_wait_and_only_then() {
    let (portal, _) = Portal::open().await;
    approved(&portal).await;
    let mut nan = portal.signed_in(&NAN).await;
    assert!(!nan.get("/operations").await.has("[data-away]"), "nobody is waited for");
    let now = portal.institution.clock().now().micros();
    let (soon, past) = (now + 600_000_000, now - 60_000_000);
    let wait = |whom: &str, ailment: &str, retry: i64| {
        format!(
            "INSERT INTO breakers (funding_account_id, whom, ailment, since, retry_at, times) \
             SELECT MIN(id), '{whom}', '{ailment}', 1763696400000000, {retry}, 1 FROM funding_accounts;"
        )
    };
    run(&portal, &(wait("kbzpay", "silent", soon) + &wait("a-new-bank", "faulty", past))).await;
    let page = nan.get("/operations").await.clone();
    let lines = page.texts("[data-away] li");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("a-new-bank Answers with faults at the moment"), "{lines:?}");
    assert!(lines[0].contains("It is tried again with its next payment."), "{lines:?}");
    assert!(lines[1].starts_with("KBZPay Does not answer at the moment: its payments wait, the others go on."), "{lines:?}");
    assert!(lines[1].contains("Since 21 Nov 2025, 10:10.") && lines[1].contains("It is tried again at "), "{lines:?}");
    run(&portal, "DELETE FROM breakers").await;
    run(&portal, &wait("", "unreachable", soon)).await;
    let lines = nan.get("/operations").await.texts("[data-away] li");
    assert!(lines[0].starts_with("The payment connection cannot be reached: payments wait until it can."), "{lines:?}");
}
