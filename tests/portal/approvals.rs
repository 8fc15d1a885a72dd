//! One person uploads, another decides: what waits for whom, what a decision does, and what it is refused for.

use diesel::prelude::*;
use outlay::approvals::{self, Decision, DecisionForm, MovedHow, Refusal};
use outlay::audit::{self, By, What};
use outlay::batches::{self, PaymentType, State};
use outlay::db::Conn;
use outlay::db::schema::transfers;
use outlay::dispatch::TransferState;
use outlay::ids::BatchId;
use outlay::people::Actor;
use outlay::privileges::{self, Action, NewGrant};

use crate::support::batches::{File, WAGES, actor, add_maker, branch, drafted, find, submit, submitted};
use crate::support::cast::{AYE, HLA, HLAING, MOE, Person, SU, THIRI, TUN, ZAW};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

fn task(id: &BatchId) -> String {
    format!("/tasks/{id}")
}

fn decision(id: &BatchId) -> String {
    format!("/tasks/{id}/decision")
}

/// Chooses on the page of the task, and confirms where a second look is asked for.
async fn approve(tab: &mut Tab, id: &BatchId) {
    tab.get(&task(id)).await.assert_status(200);
    tab.post_form(&decision(id), &[("decision", "approved")]).await.assert_status(200).assert_says("Approve this batch?");
    tab.post_form(&decision(id), &[]).await;
}

async fn states(portal: &Portal, id: &BatchId) -> Vec<TransferState> {
    let id = id.clone();
    let rows = move |conn: &mut Conn| {
        let rows = transfers::table.filter(transfers::batch_id.eq(id)).order(transfers::line).select(transfers::state);
        Ok::<_, outlay::db::Error>(rows.load(conn)?)
    };
    portal.institution.db.read(rows).await.unwrap()
}

async fn run(portal: &Portal, actor: &Actor, form: DecisionForm) -> Result<approvals::Decided, Refusal> {
    let actor = actor.clone();
    portal.institution.db.write(move |tx| approvals::decide(tx, &actor, &form)).await
}

async fn form(portal: &Portal, id: &BatchId, decision: Decision) -> DecisionForm {
    let seal = find(portal, id).await.seal.unwrap_or_default();
    DecisionForm { batch: id.clone(), decision, reason: "Not agreed".to_owned(), seal }
}

#[tokio::test]
async fn a_checker_approves_what_a_maker_submitted() {
    let (portal, clock) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    clock.advance(std::time::Duration::from_secs(2 * 3600));
    let mut hla = portal.signed_in(&HLA).await;
    let page = hla.get("/tasks").await;
    page.assert_says("1 batch waits for your decision.");
    let row = &page.rows("table")[0];
    assert_eq!(row[1], "payroll-oct");
    assert_eq!(row[5..], ["3", "450,000 MMK", "0", "2 h"]);
    assert!(page.texts(".sidebar .menu-link[href='/tasks']")[0].contains('1'), "the sidebar counts it");
    let page = hla.get(&task(&batch)).await;
    page.assert_says("3 payments, 450,000 MMK").assert_says("Daw Mya").assert_says("959770123456").assert_says("WaveMoney");
    let page = hla.post_form(&decision(&batch), &[("decision", "approved")]).await;
    page.assert_says("Approve 3 payments, 450,000 MMK").assert_says("Kyat account").assert_says("Upendo");
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval, "a look decides nothing");
    let page = hla.post_form(&decision(&batch), &[]).await;
    page.assert_status(200).assert_path(&decision(&batch)).assert_says("Approved").assert_says("What happens next");
    let after = find(&portal, &batch).await;
    assert_eq!(after.state, State::Approved);
    assert_eq!((after.counts.total, after.counts.waiting.count), (3, 3), "ready rows still wait to be paid");
    assert_eq!(states(&portal, &batch).await, [TransferState::Ready; 3]);
    hla.get("/tasks").await.assert_says("Nothing waits for you");
    let told = portal.institution.db.read(move |conn| audit::of_batch(conn, &batch, 100)).await.unwrap();
    assert_eq!(told.last().map(|event| (event.what, event.name.as_str())), Some((What::BatchApproved, HLA.full_name)));
}

