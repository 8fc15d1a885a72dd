//! An approval that counts no more: the batch waits until somebody else approves it again, under the same seal.

use std::time::Duration;

use diesel::prelude::*;
use outlay::approvals::{self, Decided, Decision, DecisionForm, Refusal, Stands};
use outlay::audit::{self, By, What};
use outlay::clock::{Clock as _, Instant};
use outlay::db::schema::{batches, funding_accounts};
use outlay::dispatch::{self, Went};
use outlay::ids::BatchId;
use outlay::people;
use outlay::privileges::{self, Action, Loss, NewGrant};

use super::control::{pause, resume};
use super::desk::{Desk, HOUR, MINUTE};
use crate::support::cast::{AYE, HLA, Person, SU, THIRI};

async fn take_away(desk: &Desk, person: &Person) {
    let (user, branch) = (desk.actor(person).id, desk.branch.clone());
    let actions = [Action::ApprovePayment].into_iter().collect();
    let ended = desk.db.write(move |tx| privileges::end_grant(tx, &By::operator("ops"), &user, &branch, &actions));
    ended.await.unwrap_or_else(|error| panic!("{error}"));
}

async fn give(desk: &Desk, person: &Person, until: Option<Instant>) {
    let new = NewGrant { user: desk.actor(person).id, branch: desk.branch.clone(), actions: vec![Action::ApprovePayment], until };
    desk.db.write(move |tx| privileges::grant(tx, &By::operator("ops"), &new)).await.unwrap_or_else(|error| panic!("{error}"));
}

async fn deactivate(desk: &Desk, person: &Person) {
    let order = people::Deactivation { user: desk.actor(person).id, reason: None, drafts: Default::default(), pauses: Vec::new() };
    let by = desk.actor(&AYE).by();
    desk.db.write(move |tx| people::deactivate(tx, &by, &order)).await.unwrap_or_else(|error| panic!("{error}"));
}

async fn approve_again(desk: &Desk, person: &Person, batch: &BatchId, seal: Option<&str>) -> Result<Decided, Refusal> {
    let stored: Option<String> = batches::table.find(batch.as_str()).select(batches::seal).first(&mut desk.database.conn()).unwrap();
    let seal = seal.map_or_else(|| stored.unwrap(), str::to_owned);
    let (actor, form) =
        (desk.actor(person), DecisionForm { batch: batch.clone(), decision: Decision::Approved, reason: String::new(), seal });
    desk.db.write(move |tx| approvals::decide(tx, &actor, &form)).await
}

fn stands(desk: &Desk, batch: &BatchId) -> Stands {
    approvals::still_stands(&mut desk.database.conn(), batch, desk.clock.now()).unwrap()
}

fn needs_it(desk: &Desk, batch: &BatchId) -> bool {
    desk.state(batch) == "paused" && desk.pause(batch).0.as_deref() == Some("needs_approval_again")
}

#[tokio::test]
async fn a_batch_whose_checker_lost_the_right_does_not_start_until_another_approves() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    desk.clock.advance(MINUTE);
    take_away(&desk, &HLA).await;
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert!(needs_it(&desk, &batch));
    assert_eq!(desk.ledger(), []);
    let Stands::No(lapse) = stands(&desk, &batch) else { panic!("it stands") };
    assert_eq!(lapse.said(|_| "today".to_owned()).english(), "ops took Approve Payment away from Daw Hla Hla, who approved it, on today.");
    // It waits for those who may approve, and for nobody else.
    for (person, waits) in [(&SU, 1), (&THIRI, 0), (&HLA, 0)] {
        let conn = &mut desk.database.conn();
        let (user, now) = (desk.actor(person).id, desk.clock.now());
        let rights = privileges::Rights::load(conn, &user, now).unwrap();
        assert_eq!(approvals::tasks_waiting(conn, &approvals::Checker::of(&user, &rights), 10).unwrap(), waits, "{}", person.full_name);
    }
    assert!(matches!(approve_again(&desk, &THIRI, &batch, None).await, Err(Refusal::NotAllowed(_))));
    assert!(matches!(approve_again(&desk, &HLA, &batch, None).await, Err(Refusal::NotAllowed(_))));
    give(&desk, &THIRI, None).await;
    assert!(matches!(approve_again(&desk, &THIRI, &batch, None).await, Err(Refusal::OwnBatch)), "not its maker");
    assert!(matches!(approve_again(&desk, &SU, &batch, Some("other")).await, Err(Refusal::Moved(_))), "not what was shown");
    assert!(needs_it(&desk, &batch));
    let decided = approve_again(&desk, &SU, &batch, None).await.unwrap();
    assert_eq!(decided.again, Some(Went::On));
    assert_eq!(stands(&desk, &batch), Stands::Yes);
    assert!(matches!(approve_again(&desk, &SU, &batch, None).await, Err(Refusal::Moved(_))), "once");
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.paid()["959777123456"], 100_000);
    let told = audit::of_batch(&mut desk.database.conn(), &batch, 50).unwrap();
    let told: Vec<_> = told.iter().map(|event| (event.what, event.name.as_str())).collect();
    assert_eq!(
        told,
        [
            (What::BatchPaused, "Outlay"),
            (What::BatchApprovedAgain, SU.full_name),
            (What::BatchResumed, SU.full_name),
            (What::BatchStarted, "Outlay"),
            (What::BatchProcessed, "Outlay"),
        ]
    );
}

