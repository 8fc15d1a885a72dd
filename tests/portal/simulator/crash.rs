//! What was answered survives SIGKILL: a second process of this very test binary is the simulator.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use outlay::clock::{Clock as _, SystemClock};
use outlay::ids::{FspId, TransferId};
use outlay::sdk::{PartyAnswer, Prepare, QuoteAnswer, Trace};
use outlay::simulator::{Ledger, Settings, start};

use super::desk::{client, new_id, phone, word};

const LEDGER: &str = "OUTLAY_TEST_SIMULATOR_LEDGER";

/// Not a test of its own: the process that gets killed.
#[tokio::test]
#[ignore = "started by the test below"]
async fn simulator_process() {
    let Ok(ledger) = std::env::var(LEDGER) else { return };
    let mut settings = Settings::new(ledger);
    settings.sdk_timeout = Duration::from_millis(60);
    settings.clock = Arc::new(SystemClock::new());
    let running = start(settings, std::net::TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    println!("listening on {}", running.url());
    running.join().await.unwrap();
}

struct Process(Child, String);

impl Process {
    fn start(ledger: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["simulator::crash::simulator_process", "--exact", "--ignored", "--nocapture"])
            .env(LEDGER, ledger)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().split_once("listening on ").map(|(_, url)| url.to_owned())).unwrap();
        // Keeps reading, so that the child never writes into a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, url)
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

async fn agreed(url: &str, id: &TransferId, number: &str) -> Prepare {
    let client = client(url);
    let PartyAnswer::Found { fsp, .. } = client.parties(&phone(number), &Trace::of(id)).await.answer else { panic!() };
    let question = outlay::sdk::QuoteRequest {
        quote_id: new_id().to_string(),
        transfer_id: id.clone(),
        payer: phone("959700000001"),
        payer_name: None,
        payee: phone(number),
        currency: outlay::money::Currency::find("MMK").unwrap(),
        amount: outlay::money::Minor::new(1_000),
        note: None,
        expiration: None,
    };
    let QuoteAnswer::Quoted(quote) = client.quote(&fsp, &question).await.answer else { panic!() };
    Prepare::new(id, &FspId::from("mfi"), &fsp, &quote, SystemClock::new().now().after(Duration::from_secs(60))).unwrap()
}

#[tokio::test]
async fn everything_that_was_answered_survives_a_kill_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.sqlite");
    let process = Process::start(&ledger);
    let mut prepares = Vec::new();
    for number in 0..60 {
        prepares.push(agreed(&process.1, &new_id(), &format!("9597771{number:05}")).await);
    }
    let (told, heard) = tokio::sync::mpsc::unbounded_channel();
    let senders: Vec<_> = prepares.iter().cloned().map(|prepare| (prepare, told.clone(), client(&process.1))).collect();
    drop(told);
    for (prepare, told, client) in senders {
        tokio::spawn(async move {
            let answer = word(client.send(&prepare).await.answer, Some(prepare.condition()));
            let _ = told.send((prepare, answer));
        });
    }
    let mut heard = heard;
    let mut paid = vec![heard.recv().await.unwrap()];
    process.kill();
    while let Some(answer) = heard.recv().await {
        paid.push(answer);
    }
    paid.retain(|(_, answer)| answer == "paid");
    assert!(!paid.is_empty());
    let row = |prepare: &Prepare| Ledger::open(&ledger).unwrap().row(prepare.transfer_id()).unwrap();
    assert!(paid.iter().all(|(prepare, _)| row(prepare).is_some_and(|row| row.executions == 1)));
    let again = Process::start(&ledger);
    let client = client(&again.1);
    for prepare in &prepares {
        assert_eq!(word(client.send(prepare).await.answer, Some(prepare.condition())), "paid");
        assert_eq!(row(prepare).unwrap().executions, 1);
    }
    again.kill();
}
