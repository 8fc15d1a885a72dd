//! The routes, and the waiting that the real SDK does.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::clock::{Clock as _, SystemClock};
use crate::simulator::dated::{Dated, dated};
use crate::simulator::hub::{Hub, Outcome};
use crate::simulator::ledger::{LedgerRow, LedgerState, NotALedger};
use crate::simulator::packet::Terms;
use crate::simulator::plan::Told;
use crate::simulator::replies::{self, Reply};
use crate::simulator::validate::{self, AmountType, Question};
use crate::simulator::{Fault, SdkVersion, Settings, look_up};

/// The real SDK answers a body over 1 MB with 404.
const BODY_LIMIT: usize = 1024 * 1024;
/// How many quotes are remembered, to tell an outdated prepare.
const QUOTES_KEPT: usize = 50_000;

/// A simulator that runs in this process.
pub struct Running {
    address: SocketAddr,
    ledger: PathBuf,
    handle: ServerHandle,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Running {
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
    let (hub, clock) = (Hub::open(&settings)?, Arc::clone(&settings.clock));
    let quotes = Mutex::new(Quotes { last: HashMap::new(), order: VecDeque::new() });
    let sdk = Data::new(Sdk { settings, hub, quotes, moved: Mutex::default(), next_slot: Mutex::default(), machine: SystemClock::new() });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sdk.clone())
            .app_data(Data::new(Dated(clock.clone())))
            .wrap(from_fn(dated))
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .route("/", web::get().to(HttpResponse::Ok))
            .route("/parties/{type}/{id}", web::get().to(party))
            .route("/parties/{type}/{id}/{sub}", web::get().to(sub_party))
            .route("/quotes", web::post().to(quotes_route))
            .route("/simpleTransfers", web::post().to(send))
            .route("/transfers/{id}", web::get().to(transfer))
            .route("/simulator/ledger", web::get().to(ledger_dump))
            .route("/simulator/stats", web::get().to(stats))
            .default_service(web::to(no_such_path))
    })
    .workers(workers)
    .backlog(4096)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    Ok(Running { address, ledger, handle: server.handle(), server: tokio::spawn(server) })
}

struct Sdk {
    settings: Settings,
    hub: Hub,
    quotes: Mutex<Quotes>,
    /// Payees that went to another FSP.
    moved: Mutex<HashSet<String>>,
    /// When the next transfer may pass, where their rate is limited, by the machine's clock.
    next_slot: Mutex<Duration>,
    machine: SystemClock,
}

