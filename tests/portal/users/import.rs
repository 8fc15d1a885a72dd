//! Forty people in one afternoon: a file becomes accounts, rights and invitations, as a whole or not at all.

use diesel::prelude::*;
use outlay::audit::What;
use outlay::confirmations;
use outlay::db::schema::{grants, users};
use outlay::db::{self, Conn};

use super::desk::{events, fill_in, kept};
use crate::support::cast::{AYE, HLAING, THIRI};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::{ChosenFile, Tab};

const HEADER: &str = "Full Name,user_name,PHONE,email,Branch Code,role\n";
/// The template with one Maker and one Checker, as a spreadsheet saves it; one phone is a number.
const WORKBOOK: &[u8] = include_bytes!("../../files/users.xlsx");

async fn upload(tab: &mut Tab, name: &str, bytes: &[u8]) -> Page {
    tab.get("/users/import").await.assert_status(200);
    tab.post_form_with_file("/users/import", &[], &ChosenFile { field: "file", name, bytes }).await.clone()
}

async fn upload_csv(tab: &mut Tab, rows: &str) -> Page {
    upload(tab, "people.csv", format!("{HEADER}{rows}").as_bytes()).await
}

/// People and open grants.
async fn counted(portal: &Portal) -> (i64, i64) {
    let count = |conn: &mut Conn| {
        let grants = grants::table.filter(grants::ended_at.is_null()).count().get_result(conn)?;
        Ok::<_, db::Error>((users::table.count().get_result(conn)?, grants))
    };
    portal.institution.db.read(count).await.unwrap()
}

/// Forty people: every tenth a checker, the others makers.
fn forty() -> String {
    let role = |number| if number % 10 == 0 { "Checker" } else { "maker" };
    (1..=40).map(|number| format!("Ma Nwe {number},,09 770 000 {number:03},,ygn-01,{}\n", role(number))).collect()
}

#[tokio::test]
async fn forty_people_get_accounts_rights_and_slips_from_one_file() {
    let (portal, _) = Portal::open().await;
    let (people, held) = counted(&portal).await;
    let mut aye = portal.signed_in(&AYE).await;
    let check = upload_csv(&mut aye, &forty()).await;
    check
        .assert_status(200)
        .assert_says("40 people will be added.")
        .assert_says("nwe.40")
        .assert_says("Waits for the other account manager:");
    assert_eq!(counted(&portal).await, (people, held), "nothing has happened yet");
    let slips = aye.post_form("/users/import/confirmation", &[]).await.clone();
    slips.assert_status(200).assert_says("40 people are imported");
    assert_eq!(slips.texts(".slip-code").len(), 40);
    // A maker holds 7 actions; a checker 4 of 5 until the other account manager confirms.
    assert_eq!(counted(&portal).await, (people + 40, held + 36 * 7 + 4 * 4));
    let waiting = portal.institution.db.read(|conn: &mut Conn| confirmations::waiting(conn)).await.unwrap();
    assert_eq!(waiting.len(), 4);
    let nwe = kept(&portal, "nwe.10").await;
    assert_eq!(nwe.details.phone(), Some("959770000010"));
    assert_eq!(events(&portal, &nwe.user.id).await, [What::UserAdded, What::GrantGiven, What::UserInvited]);
}

#[tokio::test]
async fn a_slip_from_an_import_lets_its_person_in() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    upload_csv(&mut aye, "Daw Nu Nu,,,,YGN-01,Maker\n").await.assert_status(200);
    let code = aye.post_form("/users/import/confirmation", &[]).await.text(".slip-code");
    let mut nu = portal.stranger();
    nu.get("/code").await;
    let fields = [("user_name", "nu.nu"), ("code", code.as_str()), ("new_password", "Mingalaba-nu-7")];
    nu.post_form("/code", &fields).await.assert_status(200);
    assert!(kept(&portal, "nu.nu").await.has_password);
}

#[tokio::test]
async fn a_workbook_is_read_as_a_csv_file_is() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let check = upload(&mut aye, "people.xlsx", WORKBOOK).await;
    check.assert_status(200).assert_says("2 people will be added.");
    aye.post_form("/users/import/confirmation", &[]).await.assert_status(200);
    let nu = kept(&portal, "nu.nu").await;
    assert_eq!((nu.details.full_name(), nu.details.phone()), ("Daw Nu Nu", Some("959770000123")));
    upload(&mut aye, "people.xlsx", &WORKBOOK[..WORKBOOK.len() / 2]).await.assert_status(422).assert_says("cannot be read");
}

