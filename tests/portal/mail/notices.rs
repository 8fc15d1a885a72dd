//! What people are told of their batches, and when.

use outlay::approvals::{self, Decision, DecisionForm};
use outlay::audit::By;
use outlay::batches::PaymentType;
use outlay::dispatch::{self, Engine, Setup};
use outlay::ids::BatchId;
use outlay::mail::{self, NoticeKind};
use outlay::privileges::{self, Action, NewGrant};

use super::office::{Office, address, change, give_addresses, minutes};
use crate::support::batches::{File, WAGES, actor, branch, drafted, find, submit, submitted};
use crate::support::cast::{HLA, HLAING, Person, SU, THIRI, TUN};
use crate::support::portal::Portal;
use crate::support::smtp::{Safety, Smtp};

const LOANS: File<'_> = File {
    name: "loans-nov.csv",
    payment_type: PaymentType::LoanDisbursement,
    lines: &["L-1,U Aung,MSISDN,09770123460,kbzpay,300000,MMK,Loan,"],
};

async fn office() -> Office {
    Office::open(Smtp::open(Safety::Plain).await).await
}

async fn decide(portal: &Portal, checker: &Person, batch: &BatchId, decision: Decision, reason: &str) {
    let seal = find(portal, batch).await.seal.unwrap();
    let form = DecisionForm { batch: batch.clone(), decision, reason: reason.to_owned(), seal };
    let actor = actor(portal, checker).await;
    portal.institution.db.write(move |tx| approvals::decide(tx, &actor, &form)).await.unwrap();
}

async fn turn_off(portal: &Portal, person: &Person, kind: NoticeKind) {
    let actor = actor(portal, person).await;
    let wanted: Vec<_> = NoticeKind::ALL.iter().copied().filter(|other| *other != kind).collect();
    portal.institution.db.write(move |tx| mail::choose(tx, &actor, &wanted)).await.unwrap();
}

async fn end_grants(portal: &Portal, person: &Person, action: Action) {
    let (user, branch) = (actor(portal, person).await.id, branch(portal, person.office).await);
    let sql = move |tx: &mut outlay::db::WriteTx<'_>| {
        let sql = format!(
            "UPDATE grants SET ended_at = 1 WHERE user_id = '{user}' AND branch_id = '{branch}' AND action = '{}'",
            action.as_str()
        );
        outlay::db::batch_execute(tx, &sql)
    };
    portal.institution.db.write(sql).await.unwrap();
}

#[tokio::test]
async fn those_who_may_decide_on_a_batch_are_told_of_it_and_nobody_else() {
    let mut office = office().await;
    let batch = submitted(&office.portal, &THIRI, &WAGES).await;
    office.beat().await;
    assert_eq!(office.written_to(), [address(&HLA), address(&SU)], "not the maker, not who only looks, not another branch");
    let letter = &office.smtp.letters()[0];
    let reference = find(&office.portal, &batch).await.reference;
    assert_eq!(letter.header("Subject"), format!("[Training] Batch {} waits for your decision", reference.spoken()));
    letter
        .assert_says("payroll-oct")
        .assert_says("3 payments, 450,000 MMK. Submitted by Ma Thiri.")
        .assert_says(&format!("http://localhost/tasks/{batch}"))
        .assert_says("http://localhost/me/mails");
    for payee in ["Daw Mya", "9770123456", "09770123456"] {
        letter.assert_says_not(payee);
    }
    office.clock.advance(minutes(60));
    office.beat().await;
    assert_eq!(office.smtp.letters().len(), 2, "once");
}

