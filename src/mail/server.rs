//! The mail server of an institution, and a conversation with it: each step within the timeout, each trouble named by its step.
//!
//! lettre's pool is not used: where a letter is given up half-way, it would lend the same connection to the next letter.
//! Here a connection lives for the letters of one beat, and ends where anything went wrong.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::{MailSettings, Tls, Trouble, TroubleKind};

/// How Outlay signs in, the first that the server offers.
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];
/// Steps of sending one letter, each within the timeout: look the host up, connect, STARTTLS, sign in (or ask whether the connection
/// still stands), send.
const STEPS: u32 = 5;
/// How long a polite end may take.
const QUIT: Duration = Duration::from_secs(2);
/// Bytes of a file with a password, at most.
const PASSWORD_BYTES_MAX: usize = 4_096;

/// Why the mail settings cannot be used; a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NoMailServer {
    #[error("{institution}: {setting} {rule}")]
    Settings { institution: String, setting: &'static str, rule: &'static str },
    #[error("{institution}: the file of {setting} cannot be read: {problem}")]
    Unreadable { institution: String, setting: &'static str, problem: std::io::Error },
    #[error("{institution}: the file of mail.password_file must hold one line, the password")]
    NotAPassword { institution: String },
    #[error("{institution}: the file of mail.ca_file holds no certificate in PEM")]
    NotACertificate { institution: String },
}

/// A mail server as the settings describe it; nothing is opened yet.
pub(super) struct Server {
    host: String,
    port: u16,
    timeout: Duration,
    tls: Tls,
    parameters: Option<TlsParameters>,
    credentials: Option<(String, SecretString)>,
}

impl Server {
    /// Reads password and certificates, so that a mistake is found at start.
    ///
    /// # Errors
    /// [`NoMailServer`].
    pub(super) fn open(institution: &str, settings: &MailSettings) -> Result<Self, NoMailServer> {
        let name = || institution.to_owned();
        settings.check().map_err(|(setting, rule)| NoMailServer::Settings { institution: name(), setting, rule })?;
        let read = |setting, file: &Path| {
            std::fs::read_to_string(file).map_err(|problem| NoMailServer::Unreadable { institution: name(), setting, problem })
        };
        let credentials = match (&settings.user, &settings.password_file) {
            (Some(user), Some(file)) => {
                let text = SecretString::from(read("mail.password_file", file)?);
                let line = text.expose_secret().trim_end_matches(['\r', '\n']);
                if line.is_empty() || line.len() > PASSWORD_BYTES_MAX || line.contains(char::is_control) {
                    return Err(NoMailServer::NotAPassword { institution: name() });
                }
                Some((user.clone(), SecretString::from(line)))
            }
            _ => None,
        };
        let authorities = settings.ca_file.as_ref().map(|file| read("mail.ca_file", file)).transpose()?;
        let parameters = match settings.tls {
            Tls::Off => None,
            Tls::Starttls | Tls::Tls => Some(
                parameters(&settings.host, authorities.as_deref()).ok_or_else(|| NoMailServer::NotACertificate { institution: name() })?,
            ),
        };
        let (host, port, timeout, tls) = (settings.host.clone(), settings.port, settings.timeout(), settings.tls);
        Ok(Self { host, port, timeout, tls, parameters, credentials })
    }

    /// The longest that one letter can take, whatever the server does.
    pub(super) fn longest(&self) -> Duration {
        self.timeout.saturating_mul(STEPS)
    }

    async fn step<T>(&self, step: impl Future<Output = Result<T, Error>>, trouble: fn(&Error) -> Trouble) -> Result<T, Trouble> {
        match timeout(self.timeout, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(trouble(&error)),
            Err(_) => Err(Trouble::of(TroubleKind::TimedOut)),
        }
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Trouble> {
        match timeout(self.timeout, tokio::net::lookup_host((self.host.as_str(), self.port))).await {
            Ok(Ok(found)) => Some(found.collect::<Vec<_>>()).filter(|found| !found.is_empty()),
            Ok(Err(_)) => None,
            Err(_) => return Err(Trouble::of(TroubleKind::TimedOut)),
        }
        .ok_or(Trouble::of(TroubleKind::NoSuchHost))
    }

    /// Connects, encrypts and signs in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let addresses = self.addresses().await?;
        let (hello, from_the_start) = (ClientId::default(), self.parameters.clone().filter(|_| self.tls == Tls::Tls));
        let connecting = AsyncSmtpConnection::connect_tokio1(addresses.as_slice(), Some(self.timeout), &hello, from_the_start, None);
        let mut connection = self.step(connecting, of_connecting).await?;
        if let Some(parameters) = self.parameters.clone().filter(|_| self.tls == Tls::Starttls) {
            if !connection.can_starttls() {
                hang_up(connection).await;
                return Err(Trouble::of(TroubleKind::NoStarttls));
            }
            self.step(connection.starttls(parameters, &hello), of_starttls).await?;
        }
        if let Some((user, password)) = &self.credentials {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            if let Err(trouble) = self.step(connection.auth(MECHANISMS, &credentials), of_signing_in).await {
                hang_up(connection).await;
                return Err(trouble);
            }
        }
        Ok(connection)
    }
}

