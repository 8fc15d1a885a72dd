//! Somebody who does what an SDK does at a hub: asks, is told «taken», and hears the answer at their own door.

use std::sync::Arc;
use std::time::Duration;

use outlay::clock::{Clock as _, Instant, ManualClock};
use outlay::ids::TransferId;
use outlay::sdk::fulfils;
use outlay::simulator::{Ledger, LedgerRow, Running, Settings, start_hub};
use serde_json::{Value, json};

use super::desk::new_id;
use super::listening::{Heard, Listening};

pub struct Payer {
    pub sdk: Listening,
    pub clock: Arc<ManualClock>,
    pub running: Running,
    settings: Settings,
    http: reqwest::Client,
    folder: Arc<tempfile::TempDir>,
}

/// A request's content type.
pub fn fspiop(resource: &str, version: &str) -> String {
    format!("application/vnd.interoperability.{resource}+json;version={version}")
}

impl Payer {
    pub async fn open(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Instant::from_micros(1_795_228_848_000_000)));
        let mut settings = Settings::new(folder.path().join("ledger.sqlite"));
        settings.slow = Duration::from_millis(50);
        settings.clock = clock.clone();
        change(&mut settings);
        Self::start(settings, clock, Arc::new(folder), Listening::start().await)
    }

    fn start(settings: Settings, clock: Arc<ManualClock>, folder: Arc<tempfile::TempDir>, sdk: Listening) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let running = start_hub(settings.clone(), sdk.url.parse().unwrap(), listener).unwrap();
        Self { sdk, clock, running, settings, http: reqwest::Client::new(), folder }
    }

    /// The hub stops and starts again over the same ledger.
    pub async fn restart(self) -> Self {
        self.running.stop().await;
        Self::start(self.settings, self.clock, self.folder, self.sdk)
    }

    /// One request, as the SDK of `mfi` makes it. `None` where the connection breaks instead of an answer.
    pub async fn ask(&self, method: &str, path: &str, content_type: &str, body: &str) -> Option<(u16, String)> {
        self.ask_with(method, path, &[("content-type", content_type), ("fspiop-source", "mfi")], body).await
    }

    pub async fn ask_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<(u16, String)> {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.running.url())).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = request.send().await.ok()?;
        Some((reply.status().as_u16(), reply.text().await.ok()?))
    }

    async fn asked(&mut self, method: &str, path: &str, resource: &str, body: &str) -> Heard {
        assert_eq!(self.ask(method, path, &fspiop(resource, "1.1"), body).await, Some((202, String::new())), "{method} {path}");
        self.sdk.hears().await
    }

    pub async fn party(&mut self, path: &str) -> Heard {
        self.asked("GET", path, "parties", "").await
    }

    pub async fn quote(&mut self, number: &str, fsp: &str, id: &TransferId) -> Heard {
        let body = quote_body(number, fsp, id).to_string();
        self.asked("POST", "/quotes", "quotes", &body).await
    }

    /// The bytes of a prepare for a payee, which expires in 30 s.
    pub async fn prepare(&mut self, number: &str, id: &TransferId) -> String {
        let party = self.party(&format!("/parties/MSISDN/{number}")).await;
        let fsp = party.body["party"]["partyIdInfo"]["fspId"].as_str().unwrap_or_else(|| panic!("{party:?}")).to_owned();
        let quote = self.quote(number, &fsp, id).await.body;
        json!({
            "transferId": id, "payerFsp": "mfi", "payeeFsp": fsp, "amount": quote["transferAmount"], "ilpPacket": quote["ilpPacket"],
            "condition": quote["condition"], "expiration": self.clock.now().after(Duration::from_secs(30)).fspiop(),
        })
        .to_string()
    }

    /// Sends the bytes and says in a word what the hub answered at once.
    pub async fn send(&self, prepare: &str) -> String {
        match self.ask("POST", "/transfers", &fspiop("transfers", "1.1"), prepare).await {
            None => "broken".to_owned(),
            Some((202, body)) if body.is_empty() => "taken".to_owned(),
            Some((status, body)) => format!("{status} {body}"),
        }
    }

    /// What the hub says about a transfer when it is asked.
    pub async fn get(&mut self, id: &TransferId, condition: &str) -> String {
        let heard = self.asked("GET", &format!("/transfers/{id}"), "transfers", "").await;
        assert_eq!(heard.header("fspiop-source"), "Hub", "not an answer to the question: {heard:?}");
        word(&heard, condition)
    }

    pub fn rows(&self) -> Vec<LedgerRow> {
        Ledger::open(&self.settings.ledger).unwrap().rows().unwrap()
    }

    pub fn executions(&self) -> i32 {
        self.rows().iter().map(|row| row.executions).sum()
    }
}

pub fn quote_body(number: &str, fsp: &str, id: &TransferId) -> Value {
    let party = |id: &str, fsp: &str| json!({"partyIdInfo": {"partyIdType": "MSISDN", "partyIdentifier": id, "fspId": fsp}});
    json!({
        "quoteId": new_id(), "transactionId": id, "payee": party(number, fsp), "payer": party("959700000001", "mfi"),
        "amountType": "RECEIVE", "amount": {"currency": "MMK", "amount": "1500.5"},
        "transactionType": {"scenario": "TRANSFER", "initiator": "PAYER", "initiatorType": "BUSINESS"},
    })
}

/// The condition in the bytes of a prepare.
pub fn condition(prepare: &str) -> String {
    serde_json::from_str::<Value>(prepare).unwrap()["condition"].as_str().unwrap().to_owned()
}

/// What a callback about a transfer says; a COMMITTED without its proof is "unproven".
pub fn word(heard: &Heard, condition: &str) -> String {
    if heard.line.ends_with("/error") {
        return heard.body["errorInformation"]["errorCode"].as_str().unwrap().to_owned();
    }
    let state = heard.body["transferState"].as_str().unwrap();
    let proven = heard.body["fulfilment"].as_str().is_some_and(|fulfilment| fulfils(fulfilment, condition));
    if state == "COMMITTED" && !proven { "unproven".to_owned() } else { state.to_owned() }
}
