//! The people of an institution and its account managers, each in a browser.

use outlay::audit::By;

use crate::support::batches::{File, WAGES, branch, drafted, submitted};
use crate::support::browser::{Browser, Scripts};
use crate::support::cast::{AYE, HLA, HLAING, Person, THIRI, add_person};
use crate::support::links::user;
use crate::support::portal::Portal;

/// Another maker in Hlaing, who can take a draft over.
const NAN: Person = Person { user_name: "nan", full_name: "Nan Su", ..THIRI };

/// The network pays it and never says so.
const ADVANCE: File<'_> = File {
    name: "advance.csv",
    payment_type: outlay::batches::PaymentType::Payroll,
    lines: &["A-1,Daw Mya,MSISDN,09770011001,,50000,MMK,,", "A-2,U Ba,MSISDN,09770019013,,60000,MMK,,"],
};
const BONUS: File<'_> = File {
    name: "bonus.csv",
    payment_type: outlay::batches::PaymentType::Payroll,
    lines: &["B-1,Daw Mya,MSISDN,09770011001,,20000,MMK,,", "B-2,U Ba,MSISDN,09770011002,,30000,MMK,,"],
};

async fn approve(checker: &Browser, portal: &Portal, name: &str, button: &str) {
    checker.go(&portal.url("/tasks")).await;
    checker.press(name).await;
    checker.choose("Approve").await;
    checker.press("Confirm decision").await;
    checker.press(button).await;
    checker.sees("Outlay pays each payment once").await;
}

#[tokio::test]
async fn one_leaves_while_their_batch_is_paid() {
    let (portal, network) = Portal::paying().await;
    let hlaing = branch(&portal, HLAING).await;
    let nan = portal.institution.db.write(move |tx| add_person(tx, &By::operator("a test"), &NAN, &hlaing));
    nan.await.unwrap();
    drafted(&portal, &THIRI, &WAGES).await;
    let running = submitted(&portal, &THIRI, &ADVANCE).await;
    let waiting = submitted(&portal, &THIRI, &BONUS).await;
    let (thiri, hla, aye) = (Browser::open(Scripts::On).await, Browser::open(Scripts::On).await, Browser::open(Scripts::On).await);
    thiri.sign_in(&portal, &THIRI).await;
    hla.sign_in(&portal, &HLA).await;
    approve(&hla, &portal, "advance", "Approve 2 payments, 110,000 MMK").await;
    thiri.go(&portal.url(&format!("/batches/{running}"))).await;
    thiri.sees("advance").await;

    aye.sign_in(&portal, &AYE).await;
    aye.go(&portal.url(&format!("/users/{}/deactivation", user(&portal, &THIRI).await.id))).await;
    for words in ["1 draft of theirs", "These go on without them", "advance", "bonus", "Waiting for approval"] {
        aye.sees(words).await;
    }
    aye.choose("Hand over to Nan Su").await;
    aye.fill("reason", "She moved to Bago").await;
    aye.press("Deactivate Ma Thiri").await;
    aye.sees("Ma Thiri is not active any more").await;
    aye.sees("She moved to Bago").await;

    thiri.client.refresh().await.unwrap();
    thiri.sees("I forgot my password").await;
    assert!(thiri.path().await.starts_with("/sign-in"));
    approve(&hla, &portal, "bonus", "Approve 2 payments, 50,000 MMK").await;
    hla.go(&portal.url(&format!("/batches/{waiting}"))).await;
    hla.comes_to("Processed").await;
    hla.sees(THIRI.full_name).await;
    let paid = |payee: &str| network.ledger().iter().filter(|row| row.state.is_paid() && row.payee.contains(payee)).count();
    assert_eq!([paid("9770011001"), paid("9770011002"), paid("9770019013")], [2, 1, 1], "each once for each batch");
    hla.go(&portal.url(&format!("/batches/{running}"))).await;
    hla.sees(THIRI.full_name).await;

    let heir = Browser::open(Scripts::On).await;
    heir.sign_in(&portal, &NAN).await;
    heir.sees("payroll-oct is not submitted yet").await;
}
