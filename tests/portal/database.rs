//! The one way to write and the one way to read, on the engine of this run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use outlay::clock::{Instant, ManualClock};
use outlay::db::schema::{branches, content_sightings, fsps};
use outlay::db::{self, Access, Conn, DatabaseUrl, Db, Error, Isolation, NotOurVersion, Turn, WriteTx};

use crate::support::database::{Engine, TestDatabase};

fn open(database: &TestDatabase) -> Db {
    database.db(Arc::new(ManualClock::at(Instant::from_micros(1_763_684_738_000_000))))
}

fn new_fsp(conn: &mut Conn, id: &str, name: &str) -> db::Result<usize> {
    let row = (fsps::id.eq(id), fsps::name.eq(name), fsps::is_active.eq(true), fsps::created_at.eq(0));
    Ok(diesel::insert_into(fsps::table).values(row).execute(conn)?)
}

fn fsp_names(conn: &mut Conn) -> db::Result<Vec<String>> {
    Ok(fsps::table.select(fsps::name).order(fsps::id).load(conn)?)
}

fn seen(conn: &mut Conn) -> db::Result<i64> {
    Ok(content_sightings::table.find("a file").select(content_sightings::seen).first(conn)?)
}

fn see(conn: &mut Conn, times: i64) -> db::Result<usize> {
    Ok(diesel::update(content_sightings::table.find("a file")).set(content_sightings::seen.eq(times)).execute(conn)?)
}

