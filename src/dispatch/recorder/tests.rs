//! What the recorder does when nobody knows whether a commit happened, and when one row of a group is bad.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::db::schema::{attempts, batches, transfers};
use crate::db::{Access, Conn, DatabaseUrl};
use crate::dispatch::core::Standing;
use crate::dispatch::{TransferState, core};

static LOSE: AtomicBool = AtomicBool::new(false);
/// One test at a time: which commit is lost is one switch for the process.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

pub(super) fn the_commit_is_to_be_lost() -> bool {
    LOSE.swap(false, Ordering::SeqCst)
}

struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    recorder: Recorder,
}

fn id(line: i64) -> RowId {
    RowId::from(format!("row-{line}").as_str())
}

fn attempt(line: i64) -> AttemptId {
    AttemptId::from(format!("attempt-{line}").as_str())
}

/// Three rows that are being agreed on by this process.
fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("db"));
    db::bring_up(&url).unwrap();
    let clock = Arc::new(ManualClock::at(Instant::from_micros(1_000_000)));
    let mut sql = String::from(
        "INSERT INTO institution (id, only_row, mode, dispatch_epoch, created_at) VALUES ('house', 1, 'training', 1, 0);
         INSERT INTO branches (id, code, region, township, name, is_active, created_at) VALUES ('b', 'B', 'r', 't', 'n', TRUE, 0);
         INSERT INTO users (id, user_name, full_name, branch_id, is_account_manager, is_active, password_hash, password_set_at, created_at)
             VALUES ('u', 'u', 'U', 'b', FALSE, TRUE, '', 0, 0);
         INSERT INTO fsps VALUES ('f', 'F', TRUE, 0);
         INSERT INTO funding_accounts (id, name, sdk, fsp_id, currency, payer_id_type, payer_id_value, fee_limit, state, created_at)
             VALUES ('a', 'A', 'main', 'f', 'MMK', 'MSISDN', '1', 0, 'open', 0);
         INSERT INTO leases VALUES ('lease', 'me', 4, 99000000);
         INSERT INTO batches (id, reference, name, branch_id, payment_type, channel, funding_account_id, currency, profile, content_digest,
             content_seen, state, state_at, pauses, fee_limit, errors, warnings, notes, total, waiting, paying, succeeded, failed, in_doubt,
             needs_attention, cancelled, excluded, sum_total, sum_waiting, sum_paying, sum_succeeded, sum_failed, sum_in_doubt,
             sum_needs_attention, sum_cancelled, sum_excluded, created_by, created_at)
             VALUES ('batch', 'r', 'n', 'b', 'payroll', 'mojaloop', 'a', 'MMK', 'outlay', '', 1, 'processing', 0, 0, 0, 0, 0, 0,
             3, 0, 3, 0, 0, 0, 0, 0, 0, 30, 0, 30, 0, 0, 0, 0, 0, 0, 'u', 0);",
    );
    for line in 1..=3 {
        sql.push_str(&format!(
            "INSERT INTO transfers (id, home_transaction_id, batch_id, line, branch_id, reference, payee_name, payee_name_folded, id_type,
                 id_value, amount, currency, note, extra, row_digest, state, n, attempt_id, tries, asks, next_at, unshown_count)
                 VALUES ('row-{line}', 'h{line}', 'batch', {line}, 'b', '', '', '', 'MSISDN', '1', 10, 'MMK', '', '', 'd', 'agreeing', 0,
                 'attempt-{line}', 0, 0, 99000000, 0);
             INSERT INTO attempts (id, row_id, purpose, n, transfer_id, worker, claimed_at)
                 VALUES ('attempt-{line}', 'row-{line}', 'pay', 0, 't{line}', 'me', 0);"
        ));
    }
    db::batch_execute(&mut Conn::open(&url, Access::Write).unwrap(), &sql).unwrap();
    let db = Db::new(url, clock.clone()).unwrap();
    let recorder = Recorder::start(db, "me".to_owned(), Arc::new(AtomicI64::new(1)), Arc::default());
    Desk { folder, clock, recorder }
}

impl Desk {
    fn conn(&self) -> Conn {
        Conn::open(&DatabaseUrl::Sqlite(self.folder.path().join("db")), Access::Read).unwrap()
    }

    fn agreeing(&self) -> Standing {
        Standing { state: TransferState::Agreeing, next_at: Some(Instant::from_micros(99_000_000)), ..Standing::ready(self.clock.now()) }
    }

    fn sending(&self, line: i64) -> Standing {
        let now = self.clock.now();
        core::recorded(self.agreeing(), attempt(line), now.after(Duration::from_secs(30)), now.after(Duration::from_secs(300)))
    }