#[tokio::test]
async fn a_grant_that_ran_out_or_was_renewed_is_no_reason_and_one_given_back_later_is() {
    let desk = Desk::open().await;
    take_away(&desk, &HLA).await;
    desk.clock.advance(MINUTE);
    give(&desk, &HLA, Some(desk.clock.now().after(HOUR))).await;
    let day = desk.clock.now().after(HOUR * 5);
    let ran_out = desk.scheduled(&[("959777123456", 1_000)], day);
    desk.clock.advance(HOUR * 2);
    assert_eq!(stands(&desk, &ran_out), Stands::Yes, "it merely ran out");
    give(&desk, &HLA, None).await;
    desk.clock.advance(MINUTE);
    let renewed = desk.scheduled(&[("959777123457", 1_000)], day);
    desk.clock.advance(MINUTE);
    give(&desk, &HLA, Some(day.after(HOUR))).await;
    assert_eq!(stands(&desk, &renewed), Stands::Yes, "given anew at the moment it ended");
    desk.clock.advance(MINUTE);
    take_away(&desk, &HLA).await;
    desk.clock.advance(MINUTE);
    give(&desk, &HLA, None).await;
    assert!(matches!(stands(&desk, &renewed), Stands::No(lapse) if matches!(lapse.loss, Loss::Ended { .. })));
    desk.clock.advance(HOUR * 5);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert_eq!(desk.state(&ran_out), "processed");
    assert!(needs_it(&desk, &renewed));
    // Whoever holds it again decides anew, also the first checker.
    approve_again(&desk, &HLA, &renewed, None).await.unwrap();
    desk.pay(&mut engine, &renewed).await;
}

#[tokio::test]
async fn a_batch_in_flight_whose_checker_left_does_not_go_on_after_a_pause() {
    for way in ["a person", "money", "the account"] {
        let desk = Desk::open().await;
        let batch = desk.approved(&[("959777129004", 1_000)]);
        let mut engine = desk.engine();
        engine.until_idle().await.unwrap();
        desk.until(&mut engine, &batch, "paused", MINUTE).await;
        deactivate(&desk, &HLA).await;
        match way {
            "a person" => {
                pause(&desk, &THIRI, &batch).await.unwrap();
                assert_eq!(resume(&desk, &SU, &batch).await.unwrap(), Went::NeedsApprovalAgain);
            }
            "money" => {
                desk.clock.advance(HOUR);
                engine.until_idle().await.unwrap();
            }
            _ => {
                desk.run_sql(
                    "UPDATE funding_accounts SET state = 'stopped'; UPDATE batches SET pause_reason = 'account_stopped', resume_at = NULL",
                );
                let account = desk.account.clone();
                desk.db.write(move |tx| dispatch::reopen_account(tx, &By::operator("ops"), &account)).await.unwrap();
                let open: String = funding_accounts::table.select(funding_accounts::state).first(&mut desk.database.conn()).unwrap();
                assert_eq!(open, "open");
            }
        }
        assert!(needs_it(&desk, &batch), "{way}");
        let sent = desk.ledger().len();
        desk.clock.advance(HOUR * 24);
        engine.until_idle().await.unwrap();
        assert_eq!(desk.ledger().len(), sent, "{way}: however long it waits");
        assert_eq!(approve_again(&desk, &SU, &batch, None).await.unwrap().again, Some(Went::On));
        assert_eq!(desk.state(&batch), "processing", "{way}: it had begun");
        desk.pay(&mut engine, &batch).await;
        desk.assert_agrees_with_the_ledger(&batch);
        assert_eq!(desk.paid().len(), 1);
    }
}

#[tokio::test]
async fn a_scheduled_batch_that_was_approved_again_waits_for_its_day() {
    let desk = Desk::open().await;
    let day = desk.clock.now().after(HOUR * 3);
    let batch = desk.scheduled(&[("959777123456", 1_000)], day);
    desk.clock.advance(MINUTE);
    take_away(&desk, &HLA).await;
    desk.clock.advance(HOUR * 3);
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert!(needs_it(&desk, &batch), "its day came");
    approve_again(&desk, &SU, &batch, None).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    let other = desk.scheduled(&[("959777123457", 1_000)], desk.clock.now().after(HOUR));
    desk.clock.advance(Duration::from_secs(1));
    pause(&desk, &SU, &other).await.unwrap();
    assert_eq!(resume(&desk, &SU, &other).await.unwrap(), Went::NeedsApprovalAgain, "Daw Hla Hla does not hold it");
    assert_eq!(approve_again(&desk, &SU, &other, None).await.unwrap().again, Some(Went::ToItsDay));
    assert_eq!(desk.state(&other), "scheduled");
}
