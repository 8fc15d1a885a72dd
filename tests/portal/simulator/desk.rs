//! Somebody who pays through the simulator, step by step, and says in a word what each step told.

use std::sync::Arc;
use std::time::Duration;

use outlay::clock::{Clock, Instant, ManualClock};
use outlay::ids::{FspId, TransferId};
use outlay::money::{Currency, Minor};
use outlay::sdk::{
    Client, Code, PartyAnswer, PartyId, Prepare, Quote, QuoteAnswer, QuoteRequest, SdkSettings, Trace, TransferAnswer, fulfils,
};
use outlay::simulator::{Ledger, LedgerRow, Running, Settings, start};

pub struct Desk {
    pub client: Client,
    pub clock: Arc<ManualClock>,
    pub running: Running,
    pub settings: Settings,
    folder: Arc<tempfile::TempDir>,
}

pub fn phone(number: &str) -> PartyId {
    PartyId { id_type: "MSISDN".to_owned(), id_value: number.to_owned(), sub_id: None }
}

pub fn new_id() -> TransferId {
    TransferId::new(Instant::from_micros(1_795_228_848_000_000))
}

pub fn client(url: &str) -> Client {
    let mut settings = SdkSettings::new("simulated", url, FspId::from("mfi"));
    settings.send_timeout = Duration::from_secs(10);
    Client::new(&settings).unwrap()
}

impl Desk {
    pub fn open(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Instant::from_micros(1_795_228_848_000_000)));
        let mut settings = Settings::new(folder.path().join("ledger.sqlite"));
        settings.sdk_timeout = Duration::from_millis(60);
        settings.slow = Duration::from_millis(120);
        settings.clock = clock.clone();
        change(&mut settings);
        Self::start(settings, clock, Arc::new(folder))
    }

    fn start(settings: Settings, clock: Arc<ManualClock>, folder: Arc<tempfile::TempDir>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let running = start(settings.clone(), listener).unwrap();
        Self { client: client(&running.url()), clock, running, settings, folder }
    }

    /// Stops and starts again over the same file.
    pub async fn restart(self) -> Self {
        self.running.stop().await;
        Self::start(self.settings, self.clock, self.folder)
    }

    pub async fn party(&self, number: &str) -> PartyAnswer {
        self.client.parties(&phone(number), &Trace::random()).await.answer
    }

    pub async fn fsp(&self, number: &str) -> FspId {
        match self.party(number).await {
            PartyAnswer::Found { fsp, .. } => fsp,
            other => panic!("{other:?}"),
        }
    }

    pub fn question(&self, number: &str, id: &TransferId) -> QuoteRequest {
        QuoteRequest {
            quote_id: new_id().to_string(),
            transfer_id: id.clone(),
            payer: phone("959700000001"),
            payer_name: Some("Shwe MFI".to_owned()),
            payee: phone(number),
            currency: Currency::find("MMK").unwrap(),
            amount: Minor::new(150_050),
            note: Some("Nov payroll".to_owned()),
            expiration: None,
        }
    }

    pub async fn ask_quote(&self, number: &str, id: &TransferId) -> QuoteAnswer {
        let fsp = self.fsp(number).await;
        self.client.quote(&fsp, &self.question(number, id)).await.answer
    }

    pub async fn quote(&self, number: &str, id: &TransferId) -> Quote {
        match self.ask_quote(number, id).await {
            QuoteAnswer::Quoted(quote) => quote,
            other => panic!("{other:?}"),
        }
    }

    /// A prepare that expires in 30 s.
    pub async fn prepare(&self, number: &str, id: &TransferId) -> Prepare {
        let (fsp, quote) = (self.fsp(number).await, self.quote(number, id).await);
        Prepare::new(id, &FspId::from("mfi"), &fsp, &quote, self.clock.now().after(Duration::from_secs(30))).unwrap()
    }

    pub async fn send(&self, prepare: &Prepare) -> String {
        word(self.client.send(prepare).await.answer, Some(prepare.condition()))
    }

    pub async fn get(&self, id: &TransferId) -> String {
        word(self.client.transfer(id).await.answer, None)
    }

    pub fn rows(&self) -> Vec<LedgerRow> {
        Ledger::open(&self.settings.ledger).unwrap().rows().unwrap()
    }

    pub fn executions(&self) -> i32 {
        self.rows().iter().map(|row| row.executions).sum()
    }
}

pub fn code(number: u16) -> Code {
    Code::new(number).unwrap()
}

/// What an answer amounts to; a COMMITTED without its proof is "unproven".
pub fn word(answer: TransferAnswer, condition: Option<&str>) -> String {
    match answer {
        TransferAnswer::Committed { fulfilment } => {
            let proven = condition.is_none_or(|condition| fulfilment.is_some_and(|fulfilment| fulfils(&fulfilment, condition)));
            if proven { "paid".to_owned() } else { "unproven".to_owned() }
        }
        TransferAnswer::Aborted { .. } => "aborted".to_owned(),
        TransferAnswer::Reserved => "reserved".to_owned(),
        TransferAnswer::Received => "received".to_owned(),
        TransferAnswer::NotFound => "not found".to_owned(),
        TransferAnswer::Silent => "silent".to_owned(),
        TransferAnswer::Refused { code } => format!("refused {code}"),
        TransferAnswer::Modified => "modified".to_owned(),
        TransferAnswer::Unclear { why } => format!("unclear {why:?}"),
    }
}
