//! When a report is made, how often, and what it comes to.

use std::time::Duration;

use jiff::civil::Date;
use outlay::audit::{self, By};
use outlay::dispatch::TransferState;
use outlay::money::Currency;
use outlay::reports::{self, CannotMake, Clerk, NAMED_MAX, Outcome};
use sha2::{Digest, Sha256};

use super::desk::{Desk, TODAY, a_day, failed, hours, in_doubt, paid};
use crate::support::cast::{HLAING, MANDALAY};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_report_is_made_a_minute_after_the_end_and_counts_what_was_settled_until_it() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    let end = desk.at("18:00:00");
    // Settled in the last moment of the day, and in the first one of the next.
    desk.batch(HLAING, "cccc3333", &[paid(1, "kbzpay", end.before(Duration::from_micros(1))), paid(9, "kbzpay", end)]).await;
    desk.beats_at(desk.at("18:00:59")).await;
    assert_eq!(desk.days().await, [""; 0], "what is settled before the end may still be on its way into the database");
    desk.beats_at(desk.at("18:01:00")).await;
    let report = desk.report(TODAY).await.expect("a report");
    assert_eq!((report.until, report.made_by.as_str()), (end, "Outlay"));
    let figures = &report.figures;
    let (made, lost) = (figures.sum(Outcome::Paid), figures.sum(Outcome::Failed));
    assert_eq!((made.count, made.shown(Currency::MMK)), (4, "257,001 MMK".to_owned()));
    assert_eq!((lost.count, lost.shown(Currency::MMK)), (1, "30,000 MMK".to_owned()));
    let (attention, doubt) = (figures.unresolved(Some(TransferState::NeedsAttention)), figures.unresolved(Some(TransferState::InDoubt)));
    assert_eq!((attention.count, doubt.count, figures.probably_paid()), (1, 1, 1));
    assert_eq!(figures.oldest(), Some(desk.at("09:00:00")));
    assert_eq!(figures.named.len(), 2);
    assert_eq!(figures.batches.iter().map(|line| line.count).sum::<i64>(), 3);
    // Nothing is done twice, and the next day begins where this one ended.
    desk.beats_at(desk.at("23:00:00")).await;
    assert_eq!(desk.days().await, [TODAY]);
    desk.beats_at(end.after(hours(24)).after(Duration::from_secs(60))).await;
    assert_eq!(desk.days().await, [TODAY, "2025-11-22"]);
    let next = desk.report("2025-11-22").await.unwrap();
    assert_eq!((next.from, next.figures.sum(Outcome::Paid).shown(Currency::MMK)), (end, "9 MMK".to_owned()));
}

#[tokio::test]
async fn twenty_at_once_in_two_processes_make_one_report_and_one_mail_for_each() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.goes_to(desk.at("18:05:00"));
    let processes = desk.two_processes().await;
    let runs = (0..20).map(|nth| {
        let institution = std::sync::Arc::clone(&processes[nth % 2]);
        tokio::spawn(async move { reports::end_of_day(&institution, &By::system()).await.unwrap().len() })
    });
    let mut made = 0;
    for run in runs.collect::<Vec<_>>() {
        made += run.await.unwrap();
    }
    assert_eq!(made, 1);
    assert_eq!(desk.count("FROM day_reports").await, 1);
    assert_eq!(desk.count("FROM audit_events WHERE action = 'report.day_made'").await, 1);
    desk.office.beat().await;
    assert_eq!(desk.office.written_to(), ["hla@upendo.example", "moe@upendo.example"]);
}

