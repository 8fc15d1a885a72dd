//! Who can do what, as a page and as a file, for now and for a day before; segregation of duties.

use std::time::Duration;

use outlay::privileges::{Action, Mode};

use super::desk::{change, chosen, given};
use crate::authorisation::places::one;
use crate::support::cast::{AYE, HLA, HLAING, MANDALAY, THIRI, TUN};
use crate::support::portal::Portal;

#[tokio::test]
async fn the_list_says_who_could_do_what_on_any_day() {
    let (portal, clock) = Portal::open().await;
    clock.advance(Duration::from_secs(24 * 3600));
    let way = chosen(&portal, Mode::Take, HLAING, &[Action::RejectPayment]).await;
    change(&portal, &AYE, &HLA, way).await.unwrap();
    clock.advance(Duration::from_secs(3600));
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get("/who-can-do-what").await;
    assert_eq!(page.rows("table").len(), 7, "everybody but the account managers");
    let hla = |page: &crate::support::page::Page| {
        let rows = page.rows("table");
        rows.into_iter().find(|row| row[0].starts_with("Daw Hla Hla")).unwrap()[3].clone()
    };
    assert_eq!(hla(page), "Approve");
    let page = aye.get("/who-can-do-what?on=2025-11-21&person=hla+hla").await;
    assert_eq!(page.rows("table").len(), 1);
    assert_eq!(hla(page), "Approve, Reject");
    aye.get("/who-can-do-what?action=reject_payment&branch=hlaing").await.assert_says("Daw Su Su").assert_says_not("Daw Hla Hla");
    aye.get("/who-can-do-what?on=2026-01-01").await.assert_status(422).assert_says("Choose a day until today");
    aye.get("/who-can-do-what?person=nobody").await.assert_says("Nobody matches");
}

#[tokio::test]
async fn the_file_has_a_line_for_each_grant_is_safe_to_open_and_is_remembered() {
    let (portal, _) = Portal::open().await;
    let name = "UPDATE users SET full_name = '=1+1' WHERE user_name = 'thiri'";
    portal
        .institution
        .db
        .write(move |tx| {
            let conn: &mut outlay::db::Conn = tx;
            Ok::<_, outlay::db::Error>(diesel::RunQueryDsl::execute(diesel::sql_query(name), conn).map(drop)?)
        })
        .await
        .unwrap();
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/who-can-do-what").await;
    let path = aye.page().attribute(".content .actions a", "href");
    let file = aye.look(&path).await;
    assert_eq!(file.status, 200);
    let text = file.body().to_owned();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    let grants: usize = one(&portal, "SELECT CAST(COUNT(*) AS TEXT) AS found FROM grants").await.parse().unwrap();
    assert_eq!(lines.len(), 1 + grants);
    assert!(lines[0].starts_with("User name,Full Name,Branch code,Branch,Group,Action,Since,Last day,Given by"), "{}", lines[0]);
    assert!(lines.contains(&"thiri,'=1+1,YGN-01,YANGON - HLAING - Hlaing,Make,Make Payroll,2025-11-21 06:55:38,,a test,"), "{text}");
    let told = one(&portal, "SELECT CAST(COUNT(*) AS TEXT) AS found FROM audit_events WHERE action = 'grant.downloaded'").await;
    assert_eq!(told, "1");
}

#[tokio::test]
async fn who_reads_one_branchs_reports_sees_that_branch_and_no_other() {
    let (portal, _) = Portal::open().await;
    given(&portal, &TUN, HLAING, &[Action::ViewReports], None).await;
    given(&portal, &THIRI, MANDALAY, &[Action::ViewPayroll], None).await;
    given(&portal, &THIRI, HLAING, &[Action::ApprovePayment], None).await;
    let mut tun = portal.signed_in(&TUN).await;
    let page = tun.get("/who-can-do-what").await;
    page.assert_says("YANGON - HLAING").assert_says_not("MANDALAY").assert_says("You see the branches in which you hold View Reports.");
    assert!(!page.has("table a"), "whose pages they may not see are not linked");
    let file = tun.look("/who-can-do-what.csv").await;
    assert!(file.status == 200 && file.body().contains("YGN-01") && !file.body().contains("MDY-01"));
    let page = tun.get("/segregation").await;
    assert_eq!(page.rows("table")[0][0], THIRI.full_name);
    portal.signed_in(&HLA).await.get("/who-can-do-what").await.assert_status(404);
}

#[tokio::test]
async fn the_segregation_page_says_when_confirmations_are_off_and_who_turned_them_off() {
    let (portal, _) = Portal::open().await;
    let kyi = super::desk::user_id(&portal, &crate::support::cast::KYI).await;
    let now = portal.institution.clock().now().micros();
    let relax = format!("INSERT INTO settings (name, value, changed_by, changed_at) VALUES ('confirmations', 'off', '{kyi}', {now})");
    portal
        .institution
        .db
        .write(move |tx| {
            let conn: &mut outlay::db::Conn = tx;
            Ok::<_, outlay::db::Error>(diesel::RunQueryDsl::execute(diesel::sql_query(relax.clone()), conn).map(drop)?)
        })
        .await
        .unwrap();
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/segregation")
        .await
        .assert_says("U Kyi Win turned them off on 21 Nov 2025, 06:55.")
        .assert_says("Nobody can make and approve");
    let way = chosen(&portal, Mode::Give, HLAING, &[Action::ApprovePayment]).await;
    assert_eq!(change(&portal, &AYE, &THIRI, way).await.unwrap().waits, 0);
    let rows = aye.get("/segregation").await.rows("table");
    assert_eq!((rows[0][0].as_str(), rows[0][5].as_str()), (THIRI.full_name, "Nobody"));
}
