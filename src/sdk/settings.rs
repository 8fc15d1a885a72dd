//! How to reach one SDK and how long to wait for it. Operators write it in an institution's TOML file.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::ids::FspId;

/// One SDK. Durations are written as `"30s"`, `"10m"`, `"500ms"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkSettings {
    /// What forms and funding accounts call it, for example `main`: 1 to 64 characters.
    pub name: String,
    /// Where its outbound API listens, for example `http://sdk:4001`; a path prefix (`/dfspid` where `MULTI_DFSP=true`) stays.
    /// The API has no authentication of its own: keep it on a private network.
    pub url: String,
    /// Our own FSP's id in the scheme, 1 to 32 characters: the payer FSP of every transfer.
    pub dfsp_id: FspId,
    /// To open a connection. Default 5 s, 10 ms to 1 min.
    #[serde(default = "connect", deserialize_with = "duration")]
    pub connect_timeout: Duration,
    /// For `GET /parties`. The SDK itself waits 30 s (`REQUEST_PROCESSING_TIMEOUT_SECONDS`): each of these four must be longer
    /// than its setting, or its answer is lost. Default 40 s, 10 ms to 10 min.
    #[serde(default = "asking", deserialize_with = "duration")]
    pub parties_timeout: Duration,
    /// For `POST /quotes`. Default 40 s, 10 ms to 10 min.
    #[serde(default = "asking", deserialize_with = "duration")]
    pub quotes_timeout: Duration,
    /// For `POST /simpleTransfers`. Default 45 s, 10 ms to 10 min.
    #[serde(default = "paying", deserialize_with = "duration")]
    pub send_timeout: Duration,
    /// For `GET /transfers/{id}`. Default 45 s, 10 ms to 10 min.
    #[serde(default = "paying", deserialize_with = "duration")]
    pub get_timeout: Duration,
    /// How long after recording a prepare expires: the hub refuses it later. Default 30 s, 1 s to 5 min.
    #[serde(default = "expiry", deserialize_with = "duration")]
    pub expiry: Duration,
    /// How long after its expiry a prepare may still turn up: more than the clocks differ plus the hub's handling time. "Not
    /// paid, certainly" waits this long. Default 10 min, at most 24 h; only our own simulator justifies less than the default.
    #[serde(default = "margin", deserialize_with = "duration")]
    pub settle_margin: Duration,
    /// Calls in flight to this SDK, over all funding accounts that one process dispatches through it. Default 64, 1 to 1,024.
    #[serde(default = "calls")]
    pub concurrency: usize,
    /// Calls in flight that one payee's FSP has to answer, so that a slow one does not hold every slot. Default 24, 1 to 1,024.
    #[serde(default = "calls_to_one")]
    pub fsp_concurrency: usize,
}

/// The most calls in flight that may be set.
const CALLS_MAX: usize = 1_024;

const fn calls() -> usize {
    64
}
const fn calls_to_one() -> usize {
    24
}

