//! Both engines have the tables that `src/db/schema.rs` says, and the same rules on them as each other.

use std::collections::{BTreeMap, BTreeSet};

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use outlay::db::Conn;

use crate::dispatch::desk::Desk;
use crate::support::database::{Engine, TestDatabase};

const SCHEMA: &str = include_str!("../../src/db/schema.rs");

/// Each line one fact: `batches.total: BigInt`, `batches key: id`.
type Facts = BTreeSet<String>;

#[test]
fn the_tables_are_those_that_the_program_knows() {
    let database = TestDatabase::new();
    let found = columns_and_keys(&mut database.conn());
    assert!(found.len() > 200, "only {} columns and keys: does the question still find them?", found.len());
    assert_same(&said_by_schema_rs(), "src/db/schema.rs", &found, "the migrated database");
}

/// Says something where the engine of this run is PostgreSQL, which it is in one of the two runs of `scripts/test`.
#[test]
fn both_engines_have_the_same_indexes_and_references() {
    let (sqlite, database) = (TestDatabase::sqlite(), TestDatabase::new());
    let (expected, found) = (rules(&mut sqlite.conn()), rules(&mut database.conn()));
    let unique = |fact: &&String| fact.starts_with("transfers unique: home_transaction_id where");
    assert_eq!(found.iter().filter(unique).count(), 1, "one live row per home transaction id: {found:#?}");
    assert!(found.contains("batches references branches: branch_id"), "{found:#?}");
    assert_same(&expected, "SQLite", &found, &format!("{:?}", Engine::under_test()));
}

/// Two rows that could be paid under the same ids would be told apart by nobody; a corrected one takes the place of the first.
#[tokio::test]
async fn a_home_transaction_id_has_one_live_row() {
    let desk = Desk::open().await;
    let batch = desk.approved(&[("959777123456", 1_000), ("959777123457", 2_000)]);
    let [first, second] = [2, 3].map(|line| format!("(SELECT id FROM transfers WHERE batch_id = '{batch}' AND line = {line})"));
    let run = |sql: String| outlay::db::batch_execute(&mut desk.database.conn(), &sql);
    let same_chain = format!(
        "UPDATE transfers SET home_transaction_id = (SELECT t.home_transaction_id FROM transfers AS t WHERE t.id = {first}) WHERE id = {second}"
    );
    assert!(run(same_chain.clone()).is_err(), "both are live");
    assert!(run(format!("UPDATE transfers SET state = 'superseded' WHERE id = {first}")).is_err(), "by which row?");
    assert!(run(format!("UPDATE transfers SET superseded_by = {second} WHERE id = {first}")).is_err(), "it is still to be paid");
    run(format!("UPDATE transfers SET state = 'superseded', superseded_by = {second} WHERE id = {first}")).unwrap();
    run(same_chain).unwrap();
}

fn assert_same(left: &Facts, left_name: &str, right: &Facts, right_name: &str) {
    let only = |these: &Facts, those: &Facts| these.difference(those).cloned().collect::<Vec<_>>().join("\n  ");
    assert!(left == right, "only in {left_name}:\n  {}\nonly in {right_name}:\n  {}", only(left, right), only(right, left));
}

/// Reads `diesel::table! { name (key, …) { column -> Type, … } }`, one column a line.
fn said_by_schema_rs() -> Facts {
    let mut facts = Facts::new();
    for table in SCHEMA.split("diesel::table! {").skip(1) {
        let mut lines = table.lines().map(str::trim).skip_while(|line| line.is_empty());
        let head = lines.next().unwrap();
        let (name, key) = head.strip_suffix(") {").and_then(|head| head.split_once(" (")).unwrap();
        facts.insert(format!("{name} key: {key}"));
        for line in lines.take_while(|line| *line != "}") {
            let (column, kind) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")).unwrap_or_else(|| panic!("{line}"));
            facts.insert(format!("{name}.{column}: {kind}"));
        }
    }
    facts
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    required: bool,
    /// Its place in the primary key, from 1; 0: not in it.
    #[diesel(sql_type = BigInt)]
    key_place: i64,
}

const SQLITE_COLUMNS: &str = "
    SELECT tables.name AS table_name, columns.name AS column_name, columns.type AS kind,
           columns.\"notnull\" = 1 AS required, columns.pk AS key_place
    FROM sqlite_schema AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tables.name <> '__diesel_schema_migrations'";

const POSTGRES_COLUMNS: &str = "
    SELECT tables.relname::text AS table_name, columns.attname::text AS column_name, upper(format_type(columns.atttypid, NULL)) AS kind,
           columns.attnotnull AS required, COALESCE(array_position(keys.conkey, columns.attnum), 0)::bigint AS key_place
    FROM pg_class AS tables JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum > 0 AND NOT columns.attisdropped
    LEFT JOIN pg_constraint AS keys ON keys.conrelid = tables.oid AND keys.contype = 'p'
    WHERE tables.relkind = 'r' AND tables.relnamespace = 'public'::regnamespace AND tables.relname <> '__diesel_schema_migrations'";

