//! The real server on a port of its own, over a database of its own, with the cast in it.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use outlay::audit::By;
use outlay::clock::{Clock, Instant, ManualClock, SystemClock};
use outlay::db::WriteTx;
use outlay::funding::{self, NewFundingAccount};
use outlay::ids::FspId;
use outlay::institutions::{self, Institution, Keys, Mode, Settings};
use outlay::money::{Currency, Minor};
use outlay::people::Passwords;
use outlay::web::Proxies;
use outlay::worker::Workers;
use outlay::{app, simulator};

use super::cast::{self, NotSetUp, Person};
use super::database::TestDatabase;
use super::network::Network;
use super::server::{Server, Started};
use super::tab::Tab;

/// The host name that the institution answers to, and the only one.
pub const HOST: &str = "localhost";
const NAME: &str = "Upendo Microfinance";

/// When the stories begin: 21 November 2025 at 06:55 in Yangon, a Friday.
pub fn morning() -> Instant {
    Instant::from_micros(1_763_684_738_000_000)
}

/// A portal that is open. Closed when it is dropped.
pub struct Portal {
    pub institution: Arc<Institution>,
    host: &'static str,
    server: Arc<Server>,
    /// Dropped after the server, which still uses them.
    _database: TestDatabase,
    _folder: tempfile::TempDir,
}

/// Whether the worker runs beside the server, as in `outlay serve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    GoesOn,
    Rests,
}

/// The name of the institution's one SDK.
pub const SDK: &str = "main";
/// The institution's own FSP.
pub const OWN_FSP: &str = "mfi";
/// An SDK's address at which nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9";

