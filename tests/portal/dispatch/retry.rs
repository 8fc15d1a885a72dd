//! Failed payments are tried again under the approval they have, and nobody is paid twice by it.

use std::time::Duration;

use diesel::prelude::*;
use outlay::batches::State;
use outlay::db::schema::transfers;
use outlay::dispatch::{Count, Engine, Retried, RetryForm, RetryRefusal, TransferState, Which, retry, retryable};
use outlay::ids::{AttemptId, BatchId, RowId};
use outlay::money::Minor;
use outlay::people::Actor;
use outlay::privileges::Action;

use super::between::{Between, Fate};
use super::desk::{Desk, HOUR};
use crate::support::cast::{HLAING, Person};

const DAY: Duration = Duration::from_secs(86_400);

/// Checkers of the desk's branch.
pub const NILAR: Person = Person {
    user_name: "nilar",
    full_name: "Daw Nilar",
    office: HLAING,
    actions: &[Action::ApprovePayment, Action::ViewPayroll],
    is_account_manager: false,
};
const KHINE: Person = Person { user_name: "khine", full_name: "Ma Khine", ..NILAR };
/// Sees payrolls, decides on none.
const LOOKS: Person = Person { user_name: "looks", full_name: "U Thein", actions: &[Action::ViewPayroll], ..NILAR };

/// All that is worth another try, as the check page shows it.
async fn form(desk: &Desk, batch: &BatchId, which: Which, chosen: &[RowId]) -> RetryForm {
    let (id, rows) = (batch.clone(), chosen.to_vec());
    let seen = desk.db.read(move |conn| retryable(conn, &id, which, &rows)).await.unwrap();
    RetryForm { batch: batch.clone(), which, chosen: chosen.to_vec(), count: seen.count(), sum: seen.sum() }
}

async fn send(desk: &Desk, actor: &Actor, form: &RetryForm) -> Result<Retried, RetryRefusal> {
    let (actor, form) = (actor.clone(), form.clone());
    desk.db.write(move |tx| retry(tx, &actor, &form)).await
}

/// A desk with a checker, and a batch of these payees that has been paid to its end.
async fn processed(payees: &[(&str, i64)]) -> (Desk, Actor, BatchId, Engine) {
    let desk = Desk::open().await;
    let checker = desk.arrives(&NILAR).await;
    let batch = desk.approved(payees);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    (desk, checker, batch, engine)
}

#[tokio::test]
async fn after_each_kind_of_failure_a_retry_pays_nobody_twice() {
    for digits in ["9001", "9002", "9003", "9005", "9015", "9016"] {
        let phone = format!("95977712{digits}");
        let (desk, checker, batch, mut engine) = processed(&[(phone.as_str(), 1_000), ("959777123456", 500)]).await;
        let before = desk.rows(&batch)[0].clone();
        assert_eq!(before.state, TransferState::Failed, "{digits}");
        for _ in 0..2 {
            let all = form(&desk, &batch, Which::All, &[]).await;
            let retried = send(&desk, &checker, &all).await.unwrap();
            assert_eq!((retried.payments, retried.sum.units()), (1, 100_000), "{digits}");
            assert_eq!(desk.state(&batch), "processing");
            desk.assert_counts_add_up();
            desk.pay(&mut engine, &batch).await;
        }
        let after = desk.rows(&batch)[0].clone();
        assert_eq!(after.state, TransferState::Failed, "{digits}: the fault stays");
        assert!(after.n >= before.n, "{digits}: never back along the chain");
        desk.assert_agrees_with_the_ledger(&batch);
        assert_eq!(desk.paid().len(), 1, "{digits}: the one who was paid, once");
        assert_eq!(desk.audit_of_people(), ["batch.retried", "batch.retried"]);
    }
}

