//! A mail server: it speaks SMTP on a port of its own, keeps what it is given, and misbehaves as it is told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Who may sign in.
pub const USER: &str = "outlay";
pub const PASSWORD: &str = "a secret of the post";

/// How connections to it are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    Plain,
    /// Offers STARTTLS, and takes mail without it too: what protects is the other side.
    Starttls,
    Tls,
}

/// What it does to the next letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// Says this to every recipient.
    Says(&'static str),
    /// Says nothing when somebody connects.
    HangsAtOnce,
    /// Takes a letter and never says so.
    HangsAfterData,
    /// Breaks the connection when it is told of a letter.
    Drops,
}

/// A letter it was given.
#[derive(Debug, Clone)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub text: String,
    pub was_encrypted: bool,
    pub signed_in: bool,
}

impl Received {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        line.unwrap_or_default()
    }

    /// With the lines whole that quoted-printable folds.
    fn reads(&self) -> String {
        self.text.replace("=\r\n", "").replace("=3D", "=")
    }

    pub fn assert_says(&self, words: &str) -> &Self {
        assert!(self.reads().contains(words), "the mail should say «{words}»:\n{}", self.text);
        self
    }

    pub fn assert_says_not(&self, words: &str) -> &Self {
        assert!(!self.reads().contains(words), "the mail should not say «{words}»:\n{}", self.text);
        self
    }
}

struct Shared {
    safety: Safety,
    acceptor: TlsAcceptor,
    asks_for_password: bool,
    mechanisms: &'static str,
    mood: Mutex<Mood>,
    letters: Mutex<Vec<Received>>,
    /// Tells of each letter and each hang, so that a test can wait for them.
    told: UnboundedSender<()>,
    connections: Mutex<usize>,
}

/// Listens until the test's runtime ends.
pub struct Smtp {
    shared: Arc<Shared>,
    address: SocketAddr,
    told: UnboundedReceiver<()>,
    folder: tempfile::TempDir,
}

impl Smtp {
    pub async fn open(safety: Safety) -> Self {
        Self::set_up(safety, false, "PLAIN LOGIN").await
    }

    /// That takes mail only from [`USER`].
    pub async fn with_password(safety: Safety, mechanisms: &'static str) -> Self {
        Self::set_up(safety, true, mechanisms).await
    }

    async fn set_up(safety: Safety, asks_for_password: bool, mechanisms: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let acceptor = certified(&folder.path().join("ca.pem"));
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (teller, told) = unbounded_channel();
        let shared = Arc::new(Shared {
            safety,
            acceptor,
            asks_for_password,
            mechanisms,
            mood: Mutex::new(Mood::Takes),
            letters: Mutex::default(),
            told: teller,
            connections: Mutex::new(0),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.connections.lock().unwrap() += 1;
                // A conversation ends as it likes; what was received is what counts.
                tokio::spawn(answer(stream, Arc::clone(&serving)));
            }
        });
        Self { shared, address, told, folder }
    }

    /// A file beside it, made by [`Self::open`]: `ca.pem`, `password`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `[mail]` of a registry file for this server, as it wants to be used.
    pub fn settings(&self) -> String {
        let tls = match self.shared.safety {
            Safety::Plain => "tls = 'off'".to_owned(),
            Safety::Starttls => format!("tls = 'starttls'\nca_file = '{}'", self.file("ca.pem").display()),
            Safety::Tls => format!("tls = 'tls'\nca_file = '{}'", self.file("ca.pem").display()),
        };
        let user = if self.shared.asks_for_password {
            format!("user = '{USER}'\npassword_file = '{}'", self.file("password").display())
        } else {
            String::new()
        };
        self.settings_with(&format!("{tls}\n{user}"))
    }

    /// `[mail]` for this server with other lines.
    pub fn settings_with(&self, more: &str) -> String {
        format!(
            "[mail]\nhost = 'localhost'\nport = {}\nfrom = 'Outlay <outlay@upendo.example>'\ntimeout_seconds = 1\n{more}\n",
            self.address.port()
        )
    }

    pub fn turns(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Every letter it has, in the order they came.
    pub fn letters(&self) -> Vec<Received> {
        self.shared.letters.lock().unwrap().clone()
    }

    /// The one letter it has.
    pub fn only_letter(&self) -> Received {
        let mut letters = self.letters();
        assert_eq!(letters.len(), 1, "{letters:#?}");
        letters.remove(0)
    }

    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    /// Waits until it took a letter, or hangs on one.
    pub async fn hears(&mut self) {
        self.told.recv().await.unwrap();
    }
}

