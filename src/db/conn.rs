//! One connection to either engine, opened by the URL's variant with the settings the house rules need.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};

use super::{DatabaseUrl, Error, Result};

/// A connection to either engine. Made by [`Conn::open`] only: diesel's `establish` tries one engine after the other.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one expression on the concrete connection: for what diesel offers on each engine but not on both at once
/// (several rows in one INSERT, ON CONFLICT, `as_returning`).
macro_rules! on {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Pg($c) => $body,
            $crate::db::Conn::Sqlite($c) => $body,
        }
    };
}
pub(crate) use on;

/// Whether a connection may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// How long SQLite waits for a lock that an `admin` command beside the server holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const POSTGRES_CONNECT_TIMEOUT_S: u64 = 5;

impl Conn {
    /// Opens a connection; never creates a database (see [`create_sqlite`]).
    pub fn open(url: &DatabaseUrl, access: Access) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, access),
            DatabaseUrl::Postgres(url) => open_postgres(url),
        }
    }
}

fn open_sqlite(path: &Path, access: Access) -> Result<Conn> {
    if !path.exists() {
        return Err(Error::Unavailable(format!("there is no database at {}; «outlay migrate» makes one", path.display())));
    }
    let text = path.to_str().ok_or_else(|| Error::Unavailable("the database's path is not valid UTF-8".to_owned()))?;
    let mut conn = SqliteConnection::establish(text).map_err(|error| Error::Unavailable(error.to_string()))?;
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis()))?;
    conn.batch_execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;",
    )?;
    if access == Access::Read {
        conn.batch_execute("PRAGMA query_only = ON")?;
    }
    Ok(Conn::Sqlite(conn))
}

/// Makes an empty SQLite file, so that [`Conn::open`] finds one: for `migrate` and `demo`.
pub fn create_sqlite(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}

fn open_postgres(url: &str) -> Result<Conn> {
    let joint = if url.contains('?') { '&' } else { '?' };
    let url =
        if url.contains("connect_timeout=") { url.to_owned() } else { format!("{url}{joint}connect_timeout={POSTGRES_CONNECT_TIMEOUT_S}") };
    let mut conn = PgConnection::establish(&url).map_err(|error| Error::Unavailable(error.to_string()))?;
    conn.batch_execute(
        "SET TIME ZONE 'UTC'; SET application_name = 'outlay'; SET lock_timeout = '10s'; SET client_min_messages = 'warning'",
    )?;
    Ok(Conn::Pg(conn))
}

#[derive(diesel::QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// A setting under which a commit could be lost, in words; `None` when the database is as durable as the house rules ask.
pub(super) fn not_durable(conn: &mut Conn) -> Result<Option<String>> {
    let Conn::Pg(conn) = conn else { return Ok(None) };
    for (name, refused) in [("synchronous_commit", "off"), ("fsync", "off")] {
        let setting: Setting = diesel::sql_query(format!("SELECT current_setting('{name}') AS value")).get_result(conn)?;
        if setting.value == refused {
            return Ok(Some(format!("PostgreSQL runs with {name}={refused}, so a payment could be forgotten after a crash")));
        }
    }
    Ok(None)
}