#[tokio::test]
async fn what_failed_for_want_of_an_answer_is_paid_under_the_same_id() {
    let desk = Desk::open().await;
    let checker = desk.arrives(&NILAR).await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    let silent = Between::before(&desk, |_| Fate::Timeout).await;
    let mut setup = desk.setup();
    setup.sdks[0].url = silent.url.clone();
    let mut deaf = Engine::new(desk.db.clone(), setup).unwrap();
    let end = outlay::clock::Clock::now(&*desk.clock).after(HOUR);
    while desk.count(&batch, Count::InDoubt) < 1 {
        deaf.until_idle().await.unwrap();
        let next = deaf.next_due().await.unwrap().unwrap();
        assert!(next < end, "{:?}", desk.rows(&batch));
        desk.clock.advance(next.since(outlay::clock::Clock::now(&*desk.clock)) + Duration::from_millis(1));
    }
    drop(deaf);
    desk.clock.advance(outlay::dispatch::LEASE_FOR * 2);
    let mut engine = desk.engine();
    desk.pay(&mut engine, &batch).await;
    assert_eq!(desk.count(&batch, Count::Failed), 1, "not paid, certainly: {:?}", desk.rows(&batch));
    let safe = form(&desk, &batch, Which::Safe, &[]).await;
    assert_eq!(safe.count, 1, "nobody answered: that passes");
    send(&desk, &checker, &safe).await.unwrap();
    desk.pay(&mut engine, &batch).await;
    assert!(desk.rows(&batch).iter().all(|row| (row.state, row.n) == (TransferState::Succeeded, 0)));
    desk.assert_agrees_with_the_ledger(&batch);
    assert_eq!(desk.paid().len(), 1);
}

#[tokio::test]
async fn many_rows_are_made_ready_at_once_just_as_the_core_makes_one() {
    let phones: Vec<String> = (0..600).map(|number| format!("9597774{number:05}")).collect();
    let payees: Vec<_> = phones.iter().map(|phone| (phone.as_str(), 1_000)).collect();
    let desk = Desk::open().await;
    let checker = desk.arrives(&NILAR).await;
    let batch = desk.approved(&payees);
    let (now, until) = (outlay::clock::Clock::now(&*desk.clock).micros(), 77);
    desk.run_sql(&format!(
        "UPDATE transfers SET state = 'failed', n = 3, tries = 9, tries_limited = 3, asks = 4, attempt_id = 'old', next_at = NULL, refused = FALSE, \
         recorded_by = 'rec', recorded_expires_at = 5, recorded_until = {until}, code = '2004', reason = '{{\"why\":\"network\",\"code\":\"2004\"}}', \
         unshown_count = 2, settled_at = {now} WHERE batch_id = '{batch}' AND line > 101; \
         UPDATE transfers SET state = 'succeeded', next_at = NULL WHERE batch_id = '{batch}' AND line <= 101; \
         UPDATE batches SET state = 'processed', waiting = 0, failed = 500, succeeded = 100, sum_waiting = 0, sum_failed = 50000000, \
         sum_succeeded = 10000000 WHERE id = '{batch}';"
    ));
    desk.assert_counts_add_up();
    let safe = form(&desk, &batch, Which::Safe, &[]).await;
    assert_eq!((safe.count, safe.sum), (500, Minor::new(50_000_000)));
    send(&desk, &checker, &safe).await.unwrap();
    desk.assert_counts_add_up();
    type Columns = (TransferState, i32, (i32, i32), i32, Option<AttemptId>, Option<i64>, Option<AttemptId>, Option<i64>);
    let rows: Vec<Columns> = transfers::table
        .filter(transfers::batch_id.eq(batch.as_str()))
        .filter(transfers::line.gt(101))
        .select((
            transfers::state,
            transfers::n,
            (transfers::tries, transfers::tries_limited),
            transfers::asks,
            transfers::attempt_id,
            transfers::next_at,
            transfers::recorded_by,
            transfers::recorded_until,
        ))
        .load(&mut desk.database.conn())
        .unwrap();
    assert_eq!(rows.len(), 500);
    let ready = (TransferState::Ready, 3, (0, 0), 0, None, Some(now), Some(AttemptId::from("rec")), Some(until));
    assert!(rows.iter().all(|row| *row == ready), "{:?}", rows[0]);
    type Left = (Option<String>, Option<String>, Option<i64>, i32);
    let left: Vec<Left> = transfers::table
        .filter(transfers::line.gt(101))
        .select((transfers::code, transfers::reason, transfers::settled_at, transfers::unshown_count))
        .load(&mut desk.database.conn())
        .unwrap();
    assert!(left.iter().all(|row| *row == (None, None, None, 0)), "{:?}", left[0]);
    assert_eq!(desk.count(&batch, Count::Succeeded), 100, "what was paid stays paid");
}

