//! A file with faults: every one is listed, a corrected file takes its place, and warnings need a word.

use outlay::audit;
use outlay::batches::{self, FindingKind, State};

use super::desk::{batch_of, count, find, payroll, state, upload};
use crate::support::cast::{MOE, Person, THIRI, ZAW};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::{ChosenFile, Tab};

/// Line 2 has three faults, line 4 one, line 5 none but a lost zero; line 3 is good, and line 6 pays its payee once more.
const FAULTY: &[u8] = b"reference,payee_name,id_type,id_value,to_fsp,amount,currency,note\n\
    A,,MSISDN,12,kbzpay,-5,MMK,\n\
    B,Ma Hla,MSISDN,09770000002,kbzpay,2000,MMK,\n\
    C,U Ba,MSISDN,09770000003,nowhere,3000,MMK,\n\
    D,U Tun,MSISDN,9770000004,kbzpay,4000,MMK,\n\
    E,Ma Hla,MSISDN,09770000002,kbzpay,2000,MMK,=1+1\n";

async fn correct(tab: &mut Tab, page: &Page, bytes: &[u8]) -> Page {
    let id = batch_of(page);
    tab.get(&format!("/batches/{id}/findings?correct=yes")).await;
    let file = ChosenFile { field: "file", name: "corrected.csv", bytes };
    tab.post_form_with_file(&format!("/batches/{id}/corrections"), &[], &file).await.clone()
}

#[tokio::test]
async fn every_problem_is_listed_with_line_column_value_and_what_to_do() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload(&mut thiri, "payroll.csv", FAULTY).await;
    page.assert_status(200).assert_says("Fix 4 problems in payroll");
    page.assert_says("5 rows: 3 can be paid, 2 to mend, 2 to look at.");
    page.assert_says("Write the amount to pay, or delete the row");
    for cells in [
        ["2", "payee_name", ""],
        ["2", "id_value", "12"],
        ["2", "amount", "-5"],
        ["4", "to_fsp", "nowhere"],
        ["5", "id_value", "9770000004"],
    ] {
        let rows = page.rows("table");
        assert!(rows.iter().any(|row| row.len() == 4 && row[..3] == cells), "no row says {cells:?}\n{page}");
    }
    let batch = find(&portal, &batch_of(&page)).await.unwrap();
    assert_eq!((batch.state, batch.errors, batch.counts.total), (State::NeedsCorrection, 4, 3));
    thiri.get(&format!("/batches/{}/check", batch.id)).await.assert_says("Fix 4 problems");
}

#[tokio::test]
async fn the_list_of_problems_can_be_opened_in_a_spreadsheet() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let file = b"payee_name,id_type,id_value,amount\nMa Hla,MSISDN,\"=HYPERLINK(\"\"http://x\"\")\",5\n";
    let id = batch_of(&upload(&mut thiri, "payroll.csv", file).await);
    let list = thiri.get(&format!("/batches/{id}/findings.csv")).await;
    assert!(list.body().contains("2,id_value,\"'=HYPERLINK("), "{}", list.body());
    assert!(list.header("content-disposition").unwrap().contains("payroll-findings.csv"));
}

#[tokio::test]
async fn more_than_fifty_of_a_kind_are_counted_and_the_rest_is_in_the_list() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let mut file = String::from("payee_name,id_type,id_value,amount\n");
    (0..60).for_each(|row| file.push_str(&format!("Ma {row},MSISDN,0977{row:07},0\n")));
    let page = upload(&mut thiri, "payroll.csv", file.as_bytes()).await;
    page.assert_says("Fix 60 problems").assert_says("The first 50 of each kind are shown");
    assert_eq!(page.rows("table").iter().filter(|row| row.len() == 4).count(), 50);
    let id = batch_of(&page);
    assert_eq!(thiri.get(&format!("/batches/{id}/findings.csv")).await.body().lines().count(), 61);
}

#[tokio::test]
async fn a_corrected_file_takes_the_place_of_the_one_before() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let first = upload(&mut thiri, "payroll.csv", FAULTY).await;
    let page = correct(&mut thiri, &first, &payroll(4)).await;
    page.assert_status(200).assert_says("Check this batch before you submit it").assert_says("corrected.csv");
    let id = batch_of(&page);
    assert_eq!(id, batch_of(&first));
    let batch = find(&portal, &id).await.unwrap();
    assert_eq!((batch.state, batch.errors, batch.warnings, batch.counts.total), (State::Draft, 0, 0, 4));
    assert_eq!((count(&portal, "transfers").await, count(&portal, "findings").await), (4, 0));
    // Both files stay, each as it came.
    let page = thiri.get(&format!("/batches/{id}")).await.clone();
    page.assert_says("Corrected file uploaded").assert_says("replaced");
    let earlier = page.attribute("a[href*='/files/']", "href");
    assert_eq!(thiri.get(&earlier).await.bytes, FAULTY);
    assert_eq!(thiri.get(&format!("/batches/{id}/file")).await.bytes, payroll(4));
}

#[tokio::test]
async fn a_corrected_file_that_cannot_be_read_changes_nothing() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let first = upload(&mut thiri, "payroll.csv", FAULTY).await;
    let page = correct(&mut thiri, &first, b"no file at all").await;
    page.assert_status(422).assert_says("Nothing of this file was stored").assert_says("Fix 4 problems");
    let batch = find(&portal, &batch_of(&first)).await.unwrap();
    assert_eq!((batch.state, batch.errors, batch.counts.total), (State::NeedsCorrection, 4, 3));
}

