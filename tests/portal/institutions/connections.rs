//! Connections: bounded for each institution, none for one that idles, and a broken database is its own institution's trouble.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use outlay::db::{self, Conn, SHARE};
use outlay::institutions::FRESH_FOR;

use crate::dispatch::desk::Desk;
use crate::support::cast::{HLA, THIRI};
use crate::support::portal::Portal;

/// Reads that wait until a test lets them go.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

/// Lets them go however the test ends: a thread that waits for ever would keep it from ending at all.
struct Opens(Gate);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

impl Gate {
    fn wait(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }

    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

#[tokio::test]
async fn a_busy_institution_leaves_connections_to_the_others() {
    let (upendo, zabu, _) = Portal::two().await;
    let gate = Gate::default();
    let opens = Opens(gate.clone());
    let read = || {
        let (db, gate) = (upendo.institution.db.clone(), gate.clone());
        tokio::spawn(async move {
            db.read(move |_: &mut Conn| {
                gate.wait();
                Ok::<_, db::Error>(())
            })
            .await
        })
    };
    let reads: Vec<_> = (0..SHARE * 3).map(|_| read()).collect();
    // Its neighbour is served while all of these stand, and they never take more than their share.
    let mut hla = zabu.signed_in(&HLA).await;
    hla.get("/tasks").await.assert_status(200);
    assert!(upendo.institution.db.connections() <= SHARE + 1, "{} are open", upendo.institution.db.connections());
    drop(opens);
    for read in reads {
        read.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn looking_for_work_where_there_is_none_leaves_no_connection_open() {
    let desk = Desk::open().await;
    let mut engine = desk.engine();
    engine.until_idle().await.unwrap();
    assert!(desk.db.connections() > 0, "beginning to work needs some");
    desk.db.close_resting();
    for _ in 0..3 {
        engine.until_idle().await.unwrap();
        assert_eq!(desk.db.connections(), 0);
    }
}

#[tokio::test]
async fn an_institution_that_idles_costs_no_connection() {
    let (portal, _network) = Portal::paying().await;
    portal.signed_in(&THIRI).await;
    let db = &portal.institution.db;
    assert!(db.connections() > 0);
    // The signing in is sealed, and the worker has nothing more to do.
    let sealed = |conn: &mut Conn| Ok::<_, db::Error>(!outlay::audit::is_any_unsealed(conn)?);
    while !db.read(sealed).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut quiet = 0;
    // As time would, and then for longer than a busy worker's beat.
    for _ in 0..200 {
        db.close_resting();
        tokio::time::sleep(Duration::from_millis(25)).await;
        quiet = if db.connections() == 0 { quiet + 1 } else { 0 };
        if quiet == 40 {
            return;
        }
    }
    panic!("the worker keeps {} connections open", db.connections());
}

#[tokio::test]
async fn a_database_that_was_broken_at_start_stops_nobody_else_and_opens_when_it_is_mended() {
    let ([upendo, zabu, thiha], _) = Portal::three_and_one_is_broken().await;
    upendo.signed_in(&THIRI).await.get("/batches/new").await.assert_status(200);
    zabu.signed_in(&HLA).await.get("/tasks").await.assert_status(200);
    let page = thiha.stranger().look("/sign-in").await;
    page.assert_status(503).assert_says("Its database cannot be reached").assert_says("Thiha Credit").assert_says_not("Upendo");
    thiha.institution.come_up_alone().await.unwrap_err();
    thiha.database().mend();
    // As the worker does every minute.
    thiha.institution.come_up_alone().await.unwrap();
    thiha.signed_in(&THIRI).await.get("/batches/new").await.assert_status(200);
}

#[tokio::test]
async fn a_database_that_goes_away_is_its_own_institutions_trouble() {
    let (upendo, zabu, clock) = Portal::two().await;
    let (mut thiri, mut hla) = (upendo.signed_in(&THIRI).await, zabu.signed_in(&HLA).await);
    upendo.institution.db.close_resting();
    upendo.database().break_down();
    // At once, while what is known of the institution is still fresh, and after.
    for _ in 0..2 {
        thiri.look("/batches/new").await.assert_status(503).assert_says("Its database cannot be reached");
        upendo.stranger().look("/static/x/outlay.css").await;
        hla.get("/tasks").await.assert_status(200).assert_says(HLA.full_name);
        clock.advance(FRESH_FOR);
    }
    upendo.stranger().look("/sign-in").await.assert_status(503);
    upendo.institution.db.close_resting();
    upendo.database().mend();
    thiri.get("/batches/new").await.assert_status(200).assert_says(THIRI.full_name);
}
