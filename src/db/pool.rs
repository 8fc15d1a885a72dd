//! A bounded pool of connections, opened when needed, by our own way of opening one.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::ManageConnection;

use super::{Access, Conn, DatabaseUrl, Error, Result};

/// Connections of one institution that read at the same time, and as many that write on PostgreSQL.
pub const CONNECTIONS_MAX: u32 = 8;
/// How long a request waits for a free connection before it is told that the database is busy.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Every pool's housekeeping, on one thread instead of three a pool.
static HOUSEKEEPING: LazyLock<Arc<scheduled_thread_pool::ScheduledThreadPool>> = LazyLock::new(|| {
    Arc::new(scheduled_thread_pool::ScheduledThreadPool::builder().num_threads(1).thread_name_pattern("outlay-pool-{}").build())
});

pub(super) struct Opener {
    url: DatabaseUrl,
    access: Access,
}

impl ManageConnection for Opener {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn> {
        Conn::open(&self.url, self.access)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<()> {
        match conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Pg(conn) => Ok(conn.batch_execute("SELECT 1")?),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        use diesel::connection::TransactionManager;
        match conn {
            Conn::Sqlite(conn) => diesel::connection::AnsiTransactionManager::is_broken_transaction_manager(conn),
            Conn::Pg(conn) => diesel::connection::AnsiTransactionManager::is_broken_transaction_manager(conn),
        }
    }
}

pub(super) type Pool = diesel::r2d2::Pool<Opener>;

pub(super) fn build(url: &DatabaseUrl, access: Access) -> Pool {
    diesel::r2d2::Pool::builder()
        .max_size(CONNECTIONS_MAX)
        .min_idle(Some(0))
        .idle_timeout(Some(Duration::from_secs(60)))
        .connection_timeout(WAIT_MAX)
        .thread_pool(Arc::clone(&HOUSEKEEPING))
        .build_unchecked(Opener { url: url.clone(), access })
}