#[tokio::test]
async fn a_correction_that_was_paid_before_is_stopped() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let paid = batch_of(&upload(&mut thiri, "paid.csv", &payroll(2)).await);
    let paid = find(&portal, &paid).await.unwrap().reference.spoken();
    let first = upload(&mut thiri, "payroll.csv", FAULTY).await;
    let page = correct(&mut thiri, &first, &payroll(2)).await;
    page.assert_status(422).assert_says(&format!("uploaded before, as batch {paid}"));
    let file = payroll(2);
    let again = ChosenFile { field: "file", name: "corrected.csv", bytes: &file };
    let action = format!("/batches/{}/corrections", batch_of(&first));
    thiri.post_form_with_file(&action, &[("again", "Both are due")], &again).await.assert_status(200);
    assert_eq!(state(&portal, &batch_of(&first)).await, State::Draft);
}

#[tokio::test]
async fn nobody_but_its_makers_corrects_a_batch() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let page = upload(&mut thiri, "payroll.csv", FAULTY).await;
    let id = batch_of(&page);
    for stranger in [ZAW, MOE] {
        let mut tab = portal.signed_in(&stranger).await;
        tab.get(&format!("/batches/{id}/findings")).await.assert_status(404);
        tab.get(&format!("/batches/{id}")).await.assert_status(404);
        tab.get(&format!("/batches/{id}/progress")).await.assert_status(404);
        tab.get(&format!("/batches/{id}/file")).await.assert_status(404);
        tab.get(&format!("/batches/{id}/findings.csv")).await.assert_status(404);
    }
}

/// A maker of the same branch who uploaded nothing of it.
const NILAR: Person = Person { user_name: "nilar", full_name: "Ma Nilar", ..THIRI };

#[tokio::test]
async fn another_maker_of_the_branch_may_look_but_not_correct() {
    let (portal, _) = Portal::open().await;
    let branch = crate::support::batches::branch(&portal, NILAR.office).await;
    let added = portal
        .institution
        .db
        .write(move |tx| crate::support::cast::add_person(tx, &outlay::audit::By::operator("a test"), &NILAR, &branch));
    added.await.unwrap();
    let mut thiri = portal.signed_in(&THIRI).await;
    let id = batch_of(&upload(&mut thiri, "payroll.csv", FAULTY).await);
    let mut nilar = portal.signed_in(&NILAR).await;
    let page = nilar.get(&format!("/batches/{id}/findings")).await.clone();
    page.assert_says("Fix 4 problems").assert_says_not("Upload corrected file");
    // Even with a form made by hand.
    let form = nilar.get("/batches/new").await.clone();
    let (token, once) = (form.attribute("input[name=form_token]", "value"), form.attribute("input[name=once]", "value"));
    let file = ChosenFile { field: "file", name: "mine.csv", bytes: &payroll(1) };
    let fields = [("form_token", &*token), ("once", &*once)];
    nilar.post_bare_with_file(&format!("/batches/{id}/corrections"), &fields, &file).await.assert_status(404);
    assert_eq!(find(&portal, &id).await.unwrap().counts.total, 3);
}

#[tokio::test]
async fn warnings_are_acknowledged_by_kind_with_a_reason() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let file = b"payee_name,id_type,id_value,amount\nMa Hla,MSISDN,09770000002,2000\nU Tun,MSISDN,9770000004,4000\nMa Hla,MSISDN,09770000002,2000\n";
    let page = upload(&mut thiri, "payroll.csv", file).await;
    page.assert_says("Look at 2 warnings in payroll");
    let id = batch_of(&page);
    assert_eq!(state(&portal, &id).await, State::Draft);
    let action = format!("/batches/{id}/acknowledgements");
    thiri
        .get(&format!("/batches/{id}/check"))
        .await
        .assert_says("warnings that nobody has acknowledged")
        .assert_says_not("Submit 3 payments");

    thiri.get(&format!("/batches/{id}/findings")).await;
    let page = thiri.post_form(&action, &[("kinds", "lost_zero")]).await;
    page.assert_status(422).assert_says("Write why they are all right");
    assert!(page.has("input[value=lost_zero][checked]"), "what was ticked is lost\n{page}");
    thiri.post_form(&action, &[("kinds", "lost_zero"), ("reason", "Asked U Tun")]).await.assert_status(200).assert_says("Asked U Tun");
    let asked = id.clone();
    let open = portal.institution.db.read(move |conn| batches::unacknowledged(conn, &asked)).await.unwrap();
    assert_eq!(open.iter().map(|of| of.kind).collect::<Vec<_>>(), [FindingKind::RepeatedPayment]);
    let page = thiri.post_form(&action, &[("kinds", "repeated_payment"), ("reason", "Two contracts")]).await;
    page.assert_says("Check this batch before you submit it")
        .assert_says("Two contracts")
        .assert_says("Submit 3 payments for approval, 8,000 MMK");
    let history = portal.institution.db.read(move |conn| audit::of_batch(conn, &id, 10));
    let mut said: Vec<_> = history.await.unwrap().into_iter().filter_map(|event| event.reason).collect();
    said.sort();
    assert_eq!(said, ["Asked U Tun", "Two contracts"]);
}

#[tokio::test]
async fn a_correction_forgets_what_was_acknowledged() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    let file = b"payee_name,id_type,id_value,amount\nU Tun,MSISDN,9770000004,4000\n";
    let page = upload(&mut thiri, "payroll.csv", file).await;
    let id = batch_of(&page);
    thiri.post_form(&format!("/batches/{id}/acknowledgements"), &[("kinds", "lost_zero"), ("reason", "Asked him")]).await;
    let other = b"payee_name,id_type,id_value,amount\nU Tun,MSISDN,9770000005,4000\n";
    correct(&mut thiri, &page, other).await.assert_says("Look at 1 warning");
    thiri.get(&format!("/batches/{id}/check")).await.assert_says("warnings that nobody has acknowledged");
}