const fn connect() -> Duration {
    Duration::from_secs(5)
}
const fn asking() -> Duration {
    Duration::from_secs(40)
}
const fn paying() -> Duration {
    Duration::from_secs(45)
}
const fn expiry() -> Duration {
    Duration::from_secs(30)
}
const fn margin() -> Duration {
    Duration::from_mins(10)
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let read: jiff::SignedDuration = text.parse().map_err(|_| serde::de::Error::custom(BadSetting::NotADuration))?;
    Duration::try_from(read).map_err(|_| serde::de::Error::custom(BadSetting::NotADuration))
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    #[error("not a duration: write it as 30s, 10m or 500ms")]
    NotADuration,
    #[error("{0} must have 1 to {1} characters")]
    Length(&'static str, usize),
    #[error("{0} must lie between {1:?} and {2:?}")]
    Range(&'static str, Duration, Duration),
    #[error("{0} must be 1 to {1}")]
    Calls(&'static str, usize),
    #[error("url must be http:// or https:// with a host, and without user name, query or fragment")]
    Url,
}

impl SdkSettings {
    /// With every default.
    pub fn new(name: &str, url: &str, dfsp_id: FspId) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            dfsp_id,
            connect_timeout: connect(),
            parties_timeout: asking(),
            quotes_timeout: asking(),
            send_timeout: paying(),
            get_timeout: paying(),
            expiry: expiry(),
            settle_margin: margin(),
            concurrency: calls(),
            fsp_concurrency: calls_to_one(),
        }
    }

    /// Whether each value is within the limits its comment names.
    pub fn check(&self) -> Result<(), BadSetting> {
        length("name", &self.name, 64)?;
        length("dfsp_id", self.dfsp_id.as_str(), 32)?;
        let (least, call, short) = (Duration::from_millis(10), Duration::from_mins(10), Duration::from_mins(1));
        range("connect_timeout", self.connect_timeout, least, short)?;
        range("parties_timeout", self.parties_timeout, least, call)?;
        range("quotes_timeout", self.quotes_timeout, least, call)?;
        range("send_timeout", self.send_timeout, least, call)?;
        range("get_timeout", self.get_timeout, least, call)?;
        range("expiry", self.expiry, Duration::from_secs(1), Duration::from_mins(5))?;
        range("settle_margin", self.settle_margin, Duration::ZERO, Duration::from_hours(24))?;
        calls_in_range("concurrency", self.concurrency)?;
        calls_in_range("fsp_concurrency", self.fsp_concurrency)?;
        self.base().map(drop)
    }

    /// The address the four calls are put under.
    pub(super) fn base(&self) -> Result<reqwest::Url, BadSetting> {
        let url: reqwest::Url = self.url.parse().map_err(|_| BadSetting::Url)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && bare { Ok(url) } else { Err(BadSetting::Url) }
    }
}

fn length(name: &'static str, value: &str, most: usize) -> Result<(), BadSetting> {
    if (1..=most).contains(&value.chars().count()) { Ok(()) } else { Err(BadSetting::Length(name, most)) }
}

fn calls_in_range(name: &'static str, value: usize) -> Result<(), BadSetting> {
    if (1..=CALLS_MAX).contains(&value) { Ok(()) } else { Err(BadSetting::Calls(name, CALLS_MAX)) }
}

fn range(name: &'static str, value: Duration, least: Duration, most: Duration) -> Result<(), BadSetting> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(BadSetting::Range(name, least, most)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_writes_three_lines_and_gets_the_defaults() {
        let read: SdkSettings = toml::from_str("name = 'main'\nurl = 'http://sdk:4001'\ndfsp_id = 'mfi'").unwrap();
        assert_eq!(read, SdkSettings::new("main", "http://sdk:4001", FspId::from("mfi")));
        assert_eq!(read.check(), Ok(()));
        assert_eq!((read.send_timeout, read.settle_margin), (Duration::from_secs(45), Duration::from_secs(600)));
    }

    #[test]
    fn durations_are_written_with_their_unit() {
        let text = "name = 'main'\nurl = 'http://sdk:4001'\ndfsp_id = 'mfi'\nsettle_margin = '500ms'\nexpiry = '1m'";
        let read: SdkSettings = toml::from_str(text).unwrap();
        assert_eq!((read.settle_margin, read.expiry), (Duration::from_millis(500), Duration::from_mins(1)));
        for wrong in ["expiry = '-3s'", "expiry = 'soon'", "expiry = 30", "expirey = '30s'"] {
            let text = format!("name = 'main'\nurl = 'http://sdk:4001'\ndfsp_id = 'mfi'\n{wrong}");
            assert!(toml::from_str::<SdkSettings>(&text).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_setting_out_of_its_limits_is_named() {
        let good = SdkSettings::new("main", "http://sdk:4001/mfi", FspId::from("mfi"));
        assert_eq!(good.check(), Ok(()));
        for url in ["ftp://sdk", "sdk:4001", "http://user:word@sdk", "http://sdk?x=1", "http://sdk#x"] {
            assert_eq!(SdkSettings { url: url.to_owned(), ..good.clone() }.check(), Err(BadSetting::Url), "{url}");
        }
        assert_eq!(SdkSettings { name: String::new(), ..good.clone() }.check(), Err(BadSetting::Length("name", 64)));
        let long = SdkSettings { dfsp_id: FspId::from("f".repeat(33)), ..good.clone() };
        assert_eq!(long.check(), Err(BadSetting::Length("dfsp_id", 32)));
        let none = SdkSettings { fsp_concurrency: 0, ..good.clone() };
        assert_eq!(none.check(), Err(BadSetting::Calls("fsp_concurrency", 1_024)));
        assert_eq!(SdkSettings { concurrency: 1_024, fsp_concurrency: 1_024, ..good.clone() }.check(), Ok(()));
        assert!(SdkSettings { concurrency: 1_025, ..good.clone() }.check().is_err());
        let hasty = SdkSettings { expiry: Duration::from_millis(999), ..good };
        assert!(matches!(hasty.check(), Err(BadSetting::Range("expiry", ..))));
    }
}
