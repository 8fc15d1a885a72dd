//! Shortly before the settlement cut-off: the banner, and one mail a day.

use std::time::Duration;

use outlay::mail::{self, NoticeKind};
use outlay::reports;

use super::desk::{Desk, hours, in_doubt, probably_paid};
use crate::support::batches::actor;
use crate::support::cast::{AYE, HLA, HLAING, MOE, TUN};

const BANNER: &str = ".cut-off";

/// A payment of Hlaing is in doubt since 10:00, and the cut-off is at 16:00.
async fn desk() -> Desk {
    let desk = Desk::open().await;
    desk.set("settlement_cut_off", "16:00").await;
    desk.batch(HLAING, "aaaa1111", &[in_doubt(40_000, desk.at("10:00:00")), probably_paid(60_000, desk.at("11:00:00"))]).await;
    desk
}

#[tokio::test]
async fn the_banner_stands_on_every_page_of_those_who_can_do_something() {
    let desk = desk().await;
    desk.goes_to(desk.at("13:59:59"));
    let mut hla = desk.portal().signed_in(&HLA).await;
    assert!(!hla.get("/tasks").await.has(BANNER), "too early");
    desk.goes_to(desk.at("14:00:00"));
    for path in ["/", "/tasks", "/search/batches", "/me"] {
        let page = hla.get(path).await;
        assert_eq!(
            page.text(BANNER),
            "The end of 2 payments is not known. The settlement cut-off is at 21 Nov 2025, 16:00: find out before it what became of them, \
             and do not pay any of them again. Look at them"
        );
    }
    let path = hla.page().attribute(".cut-off a", "href");
    let page = hla.get(&path).await;
    page.assert_status(200);
    assert_eq!(page.rows("table").len(), 1, "the one that needs a person: {page}");
    // Nobody else: another branch, who only looks, account managers, who see no payment.
    for person in [&MOE, &TUN, &AYE] {
        assert!(!desk.portal().signed_in(person).await.get("/").await.has(BANNER), "{}", person.full_name);
    }
    // It goes as the payments do.
    let ends = "UPDATE batches SET succeeded = 2, in_doubt = 0, needs_attention = 0, sum_succeeded = 10000000, sum_in_doubt = 0, \
         sum_needs_attention = 0;";
    desk.run_sql(ends.to_owned()).await;
    assert!(!hla.get("/").await.has(BANNER));
}

#[tokio::test]
async fn the_banner_ends_with_the_cut_off_and_is_none_where_no_cut_off_is_set() {
    let desk = desk().await;
    desk.goes_to(desk.at("15:59:59"));
    let mut hla = desk.portal().signed_in(&HLA).await;
    assert!(hla.get("/").await.has(BANNER));
    desk.set("settlement_cut_off", "off").await;
    assert!(!hla.get("/").await.has(BANNER));
    desk.set("settlement_cut_off", "16:00").await;
    assert!(hla.get("/").await.has(BANNER));
    desk.goes_to(desk.at("16:00:00"));
    assert!(!hla.get("/").await.has(BANNER));
}

#[tokio::test]
async fn each_is_told_by_one_mail_a_day() {
    let mut desk = desk().await;
    desk.beats_at(desk.at("13:59:59")).await;
    assert_eq!(desk.office.written_to(), [""; 0]);
    desk.beats_at(desk.at("14:00:00")).await;
    let letter = desk.office.smtp.only_letter();
    assert_eq!(letter.to, "hla@upendo.example");
    assert_eq!(letter.header("Subject"), "[Training] Before the settlement cut-off at 2025-11-21 16:00: 2 payments are unresolved");
    letter
        .assert_says("the end of 2 payments in your branches is not known: 100,000 MMK.")
        .assert_says("Needs attention: 1. In doubt: 1.")
        .assert_says("Probably paid, and the network does not show it: 1.")
        .assert_says("http://localhost/operations")
        .assert_says_not("Daw Mya");
    desk.beats_at(desk.at("15:30:00")).await;
    assert_eq!(desk.office.smtp.letters().len(), 1, "once a day");
    // Another branch has one later: its people are told then.
    desk.batch(crate::support::cast::MANDALAY, "bbbb2222", &[in_doubt(5, desk.at("15:00:00"))]).await;
    desk.beats_at(desk.at("15:40:00")).await;
    assert_eq!(desk.office.written_to(), ["hla@upendo.example", "moe@upendo.example"]);
    assert_eq!(desk.count("FROM audit_events WHERE action = 'report.cut_off_told'").await, 2);
    desk.beats_at(desk.at("14:30:00").after(hours(24))).await;
    let mut subjects: Vec<_> = desk.office.smtp.letters().iter().map(|letter| letter.header("Subject")).collect();
    subjects.retain(|subject| subject.contains("2025-11-22 16:00"));
    assert_eq!(subjects.len(), 2, "and on the next day again");
}

#[tokio::test]
async fn a_doubt_of_a_moment_sends_no_mail() {
    let mut desk = Desk::open().await;
    desk.set("settlement_cut_off", "16:00").await;
    desk.batch(HLAING, "aaaa1111", &[in_doubt(40_000, desk.at("14:55:00"))]).await;
    desk.beats_at(desk.at("15:00:00")).await;
    assert_eq!(desk.office.smtp.letters().len(), 0);
    desk.beats_at(desk.at("15:05:00")).await;
    assert_eq!(desk.office.written_to(), ["hla@upendo.example"]);
}

#[tokio::test]
async fn twenty_at_once_in_two_processes_send_one_mail() {
    let mut desk = desk().await;
    desk.goes_to(desk.at("14:00:00"));
    let processes = desk.two_processes().await;
    let runs = (0..20).map(|nth| {
        let (institution, house) = (std::sync::Arc::clone(&processes[nth % 2]), desk.portal().institution.house());
        tokio::spawn(async move { reports::tell_before_cut_off(&institution, (*house).clone()).await.unwrap() })
    });
    let mut told = 0;
    for run in runs.collect::<Vec<_>>() {
        told += run.await.unwrap();
    }
    assert_eq!(told, 1);
    desk.office.beat().await;
    assert_eq!(desk.office.written_to(), ["hla@upendo.example"]);
}

#[tokio::test]
async fn who_turned_the_mail_off_sees_the_banner_all_the_same() {
    let mut desk = desk().await;
    let hla = actor(desk.portal(), &HLA).await;
    let wanted: Vec<_> = NoticeKind::ALL.iter().copied().filter(|kind| *kind != NoticeKind::CutOff).collect();
    desk.portal().institution.db.write(move |tx| mail::choose(tx, &hla, &wanted)).await.unwrap();
    desk.beats_at(desk.at("14:00:00").after(Duration::from_secs(60))).await;
    assert_eq!(desk.office.smtp.letters().len(), 0);
    assert!(desk.portal().signed_in(&HLA).await.get("/").await.has(BANNER));
}
