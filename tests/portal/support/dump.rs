//! Everything that a database holds, to see that nothing of it changed.

use std::collections::BTreeMap;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use outlay::db::{self, Conn, Db};

/// By table, its rows as texts in order.
pub type Dump = BTreeMap<String, Vec<String>>;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

const SQLITE_COLUMNS: &str = "
    SELECT t.name AS table_name, c.name AS column_name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
const POSTGRES_COLUMNS: &str = "
    SELECT table_name::text AS table_name, column_name::text AS column_name FROM information_schema.columns WHERE table_schema = 'public'";

/// What all tables hold but those named.
pub async fn all_but(db: &Db, left_out: &'static [&'static str]) -> Dump {
    db.read(move |conn| Ok::<_, db::Error>(read(conn, left_out))).await.unwrap()
}

fn read(conn: &mut Conn, left_out: &[&str]) -> Dump {
    let columns = if matches!(conn, Conn::Sqlite(_)) { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    let columns: Vec<Column> = diesel::sql_query(columns).load(conn).unwrap();
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for Column { table_name, column_name } in columns {
        if !left_out.contains(&table_name.as_str()) {
            tables.entry(table_name).or_default().push(format!("COALESCE(CAST(\"{column_name}\" AS TEXT), 'nothing')"));
        }
    }
    let dump = tables.into_iter().map(|(table, columns)| {
        let lines: Vec<Line> =
            diesel::sql_query(format!("SELECT {} AS line FROM \"{table}\" ORDER BY 1", columns.join(" || '|' || "))).load(conn).unwrap();
        (table, lines.into_iter().map(|line| line.line).collect())
    });
    dump.collect()
}

/// Stops where two dumps differ, naming table and rows.
#[track_caller]
pub fn assert_same(before: &Dump, after: &Dump) {
    for (table, rows) in before {
        let now = &after[table];
        let gone: Vec<_> = rows.iter().filter(|row| !now.contains(row)).collect();
        let new: Vec<_> = now.iter().filter(|row| !rows.contains(row)).collect();
        assert!(gone.is_empty() && new.is_empty(), "{table} changed\nbefore: {gone:#?}\nafter: {new:#?}");
    }
}
