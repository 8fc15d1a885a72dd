//! A server that answers with the bytes it was given, and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use outlay::ids::FspId;
use outlay::sdk::{Client, SdkSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the server does with one request.
pub enum Act {
    Reply(u16, String),
    /// Bytes as they are, then the connection closes.
    Raw(Vec<u8>),
    /// Reads the request and closes the connection without a word.
    Hang,
    /// Never answers.
    Wait,
}

pub struct Scripted {
    pub client: Client,
    acts: Arc<Mutex<VecDeque<Act>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub async fn start(change: impl FnOnce(&mut SdkSettings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mfi", listener.local_addr().unwrap());
        let (acts, asked) = (Arc::new(Mutex::new(VecDeque::new())), Arc::new(Mutex::new(Vec::new())));
        let (todo, heard) = (acts.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let request = read_request(&mut socket).await;
                heard.lock().unwrap().push(request);
                let act = todo.lock().unwrap().pop_front().expect("an act for every request");
                match act {
                    Act::Reply(status, body) => {
                        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                        let _ = socket.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await;
                    }
                    Act::Raw(bytes) => {
                        let _ = socket.write_all(&bytes).await;
                    }
                    Act::Hang => drop(socket),
                    Act::Wait => std::mem::forget(socket),
                }
            }
        });
        let mut settings = SdkSettings::new("main", &url, FspId::from("mfi"));
        change(&mut settings);
        Self { client: Client::new(&settings).unwrap(), acts, asked }
    }

    pub fn next(&self, act: Act) {
        self.acts.lock().unwrap().push_back(act);
    }

    /// Every request so far, head and body.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Head and body of one request.
pub async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let mut buffer = [0; 4096];
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