#[tokio::test]
async fn a_rejection_needs_a_reason_and_keeps_it() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&task(&batch)).await;
    let page = hla.post_form(&decision(&batch), &[("decision", "rejected"), ("reason", "  ")]).await;
    page.assert_status(422).assert_says("Say why you reject it");
    assert!(page.has("input[value=rejected][checked]"), "the choice is kept");
    let long = "x".repeat(501);
    let page = hla.post_form(&decision(&batch), &[("decision", "rejected"), ("reason", &long)]).await;
    page.assert_status(422).assert_says("Shorten the reason to 500 characters").assert_says(&long);
    hla.post_form(&decision(&batch), &[("decision", ""), ("reason", "kept")]).await.assert_status(422).assert_says("Choose whether");
    let page = hla.post_form(&decision(&batch), &[("decision", "rejected"), ("reason", "Ma Hla left in September")]).await;
    page.assert_path(&decision(&batch)).assert_says("Rejected").assert_says("Ma Hla left in September");
    assert_eq!(find(&portal, &batch).await.state, State::Rejected);
    assert_eq!(states(&portal, &batch).await, [TransferState::Pending; 3], "nothing of it can be paid");
    let page = portal.signed_in(&THIRI).await.get("/history").await.clone();
    page.assert_says("Ma Hla left in September").assert_says(HLA.full_name);
}

#[tokio::test]
async fn a_rejected_batch_is_corrected_and_submitted_again() {
    const WIN: Person = Person { user_name: "win", full_name: "Ko Win", ..THIRI };
    let (portal, _) = Portal::open().await;
    let rejected = submitted(&portal, &THIRI, &WAGES).await;
    let (office, by) = (branch(&portal, HLAING).await, By::operator("a test"));
    portal.institution.db.write(move |tx| crate::support::cast::add_person(tx, &by, &WIN, &office)).await.unwrap();
    let mut win = portal.signed_in(&WIN).await;
    let again = format!("/batches/{rejected}/resubmission");
    let path = format!("/batches/{rejected}");
    assert!(!win.get(&path).await.has(&format!("form[action='{again}']")), "nothing to correct yet");
    let hla = actor(&portal, &HLA).await;
    run(&portal, &hla, form(&portal, &rejected, Decision::Rejected).await).await.unwrap();
    win.get(&path).await.assert_says("Not agreed");
    let mut second = win.second();
    let page = win.post_form(&again, &[]).await;
    page.assert_status(200).assert_says("This is a new draft of the rejected batch");
    let draft = BatchId::from(page.path.split('/').nth(2).unwrap());
    assert_ne!(draft, rejected);
    second.post_form(&again, &[]).await.assert_path(&format!("/batches/{draft}/findings?correct=yes"));
    win.get(&path).await;
    win.post_form(&again, &[]).await.assert_path(&format!("/batches/{draft}"));
    let made = find(&portal, &draft).await;
    assert_eq!((made.state, made.corrects.as_ref(), made.counts.total), (State::Draft, Some(&rejected), 3));
    assert_eq!(find(&portal, &rejected).await.state, State::Rejected);
    // Ma Thiri made what is in it, though Ko Win submits it: neither of them decides.
    submit(&portal, &WIN, &draft).await;
    for maker in [&THIRI, &WIN] {
        let (maker, draft) = (actor(&portal, maker).await, draft.clone());
        let is_maker = portal.institution.db.read(move |conn| batches::is_maker(conn, &draft, &maker.id)).await.unwrap();
        assert!(is_maker);
    }
    run(&portal, &hla, form(&portal, &draft, Decision::Approved).await).await.unwrap();
    // What was approved cannot be made again so.
    let token = win.page().attribute("input[name=form_token]", "value");
    let fields = [("form_token", token.as_str()), ("once", "0123456789abcdef0123456789abcdef")];
    win.post_bare(&format!("/batches/{draft}/resubmission"), &fields).await.assert_status(409);
}