/// The last quote under each transfer id: payees' FSPs keep only that one.
struct Quotes {
    last: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Quotes {
    fn keep(&mut self, transfer: &str, condition: String) {
        if self.last.insert(transfer.to_owned(), condition).is_none() {
            self.order.push_back(transfer.to_owned());
        }
        if self.order.len() > QUOTES_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
    }

    fn replaced(&self, transfer: &str, condition: &str) -> bool {
        self.last.get(transfer).is_some_and(|last| last != condition)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn fault(&self, payee: &str) -> Option<Fault> {
        self.settings.script.fault(payee)
    }

    async fn latency(&self) {
        if !self.settings.delay.is_zero() {
            sleep(self.settings.delay).await;
        }
    }

    /// Waits for a turn where transfers per second are limited.
    async fn turn(&self) {
        let Some(step) = self.settings.per_second.and_then(|rate| Duration::from_secs(1).checked_div(rate)) else { return };
        let now = self.machine.monotonic();
        let slot = {
            let mut next = lock(&self.next_slot);
            let slot = (*next).max(now);
            *next = slot.saturating_add(step);
            slot
        };
        sleep(slot.saturating_sub(now)).await;
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
        if self.fault(id_value) == Some(Fault::NotFound) {
            return replies::no_party(3204);
        }
        let moved = lock(&self.moved).contains(id_value);
        let entry = look_up(id_type, id_value, moved);
        replies::party(self.version(), id_type, id_value, sub_id, entry.fsp, &entry.name)
    }

    fn quote(&self, question: Question) -> Reply {
        let fault = self.fault(&question.payee);
        match fault {
            Some(Fault::QuoteRefused) => return replies::no_quote(5200),
            Some(Fault::PartyMoved) if question.destination == look_up(&question.payee_type, &question.payee, false).fsp => {
                lock(&self.moved).insert(question.payee);
                return replies::no_quote(3204);
            }
            _ => {}
        }
        let basis_points = if fault == Some(Fault::HighFee) { 10_000 } else { i64::from(self.settings.fee_basis_points) };
        let Some((terms, body)) = agree(question, basis_points, self.settings.clock.now()) else {
            return replies::no_quote(5100);
        };
        lock(&self.quotes).keep(&terms.transfer_id, terms.condition());
        replies::quote(self.version(), &terms.payee_fsp, body)
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

/// The payee FSP's terms and the body that states them; `None` where the sum does not fit.
fn agree(question: Question, basis_points: i64, now: crate::clock::Instant) -> Option<(Terms, Value)> {
    let (currency, asked) = (question.currency, question.amount);
    let fee = crate::money::Minor::new(asked.times(basis_points)?.units() / 10_000);
    let (transfer, receive) = match question.amount_type {
        AmountType::Receive => (asked.plus(fee)?, asked),
        AmountType::Send => (asked, asked.minus(fee)?),
    };
    let terms = Terms {
        quote_id: question.quote_id,
        transfer_id: question.transaction_id,
        payee_type: question.payee_type,
        payee: question.payee,
        payee_fsp: question.destination,
        currency: currency.code().to_owned(),
        amount: currency.wire(transfer),
    };
    let money = |amount: String| json!({"currency": currency.code(), "amount": amount});
    let body = json!({
        "transferAmount": money(terms.amount.clone()), "payeeReceiveAmount": money(currency.wire(receive)),
        "payeeFspFee": money(currency.wire(fee)), "payeeFspCommission": money("0".to_owned()),
        "expiration": question.expiration.unwrap_or_else(|| now.after(Duration::from_secs(60)).fspiop()),
        "ilpPacket": terms.packet(), "condition": terms.condition(),
    });
    Some((terms, body))
}

async fn party(sdk: Data<Sdk>, path: Path<(String, String)>) -> HttpResponse {
    sdk.latency().await;
    respond(sdk.party(&path.0, &path.1, None).await)
}

async fn sub_party(sdk: Data<Sdk>, path: Path<(String, String, String)>) -> HttpResponse {
    sdk.latency().await;
    respond(sdk.party(&path.0, &path.1, Some(&path.2)).await)
}

async fn quotes_route(sdk: Data<Sdk>, bytes: Bytes) -> HttpResponse {
    let Ok(body) = serde_json::from_slice(&bytes) else { return not_found() };
    sdk.latency().await;
    respond(validate::question(&body).map_or_else(|invalid| replies::invalid(&invalid), |question| sdk.quote(question)))
}

async fn send(sdk: Data<Sdk>, bytes: Bytes) -> HttpResponse {
    let Ok(body) = serde_json::from_slice(&bytes) else { return not_found() };
    sdk.latency().await;
    sdk.turn().await;
    let mut prepare = match validate::prepare(&bytes, &body) {
        Ok(prepare) => prepare,
        Err(invalid) => return respond(replies::invalid(&invalid)),
    };
    prepare.outdated = lock(&sdk.quotes).replaced(&prepare.transfer_id, &prepare.condition);
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
    sdk.latency().await;
    if !validate::is_correlation_id(&path) {
        return respond(replies::invalid("transferId must be a UUID or ULID"));
    }
    respond(sdk.get(&path).await)
}

/// Half an answer, then the connection breaks.
fn cut_off() -> HttpResponse {
    let half = [Ok(Bytes::from_static(b"{\"transfer\":{\"body\":{")), Err(std::io::Error::other("cut off"))];
    HttpResponse::Ok().content_type("application/json; charset=utf-8").streaming(futures_util::stream::iter(half))
}

async fn ledger_dump(sdk: Data<Sdk>) -> HttpResponse {
    if !sdk.settings.control {
        return not_found();
    }
    sdk.hub.all().await.map_or_else(|_| HttpResponse::InternalServerError().finish(), |rows| HttpResponse::Ok().json(rows))
}

async fn stats(sdk: Data<Sdk>) -> HttpResponse {
    if !sdk.settings.control {
        return not_found();
    }
    let Ok(rows) = sdk.hub.all().await else { return HttpResponse::InternalServerError().finish() };
    let count = |state: LedgerState| rows.iter().filter(|row| row.state == state).count();
    let states: serde_json::Map<String, Value> =
        LedgerState::ALL.iter().map(|state| (state.as_str().to_owned(), count(*state).into())).collect();
    let executions: i64 = rows.iter().map(|row| i64::from(row.executions)).sum();
    HttpResponse::Ok().json(json!({"transfers": rows.len(), "states": states, "executions": executions}))
}
