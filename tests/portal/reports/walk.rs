//! The day's report and the banner, in a browser.

use std::time::Duration;

use outlay::audit::By;
use outlay::dispatch::why::Why;
use outlay::privileges::Action;
use outlay::reports;

use super::desk::{Pay, failed, grant, hours, in_doubt, paid, probably_paid, put_batch, run_sql, set};
use crate::support::browser::{Browser, Scripts};
use crate::support::cast::{HLA, HLAING, TUN};
use crate::support::portal::Portal;

/// Three days of an institution's life, up to now.
async fn lively() -> Portal {
    let portal = Portal::open_now().await;
    grant(&portal, &TUN, Action::ViewReports).await;
    grant(&portal, &HLA, Action::ResolvePayment).await;
    let now = portal.institution.clock().now();
    run_sql(&portal, format!("UPDATE institution SET created_at = {};", now.before(hours(72)).micros())).await;
    let yesterday = now.before(hours(25));
    let mut rows: Vec<Pay> =
        (0..40).map(|nth| paid(120_000 + 1_000 * nth, if nth % 3 == 0 { "wavemoney" } else { "kbzpay" }, yesterday)).collect();
    rows.extend((0..5).map(|_| failed(90_000, "3204", yesterday)));
    rows.push(failed(75_000, "5105", yesterday));
    let above = Some(Why::FeeAboveLimit { fee: "700 MMK".to_owned(), limit: "500 MMK".to_owned() });
    rows.push(Pay { code: None, why: above, fsp: Some("ayapay"), ..failed(60_000, "", yesterday) });
    rows.extend((0..3).map(|nth| in_doubt(40_000, now.before(Duration::from_secs(1_200 * (nth + 1))))));
    rows.push(probably_paid(250_000, now.before(hours(30))));
    put_batch(&portal, HLAING, "aaaa1111", &rows).await;
    run_sql(
        &portal,
        "UPDATE funding_accounts SET state = 'stopped', stopped_code = '4000', stopped_at = 1 WHERE name = 'Dollar account';".to_owned(),
    )
    .await;
    reports::end_of_day(&portal.institution, &By::system()).await.unwrap();
    portal
}

#[tokio::test]
async fn a_branch_manager_reads_a_day_and_takes_it_away() {
    let portal = lively().await;
    for scripts in [Scripts::Off, Scripts::On] {
        let browser = Browser::open(scripts).await;
        browser.sign_in(&portal, &TUN).await;
        browser.go(&portal.url("/reports")).await;
        browser.sees("What was paid and what failed on a day").await;
        browser.follow("main .report-list a[href='/reports/days']").await;
        browser.sees("What each day came to").await;
        browser.follow("main tbody tr:first-child th a").await;
        browser.sees("Do not pay any of them again.").await;
        browser.sees("Probably paid").await;
        let (name, bytes) = browser.download("Download as CSV").await;
        assert!(name.starts_with("end-of-day-") && String::from_utf8(bytes).unwrap().contains("Needs attention"), "{name}");
    }
}

#[tokio::test]
async fn the_banner_leads_to_the_payments() {
    let portal = lively().await;
    // At the second next quarter of an hour: near, and not over while this runs.
    let soon =
        portal.institution.clock().now().after(Duration::from_secs(1_800)).timestamp().to_zoned(portal.institution.house().zone.clone());
    set(&portal, "settlement_cut_off", &format!("{:02}:{:02}", soon.hour(), soon.minute() / 15 * 15)).await;
    let browser = Browser::open(Scripts::Off).await;
    browser.sign_in(&portal, &HLA).await;
    browser.sees("The end of 4 payments is not known.").await;
    browser.press("Look at them").await;
    browser.sees("1 entry, the oldest first").await;
}
