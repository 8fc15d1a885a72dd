//! The simulated payment network, with the ledger of the money that it moved.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use outlay::clock::Clock;
use outlay::simulator::{self, Ledger, LedgerRow, Settings};

use super::server::{Server, Started};

/// Answers until it is dropped; its ledger outlives a restart.
pub struct Network {
    settings: Settings,
    server: Option<Server>,
    _folder: tempfile::TempDir,
}

impl Network {
    /// Impatient, so that a test of a timeout takes milliseconds; its hub goes by the test's clock.
    pub fn open(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(folder.path().join("ledger.sqlite3"));
        settings.sdk_timeout = Duration::from_millis(60);
        settings.slow = Duration::from_millis(120);
        settings.clock = clock;
        change(&mut settings);
        let server = serve(settings.clone(), TcpListener::bind("127.0.0.1:0").unwrap());
        Self { settings, server: Some(server), _folder: folder }
    }

    /// Where the SDK's outbound API listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.as_ref().expect("the network is down").address)
    }

    /// Down and up again at the same address, as after a crash.
    pub fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        let address = self.server.take().expect("the network is down").address;
        change(&mut self.settings);
        self.server = Some(serve(self.settings.clone(), TcpListener::bind(address).unwrap()));
    }

    /// Every transfer that the network ever took, paid or not.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        Ledger::open(&self.settings.ledger).and_then(|mut ledger| ledger.rows()).unwrap_or_else(|error| panic!("{error}"))
    }
}

fn serve(settings: Settings, listener: TcpListener) -> Server {
    Server::run(move || {
        let running = simulator::start(settings, listener).unwrap_or_else(|error| panic!("{error}"));
        let (address, handle) = (running.address(), running.handle());
        Started { address, handle, answering: Box::pin(async { running.join().await.unwrap() }) }
    })
}