/// A certificate for `localhost` that vouches for itself, written to a file to be trusted.
fn certified(file: &std::path::Path) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(file, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap()))
}

async fn answer(stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    if shared.safety == Safety::Tls {
        let stream = shared.acceptor.accept(stream).await?;
        return Conversation::on(stream, &shared, true).go(true).await.map(drop);
    }
    if let Some(stream) = Conversation::on(stream, &shared, false).go(true).await? {
        let stream = shared.acceptor.accept(stream).await?;
        Conversation::on(stream, &shared, true).go(false).await?;
    }
    Ok(())
}

struct Conversation<'a, S> {
    stream: BufReader<S>,
    shared: &'a Shared,
    was_encrypted: bool,
    signed_in: bool,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, S> {
    fn on(stream: S, shared: &'a Shared, was_encrypted: bool) -> Self {
        Self { stream: BufReader::new(stream), shared, was_encrypted, signed_in: false }
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    /// The next line; `None` at the end.
    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await?;
        Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn mood(&self) -> Mood {
        *self.shared.mood.lock().unwrap()
    }

    async fn hang(&self) {
        self.shared.told.send(()).unwrap();
        std::future::pending::<()>().await;
    }

    /// The stream where the other side asks for STARTTLS.
    async fn go(mut self, greets: bool) -> std::io::Result<Option<S>> {
        if self.mood() == Mood::HangsAtOnce {
            self.hang().await;
        }
        if greets {
            self.say("220 localhost a mail server of the tests").await?;
        }
        let (mut from, mut to) = (String::new(), String::new());
        while let Some(line) = self.line().await? {
            let verb = line.split(' ').next().unwrap().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => self.ehlo().await?,
                "STARTTLS" => {
                    self.say("220 go ahead").await?;
                    return Ok(Some(self.stream.into_inner()));
                }
                "AUTH" => self.sign_in(&line).await?,
                "MAIL" if self.shared.asks_for_password && !self.signed_in => self.say("530 5.7.0 sign in first").await?,
                "MAIL" if self.mood() == Mood::Drops => return Ok(None),
                "MAIL" => {
                    from = address(&line);
                    self.say("250 ok").await?;
                }
                "RCPT" => {
                    to = address(&line);
                    match self.mood() {
                        Mood::Says(words) => self.say(words).await?,
                        _ => self.say("250 ok").await?,
                    }
                }
                "DATA" => {
                    self.say("354 go on").await?;
                    let text = self.data().await?;
                    let (was_encrypted, signed_in) = (self.was_encrypted, self.signed_in);
                    let letter = Received { from: from.clone(), to: to.clone(), text, was_encrypted, signed_in };
                    self.shared.letters.lock().unwrap().push(letter);
                    if self.mood() == Mood::HangsAfterData {
                        self.hang().await;
                    }
                    self.shared.told.send(()).unwrap();
                    self.say("250 taken").await?;
                }
                "NOOP" | "RSET" => self.say("250 ok").await?,
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Ok(None);
                }
                _ => self.say("502 what?").await?,
            }
        }
        Ok(None)
    }

    async fn ehlo(&mut self) -> std::io::Result<()> {
        self.say("250-localhost").await?;
        if self.shared.safety == Safety::Starttls && !self.was_encrypted {
            self.say("250-STARTTLS").await?;
        }
        if self.shared.asks_for_password {
            self.say(&format!("250-AUTH {}", self.shared.mechanisms)).await?;
        }
        self.say("250 8BITMIME").await
    }

    async fn sign_in(&mut self, line: &str) -> std::io::Result<()> {
        let words: Vec<_> = line.split(' ').collect();
        let given = match words[1] {
            "PLAIN" => decoded(words[2]).split('\0').skip(1).map(str::to_owned).collect::<Vec<_>>(),
            _ => {
                self.say(&format!("334 {}", STANDARD.encode("Username:"))).await?;
                let user = self.line().await?.unwrap_or_default();
                self.say(&format!("334 {}", STANDARD.encode("Password:"))).await?;
                let password = self.line().await?.unwrap_or_default();
                vec![decoded(&user), decoded(&password)]
            }
        };
        self.signed_in = given == [USER, PASSWORD];
        self.say(if self.signed_in { "235 welcome" } else { "535 5.7.8 Authentication credentials invalid" }).await
    }

    async fn data(&mut self) -> std::io::Result<String> {
        let mut text = String::new();
        while let Some(line) = self.line().await? {
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        Ok(text)
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

/// What stands between angle brackets.
fn address(line: &str) -> String {
    line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0.to_owned()
}