/// So many threads add to one row, each so often. Returns how many writes gave up and had to be begun again.
fn writers_of_one_row(writers: i64, writes: i64) -> u32 {
    let database = TestDatabase::new();
    let db = open(&database);
    db::batch_execute(&mut database.conn(), "INSERT INTO content_sightings (content_digest, seen) VALUES ('a file', 1)").unwrap();
    let gave_up = AtomicU32::new(0);
    std::thread::scope(|threads| {
        for _ in 0..writers {
            threads.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                for _ in 0..writes {
                    while let Err(error) = runtime.block_on(db.write(|tx| seen(tx).and_then(|times| see(tx, times + 1)))) {
                        assert!(error.to_string().contains("could not serialize"), "{error}");
                        gave_up.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(seen(&mut database.conn()).unwrap(), 1 + writers * writes);
    gave_up.into_inner()
}

#[test]
fn eight_writers_at_once_lose_no_update() {
    let gave_up = writers_of_one_row(8, 100);
    // Those that need a third try stand in line, so that giving up is rare; SQLite's queue needs no second try.
    assert!(gave_up <= if Engine::under_test() == Engine::Sqlite { 0 } else { 2 }, "{gave_up} writes gave up");
}

#[test]
fn forty_writers_that_come_at_the_same_moment_all_get_through() {
    assert_eq!(writers_of_one_row(40, 1), 0);
}

#[tokio::test]
async fn a_snapshot_cannot_write() {
    let database = TestDatabase::new();
    let db = open(&database);
    let refused = db.read(|conn| new_fsp(conn, "wave", "Wave")).await;
    assert!(matches!(refused, Err(Error::Diesel(_))), "a read wrote: {refused:?}");
    assert_eq!(db.read(fsp_names).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_verb_that_refuses_leaves_nothing_behind() {
    let database = TestDatabase::new();
    let db = open(&database);
    let refused: db::Result<()> = db
        .write(|tx| {
            new_fsp(tx, "wave", "Wave")?;
            Err(Error::Conflict)
        })
        .await;
    assert!(matches!(refused, Err(Error::Conflict)));
    assert_eq!(db.read(fsp_names).await.unwrap(), Vec::<String>::new());
    db.write(|tx| new_fsp(tx, "kbzpay", "KBZPay")).await.unwrap();
    assert_eq!(db.read(fsp_names).await.unwrap(), ["KBZPay"]);
}

#[tokio::test]
async fn a_write_has_one_time_from_the_injected_clock() {
    let database = TestDatabase::new();
    let clock = Arc::new(ManualClock::at(Instant::from_micros(7)));
    let db = database.db(clock.clone());
    let times = db
        .write(move |tx| {
            let first = tx.now();
            clock.advance(Duration::from_secs(1));
            Ok::<_, Error>((first, tx.now()))
        })
        .await
        .unwrap();
    assert_eq!(times, (Instant::from_micros(7), Instant::from_micros(7)));
}

#[tokio::test]
async fn a_broken_unique_rule_is_known_by_its_columns() {
    let database = TestDatabase::new();
    let db = open(&database);
    db.write(|tx| new_fsp(tx, "wave", "Wave")).await.unwrap();
    let same_name = db.write(|tx| new_fsp(tx, "wave2", "Wave")).await.unwrap_err();
    assert!(same_name.is_unique("fsps", &["name"]), "{same_name:?}");
    assert!(!same_name.is_unique("fsps", &["id"]), "{same_name:?}");
    assert!(!same_name.is_unique("users", &["name"]), "{same_name:?}");
    let same_id = db.write(|tx| new_fsp(tx, "wave", "Wave Money")).await.unwrap_err();
    assert!(same_id.is_unique("fsps", &["id"]), "{same_id:?}");
}

#[tokio::test]
async fn a_unique_rule_over_several_columns_and_some_rows_is_known_too() {
    let database = TestDatabase::new();
    let db = open(&database);
    let grant = |id: &'static str| {
        move |tx: &mut WriteTx<'_>| {
            let sql = format!(
                "INSERT INTO grants (id, user_id, branch_id, action, given_by, from_at) VALUES ('{id}', 'u', 'b', 'make_payroll', 'x', 0)"
            );
            db::batch_execute(tx, &sql)
        }
    };
    db.write(|tx| {
        let new_branch = (
            (branches::id.eq("b"), branches::code.eq("YGN-01"), branches::region.eq("Yangon"), branches::township.eq("Hlaing")),
            (branches::name.eq("Hlaing"), branches::is_active.eq(true), branches::created_at.eq(0)),
        );
        let conn: &mut Conn = tx;
        diesel::insert_into(branches::table).values(new_branch).execute(conn)?;
        db::batch_execute(
            tx,
            "INSERT INTO users (id, user_name, full_name, branch_id, is_account_manager, is_active, password_hash, password_set_at, \
             created_at) VALUES ('u', 'thiri', 'Thiri', 'b', FALSE, TRUE, '-', 0, 0)",
        )
    })
    .await
    .unwrap();
    db.write(grant("g1")).await.unwrap();
    let twice = db.write(grant("g2")).await.unwrap_err();
    assert!(twice.is_unique("grants", &["user_id", "branch_id", "action"]), "{twice:?}");
    assert!(!twice.is_unique("grants", &["user_id"]), "{twice:?}");
}

/// What happened, in order.
#[derive(Clone, Default)]
struct Story(Arc<Mutex<Vec<&'static str>>>);

impl Story {
    fn tells(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }
}

#[tokio::test]
async fn people_do_not_wait_behind_the_workers_queue() {
    let database = TestDatabase::new();
    let db = open(&database);
    let story = Story::default();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let under_way = db.write_as(Turn::Worker, Isolation::Serializable, {
        let (story, released) = (story.clone(), Mutex::new(released));
        move |_| {
            started.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            story.tells("worker 1");
            Ok::<_, Error>(())
        }
    });
    let telling = |what: &'static str| {
        let story = story.clone();
        move |_: &mut WriteTx<'_>| {
            story.tells(what);
            Ok::<_, Error>(())
        }
    };
    let worker = |what| db.write_as(Turn::Worker, Isolation::Serializable, telling(what));
    let person = async {
        has_started.recv().await.unwrap();
        match Engine::under_test() {
            Engine::Sqlite => {
                // Each of these is in the queue once it is polled, and they are polled in this order.
                let let_go = async { release.send(()).unwrap() };
                let (second, third, person, ()) =
                    tokio::join!(biased; worker("worker 2"), worker("worker 3"), db.write(telling("person")), let_go);
                second.and(third).and(person)
            }
            Engine::Postgres => {
                let person = db.write(telling("person")).await;
                release.send(()).unwrap();
                person
            }
        }
    };
    let (first, person) = tokio::join!(under_way, person);
    first.and(person).unwrap();
    let expected: &[&str] = match Engine::under_test() {
        Engine::Sqlite => &["worker 1", "person", "worker 2", "worker 3"],
        Engine::Postgres => &["person", "worker 1"],
    };
    assert_eq!(*story.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_commit_that_failed_is_known_or_said_to_be_unknown_and_never_tried_again() {
    let database = TestDatabase::new();
    let db = open(&database);
    let runs = Arc::new(AtomicU32::new(0));
    let failed = match Engine::under_test() {
        Engine::Sqlite => refused_at_commit(&db, Arc::clone(&runs)).await,
        Engine::Postgres => lost_at_commit(&db, &database, Arc::clone(&runs)).await,
    };
    match Engine::under_test() {
        Engine::Sqlite => assert!(matches!(failed, Err(Error::Diesel(_))), "{failed:?}"),
        Engine::Postgres => assert!(matches!(failed, Err(Error::OutcomeUnknown)), "{failed:?}"),
    }
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    db.write(|tx| new_fsp(tx, "kbzpay", "KBZPay")).await.unwrap();
    assert_eq!(db.read(fsp_names).await.unwrap(), ["KBZPay"]);
}

/// A broken reference that SQLite is told to look at only when it commits; it then keeps the transaction open.
async fn refused_at_commit(db: &Db, runs: Arc<AtomicU32>) -> db::Result<()> {
    db.write(move |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        db::batch_execute(tx, "PRAGMA defer_foreign_keys = ON")?;
        new_fsp(tx, "wave", "Wave")?;
        db::batch_execute(tx, "INSERT INTO batch_makers (batch_id, user_id) VALUES ('no batch', 'nobody')")
    })
    .await
}

/// The server ends the connection before it sees COMMIT.
async fn lost_at_commit(db: &Db, database: &TestDatabase, runs: Arc<AtomicU32>) -> db::Result<()> {
    let url = database.url().clone();
    db.write(move |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        new_fsp(tx, "wave", "Wave")?;
        let conn: &mut Conn = tx;
        let mine: i32 = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()")).first(conn)?;
        let mut other = Conn::open(&url, Access::Write)?;
        db::batch_execute(&mut other, &format!("SELECT pg_terminate_backend({mine}, 5000)"))
    })
    .await
}

#[tokio::test]
async fn a_verb_that_panics_leaves_nothing_and_holds_nobody_up() {
    let database = TestDatabase::new();
    let db = open(&database);
    let panicked: db::Result<()> = db
        .write(|tx| {
            new_fsp(tx, "wave", "Wave")?;
            panic!("a fault of ours")
        })
        .await;
    assert!(matches!(panicked, Err(Error::OutcomeUnknown)), "{panicked:?}");
    let next = tokio::time::timeout(Duration::from_secs(20), db.write(|tx| new_fsp(tx, "kbzpay", "KBZPay"))).await;
    next.expect("the next write never ended").unwrap();
    assert_eq!(db.read(fsp_names).await.unwrap(), ["KBZPay"]);
}

#[test]
fn an_older_database_is_refused_with_what_to_do() {
    let database = TestDatabase::bare();
    let refused = open(&database).check(false).unwrap_err();
    assert!(matches!(refused, NotOurVersion::Older), "{refused:?}");
    assert!(refused.to_string().contains("run «outlay migrate»"), "{refused}");
    assert!(db::bring_up(database.url()).unwrap() > 0);
    open(&database).check(false).unwrap();
}

#[test]
fn a_newer_database_is_refused_with_what_it_has() {
    let database = TestDatabase::new();
    db::batch_execute(&mut database.conn(), "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')").unwrap();
    let refused = open(&database).check(false).unwrap_err();
    assert!(matches!(refused, NotOurVersion::Newer(_)), "{refused:?}");
    assert!(refused.to_string().contains("29991231000001"), "{refused}");
    assert!(matches!(db::bring_up(database.url()), Err(NotOurVersion::Newer(_))));
}

#[test]
fn a_database_that_may_forget_a_commit_is_refused() {
    let database = TestDatabase::new();
    let checked = open(&database).check(true);
    match Engine::under_test() {
        Engine::Sqlite => checked.unwrap(),
        // The server of the tests is fast because it may forget.
        Engine::Postgres => assert!(matches!(&checked, Err(NotOurVersion::NotDurable(words)) if words.contains("=off")), "{checked:?}"),
    }
}

#[test]
fn a_typo_in_the_address_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-such-folder").join("outlay.sqlite3");
    for missing in [path.clone(), folder.path().join("outlay.sqlite3")] {
        let Err(refused) = Conn::open(&DatabaseUrl::Sqlite(missing.clone()), Access::Write) else { panic!("opened {missing:?}") };
        assert!(refused.to_string().contains("«outlay migrate» makes one"), "{refused}");
        assert!(!missing.exists());
    }
    assert!(!path.parent().unwrap().exists());
    assert!("postgress://localhost/outlay".parse::<DatabaseUrl>().is_err());
}
