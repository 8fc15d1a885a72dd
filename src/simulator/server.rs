//! The routes, and the waiting that the real SDK does.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio::time::{sleep, timeout};

use crate::simulator::control::{self, Control};
use crate::simulator::dated::{Dated, dated};
use crate::simulator::hub::{Hub, Outcome};
use crate::simulator::ledger::{LedgerRow, LedgerState, NotALedger};
use crate::simulator::pace::Pace;
use crate::simulator::payees::Payees;
use crate::simulator::plan::Told;
use crate::simulator::replies::{self, Reply};
use crate::simulator::validate::{self, Question};
use crate::simulator::{SdkVersion, Settings};

/// The real SDK answers a body over 1 MB with 404.
const BODY_LIMIT: usize = 1024 * 1024;

/// A simulator that runs in this process.
pub struct Running {
    address: SocketAddr,
    ledger: PathBuf,
    handle: ServerHandle,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
    pub(super) fn of(server: Server, address: SocketAddr, ledger: PathBuf) -> Self {
        Self { address, ledger, handle: server.handle(), server: tokio::spawn(server) }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The ledger's file.
    pub fn ledger(&self) -> &std::path::Path {
        &self.ledger
    }

    /// Where a client finds it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops at once, as a crash would: calls in flight get no answer.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        let _ = self.server.await;
    }

    /// Runs until it is stopped from elsewhere.
    pub async fn join(self) -> std::io::Result<()> {
        self.server.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }

    /// A handle to stop it with while somebody else joins.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    #[error("{0}")]
    Ledger(#[from] NotALedger),
    #[error("the simulator cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    #[error("the hub's HTTP client could not be set up: {0}")]
    Http(#[source] reqwest::Error),
}

/// A simulator for this process alone, on a free port, patient enough for somebody who watches: what is late, reserved or lost
/// is so for a few seconds. A prepare should live 5 s or more, so that a late commit is not taken for an expired one.
pub async fn start_in(ledger: &std::path::Path) -> Result<Running, CannotStart> {
    let settings = Settings {
        sdk_timeout: Duration::from_secs(2),
        late_after: Duration::from_secs(3),
        reserved_for: Duration::from_secs(3),
        slow: Duration::from_secs(1),
        ..Settings::new(ledger)
    };
    start(settings, TcpListener::bind("127.0.0.1:0")?)
}

/// Opens the ledger and answers on `listener` until stopped.
pub async fn serve(settings: Settings, listener: TcpListener) -> Result<(), CannotStart> {
    Ok(start(settings, listener)?.join().await?)
}

/// Opens the ledger and starts answering on `listener`. Call it inside a Tokio runtime.
pub fn start(settings: Settings, listener: TcpListener) -> Result<Running, CannotStart> {
    let (address, ledger, workers) = (listener.local_addr()?, settings.ledger.clone(), settings.workers.max(1));
    let hub = Arc::new(Hub::open(&settings)?);
    let (control, clock) = (Data::new(Control(settings.control.then(|| Arc::clone(&hub)))), Arc::clone(&settings.clock));
    let sdk = Data::new(Sdk { pace: Pace::of(&settings), settings, hub, payees: Payees::default() });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sdk.clone())
            .app_data(control.clone())
            .app_data(Data::new(Dated(clock.clone())))
            .wrap(from_fn(dated))
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .route("/", web::get().to(HttpResponse::Ok))
            .route("/parties/{type}/{id}", web::get().to(party))
            .route("/parties/{type}/{id}/{sub}", web::get().to(sub_party))
            .route("/quotes", web::post().to(quotes_route))
            .route("/simpleTransfers", web::post().to(send))
            .route("/transfers/{id}", web::get().to(transfer))
            .configure(control::routes)
            .default_service(web::to(no_such_path))
    })
    .workers(workers)
    .backlog(4096)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    Ok(Running::of(server, address, ledger))
}

struct Sdk {
    settings: Settings,
    hub: Arc<Hub>,
    payees: Payees,
    pace: Pace,
}

fn respond(reply: Reply) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)).json(reply.body)
}

/// What the real one says to a body that is not JSON.
fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("Not Found")
}

async fn no_such_path(request: HttpRequest) -> HttpResponse {
    respond(replies::invalid(&format!("Couldn't match path {}", request.path())))
}

impl Sdk {
    fn version(&self) -> SdkVersion {
        self.settings.version
    }

    /// The SDK waits for a callback that does not come.
    async fn in_vain(&self, state: &str) -> Reply {
        sleep(self.settings.sdk_timeout).await;
        replies::timeout(state)
    }

    async fn party(&self, id_type: &str, id_value: &str, sub_id: Option<&str>) -> Reply {
        if !validate::is_id_type(id_type) {
            return self.in_vain("requestPartiesInformationState").await;
        }
        match self.payees.find(&self.settings, id_type, id_value) {
            Ok(entry) => replies::party(self.version(), id_type, id_value, sub_id, entry.fsp, &entry.name),
            Err(code) => replies::no_party(code),
        }
    }

    fn quote(&self, question: Question) -> Reply {
        match self.payees.quote(&self.settings, question) {
            Ok((terms, body)) => replies::quote(self.version(), &terms.payee_fsp, body),
            Err(code) => replies::no_quote(code),
        }
    }