#[tokio::test]
async fn nobody_decides_on_what_they_made_a_part_of() {
    let (portal, _) = Portal::open().await;
    let (batch, thiri) = (submitted(&portal, &THIRI, &WAGES).await, actor(&portal, &THIRI).await);
    let also = NewGrant {
        user: thiri.id.clone(),
        branch: branch(&portal, HLAING).await,
        actions: vec![Action::ApprovePayment, Action::RejectPayment],
        until: None,
    };
    portal.institution.db.write(move |tx| privileges::grant(tx, &By::operator("a test"), &also)).await.unwrap();
    let mut tab = portal.signed_in(&THIRI).await;
    let page = tab.get("/tasks").await;
    page.assert_says("Nothing waits for you").assert_says("1 of yours waits for others.");
    for decision in [Decision::Approved, Decision::Rejected] {
        let form = form(&portal, &batch, decision).await;
        assert!(matches!(run(&portal, &thiri, form).await, Err(Refusal::OwnBatch)));
    }
    // Whoever acknowledged or corrected something of it is a maker too.
    let su = actor(&portal, &SU).await;
    portal.signed_in(&SU).await.get("/tasks").await.assert_says("payroll-oct");
    add_maker(&portal, &batch, &su.id).await;
    portal.signed_in(&SU).await.get("/tasks").await.assert_says("Nothing waits for you");
    let form = form(&portal, &batch, Decision::Approved).await;
    assert!(matches!(run(&portal, &su, form).await, Err(Refusal::OwnBatch)));
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval);
}

#[tokio::test]
async fn the_second_of_two_checkers_is_told_who_was_first_and_loses_no_word() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let (mut hla, mut su) = (portal.signed_in(&HLA).await, portal.signed_in(&SU).await);
    su.get(&task(&batch)).await;
    approve(&mut hla, &batch).await;
    let page = su.post_form(&decision(&batch), &[("decision", "rejected"), ("reason", "The sum is not ours")]).await;
    page.assert_status(409).assert_says("Daw Hla Hla approved this batch on 21 Nov 2025, 06:55").assert_says("The sum is not ours");
    assert_eq!(find(&portal, &batch).await.state, State::Approved);
    su.get(&decision(&batch)).await.assert_says_not("What happens next");
}

#[tokio::test]
async fn two_checkers_at_the_same_moment_make_one_decision() {
    let (portal, _) = Portal::open().await;
    let (hla, su) = (actor(&portal, &HLA).await, actor(&portal, &SU).await);
    for _ in 0..5 {
        let batch = submitted(&portal, &THIRI, &WAGES).await;
        let (approval, rejection) = (form(&portal, &batch, Decision::Approved).await, form(&portal, &batch, Decision::Rejected).await);
        let (one, other) = tokio::join!(run(&portal, &hla, approval), run(&portal, &su, rejection));
        let state = find(&portal, &batch).await.state;
        let (decided, refused) = match (one, other) {
            (Ok(decided), Err(refused)) | (Err(refused), Ok(decided)) => (decided, refused),
            both => panic!("one decides and one is refused: {both:?}"),
        };
        let Refusal::Moved(moved) = refused else { panic!("{refused:?}") };
        assert_eq!(moved.how, MovedHow::Decided(decided.decision));
        let (expected, rows) = match decided.decision {
            Decision::Approved => (State::Approved, TransferState::Ready),
            Decision::Rejected => (State::Rejected, TransferState::Pending),
        };
        assert_eq!((state, states(&portal, &batch).await), (expected, vec![rows; 3]));
    }
}

#[tokio::test]
async fn a_second_click_shows_the_first_decision() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&task(&batch)).await;
    hla.post_form(&decision(&batch), &[("decision", "approved")]).await;
    let mut again = hla.second();
    hla.post_form(&decision(&batch), &[]).await.assert_status(200).assert_path(&decision(&batch));
    again.post_form(&decision(&batch), &[]).await.assert_status(200).assert_path(&decision(&batch)).assert_says("Approved");
}