#[tokio::test]
async fn two_batches_within_ten_minutes_come_in_one_mail() {
    let mut office = office().await;
    let first = drafted(&office.portal, &THIRI, &WAGES).await;
    submit(&office.portal, &THIRI, &first).await;
    office.beat().await;
    assert_eq!(office.smtp.letters().len(), 2, "the first goes out at once");
    submitted(&office.portal, &THIRI, &LOANS).await;
    office.clock.advance(minutes(5));
    let third = File { name: "payroll-nov.csv", lines: &["P-9,U Kyaw,MSISDN,09770123499,kbzpay,5000,MMK,Nov,"], ..WAGES };
    submitted(&office.portal, &THIRI, &third).await;
    office.beat().await;
    assert_eq!(office.smtp.letters().len(), 2, "what follows waits");
    office.clock.advance(minutes(5));
    office.beat().await;
    let letters = office.smtp.letters();
    assert_eq!(letters.len(), 4);
    letters[3].assert_says("loans-nov").assert_says("payroll-nov").assert_says_not("payroll-oct").assert_says("http://localhost/tasks\r\n");
    assert_eq!(letters[3].header("Subject"), "[Training] 2 batches wait for your decision");
}

#[tokio::test]
async fn two_processes_gather_each_persons_mail_once() {
    let mut office = office().await;
    submitted(&office.portal, &THIRI, &WAGES).await;
    submitted(&office.portal, &THIRI, &LOANS).await;
    let mut another = office.another_postman();
    let (one, other) = tokio::join!(office.postman.beat(), another.beat());
    one.unwrap();
    other.unwrap();
    office.beat().await;
    assert_eq!(office.written_to(), [address(&HLA), address(&SU)]);
}

#[tokio::test]
async fn a_kind_that_is_turned_off_does_not_come() {
    let mut office = office().await;
    turn_off(&office.portal, &HLA, NoticeKind::BatchWaits).await;
    turn_off(&office.portal, &SU, NoticeKind::BatchFinished).await;
    submitted(&office.portal, &THIRI, &WAGES).await;
    office.beat().await;
    assert_eq!(office.written_to(), [address(&SU)]);
}

#[tokio::test]
async fn what_somebody_else_has_decided_meanwhile_is_not_told() {
    let mut office = office().await;
    let batch = submitted(&office.portal, &THIRI, &WAGES).await;
    decide(&office.portal, &HLA, &batch, Decision::Rejected, "The total is not the one of the list").await;
    office.beat().await;
    let letter = office.smtp.only_letter();
    assert_eq!(letter.to, address(&THIRI), "its maker is told, and nobody is called to a decision that is made");
    letter
        .assert_says("Daw Hla Hla rejected payroll-oct")
        .assert_says("The total is not the one of the list")
        .assert_says(&format!("http://localhost/batches/{batch}"));
}

#[tokio::test]
async fn who_lost_the_right_to_see_a_batch_is_not_told_of_it() {
    let mut office = office().await;
    submitted(&office.portal, &THIRI, &WAGES).await;
    end_grants(&office.portal, &HLA, Action::ViewPayroll).await;
    for action in [Action::ApprovePayment, Action::RejectPayment] {
        end_grants(&office.portal, &SU, action).await;
    }
    office.beat().await;
    assert_eq!(office.written_to(), Vec::<String>::new());
}

#[tokio::test]
async fn who_is_gone_or_has_no_address_gets_nothing_not_even_later() {
    let mut office = office().await;
    change(&office.portal, "UPDATE users SET is_active = FALSE WHERE user_name = 'hla'").await;
    change(&office.portal, "UPDATE users SET email = NULL WHERE user_name = 'su'").await;
    submitted(&office.portal, &THIRI, &WAGES).await;
    office.beat().await;
    change(&office.portal, "UPDATE users SET is_active = TRUE").await;
    give_addresses(&office.portal).await;
    office.clock.advance(minutes(60));
    office.beat().await;
    assert_eq!(office.written_to(), Vec::<String>::new());
}

