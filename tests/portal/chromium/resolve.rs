//! A payment of which the network does not tell: two people close it, and later the network tells otherwise.

use outlay::dispatch::TransferState;

use crate::resolutions::desk::{NAN, WAI, another, arrives, left, run};
use crate::support::batches::{File, WAGES};
use crate::support::browser::{Browser, Scripts};
use crate::support::cast::HLA;
use crate::support::portal::Portal;

/// The network finds each payee's provider.
const FILE: File<'_> = File {
    lines: &[
        "P-1,Daw Mya,MSISDN,09770123456,,150000,MMK,October,",
        "P-2,U Ba,MSISDN,09770123457,,100000,MMK,October,",
        "P-3,Ma Hla,MSISDN,09770123458,,200000,MMK,October,",
    ],
    ..WAGES
};

#[tokio::test]
async fn two_close_a_payment_wrongly_and_the_alarm_is_seen_to() {
    let (portal, network) = Portal::paying().await;
    for person in [&NAN, &WAI] {
        arrives(&portal, person).await;
    }
    let batch = another(&portal, &FILE).await;
    portal.institution.wake();
    let checker = Browser::open(Scripts::On).await;
    checker.sign_in(&portal, &HLA).await;
    checker.go(&portal.url(&format!("/batches/{batch}"))).await;
    checker.comes_to("Every payment was accepted.").await;
    // The network does not tell any more how the first one ended.
    left(&portal, &batch, &[(2, TransferState::NeedsAttention, "no_word", None)]).await;

    let nan = Browser::open(Scripts::Off).await;
    nan.sign_in(&portal, &NAN).await;
    nan.press("1 payment needs attention").await;
    nan.sees("Payments of which the network has not said how they ended").await;
    nan.press("Daw Mya").await;
    nan.press("Say how it ended").await;
    nan.tick("[name=ending][value=not_paid] + label").await;
    nan.fill("note", "The bank did not find it").await;
    nan.fill("evidence", "U Ba at KBZPay, ref 7788").await;
    nan.press("Propose this outcome").await;
    nan.sees("You proposed this, so another person").await;

    let wai = Browser::open(Scripts::On).await;
    wai.sign_in(&portal, &WAI).await;
    wai.press("1 payment's outcome waits for your word").await;
    wai.press("Nan Khin says: It was not paid").await;
    wai.sees("U Ba at KBZPay, ref 7788").await;
    wai.press("Close as not paid, 150,000 MMK").await;
    wai.sees("Closed as not paid").await;

    // The network is asked, and it was paid all along.
    run(&portal, "UPDATE resolutions SET next_at = 1 WHERE next_at IS NOT NULL").await;
    portal.institution.wake();
    nan.comes_to("Possible double payment: 150,000 MMK in payroll-oct").await;
    nan.press("Look at it now").await;
    nan.sees("Find out whether the payee was paid again").await;
    nan.fill("note", "Nothing was paid again; the row stays as it is").await;
    nan.press("Acknowledge this alarm").await;
    nan.sees("Nothing was paid again; the row stays as it is").await;
    nan.go(&portal.url("/")).await;
    nan.sees("Home").await;
    assert!(!nan.reads().await.contains("Possible double payment"));
    let paid: i32 = network.ledger().iter().map(|row| row.executions).sum();
    assert_eq!(paid, 3, "each once");
}
