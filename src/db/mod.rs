//! The database of one institution, on either engine.
//!
//! [`Db::read`] gives a snapshot that cannot write; [`Db::write`] gives a [`WriteTx`], the only thing that can. Both run their
//! closure away from the async threads. A write's closure may run again, so it has database effects only, and returns what it did.
//! Product code never asks which engine it runs on; where the two must differ, it says so through [`on!`].

mod conn;
mod error;
mod migrate;
mod pool;
mod question;
#[cfg(feature = "crash-points")]
mod rehearsal;
pub mod schema;
mod sqlite_writer;
mod types;
mod url;
mod write;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use tokio::sync::watch;

pub(crate) use self::conn::on;
pub use self::conn::{Access, Conn, create_sqlite};
pub use self::error::{Error, Failure, Result};
pub use self::migrate::{NotOurVersion, bring_up};
pub use self::pool::{CONNECTIONS, SHARE, limit_connections};
use self::pool::{Pool, Use};
pub use self::question::Question;
pub use self::sqlite_writer::Turn;
pub use self::types::UnknownName;
pub(crate) use self::types::{big_int_type, text_enum, text_enum_type, text_type};
pub use self::url::{DatabaseUrl, UnknownScheme};
pub use self::write::{Isolation, WriteTx};
use crate::clock::Clock;

/// A handle to an institution's database; cheap to clone. Opens nothing until it is used.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool,
    writers: Arc<Pool>,
    writer: Writer,
    clock: Arc<dyn Clock>,
    /// How many writes of this process were committed.
    commits: Arc<watch::Sender<u64>>,
}

enum Writer {
    Sqlite(sqlite_writer::SqliteWriter),
    Postgres,
}

impl Db {
    /// A handle; nothing is opened yet. Fails only where a thread cannot be started.
    pub fn new(url: DatabaseUrl, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (readers, writers) = (Pool::new(&url, Access::Read), Arc::new(Pool::new(&url, Access::Write)));
        let writer = match &url {
            DatabaseUrl::Sqlite(_) => Writer::Sqlite(sqlite_writer::SqliteWriter::start(Arc::clone(&writers))?),
            DatabaseUrl::Postgres(_) => Writer::Postgres,
        };
        Ok(Self { inner: Arc::new(Inner { url, readers, writers, writer, clock, commits: Arc::new(watch::Sender::new(0)) }) })
    }

    /// How many connections are open now, in use or resting.
    pub fn connections(&self) -> usize {
        self.inner.readers.open() + self.inner.writers.open()
    }

    /// Closes the connections that rest, which would close by themselves a little later.
    pub fn close_resting(&self) {
        self.inner.readers.close_resting();
        self.inner.writers.close_resting();
    }

    /// How many writes this process has committed: for [`Self::changes`].
    pub fn commits(&self) -> u64 {
        *self.inner.commits.borrow()
    }

    /// Waits until this process has committed something after `seen`, or for `at_most`. Needs no connection, so background work can
    /// wait here for as long as nothing happens.
    pub async fn changes(&self, seen: u64, at_most: Duration) {
        let mut commits = self.inner.commits.subscribe();
        // Time over or something written: both are a reason to look.
        drop(tokio::time::timeout(at_most, commits.wait_for(|commits| *commits != seen)).await);
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Whether this program may work on the database as it stands (version, text order, durability).
    pub fn check(&self, durable: bool) -> std::result::Result<(), NotOurVersion> {
        let mut conn = Conn::open(&self.inner.url, Access::Write).map_err(|error| NotOurVersion::Unreadable(error.to_string()))?;
        migrate::check(&mut conn, durable)
    }

    /// Reads one snapshot. The connection refuses to write.
    pub async fn read<T, E, F>(&self, question: F) -> std::result::Result<T, E>
    where
        F: FnOnce(&mut Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.read_as(Use::Kept, question).await
    }

    /// [`Self::read`] for background work that looks whether there is something to do: leaves no connection open that was not.
    pub async fn glance<T, E, F>(&self, question: F) -> std::result::Result<T, E>
    where
        F: FnOnce(&mut Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.read_as(Use::Glance, question).await
    }

    async fn read_as<T, E, F>(&self, how: Use, question: F) -> std::result::Result<T, E>
    where
        F: FnOnce(&mut Conn) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let inner = Arc::clone(&self.inner);
        let turn = inner.readers.turn().await?;
        away(move || {
            let mut lent = inner.readers.lend(how)?;
            let answer = snapshot(lent.conn()?, question);
            lent.done();
            drop(turn);
            answer
        })
        .await
    }