    fn write(&self, line: i64, from: &Standing, to: Standing) -> Write {
        Write {
            row: id(line),
            batch: BatchId::from("batch"),
            account: FundingAccountId::from("a"),
            amount: Minor::new(10),
            lease: ("lease".to_owned(), 4),
            key: Key::of(from, Some(&attempt(line))),
            to,
            attempt: Some(attempt(line)),
            recording: None,
            learned: None,
            ended: None,
            replies: Vec::new(),
            stop: None,
        }
    }

    fn record(&self, line: i64) -> Write {
        let recording = Recording {
            landed: Landed::default(),
            transfer: TransferId::from("t"),
            digest: "d".to_owned(),
            bytes: RecordedBytes { id: attempt(line), prepare: format!("bytes {line}"), expires: 31_000_000, at: 1_000_000 },
        };
        Write { recording: Some(recording), ..self.write(line, &self.agreeing(), self.sending(line)) }
    }

    fn pay(&self, line: i64) -> Write {
        let sending = self.sending(line);
        let paid = Standing { state: TransferState::Succeeded, next_at: None, settled_at: Some(self.clock.now()), ..sending.clone() };
        self.write(line, &sending, paid)
    }

    fn state(&self, line: i64) -> TransferState {
        transfers::table.find(id(line)).select(transfers::state).first(&mut self.conn()).unwrap()
    }

    fn counts(&self) -> (i64, i64, i64) {
        batches::table.select((batches::paying, batches::succeeded, batches::sum_succeeded)).first(&mut self.conn()).unwrap()
    }
}

#[tokio::test]
async fn what_waited_to_be_written_is_settled_when_it_is_written() {
    let _alone = ALONE.lock().await;
    let desk = desk();
    assert_eq!(desk.recorder.write(desk.record(1)).await, Ok(true));
    let paid = desk.pay(1);
    desk.clock.advance(Duration::from_secs(50));
    assert_eq!(desk.recorder.write(paid).await, Ok(true));
    let settled: Option<Instant> = transfers::table.find(id(1)).select(transfers::settled_at).first(&mut desk.conn()).unwrap();
    assert_eq!(settled, Some(desk.clock.now()), "the report of the minute before may be made");
}

#[tokio::test]
async fn a_commit_nobody_knows_of_is_looked_for_and_not_repeated() {
    let _alone = ALONE.lock().await;
    let desk = desk();
    LOSE.store(true, Ordering::SeqCst);
    assert_eq!(desk.recorder.write(desk.record(1)).await, Ok(true), "it is there, so the bytes may go out");
    assert_eq!(desk.state(1), TransferState::Sending);
    let kept: Option<String> = attempts::table.find(attempt(1)).select(attempts::prepare).first(&mut desk.conn()).unwrap();
    assert_eq!(kept.as_deref(), Some("bytes 1"));
    LOSE.store(true, Ordering::SeqCst);
    assert_eq!(desk.recorder.write(desk.pay(1)).await, Ok(true));
    assert_eq!((desk.state(1), desk.counts()), (TransferState::Succeeded, (2, 1, 10)), "counted once");
}

#[tokio::test]
async fn only_the_holder_of_the_lease_and_the_attempt_records() {
    let _alone = ALONE.lock().await;
    let desk = desk();
    let refused = [
        Write { lease: ("lease".to_owned(), 3), ..desk.record(1) },
        Write { key: Key { attempt: Some(AttemptId::from("other")), ..desk.record(1).key }, ..desk.record(1) },
        Write { key: Key { n: 1, ..desk.record(1).key }, ..desk.record(1) },
        Write { key: Key { state: TransferState::Ready, ..desk.record(1).key }, ..desk.record(1) },
        Write { recording: Some(Recording { digest: "e".to_owned(), ..desk.record(1).recording.unwrap() }), ..desk.record(1) },
    ];
    for write in refused {
        assert_eq!(desk.recorder.write(write).await, Ok(false));
    }
    let other_bytes = Key { recorded_by: Some(attempt(2)), ..desk.pay(1).key };
    assert_eq!(desk.recorder.write(desk.record(1)).await, Ok(true));
    assert_eq!(desk.recorder.write(Write { key: other_bytes, ..desk.pay(1) }).await, Ok(false), "a reply about other bytes");
    assert_eq!(desk.recorder.write(desk.record(1)).await, Ok(false), "recorded once");
    assert_eq!((desk.state(1), desk.counts()), (TransferState::Sending, (3, 0, 0)));
}

