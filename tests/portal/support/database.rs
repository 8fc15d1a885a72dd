//! A database for one test: a copy of a template that is migrated once, gone when the test ends.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use diesel::RunQueryDsl;
use outlay::clock::Clock;
use outlay::db::{self, Access, Conn, DatabaseUrl, Db};

/// Names the PostgreSQL server to test on, as `postgres://USER:PASSWORD@HOST:PORT/postgres`; unset or `sqlite`: SQLite.
const VARIABLE: &str = "OUTLAY_TEST_DATABASE";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The engine of this run.
    pub fn under_test() -> Self {
        if SERVER.is_some() { Self::Postgres } else { Self::Sqlite }
    }
}

/// The server of this run, when it is PostgreSQL.
static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| match std::env::var(VARIABLE).as_deref() {
    Err(_) | Ok("" | "sqlite") => None,
    Ok(url) => Some(Server::at(url)),
});

struct Server {
    /// The URL without the database's name: `postgres://USER:PASSWORD@HOST:PORT/`.
    base: String,
    admin: DatabaseUrl,
}

impl Server {
    fn at(url: &str) -> Self {
        let admin = url.parse().unwrap_or_else(|error| panic!("{VARIABLE}: {error}"));
        let (base, _) = url.rsplit_once('/').unwrap();
        Self { base: format!("{base}/"), admin }
    }

    fn run(&self, sql: &str) {
        let mut conn = Conn::open(&self.admin, Access::Write).unwrap_or_else(|error| panic!("the server named in {VARIABLE}: {error}"));
        db::batch_execute(&mut conn, sql).unwrap();
    }

    fn url(&self, name: &str) -> DatabaseUrl {
        DatabaseUrl::Postgres(format!("{}{name}", self.base))
    }

    /// A new database that orders text as SQLite does.
    fn create(&self, name: &str, template: &str) {
        self.run(&format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"));
    }
}

/// Migrated once, copied for each test. Nobody is connected to it, or PostgreSQL could not copy it.
enum Template {
    /// The file's bytes.
    Sqlite(Vec<u8>),
    Postgres(String),
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| match &*SERVER {
    None => {
        let database = TestDatabase::sqlite();
        // Everything is in the file then, and nothing in a journal beside it.
        db::batch_execute(&mut database.conn(), "PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        Template::Sqlite(std::fs::read(database.sqlite_path()).unwrap())
    }
    Some(server) => {
        let name = new_name();
        server.create(&name, "template0");
        db::bring_up(&server.url(&name)).unwrap();
        Template::Postgres(name)
    }
});

/// Runs a statement past all verbs: what no page can bring about.
pub async fn run(db: &Db, sql: &str) {
    let sql = sql.to_owned();
    db.write(move |tx| Ok::<_, db::Error>(diesel::sql_query(sql.clone()).execute(&mut **tx)?)).await.unwrap();
}

const SQLITE_NAME: &str = "outlay.sqlite3";

fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("outlay_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// One test's own database on the engine of this run.
pub struct TestDatabase {
    url: DatabaseUrl,
    place: Place,
}

enum Place {
    /// Removed when it is dropped.
    Folder(#[expect(dead_code, reason = "kept for its drop")] tempfile::TempDir),
    Server(String),
}

impl TestDatabase {
    /// Brought up to this program's version, and empty.
    pub fn new() -> Self {
        match (&*TEMPLATE, &*SERVER) {
            (Template::Postgres(template), Some(server)) => Self::on_server(server, template),
            (Template::Sqlite(bytes), _) => {
                let database = Self::in_folder();
                std::fs::write(database.sqlite_path(), bytes).unwrap();
                database
            }
            (Template::Postgres(_), None) => unreachable!(),
        }
    }

    /// There, but nobody has migrated it yet.
    pub fn bare() -> Self {
        if let Some(server) = &*SERVER {
            return Self::on_server(server, "template0");
        }
        let database = Self::in_folder();
        db::create_sqlite(&database.sqlite_path()).unwrap();
        database
    }

    /// A migrated SQLite database, whatever the engine of this run: to compare with.
    pub fn sqlite() -> Self {
        let database = Self::in_folder();
        db::bring_up(&database.url).unwrap();
        database
    }

    fn in_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: DatabaseUrl::Sqlite(folder.path().join(SQLITE_NAME)), place: Place::Folder(folder) }
    }

    fn on_server(server: &Server, template: &str) -> Self {
        let name = new_name();
        server.create(&name, template);
        Self { url: server.url(&name), place: Place::Server(name) }
    }

    fn sqlite_path(&self) -> PathBuf {
        match &self.url {
            DatabaseUrl::Sqlite(path) => path.clone(),
            DatabaseUrl::Postgres(_) => panic!("this database is not a file"),
        }
    }

    /// As when the disk has a fault, or the server refuses. Nothing may be open.
    pub fn break_down(&self) {
        match (&self.place, &*SERVER) {
            (Place::Server(name), Some(server)) => {
                server.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
                server.run(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
            }
            _ => {
                let path = self.sqlite_path();
                std::fs::rename(&path, path.with_extension("good")).unwrap();
                std::fs::write(&path, [0xAB; 20_000]).unwrap();
            }
        }
    }

    /// As it was before [`Self::break_down`].
    pub fn mend(&self) {
        match (&self.place, &*SERVER) {
            (Place::Server(name), Some(server)) => server.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")),
            _ => {
                let path = self.sqlite_path();
                std::fs::rename(path.with_extension("good"), &path).unwrap();
            }
        }
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The URL with its password, as another process needs it.
    pub fn url_text(&self) -> String {
        match &self.url {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }

    pub fn db(&self, clock: Arc<dyn Clock>) -> Db {
        Db::new(self.url.clone(), clock).unwrap()
    }

    /// A connection past `Db`: to look, and to break what a person with a database client could break.
    pub fn conn(&self) -> Conn {
        Conn::open(&self.url, Access::Write).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let (Place::Server(name), Some(server)) = (&self.place, &*SERVER)
            && let Ok(mut conn) = Conn::open(&server.admin, Access::Write)
        {
            // A database that stays behind goes with its throw-away server.
            drop(db::batch_execute(&mut conn, &format!("DROP DATABASE {name} WITH (FORCE)")));
        }
    }
}

/// A backup of a test's database, taken while it is in use.
pub struct Copy {
    bytes: Option<Vec<u8>>,
    server: Option<String>,
}

impl Copy {
    pub fn of(database: &TestDatabase) -> Self {
        match (&database.place, &*SERVER) {
            (Place::Server(name), Some(server)) => {
                let copy = new_name();
                server.run(&format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
                ));
                server.create(&copy, name);
                Self { bytes: None, server: Some(copy) }
            }
            _ => {
                db::batch_execute(&mut database.conn(), "PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
                Self { bytes: Some(std::fs::read(database.sqlite_path()).unwrap()), server: None }
            }
        }
    }

    /// A database with the copy's content.
    pub fn restored(self) -> TestDatabase {
        match (self.bytes, self.server, &*SERVER) {
            (Some(bytes), ..) => {
                let database = TestDatabase::in_folder();
                std::fs::write(database.sqlite_path(), bytes).unwrap();
                database
            }
            (None, Some(name), Some(server)) => TestDatabase { url: server.url(&name), place: Place::Server(name) },
            _ => unreachable!(),
        }
    }
}
