//! The real server on a port of its own, over a database of its own, with the cast in it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use outlay::app;
use outlay::audit::By;
use outlay::clock::{Clock, Instant, ManualClock};
use outlay::institutions::{self, Institution, Keys, Mode, Settings};
use outlay::people::Passwords;
use outlay::web::Proxies;

use super::cast::{self, Person};
use super::database::TestDatabase;
use super::tab::Tab;

/// The host name that the institution answers to, and the only one.
pub const HOST: &str = "localhost";

/// When the stories begin: 21 November 2025 at 06:55 in Yangon, a Friday.
pub fn morning() -> Instant {
    Instant::from_micros(1_763_684_738_000_000)
}

/// A portal that is open. Closed when it is dropped.
pub struct Portal {
    pub institution: Arc<Institution>,
    pub address: SocketAddr,
    server: Option<Server>,
    /// Dropped after the server, which still uses them.
    _database: TestDatabase,
    _folder: tempfile::TempDir,
}

struct Server {
    handle: actix_web::dev::ServerHandle,
    thread: JoinHandle<()>,
}

impl Portal {
    /// With a clock that stands still until the test moves it.
    pub async fn open() -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(morning()));
        (Self::open_with(clock.clone()).await, clock)
    }

    /// With a clock of the test's choice: browsers need the machine's.
    pub async fn open_with(clock: Arc<dyn Clock>) -> Self {
        let database = TestDatabase::new();
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&database, &folder);
        Keys::create_if_missing(&settings.key_file).unwrap();
        let db = database.db(Arc::clone(&clock));
        let set_up = db.write(|tx| {
            let by = By::operator("a test");
            institutions::create(tx, &by, Mode::Training).map_err(cast::refused)?;
            cast::arrive(tx, &by)
        });
        set_up.await.unwrap();
        let institution = Arc::new(Institution::open(settings, clock, false).await.unwrap_or_else(|error| panic!("{error}")));
        let (address, server) = serve(Arc::clone(&institution));
        Self { institution, address, server: Some(server), _database: database, _folder: folder }
    }

    /// Where a browser finds it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.address.port())
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Tab {
        Tab::at(self.address, HOST)
    }

    /// One of the cast, through the sign-in page.
    pub async fn signed_in(&self, person: &Person) -> Tab {
        let mut tab = self.stranger();
        tab.get("/sign-in").await;
        let page = tab.post_form("/sign-in", &[("user_name", person.user_name), ("password", cast::PASSWORD)]).await;
        page.assert_status(200).assert_says(person.full_name);
        tab
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Some(Server { handle, thread }) = self.server.take() {
            drop(handle.stop(false));
            drop(thread.join());
        }
    }
}

fn settings(database: &TestDatabase, folder: &tempfile::TempDir) -> Settings {
    let file = folder.path().join("upendo.toml");
    let text = format!(
        "name = 'Upendo Microfinance'\nmode = 'training'\nhosts = ['{HOST}']\npublic_url = 'http://{HOST}'\n\
         database = '{}'\nkey_file = 'key'\nepoch_file = 'epoch'\n",
        database.url_text()
    );
    std::fs::write(&file, text).unwrap();
    Settings::read(&file).unwrap_or_else(|error| panic!("{error}"))
}

/// Serves from a thread of its own, so that a test's own work never holds up an answer.
fn serve(institution: Arc<Institution>) -> (SocketAddr, Server) {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let portal = app::Portal {
                institutions: vec![institution],
                passwords: Passwords::new().unwrap(),
                proxies: Proxies::default(),
                threads: 1,
            };
            let listening = app::serve(portal, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
            tell.send((listening.address, listening.handle)).unwrap();
            listening.server.await.unwrap();
        });
    });
    let (address, handle) = told.recv().expect("the server did not start");
    (address, Server { handle, thread })
}