#[tokio::test]
async fn days_on_which_outlay_did_not_run_are_made_up_and_nothing_is_left_out() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.beats_at(desk.at("18:01:00")).await;
    // Paid shortly before the machine was switched off, and on the day it came back.
    let evening = desk.at("19:00:00");
    desk.batch(HLAING, "cccc3333", &[paid(5, "kbzpay", evening), paid(6, "kbzpay", evening.after(hours(24 * 11)))]).await;
    desk.beats_at(desk.at("20:00:00").after(hours(24 * 12))).await;
    let days = desk.days().await;
    assert_eq!(days.len(), 1 + reports::MADE_UP_MAX, "the newest are made up: {days:?}");
    assert_eq!((days[1].as_str(), days[7].as_str()), ("2025-11-27", "2025-12-03"));
    let mut until = desk.report(TODAY).await.unwrap().until;
    let mut sum = 0;
    for day in &days[1..] {
        let report = desk.report(day).await.unwrap();
        assert_eq!(report.from, until, "{day} begins where the one before ended");
        until = report.until;
        sum += report.figures.sum(Outcome::Paid).count;
    }
    assert_eq!(sum, 2);
    let letters = desk.office.smtp.letters();
    assert_eq!(letters.len(), 4, "two people on the first day, and once again when it came back");
    let of_the_newest =
        |letter: &&crate::support::smtp::Received| letter.header("Subject").starts_with("[Training] End of day 2025-12-03:");
    assert_eq!(letters.iter().filter(of_the_newest).count(), 2);
    for letter in &letters[2..] {
        letter.assert_says("The reports of 6 days before were made up too");
    }
}

#[tokio::test]
async fn a_changed_time_leaves_nothing_out() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.goes_to(desk.at("12:00:00"));
    desk.set("end_of_day", "11:00").await;
    desk.clerk.beat().await.unwrap();
    assert_eq!(desk.report(TODAY).await.unwrap().until, desk.at("11:00:00"), "it has passed already");
    desk.set("end_of_day", "20:00").await;
    desk.beats_at(desk.at("21:00:00")).await;
    assert_eq!(desk.days().await, [TODAY], "no day comes twice");
    desk.beats_at(desk.at("20:01:00").after(hours(24))).await;
    let next = desk.report("2025-11-22").await.unwrap();
    assert_eq!((next.from, next.until), (desk.at("11:00:00"), desk.at("20:00:00").after(hours(24))));
}

#[tokio::test]
async fn clocks_that_are_put_forward_or_back_make_no_day_twice_or_never() {
    for (begin, first) in [("2026-03-27T12:00:00Z", "2026-03-28"), ("2026-10-23T12:00:00Z", "2026-10-24")] {
        let mut desk = Desk::open().await;
        desk.goes_to(super::desk::moment(begin));
        desk.run_sql(format!("UPDATE institution SET created_at = {};", super::desk::moment(begin).micros())).await;
        desk.set("time_zone", "Europe/Paris").await;
        desk.set("end_of_day", "02:30").await;
        for _ in 0..4 * 24 {
            desk.goes_to(desk.portal().institution.clock().now().after(hours(1)));
            desk.clerk.beat().await.unwrap();
        }
        let days = desk.days().await;
        assert_eq!((days.len(), days[0].as_str()), (4, first), "{days:?}");
    }
}

#[tokio::test]
async fn ten_thousand_unresolved_payments_are_counted_and_a_few_named() {
    let mut desk = Desk::open().await;
    let morning = desk.at("07:00:00");
    let many: Vec<_> = (0..10_000).map(|nth| in_doubt(10, morning.after(Duration::from_secs(nth)))).collect();
    desk.batch(HLAING, "aaaa1111", &many).await;
    desk.batch(MANDALAY, "bbbb2222", &[in_doubt(20, desk.at("17:00:00"))]).await;
    desk.beats_at(desk.at("18:01:00")).await;
    let figures = desk.report(TODAY).await.unwrap().figures;
    let open = figures.unresolved(None);
    assert_eq!((open.count, open.shown(Currency::MMK)), (10_001, "100,020 MMK".to_owned()));
    assert_eq!(figures.named.len(), usize::try_from(NAMED_MAX).unwrap() + 1, "the oldest of each branch");
    assert!(figures.named.is_sorted_by_key(|row| row.since) && figures.named[0].line == 2);
    assert!(figures.to_text().len() < 20_000, "{}", figures.to_text().len());
}

