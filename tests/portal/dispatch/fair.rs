//! A payroll of 20 does not wait for one of thousands, told by the order in which money moves and not by time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use outlay::batches::State;
use outlay::clock::{Clock, Instant};
use outlay::db::schema::batches;
use outlay::dispatch::Engine;
use outlay::ids::BatchId;

use diesel::prelude::*;

use super::between::{Between, Fate, is_quote_for, phones_at};
use super::desk::Desk;
use crate::support::portal::morning;

/// Numbers what the hub does, in its order.
struct Counting(AtomicI64);

impl Clock for Counting {
    fn now(&self) -> Instant {
        Instant::from_micros(morning().micros() + self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

fn payees(phones: &[String]) -> Vec<(&str, i64)> {
    phones.iter().map(|phone| (phone.as_str(), 1_000)).collect()
}

/// Waits until something is so, looking whenever something was written.
pub async fn until(desk: &Desk, is_so: impl Fn(&mut outlay::db::Conn) -> bool) {
    loop {
        let seen = desk.db.commits();
        if is_so(&mut desk.database.conn()) {
            return;
        }
        desk.db.changes(seen, Duration::from_secs(60)).await;
    }
}

fn count(conn: &mut outlay::db::Conn, batch: &BatchId) -> (i64, i64, State) {
    let query = batches::table.find(batch.as_str());
    query.select((batches::paying, batches::succeeded, batches::state)).first(conn).unwrap()
}

#[tokio::test]
async fn a_payroll_of_twenty_overtakes_one_of_two_thousand() {
    let desk = Desk::open_with(|settings| settings.clock = Arc::new(Counting(AtomicI64::new(0)))).await;
    let people = phones_at("kbzpay", 2_020);
    let large = desk.approved(&payees(&people[..2_000]));
    let mut setup = desk.setup();
    setup.concurrency = 4;
    let mut engine = Engine::new(desk.db.clone(), setup).unwrap();
    let later = async {
        // The large one has all in hand that it may have.
        until(&desk, |conn| count(conn, &large).1 >= 100).await;
        let before = desk.ledger().len();
        (desk.approved(&payees(&people[2_000..])), before)
    };
    let (worked, (small, before)) = tokio::join!(engine.until_idle(), later);
    worked.unwrap();
    // Approved while the engine was at work: it is noticed at its next beat.
    engine.until_idle().await.unwrap();
    let (mut ledger, rows) = (desk.ledger(), desk.rows(&small));
    ledger.sort_by_key(|row| row.received_at);
    let small_ids: Vec<_> = rows.iter().map(|row| row.transfer_id.clone().unwrap()).collect();
    let last = ledger.iter().rposition(|row| small_ids.contains(&row.transfer_id)).unwrap();
    assert_eq!(ledger.len(), 2_020);
    assert!(last < before + 1_000, "the small one's last payment was the {last}th, and {before} were before it came");
    desk.assert_counts_add_up();
}

#[tokio::test]
async fn a_large_batch_whose_provider_hangs_does_not_hold_up_a_small_one() {
    let desk = Desk::open().await;
    let between = Between::before(&desk, |request| if is_quote_for(request, "kbzpay") { Fate::Hang } else { Fate::Pass }).await;
    let (at_kbz, at_wave) = (phones_at("kbzpay", 600), phones_at("wavemoney", 20));
    let large = desk.approved(&payees(&at_kbz));
    let mut setup = desk.setup();
    (setup.concurrency, setup.sdks[0].fsp_concurrency) = (4, 3);
    setup.sdks[0].url.clone_from(&between.url);
    let mut engine = Engine::new(desk.db.clone(), setup).unwrap();
    let story = async {
        for _ in 0..3 {
            between.hangs().await;
        }
        let small = desk.approved(&payees(&at_wave));
        until(&desk, |conn| count(conn, &small).2 == State::Processed).await;
        small
    };
    let small = tokio::select! {
        _ = engine.until_idle() => panic!("the large one cannot end"),
        small = story => small,
    };
    assert_eq!(count(&mut desk.database.conn(), &small).1, 20);
    assert_eq!(count(&mut desk.database.conn(), &large).1, 0, "its provider still hangs");
}
