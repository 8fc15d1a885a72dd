//! Search Users, and the page of one person.

use super::desk::{fill_in, path_of, retire};
use crate::support::cast::{AYE, HLA, HLAING, KYI, MANDALAY, MOE, SU, THIRI, TUN, ZAW};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

async fn names(tab: &mut Tab, query: &str) -> Vec<String> {
    let page = tab.get(&format!("/users?{query}")).await;
    page.assert_status(200);
    page.rows("table").into_iter().map(|row| row[0].clone()).collect()
}

#[tokio::test]
async fn people_are_found_by_what_they_are_called_and_what_they_hold() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    fill_in(
        &mut aye,
        MANDALAY,
        &[("full_name", "Ma Phyu Phyu"), ("phone", "09 770 555 123"), ("email", "phyu@example.org"), ("job_title", "Cashier")],
    )
    .await
    .assert_status(200);

    let all = names(&mut aye, "").await;
    assert_eq!(all.len(), 10, "{all:?}");
    assert!(all.windows(2).all(|pair| pair[0].to_lowercase() <= pair[1].to_lowercase()), "by name: {all:?}");
    assert_eq!(names(&mut aye, "q=HLA").await, [HLA.full_name]);
    assert_eq!(names(&mut aye, "q=09770555").await.len(), 1, "a phone as people write it");
    assert_eq!(names(&mut aye, "phone=09+770+555+123").await.len(), 1);
    assert_eq!(names(&mut aye, "email=PHYU%40").await.len(), 1);
    assert_eq!(names(&mut aye, "job_title=cash").await.len(), 1);
    assert_eq!(names(&mut aye, "user_name=thi").await, [THIRI.full_name]);
    assert_eq!(names(&mut aye, "role=maker").await, [ZAW.full_name, THIRI.full_name]);
    assert_eq!(names(&mut aye, "role=checker").await, [HLA.full_name, SU.full_name, MOE.full_name]);
    assert_eq!(names(&mut aye, "role=account_manager").await, [AYE.full_name, KYI.full_name]);
    assert!(names(&mut aye, "role=branch_manager").await.contains(&TUN.full_name.to_owned()));
    assert!(names(&mut aye, "role=nothing").await[0].starts_with("Ma Phyu Phyu"));
    assert!(names(&mut aye, "q=%25").await.is_empty(), "a percent sign is no pattern");

    retire(&portal, &ZAW).await;
    assert_eq!(names(&mut aye, "active=no").await, [ZAW.full_name]);
    assert_eq!(names(&mut aye, "role=maker&active=yes").await, [THIRI.full_name]);
}

#[tokio::test]
async fn filters_in_use_can_be_taken_away_and_an_empty_list_says_what_to_do() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get("/users?q=nobody+like+this&role=maker").await;
    page.assert_says("No one matches").assert_says("Add New User");
    assert_eq!(page.texts(".applied-one").len(), 2);
    assert_eq!(page.attribute(".applied-one", "href"), "/users?role=maker");
    let page = aye.get("/users?job_title=x").await;
    assert!(page.has("details[open] #job_title"), "what is in use is in sight");
    assert_eq!(page.texts(".sidebar [aria-current=page]"), ["Search Users"]);
}

#[tokio::test]
async fn a_persons_page_says_who_they_are_and_what_was_done() {
    let (portal, _) = Portal::open().await;
    let mut aye = portal.signed_in(&AYE).await;
    let page = aye.get(&path_of(&portal, &HLA, "").await).await;
    page.assert_status(200).assert_says("Checker").assert_says("YANGON - HLAING - Hlaing").assert_says("Added").assert_says("Never");
    assert!(page.has("a[href$='/edit']") && page.has("a[href$='/deactivation']"));
    let own = aye.get(&path_of(&portal, &AYE, "").await).await;
    assert!(!own.has("a[href$='/deactivation']"), "nobody deactivates themselves");
}

#[tokio::test]
async fn nobody_else_learns_of_people() {
    let (portal, _) = Portal::open().await;
    let of_zaw = path_of(&portal, &ZAW, "").await;
    for person in [THIRI, HLA, TUN] {
        let mut tab = portal.signed_in(&person).await;
        for path in ["/users", "/users/new", &of_zaw, &format!("{of_zaw}/edit"), &format!("{of_zaw}/deactivation")] {
            tab.get(path).await.assert_status(404);
        }
    }
    let mut aye = portal.signed_in(&AYE).await;
    aye.get("/users/01912345-0000-7000-8000-000000000000").await.assert_status(404);
    fill_in(&mut aye, HLAING, &[("full_name", "Ma Nu")]).await.assert_status(200);
}
