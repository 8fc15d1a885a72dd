//! What only a rehearsal may do to a database: compiled to nothing without the feature `crash-points`.

use std::path::PathBuf;
use std::sync::LazyLock;

use diesel::connection::SimpleConnection;

use super::{Conn, Result};

/// A file: while it is there, the disk under an embedded database is full.
static FULL: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("OUTLAY_REHEARSAL_FULL").map(PathBuf::from));

/// Lets the database grow no further while the disk is said to be full; on PostgreSQL a test fills it from outside.
pub(super) fn measure_room(conn: &mut Conn) -> Result<()> {
    let (Some(full), Conn::Sqlite(conn)) = (&*FULL, conn) else { return Ok(()) };
    // SQLite raises a limit below the file's size to that size.
    let pages = if full.exists() { 1 } else { u32::MAX - 1 };
    Ok(conn.batch_execute(&format!("PRAGMA max_page_count = {pages}"))?)
}
