//! The reports' pages: who reads what, and the file.

use outlay::privileges::Action;

use super::desk::{Desk, TODAY, a_day, failed, grant};
use crate::support::cast::{AYE, HLA, HLAING, MOE, MYINT, THIRI, TUN};

const DAYS: &str = "/reports/days";
const DAY: &str = "/reports/days/2025-11-21";

#[tokio::test]
async fn before_the_first_day_has_ended_the_list_says_so() {
    let desk = Desk::open().await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    let page = tun.get(DAYS).await;
    page.assert_says("No day has ended here yet").assert_says("The next report is made at 21 Nov 2025, 18:01.");
    assert!(!page.has("table") && page.has(".menu-link[href='/reports'], .menu-link[href='/reports/days'][aria-current=page]"));
    tun.get(DAY).await.assert_status(404);
}

#[tokio::test]
async fn each_reads_the_lines_of_their_branches_and_nothing_of_others() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.beats_at(desk.at("18:01:00")).await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    let rows = tun.get(DAYS).await.rows("table");
    assert_eq!(rows, [["21 Nov 2025", "21 Nov 2025, 18:00", "2", "250,000 MMK", "1", "2"]]);
    let page = tun.get(DAY).await;
    page.assert_status(200).assert_says("You see the branches in which you hold View Reports.").assert_says_not("MANDALAY");
    assert_eq!(page.text(".count-succeeded dd"), "2250,000 MMK");
    assert_eq!(page.text(".count-needs_attention .count-number"), "1");
    page.assert_says("The number or account has no wallet").assert_says("3204").assert_says("Do not pay any of them again.");
    page.assert_says("1 of them is probably paid.").assert_says("The oldest since 21 Nov 2025, 09:00.");
    assert_eq!(page.attribute("tbody th a[href^='/transfers/']", "href"), "/transfers/batch-aaaa1111-000005");
    tun.get("/transfers/batch-aaaa1111-000005").await.assert_status(200);

    let mut myint = desk.portal().signed_in(&MYINT).await;
    let page = myint.get(DAY).await;
    page.assert_says("7,000 MMK").assert_says("MANDALAY").assert_says_not("HLAING").assert_says_not("250,000").assert_says_not("aaaa");
    assert_eq!(page.text(".count-needs_attention .count-number"), "0");
}

#[tokio::test]
async fn a_right_to_reports_is_none_to_batches() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    grant(desk.portal(), &AYE, Action::ViewReports).await;
    desk.beats_at(desk.at("18:01:00")).await;
    let mut aye = desk.portal().signed_in(&AYE).await;
    let page = aye.get(DAY).await;
    page.assert_says("40,000 MMK").assert_says("You may not see it").assert_says_not("aaaa");
    assert!(!page.has("main a[href^='/transfers/'], main a[href^='/batches/'], main a[href^='/search']"), "{page}");
    let file = aye.get(&format!("{DAY}/download")).await.body().to_owned();
    assert!(file.contains("\"40000.00\"") && !file.contains("aaaa1111"), "{file}");
}

#[tokio::test]
async fn who_holds_it_nowhere_finds_no_report() {
    let mut desk = Desk::open().await;
    desk.beats_at(desk.at("18:01:00")).await;
    for person in [&THIRI, &HLA, &MOE, &AYE] {
        let mut tab = desk.portal().signed_in(person).await;
        for path in [DAYS, DAY, "/reports/days/2025-11-21/download"] {
            tab.get(path).await.assert_status(404);
        }
    }
    let mut tun = desk.portal().signed_in(&TUN).await;
    for path in ["/reports/days/2025-11-20", "/reports/days/20251121", "/reports/days/today", "/reports/days/2025-11-21x"] {
        tun.get(path).await.assert_status(404);
    }
}

#[tokio::test]
async fn the_list_of_reports_has_only_what_one_may_open() {
    let desk = Desk::open().await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    assert_eq!(tun.get("/reports").await.texts(".report-list h2"), ["End of day", "Who can do what", "Segregation of duties"]);
    let mut aye = desk.portal().signed_in(&AYE).await;
    assert_eq!(aye.get("/reports").await.texts(".report-list h2"), ["Who can do what", "Segregation of duties"]);
    for path in ["/who-can-do-what", "/segregation"] {
        aye.get(path).await.assert_status(200);
    }
    desk.portal().signed_in(&THIRI).await.get("/reports").await.assert_status(404);
}

#[tokio::test]
async fn a_quiet_day_says_so() {
    let mut desk = Desk::open().await;
    desk.beats_at(desk.at("18:01:00")).await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    let page = tun.get(DAY).await;
    page.assert_says("A quiet day").assert_says("Nothing was paid, nothing failed, and nothing is open.");
    assert!(!page.has("main table"), "{page}");
    assert_eq!(page.text(".count-succeeded .count-sum"), "0 MMK");
}

#[tokio::test]
async fn a_report_that_was_made_up_says_what_is_of_later() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    desk.beats_at(desk.at("22:00:00")).await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    tun.get(DAY).await.assert_says("Made up later").assert_says("Outlay did not run at the end of this day");
    tun.get(DAYS).await.assert_says("Made up later");
}

