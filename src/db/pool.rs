//! Connections: opened when somebody needs one, kept for a while, closed when nobody does; bounded over all institutions of the process.
//!
//! Each institution has a share it cannot go beyond, so that a busy one leaves room for the others. When all connections of the process
//! are open, the one that rested longest, whoever's it is, makes room; when all are in use, who came first is served first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Access, Conn, DatabaseUrl, Error, Result};

/// Connections of the process, over all its institutions, unless the operator sets another number.
pub const CONNECTIONS: u16 = 64;
/// Connections of one institution that read at the same time, and as many that write on PostgreSQL.
pub const SHARE: usize = 8;
/// How long a request waits for a free connection before it is told that the database is busy.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// How often resting connections are looked at.
const TICK: Duration = Duration::from_secs(5);
/// A connection that nobody used for so many ticks is closed.
const REST_TICKS: u64 = 6;

static BANK: LazyLock<Arc<Bank>> = LazyLock::new(|| {
    let bank = Arc::new(Bank::of(usize::from(CONNECTIONS)));
    let sweeper = Arc::clone(&bank);
    let started = std::thread::Builder::new().name("outlay-connections".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(TICK);
            sweeper.tick();
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "resting connections stay open");
    }
    bank
});

/// Sets how many connections the process may have open.
pub fn limit_connections(most: usize) {
    BANK.most.store(most, Ordering::SeqCst);
}

/// All connections of the process.
struct Bank {
    book: Mutex<Book>,
    freed: Condvar,
    most: AtomicUsize,
}

#[derive(Default)]
struct Book {
    in_use: usize,
    /// Who waits, in their order.
    waiting: VecDeque<u64>,
    tickets: u64,
    /// Longest rested first.
    resting: VecDeque<Resting>,
    tick: u64,
}

struct Resting {
    pool: u64,
    since: u64,
    open: Open,
}

/// An open connection, counted by its pool.
struct Open {
    conn: Conn,
    count: Arc<AtomicUsize>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Bank {
    fn of(most: usize) -> Self {
        Self { book: Mutex::default(), freed: Condvar::new(), most: AtomicUsize::new(most) }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// Waits for a place, and answers a resting connection of the pool where there is one.
    fn enter(&self, pool: u64) -> Result<Option<Resting>> {
        let mut book = self.lock();
        book.tickets += 1;
        let ticket = book.tickets;
        book.waiting.push_back(ticket);
        let may_not = |book: &mut Book| book.waiting.front() != Some(&ticket) || book.in_use >= self.most();
        let (mut book, waited) = self.freed.wait_timeout_while(book, WAIT_MAX, may_not).unwrap_or_else(PoisonError::into_inner);
        book.waiting.retain(|waiting| *waiting != ticket);
        self.freed.notify_all();
        if waited.timed_out() {
            return Err(Error::Unavailable("every connection of this process is in use".to_owned()));
        }
        book.in_use += 1;
        let own = book.resting.iter().rposition(|resting| resting.pool == pool).and_then(|at| book.resting.remove(at));
        let is_full = book.in_use + book.resting.len() > self.most();
        let evicted = if own.is_none() && is_full { book.resting.pop_front() } else { None };
        // Closing takes its time; nobody has to wait for it.
        drop(book);
        drop(evicted);
        Ok(own)
    }

    fn leave(&self) {
        self.lock().in_use -= 1;
        self.freed.notify_all();
    }

    fn rest(&self, pool: u64, since: Option<u64>, open: Open) {
        let mut book = self.lock();
        let since = since.unwrap_or(book.tick);
        let at = book.resting.iter().rposition(|resting| resting.since <= since).map_or(0, |at| at + 1);
        book.resting.insert(at, Resting { pool, since, open });
    }

    /// Takes out what rests and fits, to be closed by the caller, outside the lock.
    fn take(&self, fits: impl Fn(&Resting, u64) -> bool) -> Vec<Resting> {
        let mut book = self.lock();
        let tick = book.tick;
        let (gone, kept) = std::mem::take(&mut book.resting).into_iter().partition(|resting| fits(resting, tick));
        book.resting = kept;
        Vec::from_iter::<VecDeque<_>>(gone)
    }

    fn tick(&self) {
        self.lock().tick += 1;
        drop(self.take(|resting, tick| tick.saturating_sub(resting.since) > REST_TICKS));
    }
}

/// How a connection is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Kept for the next one.
    Kept,
    /// By background work that finds nothing to do: what was not open before is closed again, and what was rests on as it did.
    Glance,
}

/// The connections of one institution for one purpose.
pub(super) struct Pool {
    bank: Arc<Bank>,
    id: u64,
    url: DatabaseUrl,
    access: Access,
    share: Arc<Semaphore>,
    open: Arc<AtomicUsize>,
}

impl Pool {
    pub(super) fn new(url: &DatabaseUrl, access: Access) -> Self {
        Self::of(Arc::clone(&BANK), url, access)
    }

    fn of(bank: Arc<Bank>, url: &DatabaseUrl, access: Access) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (id, share, open) = (NEXT.fetch_add(1, Ordering::SeqCst), Arc::new(Semaphore::new(SHARE)), Arc::default());
        Self { bank, id, url: url.clone(), access, share, open }
    }