#[tokio::test]
async fn what_is_permanent_is_left_out_unless_it_is_chosen() {
    let (desk, checker, batch, mut engine) = processed(&[("959777129001", 1_000), ("959777129005", 2_000), ("959777129016", 3_000)]).await;
    let id = batch.clone();
    let seen = desk.db.read(move |conn| retryable(conn, &id, Which::Safe, &[])).await.unwrap();
    assert_eq!(seen.tried.iter().map(|kind| kind.count).sum::<i64>(), 1, "only the one that expired: {seen:?}");
    let skipped: Vec<_> = seen.skipped.iter().map(|kind| kind.said.english()).collect();
    assert_eq!(skipped, ["The number or account has no wallet", "The fee is above the limit"]);
    assert!(seen.skipped.iter().all(|kind| kind.skipped.is_some()), "each says why");
    let safe = form(&desk, &batch, Which::Safe, &[]).await;
    send(&desk, &checker, &safe).await.unwrap();
    assert_eq!(desk.count(&batch, Count::Failed), 2);
    desk.pay(&mut engine, &batch).await;
    let chosen = [RowId::from(format!("{batch}-000002"))];
    let one = form(&desk, &batch, Which::Safe, &chosen).await;
    assert_eq!((one.count, one.sum), (1, Minor::new(100_000)), "chosen by hand");
    send(&desk, &checker, &one).await.unwrap();
    assert_eq!((desk.rows(&batch)[0].state, desk.rows(&batch)[1].state), (TransferState::Ready, TransferState::Failed));
    desk.assert_counts_add_up();
}

#[tokio::test]
async fn two_checkers_at_the_same_moment_try_it_again_once() {
    let (desk, nilar, batch, mut engine) = processed(&[("959777129003", 1_000), ("959777129005", 1_000)]).await;
    let khine = desk.arrives(&KHINE).await;
    let all = form(&desk, &batch, Which::All, &[]).await;
    let (one, other) = tokio::join!(send(&desk, &nilar, &all), send(&desk, &khine, &all));
    let refused = match (one, other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("one of them: {both:?}"),
    };
    assert!(matches!(refused, RetryRefusal::Nothing | RetryRefusal::Changed), "{refused:?}");
    desk.assert_counts_add_up();
    desk.pay(&mut engine, &batch).await;
    desk.assert_agrees_with_the_ledger(&batch);
}

#[tokio::test]
async fn a_retry_races_the_questions_about_others_of_its_batch() {
    let (desk, checker, batch, mut engine) = processed(&[("959777129003", 1_000), ("959777129001", 1_000), ("959777129005", 1_000)]).await;
    for _ in 0..3 {
        let all = form(&desk, &batch, Which::All, &[]).await;
        send(&desk, &checker, &all).await.unwrap();
        // While they are being paid and asked about, what has failed already is tried once more.
        let again = async {
            for _ in 0..20 {
                let some = form(&desk, &batch, Which::All, &[]).await;
                if some.count > 0 {
                    match send(&desk, &checker, &some).await {
                        Ok(_) | Err(RetryRefusal::Changed | RetryRefusal::Nothing) => return,
                        Err(RetryRefusal::Db(error)) => assert!(error.to_string().contains("onflict"), "{error}"),
                        Err(refused) => panic!("{refused:?}"),
                    }
                }
                tokio::task::yield_now().await;
            }
        };
        let (paid, ()) = tokio::join!(engine.until_idle(), again);
        paid.unwrap();
        desk.assert_counts_add_up();
        desk.pay(&mut engine, &batch).await;
        desk.assert_agrees_with_the_ledger(&batch);
        assert!(desk.paid().is_empty());
    }
}

