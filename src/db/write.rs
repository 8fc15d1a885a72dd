//! `WriteTx`: the only way to change the database, and what one attempt of it looks like on each engine.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};

use super::error::Failure;
use super::{Conn, Error};
use crate::clock::{Clock, Instant};

/// How strongly PostgreSQL keeps two writes apart. SQLite has one writer at a time, whatever is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// What every verb gets: as if the writes came one after the other.
    Serializable,
    /// For the hot paths that a compare-and-swap makes right (claim, recorder, bulk load).
    ReadCommitted,
}

/// An open write transaction. A function that takes one may write; one that takes `&mut Conn` only reads.
pub struct WriteTx<'a> {
    conn: &'a mut Conn,
    now: Instant,
}

impl WriteTx<'_> {
    /// The transaction's time: one moment for all it writes.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Runs a part that leaves nothing behind where it is refused, while the rest of the transaction goes on (a savepoint).
    ///
    /// # Errors
    /// The part's.
    pub fn attempt<T, E: Failure>(&mut self, part: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>) -> Result<T, E> {
        type Manager = <Conn as Connection>::TransactionManager;
        Manager::begin_transaction(self.conn).map_err(Error::from)?;
        let done = part(&mut WriteTx { conn: self.conn, now: self.now });
        let ended = if done.is_ok() { Manager::commit_transaction(self.conn) } else { Manager::rollback_transaction(self.conn) };
        match (done, ended) {
            (Ok(_), Err(error)) => Err(Error::from(error).into()),
            (done, _) => done,
        }
    }
}

impl Deref for WriteTx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for WriteTx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

type Sqlite = <SqliteConnection as Connection>::TransactionManager;
type Postgres = <PgConnection as Connection>::TransactionManager;
const _: fn() = || {
    fn same<T>(_: Option<T>, _: Option<T>) {}
    same::<AnsiTransactionManager>(None::<Sqlite>, None::<Postgres>);
};

fn begin(conn: &mut Conn, isolation: Isolation) -> Result<(), Error> {
    #[cfg(feature = "crash-points")]
    super::rehearsal::measure_room(conn)?;
    match (conn, isolation) {
        (Conn::Sqlite(conn), _) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
        (Conn::Pg(conn), Isolation::Serializable) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL SERIALIZABLE")?
        }
        (Conn::Pg(conn), Isolation::ReadCommitted) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN ISOLATION LEVEL READ COMMITTED")?
        }
    }
    Ok(())
}

fn commit(conn: &mut Conn) -> Result<(), Error> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn)?,
        Conn::Pg(conn) => AnsiTransactionManager::commit_transaction(conn)?,
    }
    Ok(())
}

fn rollback(conn: &mut Conn) {
    let rolled_back = match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
        Conn::Pg(conn) => AnsiTransactionManager::rollback_transaction(conn),
    };
    if let Err(error) = rolled_back {
        tracing::debug!(%error, "rollback of a failed write");
    }
}

/// How often a write is run when PostgreSQL asks for another try.
const TRIES_MAX: u32 = 16;
/// The longest random pause before another try, in milliseconds, doubled each time.
const PAUSE_MS: u64 = 4;
/// So many tries go side by side; a write that needs more stands in line with the others that do, so that one of them always gets through.
const TRIES_ABREAST: u32 = 2;
/// The line is an advisory lock of the database under this number ("outlay" in ASCII).
const LINE: &str = "122550255116665";

/// Runs `verb` in a write transaction; again where PostgreSQL reports that it could not keep two writes apart.
/// A connection lost at COMMIT is never tried again.
pub(super) fn write<T, E: Failure>(
    conn: &mut Conn,
    clock: &Arc<dyn Clock>,
    isolation: Isolation,
    verb: &mut dyn FnMut(&mut WriteTx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let (mut tries, mut in_line) = (1, false);
    let done = loop {
        match write_once(conn, clock, isolation, verb) {
            Err(error) if tries < TRIES_MAX && error.database().is_some_and(Error::asks_for_another_try) => {
                in_line = in_line || (tries >= TRIES_ABREAST && stand_in_line(conn));
                if !in_line {
                    let longest = PAUSE_MS << tries;
                    std::thread::sleep(std::time::Duration::from_millis(rand::random_range(0..=longest)));
                }
                tries += 1;
            }
            done => break done,
        }
    };
    if in_line {
        leave_line(conn);
    }
    done
}

/// Waits for its turn, outside of a transaction: one inside would see the database as it was before the wait. `false` where the wait was
/// too long (`lock_timeout`); then it tries its luck as before.
fn stand_in_line(conn: &mut Conn) -> bool {
    let Conn::Pg(conn) = conn else { return false };
    diesel::sql_query(format!("SELECT pg_advisory_lock({LINE})")).execute(conn).is_ok()
}

/// A connection that is lost has left the line too.
fn leave_line(conn: &mut Conn) {
    let Conn::Pg(conn) = conn else { return };
    if let Err(error) = diesel::sql_query(format!("SELECT pg_advisory_unlock({LINE})")).execute(conn) {
        tracing::debug!(%error, "the line of writes was left with its connection");
    }
}

fn write_once<T, E: Failure>(
    conn: &mut Conn,
    clock: &Arc<dyn Clock>,
    isolation: Isolation,
    verb: &mut dyn FnMut(&mut WriteTx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    begin(conn, isolation)?;
    let now = clock.now();
    match verb(&mut WriteTx { conn, now }) {
        Ok(value) => match commit(conn) {
            Ok(()) => Ok(value),
            Err(error) if error.is_lost_connection() => Err(Error::OutcomeUnknown.into()),
            Err(error) => {
                rollback(conn);
                Err(error.into())
            }
        },
        Err(refusal) => {
            rollback(conn);
            Err(refusal)
        }
    }
}
