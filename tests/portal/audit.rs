//! The audit log: what was written cannot be changed, removed or cut off without being found.

mod pages;

use std::sync::Arc;

use diesel::RunQueryDsl;
use outlay::audit::{self, By, ChainKey, Event, Report, Subject, Trouble, What};
use outlay::clock::ManualClock;
use outlay::db::{self, Conn, Db, WriteTx};

use crate::support::database::TestDatabase;
use crate::support::portal::morning;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(morning()))
}

fn key() -> ChainKey {
    ChainKey::new([7; 32])
}

/// Three events, sealed; the links after each of them.
async fn three_sealed_events(db: &Db) -> Vec<String> {
    let mut heads = Vec::new();
    for name in ["one", "two", "three"] {
        db.write(move |tx| audit::record(tx, &Event::new(By::operator("a test"), What::BranchAdded, Subject::new("branch", name))))
            .await
            .unwrap();
        assert_eq!(db.write(|tx| audit::seal(tx, &key())).await.unwrap(), 1);
        heads.push(verified(db, None).await.head);
    }
    heads
}

async fn verified(db: &Db, head: Option<String>) -> Report {
    db.read(move |conn| audit::verify(conn, &key(), head.as_deref())).await.unwrap()
}

/// What somebody with the database's password could do.
async fn tamper(db: &Db, sql: &'static str) {
    db.write(move |tx: &mut WriteTx<'_>| {
        let conn: &mut Conn = tx;
        diesel::sql_query(sql).execute(conn)?;
        Ok::<_, db::Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_untouched_chain_has_no_trouble_and_contains_every_head_it_ever_had() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    let heads = three_sealed_events(&db).await;
    for head in heads {
        let report = verified(&db, Some(head)).await;
        assert_eq!((report.sealed, report.waiting), (3, 0));
        assert_eq!(report.troubles, []);
    }
    assert_eq!(db.write(|tx| audit::seal(tx, &key())).await.unwrap(), 0, "nothing is sealed twice");
}

#[tokio::test]
async fn a_changed_event_is_found() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    three_sealed_events(&db).await;
    tamper(&db, "UPDATE audit_events SET actor_name = 'somebody else' WHERE subject_id = 'two'").await;
    assert!(matches!(verified(&db, None).await.troubles.as_slice(), [Trouble::Altered { sequence: 2, .. }]));
}

#[tokio::test]
async fn events_that_changed_places_are_found() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    three_sealed_events(&db).await;
    tamper(&db, "UPDATE audit_seals SET sequence = 10 WHERE sequence = 2").await;
    tamper(&db, "UPDATE audit_seals SET sequence = 2 WHERE sequence = 3").await;
    tamper(&db, "UPDATE audit_seals SET sequence = 3 WHERE sequence = 10").await;
    let troubles = verified(&db, None).await.troubles;
    assert!(matches!(troubles.as_slice(), [Trouble::Altered { sequence: 2, .. }, Trouble::Altered { sequence: 3, .. }]), "{troubles:?}");
}

#[tokio::test]
async fn a_link_taken_out_of_the_middle_is_found() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    three_sealed_events(&db).await;
    tamper(&db, "DELETE FROM audit_seals WHERE sequence = 2").await;
    let troubles = verified(&db, None).await.troubles;
    assert!(troubles.contains(&Trouble::Gap { after: 1 }), "{troubles:?}");
    assert!(troubles.contains(&Trouble::LeftOut { events: 1 }), "{troubles:?}");
}

#[tokio::test]
async fn a_cut_tail_is_found_by_a_head_noted_earlier_and_by_nothing_else() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    let heads = three_sealed_events(&db).await;
    tamper(&db, "DELETE FROM audit_seals WHERE sequence = 3").await;
    tamper(&db, "DELETE FROM audit_events WHERE subject_id = 'three'").await;
    assert_eq!(verified(&db, None).await.troubles, []);
    assert_eq!(verified(&db, heads.get(1).cloned()).await.troubles, []);
    assert_eq!(verified(&db, heads.get(2).cloned()).await.troubles, [Trouble::HeadNotFound]);
}

#[tokio::test]
async fn a_chain_made_with_another_key_is_found() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    three_sealed_events(&db).await;
    let report = db.read(|conn| audit::verify(conn, &ChainKey::new([8; 32]), None)).await.unwrap();
    assert_eq!(report.troubles.len(), 3);
}

#[tokio::test]
async fn an_event_that_the_sealer_was_told_to_forget_is_found() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    three_sealed_events(&db).await;
    db.write(|tx| audit::record(tx, &Event::new(By::system(), What::BranchAdded, Subject::new("branch", "four")))).await.unwrap();
    assert_eq!(verified(&db, None).await.waiting, 1);
    tamper(&db, "DELETE FROM audit_unsealed").await;
    assert_eq!(verified(&db, None).await.troubles, [Trouble::LeftOut { events: 1 }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_sealers_at_once_make_one_chain() {
    let database = TestDatabase::new();
    let db = database.db(clock());
    for number in 0..40 {
        db.write(move |tx| audit::record(tx, &Event::new(By::system(), What::BranchAdded, Subject::new("branch", number)))).await.unwrap();
    }
    let sealers: Vec<_> = (0..4)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.write(|tx| audit::seal(tx, &key())).await })
        })
        .collect();
    for sealer in sealers {
        // One that came second may be refused by the chain's primary key; it must not have forked it.
        drop(sealer.await.unwrap());
    }
    let report = verified(&db, None).await;
    assert_eq!((report.sealed, report.waiting), (40, 0));
    assert_eq!(report.troubles, []);
}