    /// How many are open now, in use or resting.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Waits for a place in the institution's own share, first come first served.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let busy = || Error::Unavailable("every connection of this institution is in use".to_owned());
        tokio::time::timeout(WAIT_MAX, Arc::clone(&self.share).acquire_owned()).await.map_err(|_| busy())?.map_err(|_| busy())
    }

    /// A connection, opened if none rests. Blocks; not for the async threads.
    pub(super) fn lend(&self, how: Use) -> Result<Lent<'_>> {
        let resting = self.bank.enter(self.id)?;
        let mut lent = Lent { pool: self, open: None, since: None, how };
        if let Some(Resting { since, mut open, .. }) = resting
            && is_alive(&mut open.conn)
        {
            (lent.open, lent.since) = (Some(open), Some(since));
        } else {
            let conn = Conn::open(&self.url, self.access)?;
            self.open.fetch_add(1, Ordering::SeqCst);
            lent.open = Some(Open { conn, count: Arc::clone(&self.open) });
        }
        Ok(lent)
    }

    /// Closes what rests.
    pub(super) fn close_resting(&self) {
        drop(self.bank.take(|resting, _| resting.pool == self.id));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close_resting();
    }
}

/// PostgreSQL may have been restarted meanwhile.
fn is_alive(conn: &mut Conn) -> bool {
    match conn {
        Conn::Sqlite(_) => true,
        Conn::Pg(conn) => conn.batch_execute("SELECT 1").is_ok(),
    }
}

fn is_broken(conn: &mut Conn) -> bool {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
        Conn::Pg(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
    }
}

/// A connection in use. Dropped without [`Lent::done`], as when its user panics, it is closed.
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    /// `None` only while it is taken apart.
    open: Option<Open>,
    since: Option<u64>,
    how: Use,
}

impl Lent<'_> {
    /// Gives it back.
    pub(super) fn done(mut self) {
        let Some(mut open) = self.open.take() else { return };
        let stays = self.how == Use::Kept || self.since.is_some();
        if stays && !is_broken(&mut open.conn) {
            self.pool.bank.rest(self.pool.id, self.since.filter(|_| self.how == Use::Glance), open);
        }
    }

    /// The connection, unless it was taken apart.
    pub(super) fn conn(&mut self) -> Result<&mut Conn> {
        self.open.as_mut().map(|open| &mut open.conn).ok_or_else(|| Error::Unavailable("no connection".to_owned()))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        drop(self.open.take());
        self.pool.bank.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pools over as many files, at a bank of two connections.
    fn pools<const N: usize>(folder: &tempfile::TempDir) -> (Arc<Bank>, [Pool; N]) {
        let bank = Arc::new(Bank::of(2));
        let pool = |nth: usize| {
            let path = folder.path().join(format!("{nth}.sqlite3"));
            crate::db::create_sqlite(&path).unwrap();
            Pool::of(Arc::clone(&bank), &DatabaseUrl::Sqlite(path), Access::Read)
        };
        let pools = std::array::from_fn(pool);
        (bank, pools)
    }

    #[test]
    fn a_connection_rests_and_is_used_again_and_what_rested_longest_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let (_, [one, two, three]) = pools(&folder);
        one.lend(Use::Kept).unwrap().done();
        one.lend(Use::Kept).unwrap().done();
        two.lend(Use::Kept).unwrap().done();
        assert_eq!([one.open(), two.open(), three.open()], [1, 1, 0]);
        three.lend(Use::Kept).unwrap().done();
        assert_eq!([one.open(), two.open(), three.open()], [0, 1, 1]);
    }

    #[test]
    fn who_comes_when_all_are_in_use_waits_for_the_first_that_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let (bank, [one, two, three]) = pools(&folder);
        let (first, second) = (one.lend(Use::Kept).unwrap(), two.lend(Use::Kept).unwrap());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| three.lend(Use::Kept).map(Lent::done));
            while bank.lock().waiting.is_empty() {
                std::thread::yield_now();
            }
            assert_eq!(three.open(), 0);
            first.done();
            waiting.join().unwrap().unwrap();
        });
        second.done();
        assert!(one.open() + two.open() + three.open() <= 2);
    }

    #[test]
    fn what_nobody_uses_is_closed_and_a_glance_is_no_use() {
        let folder = tempfile::tempdir().unwrap();
        let (bank, [one, two]) = pools(&folder);
        one.lend(Use::Kept).unwrap().done();
        two.lend(Use::Glance).unwrap().done();
        assert_eq!([one.open(), two.open()], [1, 0]);
        for _ in 0..REST_TICKS {
            bank.tick();
            one.lend(Use::Glance).unwrap().done();
        }
        assert_eq!(one.open(), 1);
        bank.tick();
        assert_eq!(one.open(), 0);
    }

    #[test]
    fn one_whose_user_panicked_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let (bank, [one]) = pools(&folder);
        drop(one.lend(Use::Kept).unwrap());
        assert_eq!((one.open(), bank.lock().in_use), (0, 0));
    }
}
