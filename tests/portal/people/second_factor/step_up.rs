//! The code asked again when approving.

use outlay::approvals::{self, Decision, DecisionForm, Refusal};
use outlay::audit::What;
use outlay::batches::State;
use outlay::people::second_factor::CodeRefusal;

use super::desk::{Phone, STEP, enrolled, events, set, strict};
use crate::support::batches::{WAGES, actor, find, submitted};
use crate::support::cast::{HLA, SU, THIRI};
use crate::support::portal::Portal;
use crate::support::tab::Tab;

async fn look(tab: &mut Tab, path: &str, reason: &str) {
    tab.get(path).await.assert_status(200);
    let page = tab.post_form(&format!("{path}/decision"), &[("decision", "approved"), ("reason", reason)]).await;
    page.assert_status(200).assert_says("Approve this batch?").assert_says("Code from your app");
}

#[tokio::test]
async fn an_approval_asks_for_the_code_again() {
    let (portal, clock) = strict().await;
    set(&portal, "step_up", "on").await;
    let (mut hla, phone, _) = enrolled(&portal, &clock, &HLA).await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let path = format!("/tasks/{batch}");
    let decision = format!("{path}/decision");
    look(&mut hla, &path, "As agreed").await;
    for (code, words) in [("", "Type the 6 digits"), ("000000", "The code is wrong")] {
        let page = hla.post_form(&decision, &[("code", code)]).await;
        page.assert_status(422).assert_says("Approve this batch?").assert_says(words).assert_says("As agreed");
    }
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval);
    let code = phone.code();
    hla.post_form(&decision, &[("code", &code)]).await.assert_status(200).assert_path(&decision).assert_says("Approved");
    assert_eq!(find(&portal, &batch).await.state, State::Approved);
    assert_eq!(events(&portal, &HLA, What::SecondFactorRefused).await, 1, "the wrong one is in the log, the empty one was no guess");
    // The code is used up: for the next batch, and for signing in.
    let next = submitted(&portal, &THIRI, &crate::support::batches::File { name: "payroll-nov.csv", ..WAGES }).await;
    let path = format!("/tasks/{next}");
    look(&mut hla, &path, "").await;
    let page = hla.post_form(&format!("{path}/decision"), &[("code", &code)]).await;
    page.assert_status(422).assert_says("used already");
    assert_eq!(find(&portal, &next).await.state, State::PendingApproval);
    clock.advance(STEP);
    hla.post_form(&format!("{path}/decision"), &[("code", &phone.code())]).await.assert_says("Approved");
}

#[tokio::test]
async fn a_second_click_takes_no_second_code_and_a_rejection_needs_none() {
    let (portal, clock) = strict().await;
    set(&portal, "step_up", "on").await;
    let (mut hla, phone, _) = enrolled(&portal, &clock, &HLA).await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let decision = format!("/tasks/{batch}/decision");
    look(&mut hla, &format!("/tasks/{batch}"), "").await;
    let mut double = hla.second();
    let code = phone.code();
    for tab in [&mut hla, &mut double] {
        tab.post_form(&decision, &[("code", &code)]).await.assert_status(200).assert_path(&decision).assert_says("Approved");
    }
    assert_eq!(events(&portal, &HLA, What::SecondFactorRefused).await, 0);
    let other = submitted(&portal, &THIRI, &crate::support::batches::File { name: "payroll-nov.csv", ..WAGES }).await;
    hla.get(&format!("/tasks/{other}")).await;
    let fields = [("decision", "rejected"), ("reason", "Not agreed")];
    hla.post_form(&format!("/tasks/{other}/decision"), &fields).await.assert_says("Rejected");
}

#[tokio::test]
async fn guessing_codes_while_approving_locks_them() {
    let (portal, clock) = strict().await;
    set(&portal, "step_up", "on").await;
    let (mut hla, phone, _) = enrolled(&portal, &clock, &HLA).await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let decision = format!("/tasks/{batch}/decision");
    look(&mut hla, &format!("/tasks/{batch}"), "").await;
    for _ in 0..5 {
        hla.post_form(&decision, &[("code", "000000")]).await.assert_says("The code is wrong");
    }
    hla.post_form(&decision, &[("code", &phone.code())]).await.assert_status(422).assert_says("Too many wrong codes");
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval);
}

#[tokio::test]
async fn who_must_have_an_app_and_has_none_cannot_approve() {
    let (portal, clock) = Portal::open().await;
    let mut hla = portal.signed_in(&HLA).await;
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    // The rule comes while they are signed in.
    set(&portal, "second_factor", "deciders").await;
    let (path, decision) = (format!("/tasks/{batch}"), format!("/tasks/{batch}/decision"));
    hla.get(&path).await;
    let page = hla.post_form(&decision, &[("decision", "approved")]).await;
    page.assert_path("/me/second-factor/set-up").assert_says("To approve you need an authenticator app");
    let verb = {
        let (su, seal) = (actor(&portal, &SU).await, find(&portal, &batch).await.seal.unwrap());
        let form = DecisionForm { batch: batch.clone(), decision: Decision::Approved, reason: String::new(), seal };
        portal.institution.db.write(move |tx| approvals::decide(tx, &su, &form)).await
    };
    assert!(matches!(verb, Err(Refusal::Code(CodeRefusal::NoFactor))), "{verb:?}");
    let phone = Phone::typed_from(hla.page(), &clock);
    hla.post_form("/me/second-factor/set-up", &[("code", &phone.code())]).await.assert_says("Your recovery codes");
    hla.get(&path).await;
    hla.post_form(&decision, &[("decision", "approved")]).await.assert_says("Approve this batch?");
    // Without step-up, having one is enough.
    set(&portal, "step_up", "off").await;
    hla.post_form(&decision, &[]).await.assert_says("Approved");
    assert_eq!(find(&portal, &batch).await.state, State::Approved);
}

#[tokio::test]
async fn without_the_code_the_verb_itself_refuses() {
    let (portal, clock) = strict().await;
    set(&portal, "step_up", "on").await;
    drop(enrolled(&portal, &clock, &HLA).await);
    let batch = submitted(&portal, &THIRI, &WAGES).await;
    let (hla, seal) = (actor(&portal, &HLA).await, find(&portal, &batch).await.seal.unwrap());
    let form = DecisionForm { batch: batch.clone(), decision: Decision::Approved, reason: String::new(), seal };
    let decided = portal.institution.db.write(move |tx| approvals::decide(tx, &hla, &form)).await;
    assert!(matches!(decided, Err(Refusal::Code(CodeRefusal::Missing))), "{decided:?}");
    assert_eq!(find(&portal, &batch).await.state, State::PendingApproval);
}