#[tokio::test]
async fn what_was_withdrawn_or_changed_since_it_was_shown_is_not_decided_on() {
    let (portal, _) = Portal::open().await;
    let (batch, thiri) = (submitted(&portal, &THIRI, &WAGES).await, actor(&portal, &THIRI).await);
    let mut hla = portal.signed_in(&HLA).await;
    hla.get(&task(&batch)).await;
    let (id, maker) = (batch.clone(), thiri.clone());
    portal.institution.db.write(move |tx| batches::withdraw(tx, &maker, &id)).await.unwrap();
    let page = hla.post_form(&decision(&batch), &[("decision", "rejected"), ("reason", "Too much")]).await;
    page.assert_status(409).assert_says("Ma Thiri withdrew this batch").assert_says("Too much");

    submit(&portal, &THIRI, &batch).await;
    let mut form = form(&portal, &batch, Decision::Approved).await;
    form.seal = "0".repeat(64);
    let refused = run(&portal, &actor(&portal, &HLA).await, form).await;
    assert!(matches!(&refused, Err(Refusal::Moved(moved)) if moved.how == MovedHow::Changed), "{refused:?}");
    hla.get(&task(&batch)).await;
    let page = hla.post_form(&decision(&batch), &[("decision", "approved"), ("seal", &"0".repeat(64))]).await;
    page.assert_status(409).assert_says("it is not what you were shown");
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval);
}

#[tokio::test]
async fn another_branchs_batch_is_not_there_for_a_checker() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let other = submitted(&portal, &ZAW, &File { name: "mandalay.csv", ..WAGES }).await;
    let mut moe = portal.signed_in(&MOE).await;
    moe.get("/tasks").await.assert_says("mandalay").assert_says_not("payroll-oct");
    moe.get(&task(&batch)).await.assert_status(404);
    moe.get(&decision(&batch)).await.assert_status(404);
    moe.get(&task(&other)).await.assert_status(200);
    let seal = find(&portal, &batch).await.seal.unwrap();
    let token = moe.page().attribute("input[name=form_token]", "value");
    let fields = [
        ("form_token", token.as_str()),
        ("once", "0123456789abcdef0123456789abcdef"),
        ("seal", &seal),
        ("decision", "approved"),
        ("confirmed", "yes"),
    ];
    moe.post_bare(&decision(&batch), &fields).await.assert_status(404);
    let form = form(&portal, &batch, Decision::Approved).await;
    assert!(matches!(run(&portal, &actor(&portal, &MOE).await, form).await, Err(Refusal::NoSuchBatch)));
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval);
}

#[tokio::test]
async fn who_may_only_look_cannot_decide() {
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    for person in [&TUN, &AYE] {
        portal.signed_in(person).await.get("/tasks").await.assert_status(404);
        portal.signed_in(person).await.get(&task(&batch)).await.assert_status(404);
    }
    let form = form(&portal, &batch, Decision::Approved).await;
    let refused = run(&portal, &actor(&portal, &TUN).await, form).await;
    assert!(matches!(refused, Err(Refusal::NotAllowed(Action::ApprovePayment))), "{refused:?}");
}

#[tokio::test]
async fn who_may_only_reject_is_offered_only_that() {
    const REJECTS: Person =
        Person { user_name: "khin", full_name: "Daw Khin", actions: &[Action::RejectPayment, Action::ViewPayroll], ..HLA };
    let (portal, _) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let loans = File { name: "loans.csv", payment_type: PaymentType::LoanDisbursement, ..WAGES };
    submitted(&portal, &THIRI, &loans).await;
    let office = branch(&portal, HLAING).await;
    let arrive = move |tx: &mut outlay::db::WriteTx<'_>| crate::support::cast::add_person(tx, &By::operator("a test"), &REJECTS, &office);
    portal.institution.db.write(arrive).await.unwrap();
    let mut khin = portal.signed_in(&REJECTS).await;
    khin.get("/tasks").await.assert_says("payroll-oct").assert_says_not("loans");
    let page = khin.get(&task(&batch)).await;
    assert!(page.has("input[name=decision][value=rejected]") && !page.has("input[name=decision][value=approved]"));
    let form = form(&portal, &batch, Decision::Approved).await;
    let refused = run(&portal, &actor(&portal, &REJECTS).await, form).await;
    assert!(matches!(refused, Err(Refusal::NotAllowed(Action::ApprovePayment))), "{refused:?}");
}

