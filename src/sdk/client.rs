//! The four calls over HTTP. Nothing is ever repeated here: whoever calls decides that.

use std::time::Duration;

use reqwest::{Method, Url};

use crate::clock::{Clock as _, Instant, SystemClock};
use crate::ids::{FspId, TransferId};
use crate::sdk::checkup::{Glimpse, read_date};
use crate::sdk::exchange::recorded;
use crate::sdk::{
    BadSetting, Code, Exchange, PartyAnswer, PartyId, Prepare, QuoteAnswer, QuoteRequest, RECORDED_BODY, SdkSettings, Trace,
    TransferAnswer, Why, read_get, read_party, read_quote, read_send,
};

/// The longest reply that is read, in bytes; the longest ones recorded have 9 kB.
pub const REPLY_CAP: usize = 64 * 1024;
/// Idle connections are closed after this: Node closes its side after 5 s, and a request written into that moment is lost.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a look at the SDK's clock may take.
const GLIMPSE_TIMEOUT: Duration = Duration::from_secs(10);

/// One SDK's outbound API. Cheap to share; it holds its connections.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    settings: SdkSettings,
    /// For how long calls take: waiting for a network goes by the machine's clock, as its timeouts do.
    clock: SystemClock,
}

#[derive(Debug, thiserror::Error)]
pub enum NotAnSdk {
    #[error("{0}")]
    Setting(#[from] BadSetting),
    #[error("the HTTP client could not be set up: {0}")]
    Http(#[source] reqwest::Error),
}

impl Client {
    pub fn new(settings: &SdkSettings) -> Result<Self, NotAnSdk> {
        settings.check()?;
        let base = settings.base()?;
        // The provider is one for the whole process; somebody else may have installed it before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .pool_idle_timeout(IDLE_TIMEOUT)
            .connect_timeout(settings.connect_timeout);
        // Without https no certificates are needed, and a bare container has none to load.
        let builder = if base.scheme() == "http" { builder.tls_certs_only([]) } else { builder };
        let http = builder.build().map_err(NotAnSdk::Http)?;
        Ok(Self { http, base, settings: settings.clone(), clock: SystemClock::new() })
    }

    pub const fn settings(&self) -> &SdkSettings {
        &self.settings
    }

    /// Where a party's account is and what it is called. Moves no money.
    pub async fn parties(&self, party: &PartyId, trace: &Trace) -> Exchange<PartyAnswer> {
        if let Err(why) = party.check() {
            return not_sent(PartyAnswer::NotAsked(why));
        }
        let path = ["parties", &party.id_type, &party.id_value].into_iter().chain(party.sub_id.as_deref());
        let call = Call { method: Method::GET, url: self.url(path), body: None, timeout: self.settings.parties_timeout };
        self.exchange(call, trace, |status, body| read_party(party, status, body), |why| PartyAnswer::Unclear { code: None, why }).await
    }

    /// What the payment would cost at `destination`. Moves no money.
    pub async fn quote(&self, destination: &FspId, request: &QuoteRequest) -> Exchange<QuoteAnswer> {
        let body = match request.body(&self.settings.dfsp_id, destination) {
            Ok(body) => body,
            Err(why) => return not_sent(QuoteAnswer::NotAsked(why)),
        };
        let call = Call { method: Method::POST, url: self.url(["quotes"]), body: Some(body), timeout: self.settings.quotes_timeout };
        let asked = &request.transfer_id;
        let read = |status: u16, body: &str| read_quote(asked, status, body);
        self.exchange(call, &Trace::of(asked), read, |why| QuoteAnswer::Unclear { code: None, why }).await
    }

    /// Sends the recorded bytes as they are. **Moves money**, at most once for a transfer id, however often it is sent.
    pub async fn send(&self, prepare: &Prepare) -> Exchange<TransferAnswer> {
        let body = Some(prepare.as_str().to_owned());
        let call = Call { method: Method::POST, url: self.url(["simpleTransfers"]), body, timeout: self.settings.send_timeout };
        self.exchange(call, &Trace::of(prepare.transfer_id()), read_send, |why| TransferAnswer::Unclear { why }).await
    }

    /// What became of a transfer: the SDK asks the hub.
    pub async fn transfer(&self, id: &TransferId) -> Exchange<TransferAnswer> {
        let url = self.url(["transfers", id.as_str()]);
        let call = Call { method: Method::GET, url, body: None, timeout: self.settings.get_timeout };
        self.exchange(call, &Trace::of(id), |status, body| read_get(id, status, body), |why| TransferAnswer::Unclear { why }).await
    }

    /// Whatever is answered at the address, for its `Date`. Moves no money.
    ///
    /// # Errors
    /// Why nothing was answered.
    pub async fn glimpse(&self) -> Result<Glimpse, Why> {
        let (asked_at, started) = (self.clock.now(), self.clock.monotonic());
        let response = self.http.get(self.base.clone()).timeout(GLIMPSE_TIMEOUT).send().await.map_err(|error| why(&error))?;
        let took = self.clock.monotonic().saturating_sub(started);
        let date = response.headers().get("date").and_then(|header| read_date(header.to_str().ok()?));
        Ok(Glimpse { asked_at, took, date })
    }

    /// Each part becomes one percent-encoded segment, so an id with a slash stays one id.
    fn url<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        url
    }

    async fn exchange<T>(
        &self,
        call: Call,
        trace: &Trace,
        read: impl FnOnce(u16, &str) -> (T, Option<Code>),
        unclear: impl FnOnce(Why) -> T,
    ) -> Exchange<T> {
        let started = self.clock.monotonic();
        let reply = self.ask(call, trace).await;
        let took = self.clock.monotonic().saturating_sub(started);
        match reply {
            Ok(Reply { status, body, date }) => {
                let (answer, code) = read(status, &body);
                Exchange { answer, http_status: Some(status), code, body: recorded(body, RECORDED_BODY), took, date }
            }
            Err((status, why)) => Exchange { answer: unclear(why), http_status: status, code: None, body: String::new(), took, date: None },
        }
    }

    async fn ask(&self, call: Call, trace: &Trace) -> Result<Reply, (Option<u16>, Why)> {
        let mut request = self.http.request(call.method, call.url).timeout(call.timeout).header("traceparent", trace.header());
        request = request.header("accept", "application/json");
        if let Some(body) = call.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let mut response = request.send().await.map_err(|error| (None, why(&error)))?;
        let status = response.status().as_u16();
        let date = response.headers().get("date").and_then(|date| date_of(date.to_str().ok()?));
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) > REPLY_CAP => return Err((Some(status), Why::TooLong)),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(Reply { status, body: text(body), date }),
                Err(error) => return Err((Some(status), why(&error))),
            }
        }
    }
}

struct Call {
    method: Method,
    url: Url,
    body: Option<String>,
    timeout: Duration,
}

struct Reply {
    status: u16,
    body: String,
    date: Option<Instant>,
}

fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// As HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date_of(text: &str) -> Option<Instant> {
    let read = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Instant::from_micros(read.as_microsecond()))
}

fn not_sent<T>(answer: T) -> Exchange<T> {
    Exchange { answer, http_status: None, code: None, body: String::new(), took: Duration::ZERO, date: None }
}

/// The error itself holds the address, and the address a payee's number: only its kind goes on.
fn why(error: &reqwest::Error) -> Why {
    if error.is_connect() {
        Why::NotReached
    } else if error.is_timeout() {
        Why::NoReply
    } else {
        Why::BrokenOff
    }
}