#[tokio::test]
async fn the_file_is_safe_to_open_and_that_it_was_taken_is_written_down() {
    let mut desk = Desk::open().await;
    desk.run_sql(
        "UPDATE branches SET region = '=HYPERLINK(1)' WHERE code = 'YGN-01'; UPDATE fsps SET name = '@SUM(1)' WHERE id = 'kbzpay';"
            .to_owned(),
    )
    .await;
    desk.run_sql(
        "UPDATE funding_accounts SET state = 'stopped', stopped_code = '-2+3', stopped_at = 1 WHERE name = 'Kyat account';".to_owned(),
    )
    .await;
    a_day(&desk).await;
    desk.batch(HLAING, "cccc3333", &[failed(5, "+1", desk.at("10:00:00"))]).await;
    desk.beats_at(desk.at("18:01:00")).await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    let page = tun.get(DAY).await;
    page.assert_says("Kyat account").assert_says("Stopped");
    let path = page.attribute("main .actions a", "href");
    let file = tun.get(&path).await;
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"end-of-day-2025-11-21.csv\"; filename*=UTF-8''end%2Dof%2Dday%2D2025%2D11%2D21.csv")
    );
    let mut csv = csv::ReaderBuilder::new().from_reader(file.body().trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<Vec<String>> = csv.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let cells = rows.iter().flatten();
    for cell in cells.clone() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
    for safe in ["'=HYPERLINK(1) - HLAING - Hlaing", "'@SUM(1)", "'-2+3", "'+1"] {
        assert!(cells.clone().any(|cell| cell == safe), "{safe} is not in {rows:?}");
    }
    let paid: i64 = rows.iter().filter(|row| row[0] == "Paid").map(|row| row[8].trim_end_matches(".00").parse::<i64>().unwrap()).sum();
    assert_eq!(paid, 250_000, "{rows:?}");
    assert_eq!(desk.count("FROM audit_events WHERE action = 'report.downloaded' AND subject_id = '2025-11-21'").await, 1);
    assert_eq!(desk.days().await, [TODAY]);
}

#[tokio::test]
async fn when_the_day_ends_is_set_on_a_page_and_says_who_changed_it() {
    let mut desk = Desk::open().await;
    let mut aye = desk.portal().signed_in(&AYE).await;
    let page = aye.get("/settings/day").await;
    page.assert_says("Default: 18:00. Nobody has changed it.").assert_says("Default: None. Nobody has changed it.");
    let page = aye.post_form("/settings/day", &[("end_of_day", "07:15"), ("settlement_cut_off", "16:00")]).await;
    page.assert_says("Saved.").assert_says("Changed by Daw Aye Aye Mon, 21 Nov 2025, 06:55.");
    aye.get("/settings").await.assert_says("07:15").assert_says("16:00");
    aye.get("/settings/day").await;
    let page = aye.post_form("/settings/day", &[("end_of_day", "25:00"), ("settlement_cut_off", "off")]).await;
    page.assert_status(422).assert_says("Choose one of the list for End of day");
    desk.beats_at(desk.at("07:16:00")).await;
    assert_eq!(desk.days().await, [TODAY]);
    desk.portal().signed_in(&TUN).await.get("/settings/day").await.assert_status(404);
}

#[tokio::test]
async fn a_report_tells_whose_payments_waited_when_it_was_made() {
    let mut desk = Desk::open().await;
    a_day(&desk).await;
    let wait = |whom: &str, ailment: &str, time: &str| {
        let since = desk.at(time).micros();
        format!(
            "INSERT INTO breakers (funding_account_id, whom, ailment, since, retry_at, times) \
             SELECT id, '{whom}', '{ailment}', {since}, {since}, 1 FROM funding_accounts WHERE name = 'Kyat account';"
        )
    };
    let both = wait("", "unreachable", "17:50:00") + &wait("wavemoney", "silent", "17:30:00");
    desk.run_sql(both).await;
    desk.beats_at(desk.at("18:01:00")).await;
    // Since then they answer; the report stays as it was made.
    desk.run_sql("DELETE FROM breakers".to_owned()).await;
    let mut tun = desk.portal().signed_in(&TUN).await;
    let page = tun.get(DAY).await;
    let rows = page.texts(".summary-row");
    assert!(rows.iter().any(|row| row.contains("Provider waited for") && row.contains("WaveMoney Did not answer")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("Kyat account Could not be reached Since 21 Nov 2025, 17:50.")), "{rows:?}");
    let file = tun.get(&format!("{DAY}/download")).await.body().to_owned();
    assert!(file.contains("\"Provider waited for\",\"\",\"\",\"WaveMoney\",\"\",\"Did not answer\""), "{file}");
    assert!(file.contains("\"2025-11-21 17:30:00\"") && file.contains("\"Connection waited for\""), "{file}");
    let letters = desk.office.smtp.letters();
    letters[0]
        .assert_says("Payments to WaveMoney wait since 2025-11-21 17:30. Did not answer.")
        .assert_says("All payments from Kyat account wait since 2025-11-21 17:50. Could not be reached.");
}