fn columns_and_keys(conn: &mut Conn) -> Facts {
    let query = if matches!(conn, Conn::Sqlite(_)) { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    let columns: Vec<Column> = diesel::sql_query(query).load(conn).unwrap();
    let mut keys = BTreeMap::<&str, BTreeMap<i64, &str>>::new();
    let mut facts = Facts::new();
    for Column { table_name, column_name, kind, required, key_place } in &columns {
        let kind = match kind.as_str() {
            "TEXT" => "Text",
            "BIGINT" => "BigInt",
            "INTEGER" => "Integer",
            "BOOLEAN" => "Bool",
            "BYTEA" => "Binary",
            other => other,
        };
        let kind = if *required { kind.to_owned() } else { format!("Nullable<{kind}>") };
        facts.insert(format!("{table_name}.{column_name}: {kind}"));
        if *key_place > 0 {
            keys.entry(table_name).or_default().insert(*key_place, column_name);
        }
    }
    facts.extend(keys.into_iter().map(|(table, key)| format!("{table} key: {}", key.into_values().collect::<Vec<_>>().join(", "))));
    facts
}

#[derive(diesel::QueryableByName)]
struct Rule {
    #[diesel(sql_type = Text)]
    table_name: String,
    /// `index`, `unique` or `references TABLE`.
    #[diesel(sql_type = Text)]
    kind: String,
    /// Of an index or a reference.
    #[diesel(sql_type = Text)]
    rule: String,
    /// The condition of an index over some rows only.
    #[diesel(sql_type = Nullable<Text>)]
    condition: Option<String>,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// In the order of each rule's columns. Indexes are named by the migration, or by the engine for a UNIQUE column.
const SQLITE_RULES: &str = "
    SELECT tables.name AS table_name, CASE WHEN indexes.\"unique\" = 1 THEN 'unique' ELSE 'index' END AS kind, indexes.name AS rule,
           CASE WHEN indexes.partial = 1 THEN (SELECT sql FROM sqlite_schema AS made WHERE made.name = indexes.name) END AS condition,
           COALESCE(columns.name, '(expression)') AS column_name, columns.seqno AS place
    FROM sqlite_schema AS tables JOIN pragma_index_list(tables.name) AS indexes JOIN pragma_index_info(indexes.name) AS columns
    WHERE tables.type = 'table' AND indexes.origin <> 'pk' AND tables.name <> '__diesel_schema_migrations'
    UNION ALL
    SELECT tables.name, 'references ' || keys.\"table\", CAST(keys.id AS TEXT), NULL, keys.\"from\", keys.seq
    FROM sqlite_schema AS tables JOIN pragma_foreign_key_list(tables.name) AS keys WHERE tables.type = 'table'
    ORDER BY table_name, kind, rule, place";

const POSTGRES_RULES: &str = "
    SELECT tables.relname::text AS table_name, CASE WHEN rules.indisunique THEN 'unique' ELSE 'index' END AS kind,
           rules.indexrelid::regclass::text AS rule, CASE WHEN rules.indpred IS NOT NULL THEN pg_get_indexdef(rules.indexrelid) END AS condition,
           COALESCE(columns.attname::text, '(expression)') AS column_name, places.place
    FROM pg_index AS rules JOIN pg_class AS tables ON tables.oid = rules.indrelid
    CROSS JOIN LATERAL unnest(rules.indkey) WITH ORDINALITY AS places (attnum, place)
    LEFT JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum = places.attnum AND places.attnum > 0
    WHERE tables.relnamespace = 'public'::regnamespace AND NOT rules.indisprimary AND tables.relname <> '__diesel_schema_migrations'
    UNION ALL
    SELECT tables.relname::text, 'references ' || keys.confrelid::regclass::text, keys.conname::text, NULL, columns.attname::text, places.place
    FROM pg_constraint AS keys JOIN pg_class AS tables ON tables.oid = keys.conrelid
    CROSS JOIN LATERAL unnest(keys.conkey) WITH ORDINALITY AS places (attnum, place)
    JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum = places.attnum
    WHERE keys.contype = 'f'
    ORDER BY table_name, kind, rule, place";

fn rules(conn: &mut Conn) -> Facts {
    let query = if matches!(conn, Conn::Sqlite(_)) { SQLITE_RULES } else { POSTGRES_RULES };
    let rules: Vec<Rule> = diesel::sql_query(query).load(conn).unwrap();
    let mut columns = BTreeMap::<_, Vec<String>>::new();
    for Rule { table_name, kind, rule, condition, column_name } in rules {
        columns.entry((table_name, kind, rule, condition)).or_default().push(column_name);
    }
    let said = |((table, kind, _, condition), columns): ((String, String, String, Option<String>), Vec<String>)| {
        let condition = condition.map_or_else(String::new, |made| format!(" where {}", words_of_condition(&made)));
        format!("{table} {kind}: {}{condition}", columns.join(", "))
    };
    columns.into_iter().map(said).collect()
}

/// The words of the condition at the end of a CREATE INDEX, without the brackets, the casts and the array that PostgreSQL adds.
fn words_of_condition(made: &str) -> String {
    let condition = made.split_once(" WHERE ").map_or("", |(_, condition)| condition).replace("::text", "");
    condition.replace("= ANY (ARRAY[", "IN (").replace(['(', ')', ']'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}
