//! Taking an answer to the SDK: `PUT` to its inbound API.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::simulator::hub_face::headers::{Asked, Resource};
use crate::simulator::hub_face::requests::refusal_in;

/// How long to wait before each try; an SDK that is down for longer has lost the answer.
const TRIES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(200), Duration::from_secs(1)];
/// How long the SDK may take to take an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Node closes idle connections after 5 s.
const IDLE: Duration = Duration::from_secs(4);

/// Where an SDK's inbound API listens, as in `http://127.0.0.1:4000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write the address of the SDK's inbound API as http://HOST:PORT")]
pub struct NotAnInbound;

impl std::str::FromStr for Inbound {
    type Err = NotAnInbound;

    fn from_str(text: &str) -> Result<Self, NotAnInbound> {
        let url: reqwest::Url = text.parse().map_err(|_| NotAnInbound)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "http" || !url.has_host() || !bare {
            return Err(NotAnInbound);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl std::fmt::Display for Inbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One answer, on its way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Callback {
    pub resource: Resource,
    /// As in `/quotes/…/error`; a party's id stands in it as it came, or the SDK would not know its own question.
    pub path: String,
    pub version: String,
    /// The payee's FSP, or the hub itself.
    pub from: String,
    pub to: String,
    pub body: Value,
}

/// What a hub calls itself.
const HUB: &str = "Hub";

impl Callback {
    pub fn answer(asked: &Asked, path: &str, from: Option<&str>, body: Value) -> Self {
        Self {
            resource: asked.resource,
            path: path.to_owned(),
            version: asked.version.clone(),
            from: from.unwrap_or(HUB).to_owned(),
            to: asked.source.clone(),
            body,
        }
    }
}

pub(super) struct Callbacks {
    http: reqwest::Client,
    inbound: Inbound,
    clock: Arc<dyn Clock>,
}

impl Callbacks {
    pub fn to(inbound: Inbound, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        // The provider is one for the whole process; somebody else may have installed it before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .tls_certs_only([])
            .pool_idle_timeout(IDLE)
            .timeout(PATIENCE);
        Ok(Self { http: builder.build()?, inbound, clock })
    }

    /// A few times, where the SDK is out of reach; then it is lost, as a hub's is.
    pub async fn send(&self, callback: &Callback) {
        let resource = callback.resource.name();
        for wait in TRIES {
            sleep(wait).await;
            match self.put(callback).await {
                Ok((status, _)) if status.is_success() => return,
                Ok((status, why)) => {
                    tracing::warn!("the SDK answered a callback of {resource} with {}: {}", status.as_u16(), why.unwrap_or_default());
                    if !status.is_server_error() {
                        return;
                    }
                }
                Err(error) => tracing::warn!("a callback of {resource} did not reach the SDK: {}", kind(&error)),
            }
        }
    }

    async fn put(&self, callback: &Callback) -> reqwest::Result<(reqwest::StatusCode, Option<String>)> {
        let content_type = callback.resource.content_type(&callback.version);
        let date = self.clock.now().timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let request = self
            .http
            .put(format!("{}{}", self.inbound, callback.path))
            .header("content-type", &content_type)
            // Not the client's own «anything»: an SDK refuses a callback whose Accept is not FSPIOP's.
            .header("accept", &content_type)
            .header("date", date)
            .header("fspiop-source", &callback.from)
            .header("fspiop-destination", &callback.to)
            .body(callback.body.to_string());
        let reply = request.send().await?;
        let status = reply.status();
        let why = if status.is_success() { None } else { refusal_in(&reply.text().await?) };
        Ok((status, why))
    }
}

/// The error itself holds the address, and the address a payee's number.
fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbound_address_is_plain_http_with_a_host() {
        assert_eq!("http://sdk:4000/".parse::<Inbound>().unwrap().to_string(), "http://sdk:4000");
        assert_eq!("http://sdk:4000/mfi".parse::<Inbound>().unwrap().to_string(), "http://sdk:4000/mfi");
        for wrong in ["https://sdk:4000", "sdk:4000", "4000", "http://user:word@sdk", "http://sdk?x=1"] {
            assert_eq!(wrong.parse::<Inbound>(), Err(NotAnInbound), "{wrong}");
        }
    }
}
