//! The hub's routes.

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::simulator::control::{self, Control};
use crate::simulator::hub::{Hub, Outcome};
use crate::simulator::hub_face::answers::{self, Transfer, Wanted};
use crate::simulator::hub_face::callback::{Callback, Callbacks, Inbound};
use crate::simulator::hub_face::follow::Followed;
use crate::simulator::hub_face::headers::{Asked, Refusal, Resource};
use crate::simulator::hub_face::requests;
use crate::simulator::ledger::LedgerRow;
use crate::simulator::pace::Pace;
use crate::simulator::payees::Payees;
use crate::simulator::plan::Told;
use crate::simulator::server::{CannotStart, Running, cut_off};
use crate::simulator::{Settings, validate};

/// The longest body that is read, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

struct Face {
    settings: Settings,
    hub: Arc<Hub>,
    payees: Payees,
    pace: Pace,
    callbacks: Callbacks,
    followed: Followed,
}

/// Opens the ledger and is the hub of the SDK whose inbound API is at `inbound`. Call it inside a Tokio runtime.
///
/// # Errors
/// [`CannotStart`].
pub fn start_hub(settings: Settings, inbound: Inbound, listener: TcpListener) -> Result<Running, CannotStart> {
    let (address, ledger, workers) = (listener.local_addr()?, settings.ledger.clone(), settings.workers.max(1));
    let hub = Arc::new(Hub::open(&settings)?);
    let control = Data::new(Control(settings.control.then(|| Arc::clone(&hub))));
    let callbacks = Callbacks::to(inbound, Arc::clone(&settings.clock)).map_err(CannotStart::Http)?;
    let pace = Pace::of(&settings);
    let face = Data::new(Face { settings, hub, payees: Payees::default(), pace, callbacks, followed: Followed::default() });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(face.clone())
            .app_data(control.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .route("/", web::get().to(HttpResponse::Ok))
            .route("/health", web::get().to(HttpResponse::Ok))
            .route("/parties/{type}/{id}", web::get().to(party))
            .route("/parties/{type}/{id}/{sub}", web::get().to(sub_party))
            .route("/quotes", web::post().to(quote))
            .route("/transfers", web::post().to(prepare))
            .route("/transfers/{id}", web::get().to(transfer))
            .configure(control::routes)
            .default_service(web::to(|| async { Refusal::UnknownUri.respond() }))
    })
    .workers(workers)
    .backlog(4096)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    Ok(Running::of(server, address, ledger))
}

/// 202, or why not.
fn respond(taken: Result<(), Refusal>) -> HttpResponse {
    taken.map_or_else(|refusal| refusal.respond(), |()| HttpResponse::Accepted().finish())
}

impl Face {
    /// After what every call takes at least.
    fn tell(self: &Arc<Self>, callback: Callback) {
        let face = Arc::clone(self);
        rt::spawn(async move {
            face.pace.latency().await;
            face.callbacks.send(&callback).await;
        });
    }

    fn tell_party(self: &Arc<Self>, request: &HttpRequest, id_type: &str, id_value: &str, sub_id: Option<&str>) -> Result<(), Refusal> {
        let asked = Asked::read(request, Resource::Parties)?;
        if !validate::is_id_type(id_type) {
            return Err(Refusal::Invalid("the type of the party id is none of the allowed".to_owned()));
        }
        let path = request.uri().path().trim_end_matches('/');
        self.tell(answers::party(&self.settings, &self.payees, &asked, &Wanted { path, id_type, id_value, sub_id }));
        Ok(())
    }

    fn tell_quote(self: &Arc<Self>, request: &HttpRequest, bytes: &[u8]) -> Result<(), Refusal> {
        let asked = Asked::read(request, Resource::Quotes)?;
        let question = requests::question(&asked, bytes)?;
        self.tell(answers::quote(&self.settings, &self.payees, &asked, question));
        Ok(())
    }

    async fn tell_transfer(self: &Arc<Self>, request: &HttpRequest, id: &str) -> Result<(), Refusal> {
        let asked = Asked::read(request, Resource::Transfers)?;
        if !validate::is_correlation_id(id) {
            return Err(Refusal::Invalid("the transfer's id must be a UUID or ULID".to_owned()));
        }
        let row = self.hub.find(id).await.map_err(|_| Refusal::Broken)?;
        self.tell(Transfer { asked: &asked, id, now: self.settings.clock.now() }.found(row.as_ref()));
        Ok(())
    }

    /// `None` where the connection breaks instead of an answer.
    async fn take(self: &Arc<Self>, request: &HttpRequest, bytes: &[u8]) -> Result<Option<()>, Refusal> {
        let asked = Asked::read(request, Resource::Transfers)?;
        let mut prepare = requests::prepare(&asked, bytes)?;
        prepare.outdated = self.payees.replaced(&prepare.transfer_id, &prepare.condition);
        let (id, fsp) = (prepare.transfer_id.clone(), prepare.payee_fsp.clone());
        self.pace.turn().await;
        match self.hub.prepare(prepare).await.map_err(|_| Refusal::Broken)? {
            Outcome::Told(Told::HubUnavailable) => return Err(Refusal::Unavailable),
            Outcome::Told(Told::HubBrokeOff { .. }) => return Ok(None),
            Outcome::Told(told) => {
                let now = self.settings.clock.now();
                let later = Transfer { asked: &asked, id: &id, now }.told(told, &fsp, self.settings.slow);
                let finally = self.hub.watch(&id).await.map_err(|_| Refusal::Broken)?;
                if let Some((wait, callback)) = later {
                    let face = Arc::clone(self);
                    rt::spawn(async move {
                        sleep(wait).await;
                        face.tell(callback);
                    });
                }
                if let Some(finally) = finally {
                    self.follow(asked, id, finally);
                }
            }
            Outcome::UnderWay(finally) => self.follow(asked, id, finally),
        }
        Ok(Some(()))
    }

    /// Tells how the transfer ended as soon as it has, unless somebody does already.
    fn follow(self: &Arc<Self>, asked: Asked, id: String, finally: oneshot::Receiver<LedgerRow>) {
        if !self.followed.begin(&id) {
            return;
        }
        let face = Arc::clone(self);
        rt::spawn(async move {
            let row = finally.await;
            face.followed.end(&id);
            let Ok(row) = row else { return };
            let now = face.settings.clock.now();
            if let Some(callback) = (Transfer { asked: &asked, id: &id, now }).finally(&row) {
                face.tell(callback);
            }
        });
    }
}

async fn party(face: Data<Face>, request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    respond(face.tell_party(&request, &path.0, &path.1, None))
}

async fn sub_party(face: Data<Face>, request: HttpRequest, path: Path<(String, String, String)>) -> HttpResponse {
    respond(face.tell_party(&request, &path.0, &path.1, Some(&path.2)))
}

async fn quote(face: Data<Face>, request: HttpRequest, bytes: Bytes) -> HttpResponse {
    respond(face.tell_quote(&request, &bytes))
}

async fn transfer(face: Data<Face>, request: HttpRequest, path: Path<String>) -> HttpResponse {
    respond(face.tell_transfer(&request, &path).await)
}

async fn prepare(face: Data<Face>, request: HttpRequest, bytes: Bytes) -> HttpResponse {
    match face.take(&request, &bytes).await {
        Ok(None) => cut_off(),
        Ok(Some(())) => respond(Ok(())),
        Err(refusal) => refusal.respond(),
    }
}