#[tokio::test]
async fn tasks_come_oldest_first_in_pages_and_can_be_narrowed() {
    let (portal, clock) = Portal::open().await;
    for index in 0..27 {
        clock.advance(std::time::Duration::from_secs(60));
        let (name, payment_type) = (format!("file-{index:02}.csv"), PaymentType::PAYABLE[index % 2]);
        submitted(&portal, &THIRI, &File { name: &name, payment_type, ..WAGES }).await;
    }
    let mut hla = portal.signed_in(&HLA).await;
    let page = hla.get("/tasks").await;
    let names: Vec<_> = page.rows("table").into_iter().map(|row| row[1].clone()).collect();
    assert_eq!((names.len(), names[0].as_str()), (25, "file-00"));
    page.assert_says("Showing 1 to 25 of 27 entries");
    hla.get("/tasks?page=2").await.assert_says("Showing 26 to 27 of 27 entries").assert_says("file-26");
    let page = hla.get("/tasks?payment_type=loan_disbursement").await;
    page.assert_says("13 batches wait for your decision.").assert_says("file-01").assert_says_not("file-02");
    assert_eq!(page.attribute(".applied-one", "href"), "/tasks");
}

#[tokio::test]
async fn the_history_tells_who_did_what_and_can_be_narrowed() {
    let (portal, clock) = Portal::open().await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    clock.advance(std::time::Duration::from_secs(60));
    drafted(&portal, &ZAW, &File { name: "mandalay.csv", ..WAGES }).await;
    approve(&mut portal.signed_in(&HLA).await, &batch).await;
    let mut tun = portal.signed_in(&TUN).await;
    let page = tun.get("/history").await;
    let actions: Vec<_> = page.rows("table").into_iter().map(|row| (row[1].clone(), row[2].clone())).collect();
    assert_eq!(actions[0], (HLA.full_name.to_owned(), "Approved".to_owned()), "newest first");
    assert!(actions.contains(&(THIRI.full_name.to_owned(), "Submitted for approval".to_owned())), "{actions:?}");
    page.assert_says_not("mandalay").assert_says("450,000 MMK");
    assert!(
        page.rows("table")[0][5].starts_with("Payments: 3, Seal: "),
        "values have the words of the audit log: {:?}",
        page.rows("table")[0]
    );
    let hla = actor(&portal, &HLA).await;
    let page = tun.get(&format!("/history?person={}", hla.id)).await;
    assert_eq!(page.rows("table").len(), 1);
    let page = tun.get("/history?action=batch.rejected").await;
    page.assert_says("No actions match").assert_says("Clear filters");
    assert_eq!(tun.get("/history?from=2025-11-21&to=2025-11-21").await.rows("table").len(), actions.len());
    tun.get("/history?from=2025-11-22").await.assert_says("No actions match");
    tun.get("/history?from=soon").await.assert_status(422).assert_says("Write a date such as 20/10/2022");
    portal.signed_in(&AYE).await.get("/history").await.assert_status(404);
}

#[tokio::test]
async fn an_approved_batch_says_when_a_copy_of_the_database_holds_all_payments() {
    let (portal, _) = Portal::open().await;
    let id = submitted(&portal, &THIRI, &WAGES).await;
    let mut checker = portal.signed_in(&HLA).await;
    approve(&mut checker, &id).await;
    let page = format!("/batches/{id}");
    checker.get(&page).await.assert_status(200).assert_says_not("Payments are held");
    // Yesterday's copy of the database beside today's file.
    let written = format!("{{\"institution\":\"{}\",\"epoch\":7}}", portal.institution.id().unwrap());
    std::fs::write(portal.institution.epoch_file().unwrap().path, written).unwrap();
    checker.get(&page).await.assert_status(200).assert_says("Payments are held: the database is at epoch 0, the file outside it at 7");
}