impl Portal {
    /// With a clock that stands still until the test moves it, and nobody at the SDK's address.
    pub async fn open() -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(morning()));
        (Self::open_with(clock.clone(), NOWHERE).await, clock)
    }

    /// With the machine's clock, as browsers need it.
    pub async fn open_now() -> Self {
        Self::open_with(Arc::new(SystemClock::new()), NOWHERE).await
    }

    /// That pays through a simulated network, by the machine's clock.
    pub async fn paying() -> (Self, Network) {
        Self::paying_with_settings("").await
    }

    /// [`Self::paying`], with more lines at the end of its registry file.
    pub async fn paying_with_settings(more: &str) -> (Self, Network) {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let network = Network::open(Arc::clone(&clock), |_| {});
        (Self::set_up(clock, &network.url(), more, Work::GoesOn).await, network)
    }

    /// With a clock of the test's choice and the address of an SDK.
    pub async fn open_with(clock: Arc<dyn Clock>, sdk: &str) -> Self {
        Self::set_up(clock, sdk, "", Work::Rests).await
    }

    /// With more lines at the end of its registry file, and a clock that stands still.
    pub async fn open_with_settings(more: &str) -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(morning()));
        (Self::set_up(clock.clone(), NOWHERE, more, Work::Rests).await, clock)
    }

    async fn set_up(clock: Arc<dyn Clock>, sdk: &str, more: &str, work: Work) -> Self {
        House::build(&clock, HOST, NAME, sdk, more).await.alone(work)
    }

    /// Two institutions in one process, each with the same cast, and on a host name of its own.
    pub async fn two() -> (Self, Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(morning()));
        let shared: Arc<dyn Clock> = clock.clone();
        let first = House::build(&shared, HOST, NAME, NOWHERE, "").await;
        let second = House::build(&shared, "127.0.0.1", "Zabu Savings", NOWHERE, "").await;
        let server = Arc::new(serve(vec![Arc::clone(&first.institution), Arc::clone(&second.institution)], Work::Rests));
        (first.behind(&server), second.behind(&server), clock)
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Where a browser finds it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}:{}{path}", self.host, self.server.address.port())
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Tab {
        Tab::at(self.server.address, self.host)
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

/// An institution with its database, key and cast, before anybody serves it.
struct House {
    institution: Arc<Institution>,
    host: &'static str,
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl House {
    async fn build(clock: &Arc<dyn Clock>, host: &'static str, name: &str, sdk: &str, more: &str) -> Self {
        show_errors();
        let database = TestDatabase::new();
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&database, &folder, (host, name), sdk, more);
        Keys::create_if_missing(&settings.key_file).unwrap();
        let db = database.db(Arc::clone(clock));
        let set_up = db.write(|tx| {
            let by = By::operator("a test");
            institutions::create(tx, &by, Mode::Training).map_err(cast::refused)?;
            cast::arrive(tx, &by)?;
            add_money(tx, &by)
        });
        set_up.await.unwrap();
        let opened = Institution::open(settings, Arc::clone(clock), false).await;
        let institution = Arc::new(opened.unwrap_or_else(|error| panic!("{error}")));
        Self { institution, host, database, folder }
    }

    fn alone(self, work: Work) -> Portal {
        let server = Arc::new(serve(vec![Arc::clone(&self.institution)], work));
        self.behind(&server)
    }

    fn behind(self, server: &Arc<Server>) -> Portal {
        let Self { institution, host, database, folder } = self;
        Portal { institution, host, server: Arc::clone(server), _database: database, _folder: folder }
    }
}

/// What the server logs as an error is shown beside the tests; with `OUTLAY_TEST_LOG=debug` and the like, more of it.
fn show_errors() {
    outlay::logging::start(&std::env::var("OUTLAY_TEST_LOG").unwrap_or_else(|_| "error".to_owned()), false);
}

/// The FSPs of the network, and an account in kyat and one in dollars.
fn add_money(tx: &mut WriteTx<'_>, by: &By) -> Result<(), NotSetUp> {
    funding::add_fsp(tx, by, OWN_FSP, "Upendo").map_err(cast::refused)?;
    for (id, name) in simulator::FSPS {
        funding::add_fsp(tx, by, id, name).map_err(cast::refused)?;
    }
    for (name, currency, fee_limit) in [("Kyat account", "MMK", 100_000), ("Dollar account", "USD", 200)] {
        let new = NewFundingAccount {
            name: name.to_owned(),
            sdk: SDK.to_owned(),
            fsp: FspId::from(OWN_FSP),
            currency: Currency::find(currency).unwrap(),
            payer_id_type: "BUSINESS".to_owned(),
            payer_id_value: "upendo".to_owned(),
            fee_limit: Minor::new(fee_limit),
        };
        funding::add_funding_account(tx, by, &new).map_err(cast::refused)?;
    }
    Ok(())
}

fn settings(database: &TestDatabase, folder: &tempfile::TempDir, (host, name): (&str, &str), sdk: &str, more: &str) -> Settings {
    let file = folder.path().join("upendo.toml");
    let text = format!(
        "name = '{name}'
        mode = 'training'
        hosts = ['{host}']
        public_url = 'http://{host}'
        database = '{}'
        key_file = 'key'
        epoch_file = 'epoch'
        [[sdk]]
        name = '{SDK}'
        url = '{sdk}'
        dfsp_id = '{OWN_FSP}'
        settle_margin = '5ms'
{more}",
        database.url_text()
    );
    std::fs::write(&file, text).unwrap();
    Settings::read(&file).unwrap_or_else(|error| panic!("{error}"))
}

fn serve(institutions: Vec<Arc<Institution>>, work: Work) -> Server {
    Server::run(move || {
        let workers = (work == Work::GoesOn).then(|| Workers::start(&institutions).unwrap());
        let portal = app::Portal { institutions, passwords: Passwords::new().unwrap(), proxies: Proxies::default(), threads: 1 };
        let listening = app::serve(portal, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
        let server = listening.server;
        let answering = async {
            server.await.unwrap();
            if let Some(workers) = workers {
                workers.stop().await;
            }
        };
        Started { address: listening.address, handle: listening.handle, answering: Box::pin(answering) }
    })
}