#[tokio::test]
async fn one_bad_row_and_nobody_is_imported_with_every_problem_listed_by_its_line() {
    let (portal, _) = Portal::open().await;
    let before = counted(&portal).await;
    let mut aye = portal.signed_in(&AYE).await;
    fill_in(&mut aye, HLAING, &[("full_name", "Ma Ni Ni"), ("phone", "09770000001")]).await.assert_status(200);
    let rows = "Ma Good,,,,YGN-01,\n\
        Ma One,thiri,,,YGN-01,\n\
        Ma Two,,09 770 000 001,,NOWHERE,King\n\
        Ma Three,,9.59E+11,at home,YGN-01,\n\
        Ma Good,,,,,#REF!\n";
    let page = upload_csv(&mut aye, rows).await;
    page.assert_status(422).assert_says("Nobody was imported");
    for problem in [
        "Ma Thiri has the user name thiri already",
        "Ma Ni Ni has this phone already",
        "There is no branch with this code",
        "There is no such role",
        "The spreadsheet cut digits off this phone number",
        "This is not an email address",
        "Line 2 has the user name good too",
        "Write the code of the branch",
        "The spreadsheet has a date or an error here",
    ] {
        page.assert_says(problem);
    }
    assert!(!page.has("form[action='/users/import/confirmation']"));
    assert_eq!(counted(&portal).await, (before.0 + 1, before.1));
}

#[tokio::test]
async fn more_than_500_people_or_a_file_without_its_columns_are_refused() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let rows = |count: usize| (1..=count).map(|number| format!("ဒေါ်နုနုနုနု,person.{number},,,YGN-01,Maker\n")).collect::<String>();
    upload_csv(&mut aye, &rows(501)).await.assert_status(422).assert_says("more than 500 people");
    upload_csv(&mut aye, &rows(500)).await.assert_status(200).assert_says("500 people will be added.");
    let slips = aye.post_form("/users/import/confirmation", &[]).await.clone();
    assert_eq!(slips.assert_status(200).texts(".slip-code").len(), 500, "500 rows fit into the form");
    upload(&mut aye, "people.csv", b"name;phone\nMa Nu;09\n").await.assert_status(422).assert_says("There is no column");
    upload(&mut aye, "people.csv", b"full_name;phone\nMa Nu;09\n").await.assert_status(422).assert_says("no column branch_code");
}

#[tokio::test]
async fn a_second_click_imports_nobody_again() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    upload_csv(&mut aye, "Daw Nu Nu,,,,YGN-01,Maker\n").await.assert_status(200);
    let mut again = aye.second();
    aye.post_form("/users/import/confirmation", &[]).await.assert_status(200);
    let after = counted(&portal).await;
    let page = again.post_form("/users/import/confirmation", &[]).await;
    page.assert_path("/users").assert_says("codes were shown once").assert_says_not("Print this now");
    assert_eq!(counted(&portal).await, after);
}

#[tokio::test]
async fn a_user_name_taken_since_the_check_is_found_and_nothing_is_done() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    upload_csv(&mut aye, "Ma Ei,,,,YGN-01,Maker\nDaw Nu Nu,,,,YGN-01,Maker\n").await.assert_status(200);
    let mut other = aye.second();
    fill_in(&mut other, HLAING, &[("full_name", "Ko Nu Nu")]).await.assert_status(200);
    let before = counted(&portal).await;
    let page = aye.post_form("/users/import/confirmation", &[]).await;
    page.assert_status(422).assert_says("Ko Nu Nu has the user name nu.nu already");
    assert_eq!(counted(&portal).await, before);
}

#[tokio::test]
async fn nobody_else_imports_and_rows_that_are_not_ours_are_refused() {
    let (portal, _) = Portal::open().await;
    let before = counted(&portal).await;
    let mut thiri = portal.signed_in(&THIRI).await;
    for path in ["/users/import", "/users/import-template.csv"] {
        thiri.get(path).await.assert_status(404);
    }
    thiri.try_post_plain("/users/import/confirmation", &[("rows", "W10")]).await.assert_status(404);
    let mut aye = portal.signed_in(&AYE).await;
    upload_csv(&mut aye, "Daw Nu Nu,,,,YGN-01,Maker\n").await.assert_status(200);
    // An empty list, and no list at all.
    aye.second().post_form("/users/import/confirmation", &[("rows", "W10")]).await.assert_status(422);
    aye.post_form("/users/import/confirmation", &[("rows", "nothing")]).await.assert_status(400);
    assert_eq!(counted(&portal).await, before);
}