    async fn get(&self, id: &str) -> Reply {
        let now = self.settings.clock.now();
        match self.hub.find(id).await {
            Err(_) => replies::fault("the ledger cannot be read"),
            Ok(None) => replies::unknown_transfer(self.version(), id, now),
            Ok(Some(row)) => match row.state {
                LedgerState::Queued => replies::unknown_transfer(self.version(), id, now),
                LedgerState::Settled => {
                    sleep(self.settings.sdk_timeout).await;
                    replies::unanswered_get(id, now)
                }
                LedgerState::Reserved | LedgerState::Committed | LedgerState::Aborted => replies::state(self.version(), &row, now),
            },
        }
    }

    /// `None` where the answer breaks off.
    async fn told(&self, told: Told, id: &str, fsp: &str) -> Option<Reply> {
        let (version, now) = (self.version(), self.settings.clock.now());
        let committed = |fulfilment: &str| replies::transfer(version, fsp, "COMMITTED", fulfilment, now);
        Some(match told {
            Told::Committed { fulfilment } => committed(&fulfilment),
            Told::SlowlyCommitted { fulfilment } => {
                sleep(self.settings.slow).await;
                committed(&fulfilment)
            }
            Told::Reserved { fulfilment } => replies::transfer(version, fsp, "RESERVED", &fulfilment, now),
            Told::Error(code) => replies::no_transfer(version, fsp, code),
            Told::HubBrokeOff { fulfilment } if version == SdkVersion::V24 => committed(&fulfilment),
            Told::Silence => self.in_vain("requestSimpleTransfersInformationState").await,
            Told::HubUnavailable if version == SdkVersion::V24 => self.in_vain("requestSimpleTransfersInformationState").await,
            Told::HubBrokeOff { .. } | Told::HubUnavailable => {
                replies::fault(&format!("Channel transfers-{id} does not have a callback with id 1 subscribed"))
            }
            Told::CutOff { .. } => return None,
        })
    }

    /// A repeat of bytes that are under way: the callback answers it too, if it comes in time.
    async fn final_word(&self, row: Option<LedgerRow>) -> Reply {
        let (version, now) = (self.version(), self.settings.clock.now());
        match row {
            Some(row) if row.state == LedgerState::Committed => {
                replies::transfer(version, &row.payee_fsp, "COMMITTED", &row.fulfilment, now)
            }
            Some(LedgerRow { code: Some(code), payee_fsp, .. }) => {
                replies::no_transfer(version, &payee_fsp, u16::try_from(code).unwrap_or(2001))
            }
            _ => replies::timeout("requestSimpleTransfersInformationState"),
        }
    }
}

async fn party(sdk: Data<Sdk>, path: Path<(String, String)>) -> HttpResponse {
    sdk.pace.latency().await;
    respond(sdk.party(&path.0, &path.1, None).await)
}

async fn sub_party(sdk: Data<Sdk>, path: Path<(String, String, String)>) -> HttpResponse {
    sdk.pace.latency().await;
    respond(sdk.party(&path.0, &path.1, Some(&path.2)).await)
}

async fn quotes_route(sdk: Data<Sdk>, bytes: Bytes) -> HttpResponse {
    let Ok(body) = serde_json::from_slice(&bytes) else { return not_found() };
    sdk.pace.latency().await;
    respond(validate::question(&body).map_or_else(|invalid| replies::invalid(&invalid), |question| sdk.quote(question)))
}

async fn send(sdk: Data<Sdk>, bytes: Bytes) -> HttpResponse {
    let Ok(body) = serde_json::from_slice(&bytes) else { return not_found() };
    sdk.pace.latency().await;
    sdk.pace.turn().await;
    let mut prepare = match validate::prepare(&bytes, &body) {
        Ok(prepare) => prepare,
        Err(invalid) => return respond(replies::invalid(&invalid)),
    };
    prepare.outdated = sdk.payees.replaced(&prepare.transfer_id, &prepare.condition);
    let (id, fsp) = (prepare.transfer_id.clone(), prepare.payee_fsp.clone());
    let reply = match sdk.hub.prepare(prepare).await {
        Err(_) => Some(replies::fault("the ledger cannot be written")),
        Ok(Outcome::Told(told)) => sdk.told(told, &id, &fsp).await,
        Ok(Outcome::UnderWay(row)) => {
            let row = timeout(sdk.settings.sdk_timeout, row).await.ok().and_then(Result::ok);
            Some(sdk.final_word(row).await)
        }
    };
    reply.map_or_else(cut_off, respond)
}

async fn transfer(sdk: Data<Sdk>, path: Path<String>) -> HttpResponse {
    sdk.pace.latency().await;
    if !validate::is_correlation_id(&path) {
        return respond(replies::invalid("transferId must be a UUID or ULID"));
    }
    respond(sdk.get(&path).await)
}

/// Half an answer, then the connection breaks.
pub(super) fn cut_off() -> HttpResponse {
    let half = [Ok(Bytes::from_static(b"{\"transfer\":{\"body\":{")), Err(std::io::Error::other("cut off"))];
    HttpResponse::Ok().content_type("application/json; charset=utf-8").streaming(futures_util::stream::iter(half))
}
