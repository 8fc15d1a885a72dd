//! The database's version: bringing it up, and refusing one this program does not know.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, DatabaseUrl};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

#[derive(Debug, thiserror::Error)]
pub enum NotOurVersion {
    #[error("the database is older than this Outlay: stop the servers, make a backup and run «outlay migrate»")]
    Older,
    #[error("the database was made by a newer Outlay (it has step {0}): run that version, or a newer one")]
    Newer(String),
    #[error("the database's text order is «{0}»; create it with «LC_COLLATE 'C' TEMPLATE template0», or pages would skip rows")]
    Collation(String),
    #[error("{0}")]
    NotDurable(String),
    #[error("the database could not be read: {0}")]
    Unreadable(String),
}

fn unreadable(error: impl std::fmt::Display) -> NotOurVersion {
    NotOurVersion::Unreadable(error.to_string())
}

/// Whether this program may work on the database as it stands. `durable`: also refuse settings that can lose a commit.
pub fn check(conn: &mut Conn, durable: bool) -> Result<(), NotOurVersion> {
    check_collation(conn)?;
    if durable && let Some(words) = super::conn::not_durable(conn).map_err(unreadable)? {
        return Err(NotOurVersion::NotDurable(words));
    }
    let known = known_versions()?;
    let applied = conn.applied_migrations().map_err(unreadable)?;
    if let Some(newer) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(NotOurVersion::Newer(newer));
    }
    if applied.len() < known.len() { Err(NotOurVersion::Older) } else { Ok(()) }
}

/// Brings the database up to this program's version; returns how many steps that took.
pub fn run(conn: &mut Conn) -> Result<usize, NotOurVersion> {
    check_collation(conn)?;
    let known = known_versions()?;
    let applied = conn.applied_migrations().map_err(unreadable)?;
    if let Some(newer) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(NotOurVersion::Newer(newer));
    }
    conn.run_pending_migrations(MIGRATIONS).map(|steps| steps.len()).map_err(unreadable)
}

fn known_versions() -> Result<Vec<String>, NotOurVersion> {
    let all = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).map_err(unreadable)?;
    Ok(all.iter().map(|step| step.name().version().to_string()).collect())
}

#[derive(diesel::QueryableByName)]
struct Collation {
    #[diesel(sql_type = diesel::sql_types::Text)]
    collation: String,
}

/// PostgreSQL must order text by its bytes, as SQLite does: pages ask for "the rows after this one".
fn check_collation(conn: &mut Conn) -> Result<(), NotOurVersion> {
    let Conn::Pg(conn) = conn else { return Ok(()) };
    let query = "SELECT datcollate::text AS collation FROM pg_database WHERE datname = current_database()";
    let found: Collation = diesel::RunQueryDsl::get_result(diesel::sql_query(query), conn).map_err(unreadable)?;
    if matches!(found.collation.as_str(), "C" | "POSIX" | "C.UTF-8" | "C.utf8") {
        Ok(())
    } else {
        Err(NotOurVersion::Collation(found.collation))
    }
}

/// Opens for writing, brings up to date: what `migrate` and `demo` do before anything else.
pub fn bring_up(url: &DatabaseUrl) -> Result<usize, NotOurVersion> {
    if let DatabaseUrl::Sqlite(path) = url {
        super::create_sqlite(path).map_err(unreadable)?;
    }
    let mut conn = Conn::open(url, super::Access::Write).map_err(unreadable)?;
    run(&mut conn)
}
