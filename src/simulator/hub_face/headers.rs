//! What a hub reads in a request's headers: which resource, in which version of FSPIOP, from whom and for whom.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;

use crate::simulator::hub_face::bodies;

/// FSPIOP's versions that are understood; an answer has that of its question.
const VERSIONS: &[&str] = &["1.0", "1.1", "2.0"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Parties,
    Quotes,
    Transfers,
}

impl Resource {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parties => "parties",
            Self::Quotes => "quotes",
            Self::Transfers => "transfers",
        }
    }

    pub fn content_type(self, version: &str) -> String {
        format!("application/vnd.interoperability.{}+json;version={version}", self.name())
    }
}

/// Who asked, and how they want to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub resource: Resource,
    pub version: String,
    pub source: String,
    pub destination: Option<String>,
}

/// Refused at the door, before anything was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Content-Type is required")]
    NoContentType,
    #[error("Content-Type is not that of {0}")]
    ContentType(&'static str),
    #[error("ISO 20022 messages; this hub speaks FSPIOP: set API_TYPE=fspiop")]
    Iso20022,
    #[error("FSPIOP version {0}; this hub speaks 1.0, 1.1 and 2.0")]
    Version(String),
    #[error("FSPIOP-Source is required")]
    NoSource,
    #[error("FSPIOP-Destination is required")]
    NoDestination,
    #[error("{0}")]
    Invalid(String),
    #[error("Unknown URI")]
    UnknownUri,
    #[error("The ledger cannot be written")]
    Broken,
    /// Nothing was stored: the same bytes may be sent again.
    #[error("Service currently unavailable")]
    Unavailable,
}

impl Refusal {
    pub const fn code(&self) -> u16 {
        match self {
            Self::NoContentType | Self::NoSource | Self::NoDestination => 3102,
            Self::ContentType(_) => 3101,
            Self::Iso20022 | Self::Version(_) => 3001,
            Self::Invalid(_) => 3100,
            Self::UnknownUri => 3002,
            Self::Broken => 2001,
            Self::Unavailable => 2003,
        }
    }

    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Iso20022 | Self::Version(_) => StatusCode::NOT_ACCEPTABLE,
            Self::UnknownUri => StatusCode::NOT_FOUND,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    pub fn respond(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::build(self.status()).json(bodies::error(self.code(), Some(&self.to_string())))
    }
}

impl Asked {
    pub fn read(request: &HttpRequest, resource: Resource) -> Result<Self, Refusal> {
        let text =
            |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
        let content_type = text("content-type").or_else(|| text("accept")).ok_or(Refusal::NoContentType)?;
        Ok(Self {
            resource,
            version: version(content_type, resource)?,
            source: text("fspiop-source").ok_or(Refusal::NoSource)?.to_owned(),
            destination: text("fspiop-destination").map(str::to_owned),
        })
    }
}

/// `application/vnd.interoperability.quotes+json;version=1.1`; a version without its second part is the newest of its kind.
fn version(content_type: &str, resource: Resource) -> Result<String, Refusal> {
    let plain: String = content_type.chars().filter(|c| !c.is_whitespace()).collect();
    let (kind, parameters) = plain.split_once(';').unwrap_or((&plain, "version=1"));
    if kind.contains(".iso20022.") {
        return Err(Refusal::Iso20022);
    }
    if kind != format!("application/vnd.interoperability.{}+json", resource.name()) {
        return Err(Refusal::ContentType(resource.name()));
    }
    let first = parameters.split([',', ';']).find_map(|parameter| parameter.strip_prefix("version="));
    match first.unwrap_or("1") {
        "1" => Ok("1.1".to_owned()),
        "2" => Ok("2.0".to_owned()),
        known if VERSIONS.contains(&known) => Ok(known.to_owned()),
        unknown => Err(Refusal::Version(unknown.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_version_of_its_question() {
        let of = |text: &str| version(text, Resource::Quotes);
        for (written, expected) in [("1.0", "1.0"), ("1.1", "1.1"), ("2.0", "2.0"), ("1", "1.1"), ("2", "2.0")] {
            assert_eq!(of(&format!("application/vnd.interoperability.quotes+json;version={written}")).as_deref(), Ok(expected));
        }
        assert_eq!(of("application/vnd.interoperability.quotes+json ; version=2.0").as_deref(), Ok("2.0"));
        assert_eq!(of("application/vnd.interoperability.quotes+json").as_deref(), Ok("1.1"));
        assert_eq!(of("application/vnd.interoperability.quotes+json;version=3.0"), Err(Refusal::Version("3.0".to_owned())));
    }

    #[test]
    fn other_languages_are_named() {
        let iso = version("application/vnd.interoperability.iso20022.quotes+json;version=2.0", Resource::Quotes);
        assert_eq!(iso, Err(Refusal::Iso20022));
        assert_eq!(version("application/json", Resource::Quotes), Err(Refusal::ContentType("quotes")));
        assert_eq!(
            version("application/vnd.interoperability.parties+json;version=1.1", Resource::Quotes),
            Err(Refusal::ContentType("quotes"))
        );
    }
}