#[tokio::test]
async fn a_batch_that_stands_still_is_told_to_all_who_can_do_something() {
    let mut office = office().await;
    let (user, branch) = (actor(&office.portal, &TUN).await.id, branch(&office.portal, HLAING).await);
    let grant = NewGrant { user, branch, actions: vec![Action::ResolvePayment], until: None };
    office.portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &grant)).await.unwrap();
    let batch = submitted(&office.portal, &THIRI, &WAGES).await;
    decide(&office.portal, &HLA, &batch, Decision::Approved, "").await;
    change(&office.portal, "UPDATE transfers SET amount = 999 WHERE line = 2").await;
    let institution = &office.portal.institution;
    let setup = Setup {
        house: institution.id().unwrap(),
        name: institution.settings.name.clone(),
        sdks: institution.settings.sdk.clone(),
        epoch_file: institution.epoch_file().unwrap(),
        concurrency: 1,
    };
    Engine::new(institution.db.clone(), setup).unwrap().until_idle().await.unwrap();
    office.beat().await;
    assert_eq!(office.written_to(), [address(&HLA), address(&THIRI), address(&TUN)], "the checker, the maker, and who may resolve");
    let letters = office.smtp.letters();
    let to = |person: &Person| letters.iter().find(|letter| letter.to == address(person)).unwrap();
    for person in [&HLA, &THIRI, &TUN] {
        to(person).assert_says("stands still. Stopped: the payments are not what was approved.");
    }
    to(&THIRI).assert_says("Daw Hla Hla approved payroll-oct");
}

#[tokio::test]
async fn a_batch_that_is_paid_is_told_with_its_counts_by_the_worker_itself() {
    let mut smtp = Smtp::open(Safety::Plain).await;
    let (portal, _network) = Portal::paying_with_settings(&smtp.settings()).await;
    give_addresses(&portal).await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    decide(&portal, &HLA, &batch, Decision::Approved, "").await;
    portal.institution.wake();
    // Each gets one gathered mail in ten minutes: the maker's may have gone out with the approval alone. The checker's says it all.
    let finished = loop {
        smtp.hears().await;
        if let Some(letter) = smtp.letters().into_iter().find(|letter| letter.to == address(&HLA)) {
            break letter;
        }
    };
    let counts = find(&portal, &batch).await.counts;
    assert_eq!(counts.succeeded.count + counts.failed.count, 3);
    let said = format!("is processed. Success: {}. Failed: {}. Needs attention: 0.", counts.succeeded.count, counts.failed.count);
    finished.assert_says(&said);
}

#[tokio::test]
async fn those_whom_a_batch_concerns_are_told_who_paused_and_cancelled_it_and_why() {
    let mut office = office().await;
    let batch = submitted(&office.portal, &THIRI, &WAGES).await;
    decide(&office.portal, &HLA, &batch, Decision::Approved, "").await;
    office.beat().await;
    let before = office.smtp.letters().len();
    office.clock.advance(minutes(10));
    let (thiri, id) = (actor(&office.portal, &THIRI).await, batch.clone());
    office.portal.institution.db.write(move |tx| dispatch::pause_batch(tx, &thiri, &id, "Ma Hla left")).await.unwrap();
    office.beat().await;
    let letters = office.smtp.letters();
    let to: Vec<_> = letters[before..].iter().map(|letter| letter.to.clone()).collect();
    assert_eq!(to, [address(&HLA)], "its checker, and not who paused it");
    letters[before].assert_says("Ma Thiri paused payroll-oct").assert_says("They wrote: Ma Hla left");
    office.clock.advance(minutes(10));
    let (su, id) = (actor(&office.portal, &SU).await, batch.clone());
    office.portal.institution.db.write(move |tx| dispatch::cancel_batch(tx, &su, &id, "Paid in cash")).await.unwrap();
    office.beat().await;
    let letters = office.smtp.letters();
    let mut told: Vec<_> = letters[before + 1..].iter().map(|letter| letter.to.clone()).collect();
    told.sort();
    assert_eq!(told, [address(&HLA), address(&THIRI)]);
    letters[before + 1].assert_says("Daw Su Su cancelled payroll-oct").assert_says("They wrote: Paid in cash");
}
