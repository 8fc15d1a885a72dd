//! Who is told of the day by mail, and of what.

use outlay::mail::{self, NoticeKind};
use outlay::privileges::Action;

use super::desk::{Desk, a_day, grant};
use crate::support::batches::actor;
use crate::support::cast::{HLA, TUN};

#[tokio::test]
async fn those_with_resolve_payment_hear_of_their_branches_and_nobody_hears_of_payees() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.beats_at(desk.at("18:01:00")).await;
    assert_eq!(desk.office.written_to(), ["hla@upendo.example", "moe@upendo.example"], "not who only reads reports");
    let letters = desk.office.smtp.letters();
    let hla = letters.iter().find(|letter| letter.to == "hla@upendo.example").unwrap();
    assert_eq!(hla.header("Subject"), "[Training] End of day 2025-11-21: 2 payments are unresolved");
    hla.assert_says("From 2025-11-20 18:00 to 2025-11-21 18:00.")
        .assert_says("Branches: YANGON - HLAING - Hlaing.")
        .assert_says("Paid: 2, 250,000 MMK.")
        .assert_says("Failed: 1, 30,000 MMK.")
        .assert_says("1 of them at KBZPay: The number or account has no wallet.")
        .assert_says("Unresolved: 2, 100,000 MMK. Needs attention: 1. In doubt: 1. Do not pay any of them again.")
        .assert_says("Probably paid, and the network does not show it: 1.")
        .assert_says("The oldest since 2025-11-21 09:00.")
        .assert_says("Batch aaaa 1111, line 5: 40,000 MMK, KBZPay.")
        .assert_says("You get this mail because you hold Resolve Payment at Upendo Microfinance.")
        .assert_says("http://localhost/operations")
        .assert_says("http://localhost/me/mails")
        .assert_says_not("MANDALAY");
    let moe = letters.iter().find(|letter| letter.to == "moe@upendo.example").unwrap();
    assert_eq!(moe.header("Subject"), "[Training] End of day 2025-11-21: nothing is unresolved");
    moe.assert_says("Paid: 1, 7,000 MMK.").assert_says("Nothing is unresolved.").assert_says_not("HLAING");
    for letter in &letters {
        letter.assert_says_not("Daw Mya").assert_says_not("9770123456");
    }
}

#[tokio::test]
async fn who_reads_reports_too_is_led_to_the_report_and_who_turned_it_off_gets_none() {
    let mut desk = Desk::open().await;
    grant(desk.portal(), &HLA, Action::ViewReports).await;
    let moe = actor(desk.portal(), &crate::support::cast::MOE).await;
    let wanted: Vec<_> = NoticeKind::ALL.iter().copied().filter(|kind| *kind != NoticeKind::EndOfDay).collect();
    desk.portal().institution.db.write(move |tx| mail::choose(tx, &moe, &wanted)).await.unwrap();
    desk.beats_at(desk.at("18:01:00")).await;
    let letter = desk.office.smtp.only_letter();
    assert_eq!(letter.to, "hla@upendo.example");
    letter.assert_says("http://localhost/reports/days/2025-11-21");
    desk.portal().signed_in(&HLA).await.get("/reports/days/2025-11-21").await.assert_status(200);
    desk.portal().signed_in(&TUN).await.get("/me/mails").await.assert_says("The day's report");
}
