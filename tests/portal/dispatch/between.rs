//! Stands between an engine and the simulated SDK, and spoils what a story wants spoilt.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use outlay::dispatch::Engine;
use outlay::simulator::look_up;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::desk::Desk;

/// What becomes of one call.
#[derive(Debug, Clone)]
pub enum Fate {
    Pass,
    /// The SDK waits for the payee's FSP in vain.
    Timeout,
    /// An answer that is none: a status and a body.
    Page(u16, &'static str),
    /// With the answer to the first call that had this fate; that one passes.
    AsBefore,
    /// No answer at all, until the end of the story.
    Hang,
}

/// From the request, as text, to what becomes of it.
pub type Rule = Box<dyn Fn(&str) -> Fate + Send>;

#[derive(Clone)]
pub struct Between {
    pub url: String,
    rule: Arc<Mutex<Rule>>,
    spoilt: Arc<AtomicUsize>,
    before: Arc<Mutex<Option<Vec<u8>>>>,
    hangs: Arc<Semaphore>,
}

impl Between {
    pub async fn before(desk: &Desk, rule: impl Fn(&str) -> Fate + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let between = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            rule: Arc::new(Mutex::new(Box::new(rule))),
            spoilt: Arc::default(),
            before: Arc::default(),
            hangs: Arc::new(Semaphore::new(0)),
        };
        let (to, here) = (desk.simulator.address(), between.clone());
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                tokio::spawn(here.clone().carry(from, to));
            }
        });
        between
    }

    /// One call a connection.
    async fn carry(self, mut from: TcpStream, to: std::net::SocketAddr) {
        let Some(request) = whole_request(&mut from).await else { return };
        let fate = (self.rule.lock().unwrap())(&request);
        if !matches!(fate, Fate::Pass) {
            self.spoilt.fetch_add(1, Ordering::SeqCst);
        }
        match fate {
            Fate::Pass => {
                let reply = passed(&request, to).await;
                // The engine may have been stopped meanwhile.
                drop(from.write_all(&reply).await);
            }
            Fate::AsBefore => {
                let reply = passed(&request, to).await;
                let reply = self.before.lock().unwrap().get_or_insert(reply).clone();
                drop(from.write_all(&reply).await);
            }
            Fate::Timeout => answer(from, 500, r#"{"message":"Timeout","statusCode":"500"}"#).await,
            Fate::Page(status, body) => answer(from, status, body).await,
            Fate::Hang => {
                self.hangs.add_permits(1);
                std::future::pending::<()>().await;
            }
        }
    }

    /// From now on.
    pub fn rule(&self, rule: impl Fn(&str) -> Fate + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// How many calls did not pass.
    pub fn spoilt(&self) -> usize {
        self.spoilt.load(Ordering::SeqCst)
    }

    /// Until a call hangs.
    pub async fn hangs(&self) {
        self.hangs.acquire().await.unwrap().forget();
    }

    pub fn engine(&self, desk: &Desk, concurrency: usize) -> Engine {
        let mut setup = desk.setup();
        setup.concurrency = concurrency;
        setup.sdks[0].url.clone_from(&self.url);
        Engine::new(desk.db.clone(), setup).unwrap()
    }
}

/// What the simulator answers to a request.
pub async fn passed(request: &str, to: std::net::SocketAddr) -> Vec<u8> {
    let mut onward = TcpStream::connect(to).await.unwrap();
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    onward.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    onward.read_to_end(&mut reply).await.unwrap();
    reply
}

/// One request with its body, however many pieces it comes in.
pub async fn whole_request(from: &mut TcpStream) -> Option<String> {
    let (mut request, mut piece) = (Vec::new(), vec![0; 16_384]);
    loop {
        let read = from.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}

async fn answer(mut from: TcpStream, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} x\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    drop(from.write_all(format!("{head}{body}").as_bytes()).await);
}

/// Phones of people at one FSP of the simulated network.
pub fn phones_at(fsp: &str, count: usize) -> Vec<String> {
    let all = (0..).map(|number| format!("9597771{number:05}"));
    all.filter(|phone| !is_faulty(phone) && look_up("MSISDN", phone, false).fsp == fsp).take(count).collect()
}

fn is_faulty(phone: &str) -> bool {
    outlay::simulator::Fault::of_digits(phone).is_some()
}

/// Whether it is a quote for this FSP.
pub fn is_quote_for(request: &str, fsp: &str) -> bool {
    request.starts_with("POST /quotes") && request.contains(&format!("\"fspId\":\"{fsp}\""))
}
