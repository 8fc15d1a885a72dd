//! What a form sent: read as it came, so that nothing a person typed is lost, and only after its token was checked.

use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;
use subtle::ConstantTimeEq;

use super::ErrorPage;
use super::sessions::TypedSession;
use crate::ids::OnceKey;

/// The name of the form token among a form's fields.
pub const FORM_TOKEN: &str = "form_token";
/// The name of the once-key among a form's fields.
pub const ONCE_KEY: &str = "once";
/// Bytes of a form without a file.
pub const FORM_BYTES_MAX: usize = 256 * 1024;
/// Fields of a form.
const FIELDS_MAX: usize = 5_000;

/// The fields of a form, in their order.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The first value of a field, trimmed; empty where it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// A password, just as it was typed.
    pub fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str()))
    }

    /// Every value of a field that may be sent several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// What a person typed, for showing it again: no tokens, no passwords.
    pub fn typed(&self) -> Vec<(String, String)> {
        let hidden = |name: &str| name == FORM_TOKEN || name == ONCE_KEY || name.contains("password");
        self.0.iter().filter(|(name, value)| !hidden(name) && !value.is_empty()).cloned().collect()
    }
}

/// A form of a signed-in person, its token checked. Every handler of a POST takes one, or [`Posted`].
#[derive(Debug)]
pub struct Checked {
    pub fields: Fields,
}

/// A checked form whose verb happens once.
#[derive(Debug)]
pub struct Posted {
    pub fields: Fields,
    pub once: OnceKey,
}

/// Whether the token a form carries is the session's. Takes the same time for every wrong one.
pub fn token_fits(request: &HttpRequest, token: &str) -> bool {
    let session = TypedSession(request.get_session());
    session.form_token().is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(token.as_bytes())))
}

impl FromRequest for Checked {
    type Error = ErrorPage;
    type Future = LocalBoxFuture<'static, Result<Self, ErrorPage>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let body = body.await.map_err(|_| ErrorPage::FormTooLarge)?;
            let text = std::str::from_utf8(&body).map_err(|_| ErrorPage::BadForm)?;
            let fields = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| ErrorPage::BadForm)?.into_inner();
            if fields.len() > FIELDS_MAX {
                return Err(ErrorPage::FormTooLarge);
            }
            // Nobody types it, and PostgreSQL takes no text with it.
            if fields.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
                return Err(ErrorPage::BadForm);
            }
            let fields = Fields(fields);
            if token_fits(&request, fields.get(FORM_TOKEN)) {
                Ok(Self { fields })
            } else {
                Err(ErrorPage::StaleForm { typed: fields.typed() })
            }
        })
    }
}

impl FromRequest for Posted {
    type Error = ErrorPage;
    type Future = LocalBoxFuture<'static, Result<Self, ErrorPage>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = Checked::from_request(request, payload);
        Box::pin(async move {
            let fields = checked.await?.fields;
            match once_key(fields.get(ONCE_KEY)) {
                Some(once) => Ok(Self { fields, once }),
                None => Err(ErrorPage::StaleForm { typed: fields.typed() }),
            }
        })
    }
}

/// A once-key as our forms carry it: 32 hexadecimal characters.
pub fn once_key(text: &str) -> Option<OnceKey> {
    (text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit())).then(|| OnceKey::from(text))
}
