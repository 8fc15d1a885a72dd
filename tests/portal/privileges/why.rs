//! Why: for any person, branch, action and time, by which grant or against which rule.

use std::time::Duration;

use outlay::privileges::{Action, Mode};

use super::desk::{change, chosen, confirm, given, may, user_id, waiting};
use crate::support::batches::branch;
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, Office, Person, THIRI, TUN};
use crate::support::page::Page;
use crate::support::portal::Portal;
use crate::support::tab::Tab;

async fn ask<'t>(portal: &Portal, tab: &'t mut Tab, of: &Person, office: Office, action: Action, when: &str) -> &'t Page {
    let (user, branch) = (user_id(portal, of).await, branch(portal, office).await);
    tab.get(&format!("/why?user={user}&branch={branch}&action={}{when}", action.as_str())).await
}

#[tokio::test]
async fn every_step_of_an_approve_is_told_for_its_time() {
    // It is the 21st of November, 06:55.
    let (portal, clock) = Portal::open().await;
    let hour = Duration::from_secs(3600);
    clock.advance(hour);
    let way = chosen(&portal, Mode::Give, HLAING, &[Action::ApprovePayment]).await;
    change(&portal, &AYE, &TUN, way).await.unwrap();
    clock.advance(hour);
    confirm(&portal, &KYI, &waiting(&portal).await[0]).await.unwrap();
    clock.advance(hour);
    let way = chosen(&portal, Mode::Take, HLAING, &[Action::ApprovePayment]).await;
    change(&portal, &KYI, &TUN, way).await.unwrap();
    clock.advance(hour);
    let mut aye = portal.signed_in(&AYE).await;
    for (time, allowed, because) in [
        ("05:00", "No", "The person was not in Outlay yet."),
        ("07:00", "No", "Nobody had given it."),
        ("08:00", "No", "Daw Aye Aye Mon asked for it on 21 Nov 2025, 07:55, and nobody had confirmed it."),
        (
            "09:00",
            "Yes",
            "Given by Daw Aye Aye Mon, confirmed by U Kyi Win on 21 Nov 2025, 08:55. U Kyi Win ended it on 21 Nov 2025, 09:55.",
        ),
        ("10:00", "No", "U Kyi Win ended it on 21 Nov 2025, 09:55."),
    ] {
        let page = ask(&portal, &mut aye, &TUN, HLAING, Action::ApprovePayment, &format!("&on=2025-11-21&time={time}")).await;
        assert_eq!(page.rows("table"), [["Approve Payment", allowed, because]], "{time}");
    }
    let page = ask(&portal, &mut aye, &TUN, HLAING, Action::ApprovePayment, "&on=2025-11-21&time=23:00").await;
    page.assert_status(422).assert_says("Choose a time until now");
}

#[tokio::test]
async fn one_asks_about_oneself_and_only_who_reads_a_branchs_reports_about_others_there() {
    let (portal, _) = Portal::open().await;
    let mut thiri = portal.signed_in(&THIRI).await;
    ask(&portal, &mut thiri, &THIRI, HLAING, Action::MakePayroll, "").await.assert_status(200).assert_says("Given by a test on");
    let page = ask(&portal, &mut thiri, &THIRI, HLAING, Action::ApprovePayment, "").await;
    assert_eq!(page.rows("table"), [["Approve Payment", "No", "Nobody had given it."]]);
    ask(&portal, &mut thiri, &HLA, HLAING, Action::ApprovePayment, "").await.assert_status(404);
    given(&portal, &THIRI, HLAING, &[Action::ViewReports], None).await;
    ask(&portal, &mut thiri, &HLA, HLAING, Action::ApprovePayment, "").await.assert_status(200);
    ask(&portal, &mut thiri, &HLA, MANDALAY, Action::ApprovePayment, "").await.assert_status(404);
}

#[tokio::test]
async fn the_matrix_links_each_cell_to_its_reasons() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let path = super::desk::matrix(&portal, &THIRI).await;
    let page = aye.get(&path).await;
    let why: Vec<String> = page.texts(".matrix-why");
    assert_eq!(why.len(), 4, "one for each group");
    let decide = page.attribute(".matrix td:nth-of-type(2) .matrix-why", "href");
    let page = aye.get(&decide).await;
    let actions: Vec<String> = page.rows("table").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(actions, ["Approve Payment", "Reject Payment", "Resolve Payment"]);
}

#[tokio::test]
async fn expiry_an_inactive_branch_and_a_deactivated_person_stop_what_they_should() {
    let (portal, clock) = Portal::open().await;
    let hour = Duration::from_secs(3600);
    given(&portal, &TUN, MANDALAY, &[Action::ViewReports], Some(portal.institution.clock().now().after(hour))).await;
    assert!(may(&portal, &TUN, Action::ViewReports, MANDALAY).await);
    clock.advance(hour);
    assert!(!may(&portal, &TUN, Action::ViewReports, MANDALAY).await);
    let close = "UPDATE branches SET is_active = FALSE WHERE code = 'YGN-01'";
    portal
        .institution
        .db
        .write(move |tx| {
            let conn: &mut outlay::db::Conn = tx;
            Ok::<_, outlay::db::Error>(diesel::RunQueryDsl::execute(diesel::sql_query(close), conn).map(drop)?)
        })
        .await
        .unwrap();
    for action in [Action::MakePayment, Action::MakePayroll] {
        assert!(!may(&portal, &THIRI, action, HLAING).await, "{action:?} in an inactive branch");
    }
    assert!(may(&portal, &THIRI, Action::ViewPayroll, HLAING).await && may(&portal, &THIRI, Action::DeletePayment, HLAING).await);
    let mut aye = portal.signed_in(&AYE).await;
    ask(&portal, &mut aye, &THIRI, HLAING, Action::MakePayroll, "").await.assert_says("The branch is not active.");
    let refused = change(&portal, &AYE, &TUN, chosen(&portal, Mode::Give, HLAING, &[Action::ViewReports]).await).await;
    assert!(matches!(refused, Err(outlay::privileges::ChangeRefusal::InactiveBranches(_))), "{refused:?}");
    change(&portal, &AYE, &TUN, chosen(&portal, Mode::Take, HLAING, &[Action::DownloadPayment]).await).await.unwrap();
}
