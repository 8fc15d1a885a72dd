//! Two processes, one that stalls, one that dies.

use std::sync::Arc;
use std::time::Duration;

use outlay::dispatch::{Engine, LEASE_FOR, ROW_LEASE, TransferState};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;

use super::between::{passed, whole_request};
use super::desk::{Desk, MINUTE};

/// Stands between an engine and the simulator, and holds every call to `path` until it is let go.
pub struct Gate {
    url: String,
    pub arrived: Arc<Notify>,
    open: Arc<tokio::sync::Semaphore>,
}

impl Gate {
    async fn before(desk: &Desk, path: &'static str) -> Self {
        Self::after(desk, path, 0).await
    }

    /// The first `pass` calls go through.
    pub async fn after(desk: &Desk, path: &'static str, pass: usize) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (arrived, open) = (Arc::new(Notify::new()), Arc::new(tokio::sync::Semaphore::new(pass)));
        let (to, tell, gate) = (desk.simulator.address(), Arc::clone(&arrived), Arc::clone(&open));
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let (tell, gate) = (Arc::clone(&tell), Arc::clone(&gate));
                tokio::spawn(async move {
                    // One call a connection: the reply closes it.
                    let Some(request) = whole_request(&mut from).await else { return };
                    if request.contains(path) {
                        let permit = match gate.try_acquire() {
                            Ok(permit) => permit,
                            Err(_) => {
                                tell.notify_one();
                                gate.acquire().await.unwrap()
                            }
                        };
                        permit.forget();
                    }
                    let reply = passed(&request, to).await;
                    // The engine may have been stopped meanwhile.
                    drop(from.write_all(&reply).await);
                });
            }
        });
        Self { url, arrived, open }
    }

    pub fn let_go(&self) {
        self.open.add_permits(10_000);
    }
}

pub fn engine_through(desk: &Desk, gate: &Gate) -> Engine {
    let mut setup = desk.setup();
    setup.sdks[0].url.clone_from(&gate.url);
    Engine::new(desk.db.clone(), setup).unwrap()
}

/// One process stalls in a call to `path`; another takes over and pays; then the first one wakes.
async fn stalled_at(path: &'static str) -> (Desk, outlay::ids::BatchId) {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000)]);
    let gate = Gate::before(&desk, path).await;
    let mut stalled = engine_through(&desk, &gate);
    let task = tokio::spawn(async move {
        stalled.until_idle().await.unwrap();
        stalled
    });
    gate.arrived.notified().await;
    desk.clock.advance(ROW_LEASE + LEASE_FOR + Duration::from_secs(1));
    let mut other = desk.engine();
    // The epoch file belongs to one machine; the other process runs on it too, and begins its own epoch.
    desk.pay(&mut other, &batch).await;
    assert_eq!(desk.row(&batch).state, TransferState::Succeeded);
    gate.let_go();
    let mut woken = task.await.unwrap();
    woken.until_idle().await.unwrap();
    desk.assert_agrees_with_the_ledger(&batch);
    desk.assert_counts_add_up();
    assert_eq!(desk.paid()["959777123456"], 100_000, "once");
    assert_eq!(desk.state(&batch), "processed");
    (desk, batch)
}

#[tokio::test]
async fn a_process_that_stalled_before_recording_cannot_record() {
    let (desk, _) = stalled_at("/quotes").await;
    assert_eq!(desk.ledger().len(), 1, "one prepare ever reached the network");
    assert_eq!(desk.replies("quotes"), ["quoted", "quoted"], "the late quote is kept");
}

#[tokio::test]
async fn a_process_that_stalled_after_recording_sends_what_nobody_executes_twice() {
    let (desk, batch) = stalled_at("/simpleTransfers").await;
    assert_eq!(desk.row(&batch).n, 0);
    assert_eq!(desk.replies("simple_transfers").len(), 2, "the late reply is kept");
}

#[tokio::test]
async fn what_a_dead_process_left_behind_is_found() {
    let desk = Desk::open().await;
    let phones: Vec<String> = (0..20).map(|number| format!("9597773{number:05}")).collect();
    let payees: Vec<_> = phones.iter().map(|phone| (phone.as_str(), 1_000)).collect();
    for path in ["/parties", "/quotes", "/simpleTransfers"] {
        let batch = desk.approved(&payees);
        let gate = Gate::before(&desk, path).await;
        let mut dying = engine_through(&desk, &gate);
        let task = tokio::spawn(async move { dying.until_idle().await });
        gate.arrived.notified().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(desk.rows(&batch).iter().all(|row| matches!(row.state, TransferState::Agreeing | TransferState::Sending)));
        desk.clock.advance(LEASE_FOR + Duration::from_secs(1));
        let mut next = desk.engine();
        next.until_idle().await.unwrap();
        let in_hand = |row: &super::desk::Row| matches!(row.state, TransferState::Agreeing | TransferState::Sending);
        assert!(!desk.rows(&batch).iter().any(in_hand), "{path}: found at the take-over, long before each row's own lease ends");
        desk.pay(&mut next, &batch).await;
        desk.assert_agrees_with_the_ledger(&batch);
        desk.assert_counts_add_up();
        desk.clock.advance(MINUTE);
    }
    assert!(desk.paid().values().all(|paid| *paid == 300_000), "each once in each of three batches");
}

#[tokio::test]
async fn an_account_is_dispatched_by_one_process_at_a_time() {
    let desk = Desk::open().await;
    let first = desk.approved(&[("959777129006", 1_000)]);
    let (mut one, mut two) = (desk.engine(), desk.engine());
    one.until_idle().await.unwrap();
    let second = desk.approved(&[("959777123456", 1_000)]);
    two.until_idle().await.unwrap();
    assert_eq!(desk.state(&second), "approved", "the other process has the account");
    one.until_idle().await.unwrap();
    assert_eq!(desk.state(&second), "processed");
    desk.clock.advance(LEASE_FOR * 2);
    two.until_idle().await.unwrap();
    assert_eq!(desk.row(&first).state, TransferState::Succeeded, "taken over after the lease ended");
}