#[tokio::test]
async fn one_bad_row_does_not_keep_the_others_from_being_written() {
    let _alone = ALONE.lock().await;
    let desk = desk();
    let mut bad = desk.record(2);
    // A reply of an attempt that nobody ever began.
    bad.replies.push(Reply {
        attempt: AttemptId::from("nobody"),
        position: 0,
        call: "quotes",
        transfer: None,
        sent: 0,
        took: 0,
        status: None,
        verdict: "quoted",
        code: None,
        body: String::new(),
    });
    let (one, two, three) =
        tokio::join!(desk.recorder.write(desk.record(1)), desk.recorder.write(bad), desk.recorder.write(desk.record(3)));
    assert_eq!((one, two, three), (Ok(true), Err(NotWritten), Ok(true)));
    assert_eq!([1, 2, 3].map(|line| desk.state(line)), [TransferState::Sending, TransferState::Agreeing, TransferState::Sending]);
}

fn committed(transfer: &TransferId) -> Reply {
    Reply {
        attempt: attempt(1),
        position: 0,
        call: "simple_transfers",
        transfer: Some(transfer.clone()),
        sent: 0,
        took: 0,
        status: Some(200),
        verdict: "committed",
        code: None,
        body: String::new(),
    }
}

/// Row 1 stands so by now, and an answer that says "paid" comes for the id that it had in use before.
async fn paid_too_late(state: TransferState, n: i32) -> (Desk, i64) {
    use diesel::dsl::count_star;
    let desk = desk();
    let url = DatabaseUrl::Sqlite(desk.folder.path().join("db"));
    let count = match state {
        TransferState::Failed => "failed",
        TransferState::Succeeded => "succeeded",
        _ => "waiting",
    };
    let sql = format!(
        "UPDATE transfers SET state = '{}', n = {n}, attempt_id = NULL WHERE id = 'row-1';
         UPDATE batches SET paying = 2, sum_paying = 20, {count} = 1, sum_{count} = 10;",
        state.as_str()
    );
    db::batch_execute(&mut Conn::open(&url, Access::Write).unwrap(), &sql).unwrap();
    let paid = TransferId::derive(&crate::ids::InstitutionId::from("house"), &crate::ids::HomeTransactionId::from("h1"), 0);
    let late = Write { replies: vec![committed(&paid)], ..desk.pay(1) };
    assert_eq!(desk.recorder.write(late).await, Ok(false), "it is not this attempt's any more");
    let alarms = crate::db::schema::alarms::table.select(count_star()).first(&mut desk.conn()).unwrap();
    (desk, alarms)
}

#[tokio::test]
async fn an_answer_that_says_paid_too_late_raises_the_alarm_where_the_row_was_given_up() {
    let _alone = ALONE.lock().await;
    assert_eq!(paid_too_late(TransferState::Failed, 0).await.1, 1, "it was called not paid");
    assert_eq!(paid_too_late(TransferState::Failed, 1).await.1, 1);
    assert_eq!(paid_too_late(TransferState::Succeeded, 0).await.1, 0, "another worker heard it first");
    let (desk, alarms) = paid_too_late(TransferState::Ready, 1).await;
    assert_eq!((alarms, desk.state(1)), (1, TransferState::InDoubt), "and it is not paid under the next id");
}

#[tokio::test]
async fn of_two_attempts_at_a_row_only_the_one_it_belongs_to_is_told_and_counted() {
    let _alone = ALONE.lock().await;
    let desk = desk();
    // The account was another process's for a while; here the first attempt still waited for its reply.
    let stale = |write: Write| Write { key: Key { attempt: Some(AttemptId::from("old")), ..write.key.clone() }, ..write };
    let (old, own) = tokio::join!(desk.recorder.write(stale(desk.record(1))), desk.recorder.write(desk.record(1)));
    assert_eq!((old, own), (Ok(false), Ok(true)), "bytes that were not recorded must not go out");
    let of_an_older_lease = |write: Write| Write { lease: ("lease".to_owned(), 3), ..write };
    let (old, own) = tokio::join!(desk.recorder.write(of_an_older_lease(desk.record(3))), desk.recorder.write(desk.pay(1)));
    assert_eq!((old, own), (Ok(false), Ok(true)), "a lease that ended writes nothing in the company of a good one");
    assert_eq!(desk.state(3), TransferState::Agreeing);
    let (own, old) = tokio::join!(desk.recorder.write(desk.record(2)), desk.recorder.write(stale(desk.record(2))));
    assert_eq!((own, old), (Ok(true), Ok(false)));
    let (old, own) = tokio::join!(desk.recorder.write(stale(desk.pay(2))), desk.recorder.write(desk.pay(2)));
    assert_eq!((old, own), (Ok(false), Ok(true)));
    assert_eq!([1, 2].map(|line| desk.state(line)), [TransferState::Succeeded; 2]);
    assert_eq!(desk.counts(), (1, 2, 20), "each counted once");
}
