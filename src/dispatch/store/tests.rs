//! How SQLite finds what dispatch looks for at every beat: by a step into an index, however many rows there are.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::batches::HAS_DUE;
use crate::db::{self, Access, Conn, DatabaseUrl};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The plan of a question whose parameters are numbers.
fn plan(sql: &str, parameters: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("db"));
    db::bring_up(&url).unwrap();
    let mut conn = Conn::open(&url, Access::Read).unwrap();
    let mut query = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).into_boxed();
    for _ in 0..parameters {
        query = query.bind::<BigInt, _>(0_i64);
    }
    let steps: Vec<Step> = query.load(&mut conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_hundred_thousand_in_doubt_cost_a_beat_nothing() {
    let plan = plan(&format!("SELECT DISTINCT batches.funding_account_id AS account FROM batches WHERE {HAS_DUE}"), 1);
    assert!(plan.contains("batches_asked_about"), "{plan}");
    assert_eq!(plan.matches("USING COVERING INDEX transfers_by_state (batch_id=? AND state=? AND next_at<?)").count(), 2, "{plan}");
    assert!(!plan.contains("SCAN transfers"), "{plan}");
}

#[test]
fn what_is_due_first_is_claimed_without_sorting_what_waits() {
    for state in ["ready", "in_doubt", "needs_attention"] {
        let sql = format!(
            "SELECT t.id FROM transfers AS t JOIN batches ON batches.id = t.batch_id WHERE t.batch_id = 'b' AND t.state = '{state}' \
             AND t.next_at <= $1 ORDER BY t.next_at, t.line LIMIT 100"
        );
        let plan = plan(&sql, 1);
        assert!(plan.contains("transfers_by_state (batch_id=? AND state=? AND next_at<?)") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