/// `None` where the file has no certificate.
fn parameters(host: &str, authorities: Option<&str>) -> Option<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authorities {
        let certificate = Certificate::from_pem(pem.as_bytes()).ok().filter(|_| pem.contains("-----BEGIN CERTIFICATE-----"))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build_rustls().ok()
}

/// One conversation with the server, for as many letters as there are.
pub(super) struct Line<'a> {
    server: &'a Server,
    connection: Option<AsyncSmtpConnection>,
}

impl<'a> Line<'a> {
    pub(super) const fn to(server: &'a Server) -> Self {
        Self { server, connection: None }
    }

    /// Sends one letter. After any trouble the connection is gone, and the next letter gets a new one.
    pub(super) async fn send(&mut self, message: &Message) -> Result<(), Trouble> {
        let mut connection = match self.still_there().await {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        let bytes = message.formatted();
        self.server.step(connection.send(message.envelope(), &bytes), of_sending).await?;
        self.connection = Some(connection);
        Ok(())
    }

    /// The connection of the letter before, if the server has not closed it.
    async fn still_there(&mut self) -> Option<AsyncSmtpConnection> {
        let mut connection = self.connection.take()?;
        let stands = timeout(self.server.timeout, connection.test_connected()).await.unwrap_or(false);
        stands.then_some(connection)
    }

    pub(super) async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            hang_up(connection).await;
        }
    }
}

/// What a server says to a goodbye is of no interest.
async fn hang_up(mut connection: AsyncSmtpConnection) {
    drop(timeout(QUIT, connection.quit()).await);
}

/// As in `550 5.1.1 User unknown`.
fn words(error: &Error) -> String {
    let code = error.status().map(|code| format!("{code} ")).unwrap_or_default();
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{code}{words}")
}

/// What the operating system or TLS said, somewhere below.
fn of_network(error: &Error) -> TroubleKind {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return match io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(rustls::Error::InvalidCertificate(_)) => TroubleKind::Certificate,
                Some(_) => TroubleKind::BadTls,
                None if io.kind() == ErrorKind::TimedOut => TroubleKind::TimedOut,
                None if io.kind() == ErrorKind::UnexpectedEof || io.kind() == ErrorKind::ConnectionReset => TroubleKind::Broken,
                None => TroubleKind::Unreachable,
            };
        }
        source = cause.source();
    }
    TroubleKind::Broken
}

/// Not even a refusal of the greeting is the last word: it is about the server's day, not about a letter.
fn of_connecting(error: &Error) -> Trouble {
    if error.status().is_some() {
        return Trouble::said_by_server(TroubleKind::Unreachable, &words(error), false);
    }
    Trouble::of(of_network(error))
}

fn of_starttls(error: &Error) -> Trouble {
    if error.status().is_some() {
        return Trouble::said_by_server(TroubleKind::NoStarttls, &words(error), false);
    }
    match of_network(error) {
        kind @ (TroubleKind::Certificate | TroubleKind::TimedOut) => Trouble::of(kind),
        _ => Trouble::of(TroubleKind::BadTls),
    }
}

fn of_signing_in(error: &Error) -> Trouble {
    if error.is_permanent() || error.is_transient() {
        return Trouble::said_by_server(TroubleKind::SignInRefused, &words(error), error.is_permanent());
    }
    Trouble::of(if error.is_client() { TroubleKind::NoSignIn } else { TroubleKind::Broken })
}

fn of_sending(error: &Error) -> Trouble {
    if error.is_permanent() || error.is_client() {
        return Trouble::said_by_server(TroubleKind::Refused, &words(error), true);
    }
    if error.is_transient() {
        return Trouble::said_by_server(TroubleKind::Later, &words(error), false);
    }
    Trouble::of(TroubleKind::Broken)
}
