//! What people see in Chromium, with scripts and without.

mod control;
mod people;
mod resolve;

use std::path::PathBuf;

use crate::support::browser::{Browser, Scripts};
use crate::support::cast::{AYE, HLA, THIRI};
use crate::support::portal::Portal;

const HEADER: &str = "reference,payee_name,id_type,id_value,to_fsp,amount,currency,note,branch_code,staff_no,pay_period";

/// A file as a maker has it on their disk.
struct OnDisk(tempfile::TempDir);

impl OnDisk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, rows: &[&str]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
        path
    }
}

async fn upload(browser: &Browser, portal: &Portal, file: &std::path::Path) {
    browser.go(&portal.url("/batches/new")).await;
    browser.choose("Payroll").await;
    browser.choose("Kyat account (Upendo, MMK)").await;
    browser.fill("file", file.to_str().unwrap()).await;
    browser.press("Upload and check").await;
}

#[tokio::test]
async fn one_signs_in_with_scripts_and_without() {
    let portal = Portal::open_now().await;
    for (scripts, told) in [(Scripts::On, "Scripts run"), (Scripts::Off, "No scripts")] {
        let browser = Browser::open(scripts).await;
        browser.go("data:text/html,<noscript>No scripts</noscript><script>document.write('Scripts run')</script>").await;
        browser.sees(told).await;
        browser.sign_in(&portal, &AYE).await;
        browser.sees("Nothing waits for you").await;
        browser.press("Sign out").await;
        browser.sees("You are signed out.").await;
    }
}

#[tokio::test]
async fn a_batch_is_uploaded_checked_approved_and_paid_with_scripts() {
    the_main_job(Scripts::On).await;
}

#[tokio::test]
async fn a_batch_is_uploaded_checked_approved_and_paid_without_scripts() {
    the_main_job(Scripts::Off).await;
}

async fn the_main_job(scripts: Scripts) {
    let (portal, network) = Portal::paying().await;
    let disk = OnDisk::new();
    let file = disk.write(
        "november.csv",
        &[
            "NOV-1,Daw Mya Mya,MSISDN,09770011001,,350000,MMK,November,,S-1,2026-11",
            "NOV-2,U Ba Kyaw,MSISDN,09770011002,,285000,MMK,November,,S-2,2026-11",
            // The simulated network has no wallet for numbers that end so.
            "NOV-3,Ma Hla Hla,MSISDN,09770019001,,100000,MMK,November,,S-3,2026-11",
        ],
    );
    let maker = Browser::open(scripts).await;
    maker.sign_in(&portal, &THIRI).await;
    upload(&maker, &portal, &file).await;
    maker.comes_to("Check this batch before you submit it").await;
    maker.press("Submit 3 payments for approval, 735,000 MMK").await;
    maker.sees("Daw Hla Hla, Daw Su Su may approve it.").await;

    let checker = Browser::open(scripts).await;
    checker.sign_in(&portal, &HLA).await;
    checker.go(&portal.url("/tasks")).await;
    checker.press("november").await;
    checker.sees("What would be paid").await;
    checker.choose("Approve").await;
    checker.press("Confirm decision").await;
    checker.press("Approve 3 payments, 735,000 MMK").await;
    checker.sees("Outlay pays each payment once").await;

    maker.press("Open the batch").await;
    maker.comes_to("1 payment failed: its money has not left the account.").await;
    let (name, results) = maker.download("Download results").await;
    let results = String::from_utf8(results).unwrap();
    assert!(name.starts_with("november") && name.ends_with(".csv"), "{name}");
    for (reference, word) in
        [("NOV-1", ",Success,"), ("NOV-2", ",Success,"), ("NOV-3", ",Failed,The number or account has no wallet,3204,")]
    {
        let line = results.lines().find(|line| line.contains(reference)).unwrap_or_else(|| panic!("{results}"));
        assert!(line.contains(word), "{line}");
    }
    let paid: Vec<_> = network.ledger().iter().filter(|row| row.state.is_paid()).map(|row| row.payee.clone()).collect();
    assert_eq!(paid.len(), 2, "{paid:?}");
}

#[tokio::test]
async fn a_bad_file_comes_back_with_every_problem_and_is_corrected() {
    let (portal, _network) = Portal::paying().await;
    let disk = OnDisk::new();
    let bad = disk.write(
        "wages.csv",
        &[
            "W-1,Daw Mya Mya,MSISDN,0977,,350000,MMK,,,,",
            "W-2,U Ba Kyaw,MSISDN,09770011002,,-5,MMK,,,,",
            "W-3,Ma Hla Hla,MSISDN,09770011003,No Such Bank,100000,MMK,,,,",
        ],
    );
    let browser = Browser::open(Scripts::On).await;
    browser.sign_in(&portal, &THIRI).await;
    upload(&browser, &portal, &bad).await;
    browser.comes_to("Fix 3 problems in wages").await;
    for problem in ["This is not a phone number", "The amount is below zero", "The wallet or bank is not known here"] {
        browser.sees(problem).await;
    }
    for typed in ["0977", "-5", "No Such Bank"] {
        browser.sees(typed).await;
    }
    let good = disk.write(
        "wages-2.csv",
        &[
            "W-1,Daw Mya Mya,MSISDN,09770011001,,350000,MMK,,,,",
            "W-2,U Ba Kyaw,MSISDN,09770011002,,5,MMK,,,,",
            "W-3,Ma Hla Hla,MSISDN,09770011003,,100000,MMK,,,,",
        ],
    );
    browser.fill("file", good.to_str().unwrap()).await;
    browser.press("Upload corrected file").await;
    browser.comes_to("Check this batch before you submit it").await;
    browser.sees("wages-2.csv").await;
}