    /// A verb's transaction: as if alone, ahead of the worker's writes.
    pub async fn write<T, E, F>(&self, verb: F) -> std::result::Result<T, E>
    where
        F: FnMut(&mut WriteTx<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        self.write_as(Turn::Person, Isolation::Serializable, verb).await
    }

    /// [`Self::write`] with the worker's place in the queue, or a weaker isolation where a compare-and-swap makes it right.
    pub async fn write_as<T, E, F>(&self, turn: Turn, isolation: Isolation, mut verb: F) -> std::result::Result<T, E>
    where
        F: FnMut(&mut WriteTx<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Failure,
    {
        let clock = Arc::clone(&self.inner.clock);
        // Counted where it happens: a request that was dropped meanwhile has written all the same.
        let commits = Arc::clone(&self.inner.commits);
        let mut write = move |conn: &mut Conn| {
            let outcome = write::write(conn, &clock, isolation, &mut verb);
            if outcome.is_ok() {
                commits.send_modify(|commits| *commits += 1);
            }
            outcome
        };
        match &self.inner.writer {
            Writer::Postgres => {
                let inner = Arc::clone(&self.inner);
                let place = inner.writers.turn().await?;
                away(move || {
                    let mut lent = inner.writers.lend(Use::Kept)?;
                    let outcome = write(lent.conn()?);
                    lent.done();
                    drop(place);
                    outcome
                })
                .await
            }
            Writer::Sqlite(writer) => {
                let (answer, answered) = tokio::sync::oneshot::channel();
                writer.submit(
                    turn,
                    Box::new(move |conn| {
                        let outcome = match conn {
                            Ok(conn) => write(conn),
                            Err(error) => Err(error.into()),
                        };
                        // Nobody waits any more when the request was dropped; the write stands all the same.
                        drop(answer.send(outcome));
                    }),
                );
                answered.await.unwrap_or_else(|_| Err(lost().into()))
            }
        }
    }
}

/// The thread that ran the write is gone without an answer, so what it did is not known.
fn lost() -> Error {
    Error::OutcomeUnknown
}

async fn away<T, E>(work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: Failure,
{
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(lost().into()))
}

fn snapshot<T, E: Failure>(conn: &mut Conn, question: impl FnOnce(&mut Conn) -> std::result::Result<T, E>) -> std::result::Result<T, E> {
    use diesel::connection::{AnsiTransactionManager as Manager, TransactionManager};
    match conn {
        Conn::Sqlite(inner) => Manager::begin_transaction_sql(inner, "BEGIN DEFERRED"),
        Conn::Pg(inner) => Manager::begin_transaction_sql(inner, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    }
    .map_err(Error::from)?;
    let answer = question(conn);
    let ended = match conn {
        Conn::Sqlite(inner) => Manager::rollback_transaction(inner),
        Conn::Pg(inner) => Manager::rollback_transaction(inner),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "end of a snapshot");
    }
    answer
}

/// Text for `PRAGMA` and the like on a connection that is not in a transaction: for tests and housekeeping.
pub fn batch_execute(conn: &mut Conn, sql: &str) -> Result<()> {
    Ok(conn.batch_execute(sql)?)
}