#[tokio::test]
async fn the_report_is_sealed_with_its_event() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.beats_at(desk.at("18:01:00")).await;
    let content = desk.one("SELECT content AS found FROM day_reports").await;
    let said = desk.one("SELECT changes AS found FROM audit_events WHERE action = 'report.day_made'").await;
    let digest: String = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(said.contains(&digest) && said.contains("\"paid\":3") && said.contains("\"unresolved\":2"), "{said}");
    assert_eq!(desk.report(TODAY).await.unwrap().figures.to_text(), content, "one text for one report");
    for payee in ["Daw Mya", "959770123456"] {
        assert!(!content.contains(payee) && !said.contains(payee), "{payee} is in {content} or {said}");
    }
}

#[tokio::test]
async fn it_names_the_head_of_the_audit_log_and_how_far_that_was_verified() {
    let mut desk = Desk::open().await;
    let institution = std::sync::Arc::clone(&desk.portal().institution);
    let key = institution.keys.audit();
    institution.db.write(move |tx| audit::seal(tx, &key)).await.unwrap();
    let (sequence, head) = institution.db.read(audit::head).await.unwrap().unwrap();
    audit::look_on(&institution.db, &institution.keys.audit(), &institution.chain).await.unwrap();
    desk.beats_at(desk.at("18:01:00")).await;
    let audit = desk.report(TODAY).await.unwrap().figures.audit;
    assert_eq!((audit.sequence, audit.verified, audit.trouble), (sequence, Some(sequence), None));
    assert_eq!(audit.head, head);
    desk.office.smtp.letters()[0].assert_says(&format!("{sequence} {head}"));
}

#[tokio::test]
async fn the_operator_has_a_report_made_or_shown_and_hears_why_there_is_none() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    let institution = std::sync::Arc::clone(&desk.portal().institution);
    let operator = By::operator("ops");
    desk.goes_to(desk.at("12:00:00"));
    let refused = reports::report_of(&institution, &operator, day(TODAY)).await.unwrap_err();
    assert!(refused.to_string().contains("made after 2025-11-21 18:01"), "{refused}");
    let refused = reports::report_of(&institution, &operator, day("2025-11-19")).await;
    assert!(matches!(refused, Err(CannotMake::Covered(_))), "{refused:?}");
    desk.goes_to(desk.at("18:01:00"));
    let report = reports::report_of(&institution, &operator, day(TODAY)).await.unwrap();
    assert_eq!((report.made_by.as_str(), report.figures.sum(Outcome::Paid).count), ("ops", 3));
    // Asked again it is the same one, and the clerk has nothing left to do.
    assert_eq!(reports::report_of(&institution, &operator, day(TODAY)).await.unwrap(), report);
    desk.clerk.beat().await.unwrap();
    assert_eq!(desk.count("FROM day_reports").await, 1);
}

#[tokio::test]
async fn the_clerk_of_a_running_process_does_it_by_itself() {
    let desk = Desk::open().await;
    a_day(&desk).await;
    desk.goes_to(desk.at("18:30:00"));
    let institution = std::sync::Arc::clone(&desk.portal().institution);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let seen = institution.db.commits();
    let clerk = tokio::spawn(Clerk::new(&institution).run(stopped));
    institution.db.changes(seen, Duration::from_secs(60)).await;
    stop.send_replace(true);
    clerk.await.unwrap();
    assert_eq!(desk.days().await, [TODAY]);
}

#[tokio::test]
async fn what_was_put_right_later_leaves_the_report_as_it_was() {
    let mut desk = Desk::open().await;
    let ten = desk.at("10:00:00");
    let batch = desk.batch(HLAING, "aaaa1111", &[failed(30_000, "3204", ten), failed(500, "3204", ten)]).await;
    desk.beats_at(desk.at("18:01:00")).await;
    let before = desk.report(TODAY).await;
    let later = desk.at("20:00:00").micros();
    desk.run_sql(format!("UPDATE transfers SET state = 'succeeded', code = NULL, reason = NULL, settled_at = {later} WHERE batch_id = '{batch}' AND line = 2;")).await;
    desk.beats_at(desk.at("18:01:00").after(hours(24))).await;
    assert_eq!(desk.report(TODAY).await, before);
    let next = desk.report("2025-11-22").await.unwrap().figures;
    assert_eq!((next.sum(Outcome::Paid).count, next.sum(Outcome::Failed).count), (1, 0));
}