#[tokio::test]
async fn only_a_checker_who_made_no_part_of_it_tries_it_again() {
    let (desk, checker, batch, _) = processed(&[("959777129001", 1_000)]).await;
    let all = form(&desk, &batch, Which::All, &[]).await;
    let looks = desk.arrives(&LOOKS).await;
    assert!(matches!(send(&desk, &looks, &all).await, Err(RetryRefusal::NotAllowed(Action::ApprovePayment))));
    let stranger = desk.arrives_elsewhere(&Person { user_name: "elsewhere", ..NILAR }).await;
    assert!(matches!(send(&desk, &stranger, &all).await, Err(RetryRefusal::NoSuchBatch)));
    desk.run_sql(&format!("INSERT INTO batch_makers (batch_id, user_id) VALUES ('{batch}', '{}')", checker.id));
    assert!(matches!(send(&desk, &checker, &all).await, Err(RetryRefusal::OwnBatch)));
    assert_eq!(desk.row(&batch).state, TransferState::Failed);
}

#[tokio::test]
async fn it_is_tried_again_within_seven_days_of_the_approval_and_in_the_right_state() {
    let (desk, checker, batch, _) = processed(&[("959777129001", 1_000)]).await;
    let all = form(&desk, &batch, Which::All, &[]).await;
    for state in ["paused", "cancelled", "cancelling"] {
        desk.run_sql(&format!("UPDATE batches SET state = '{state}' WHERE id = '{batch}'"));
        assert!(matches!(send(&desk, &checker, &all).await, Err(RetryRefusal::WrongState(_))), "{state}");
    }
    desk.run_sql(&format!("UPDATE batches SET state = '{}' WHERE id = '{batch}'", State::Processed.as_str()));
    let decided: i64 =
        outlay::db::schema::decisions::table.select(outlay::db::schema::decisions::at).first(&mut desk.database.conn()).unwrap();
    let edge = outlay::clock::Instant::from_micros(decided).after(DAY * 7);
    desk.clock.advance(edge.since(outlay::clock::Clock::now(&*desk.clock)) + Duration::from_millis(1));
    assert!(matches!(send(&desk, &checker, &all).await, Err(RetryRefusal::TooLate(until)) if until == edge));
    desk.run_sql(&format!("UPDATE decisions SET at = at + 1000 WHERE batch_id = '{batch}'"));
    send(&desk, &checker, &all).await.unwrap();
}

#[tokio::test]
async fn what_one_was_not_shown_is_not_tried_again() {
    let (desk, checker, batch, _) = processed(&[("959777129001", 1_000), ("959777129002", 1_000)]).await;
    let all = form(&desk, &batch, Which::All, &[]).await;
    let shown = RetryForm { count: 1, sum: Minor::new(100_000), ..all.clone() };
    assert!(matches!(send(&desk, &checker, &shown).await, Err(RetryRefusal::Changed)));
    let many = RetryForm { chosen: (0..501).map(|n| RowId::from(format!("r{n}"))).collect(), ..all.clone() };
    assert!(matches!(send(&desk, &checker, &many).await, Err(RetryRefusal::TooMany)));
    let foreign = RetryForm { chosen: vec![RowId::from("of-another-batch")], count: 0, sum: Minor::new(0), ..all };
    assert!(matches!(send(&desk, &checker, &foreign).await, Err(RetryRefusal::Nothing)));
    assert_eq!(desk.count(&batch, Count::Failed), 2);
}
