//! An SDK's inbound API that only listens: it keeps what the hub tells it, and answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::sdk::scripted::read_request;

/// How long the hub may take to say something.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Listening {
    pub url: String,
    heard: UnboundedReceiver<Heard>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

/// One callback.
#[derive(Debug)]
pub struct Heard {
    /// As in `PUT /quotes/…`.
    pub line: String,
    head: String,
    pub body: Value,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.head)).1
    }
}

impl Listening {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, heard) = unbounded_channel();
        let statuses = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(listen(listener, tell, Arc::clone(&statuses)));
        Self { url, heard, statuses }
    }

    /// How it answers the next callbacks; every other one gets 200.
    pub fn will_answer(&self, statuses: &[u16]) {
        self.statuses.lock().unwrap().extend(statuses);
    }

    /// The next callback.
    pub async fn hears(&mut self) -> Heard {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("the hub said nothing").unwrap()
    }

    pub fn has_heard_everything(&mut self) -> bool {
        self.heard.try_recv().is_err()
    }
}

async fn listen(listener: TcpListener, tell: UnboundedSender<Heard>, statuses: Arc<Mutex<VecDeque<u16>>>) {
    while let Ok((mut socket, _)) = listener.accept().await {
        let (tell, statuses) = (tell.clone(), Arc::clone(&statuses));
        tokio::spawn(async move {
            let request = read_request(&mut socket).await;
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            let (line, head) = head.split_once("\r\n").unwrap();
            let line = line.trim_end_matches(" HTTP/1.1").to_owned();
            drop(tell.send(Heard { line, head: head.to_owned(), body: serde_json::from_str(body).unwrap() }));
            let status = statuses.lock().unwrap().pop_front().unwrap_or(200);
            let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            drop(socket.write_all(reply.as_bytes()).await);
        });
    }
}
