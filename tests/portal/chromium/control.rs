//! A batch in flight is paused, let go on and cancelled, and another one scheduled, each in a browser.

use std::time::Duration;

use outlay::clock::{Clock as _, SystemClock};

use super::{OnDisk, upload};
use crate::support::browser::{Browser, Scripts};
use crate::support::cast::{HLA, THIRI};
use crate::support::portal::Portal;

async fn approve(checker: &Browser, portal: &Portal, name: &str, button: &str) {
    checker.go(&portal.url("/tasks")).await;
    checker.press(name).await;
    checker.choose("Approve").await;
    checker.press("Confirm decision").await;
    checker.press(button).await;
    checker.comes_to("What happens next").await;
}

#[tokio::test]
async fn a_batch_in_flight_is_paused_and_goes_on_and_its_rest_is_cancelled() {
    let (portal, network) = Portal::paying().await;
    let disk = OnDisk::new();
    // The network has no money for numbers that end in 9004, until it was asked three times.
    let file = disk.write(
        "wages.csv",
        &[
            "W-1,Daw Mya Mya,MSISDN,09770011001,,350000,MMK,November,,S-1,2026-11",
            "W-2,U Ba Kyaw,MSISDN,09770019004,,285000,MMK,November,,S-2,2026-11",
        ],
    );
    let maker = Browser::open(Scripts::On).await;
    maker.sign_in(&portal, &THIRI).await;
    upload(&maker, &portal, &file).await;
    maker.press("Submit 2 payments for approval, 635,000 MMK").await;
    let checker = Browser::open(Scripts::Off).await;
    checker.sign_in(&portal, &HLA).await;
    approve(&checker, &portal, "wages", "Approve 2 payments, 635,000 MMK").await;

    maker.press("Open the batch").await;
    maker.comes_to("Waiting for money").await;
    maker.fill("reason", "U Ba has left").await;
    maker.press("Pause").await;
    maker.comes_to("Paused by Ma Thiri. “U Ba has left”").await;
    maker.sees("Daw Hla Hla, Daw Su Su may let it go on or cancel it.").await;

    checker.press("Follow it on the batch's page").await;
    checker.sees("Paused by Ma Thiri.").await;
    checker.press("Let it go on").await;
    checker.sees("Outlay goes on paying at once.").await;
    // For a moment it is in doubt: the network is asked whether it was really refused.
    checker.comes_to("Go on with 1 payment, 285,000 MMK").await;
    checker.press("Go on with 1 payment, 285,000 MMK").await;
    checker.sees("It goes on. Nobody is paid twice.").await;
    checker.comes_to("Waiting for money").await;
    // Still no money.
    maker.go(&portal.url(&maker.path().await)).await;
    maker.comes_to("Waiting for money").await;
    checker.press("Cancel what is left").await;
    checker.sees("This cannot be undone.").await;
    checker.comes_to("Cancel 1 payment, 285,000 MMK").await;
    checker.fill("reason", "Paid in cash").await;
    checker.press("Cancel 1 payment, 285,000 MMK").await;
    checker.sees("Cancelled by Daw Hla Hla. “Paid in cash”").await;
    maker.go(&portal.url(&maker.path().await)).await;
    maker.comes_to("1 payment was not paid. What was paid stays paid.").await;
    let paid: Vec<_> = network.ledger().iter().filter(|row| row.state.is_paid()).map(|row| row.payee.clone()).collect();
    assert_eq!(paid, ["959770011001"]);
}

#[tokio::test]
async fn a_batch_is_scheduled_and_says_so_to_everybody() {
    let (portal, network) = Portal::paying().await;
    let disk = OnDisk::new();
    let file = disk.write("later.csv", &["L-1,Daw Mya Mya,MSISDN,09770011001,,350000,MMK,November,,S-1,2026-11"]);
    let day = SystemClock::new().now().after(Duration::from_secs(48 * 3_600)).timestamp();
    let date = day.strftime("%Y-%m-%d").to_string();
    let printed = day.strftime("%-d %b %Y, 09:00").to_string();
    let maker = Browser::open(Scripts::On).await;
    maker.sign_in(&portal, &THIRI).await;
    maker.go(&portal.url("/batches/new")).await;
    maker.choose("Payroll").await;
    maker.choose("Kyat account (Upendo, MMK)").await;
    maker.fill("file", file.to_str().unwrap()).await;
    // As the browser's own calendar would set it.
    let set = format!("document.getElementById('pay_on_date').value = '{date}'; document.getElementById('pay_on_time').value = '09:00';");
    maker.client.execute(&set, Vec::new()).await.unwrap();
    maker.press("Upload and check").await;
    maker.comes_to("Check this batch before you submit it").await;
    maker.sees(&printed).await;
    maker.press("Submit 1 payment for approval, 350,000 MMK").await;
    let checker = Browser::open(Scripts::On).await;
    checker.sign_in(&portal, &HLA).await;
    checker.go(&portal.url("/tasks")).await;
    checker.sees(&format!("Pay on {printed}")).await;
    approve(&checker, &portal, "later", "Approve 1 payment, 350,000 MMK").await;
    checker.sees(&format!("Outlay begins to pay on {printed}.")).await;
    maker.press("Open the batch").await;
    maker.comes_to(&format!("It is paid on {printed}.")).await;
    maker.go(&portal.url("/search/batches?status=scheduled")).await;
    maker.sees("later").await;
    assert!(network.ledger().is_empty(), "nothing is paid before");
}
