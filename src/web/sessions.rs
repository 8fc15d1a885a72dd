//! Sessions in the institution's own database, behind actix-session: the key is kept as a digest, a row can be revoked, and
//! each has an idle and an absolute limit.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError, generate_session_key};
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::{Key, SameSite};
use sha2::{Digest, Sha256};

use super::page::hex;
use super::store;
use crate::ids::UserId;
use crate::institutions::Institution;
use crate::people::Stage;

/// A session is marked as seen at most so often, so that reading pages does not write.
const TOUCH_EVERY: Duration = Duration::from_secs(60);
/// Characters of the browser's own name that are kept.
const BROWSER_CHARS_MAX: usize = 200;

const USER: &str = "user";
const STAGE: &str = "stage";
const NEXT: &str = "next";
const FORM_TOKEN: &str = "form_token";
const FLASH: &str = "flash";
const BROWSER: &str = "browser";
const ADDRESS: &str = "address";
const PROPOSAL: &str = "proposal";
const ENROLLED: &str = "enrolled";

type State = HashMap<String, String>;

/// The store of one institution.
pub struct Sessions {
    institution: Arc<Institution>,
}

/// The middleware of one institution: its own store, its own signing key, so a cookie from elsewhere is worth nothing.
pub fn middleware(institution: Arc<Institution>) -> SessionMiddleware<Sessions> {
    let secure = institution.settings.is_https();
    let name = if secure { "__Host-outlay" } else { "outlay" };
    let key = Key::from(&institution.keys.cookie());
    SessionMiddleware::builder(Sessions { institution }, key)
        .cookie_name(name.to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(BrowserSession::default())
        .build()
}

fn digest(key: &SessionKey) -> String {
    hex(&Sha256::digest(key.as_ref().as_bytes()))
}

/// Values of the state are JSON texts.
fn text(state: &State, name: &str) -> Option<String> {
    serde_json::from_str(state.get(name)?).ok()
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let digest = digest(key);
        let db = &self.institution.db;
        let wanted = digest.clone();
        let row = db.read(move |conn| store::session(conn, &wanted)).await.map_err(|error| LoadError::Other(error.into()))?;
        let Some(row) = row else { return Ok(None) };
        let now = self.institution.clock().now();
        let limits = &self.institution.settings.sessions;
        if now.since(row.seen_at) > limits.idle() || now.since(row.created_at) > limits.absolute() {
            return Ok(None);
        }
        if now.since(row.seen_at) > TOUCH_EVERY {
            db.write(move |tx| store::touch_session(tx, &digest)).await.map_err(|error| LoadError::Other(error.into()))?;
        }
        Ok(Some(row.state))
    }

    async fn save(&self, state: State, _ttl: &actix_web::cookie::time::Duration) -> Result<SessionKey, SaveError> {
        let key = generate_session_key();
        let digest = digest(&key);
        let user = text(&state, USER).map(UserId::from);
        let stage = text(&state, STAGE).unwrap_or_else(|| "none".to_owned());
        let browser: String = text(&state, BROWSER).unwrap_or_default().chars().take(BROWSER_CHARS_MAX).collect();
        let address = text(&state, ADDRESS).unwrap_or_default();
        let state = serde_json::to_string(&state).map_err(|error| SaveError::Serialization(error.into()))?;
        let written = self.institution.db.write(move |tx| {
            let new = store::NewSession {
                key_digest: &digest,
                stage: &stage,
                state: &state,
                user: user.as_ref(),
                browser: &browser,
                address: &address,
            };
            store::insert_session(tx, &new)
        });
        written.await.map_err(|error| SaveError::Other(error.into()))?;
        Ok(key)
    }

    async fn update(&self, key: SessionKey, state: State, _ttl: &actix_web::cookie::time::Duration) -> Result<SessionKey, UpdateError> {
        let digest = digest(&key);
        let state = serde_json::to_string(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        // A session that was ended meanwhile stays ended: nothing brings it back.
        let written = self.institution.db.write(move |tx| store::update_session(tx, &digest, &state));
        written.await.map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, _key: &SessionKey, _ttl: &actix_web::cookie::time::Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let digest = digest(key);
        Ok(self.institution.db.write(move |tx| store::end_session(tx, &digest)).await?)
    }
}

/// A random token that every form of the session carries.
fn new_form_token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// The session with its keys hidden: nothing else knows their names.
pub struct TypedSession(pub Session);

impl TypedSession {
    /// Begins a session for a person under a new key; whatever key there was before is dead. `next`: where they go when signed in.
    ///
    /// # Errors
    /// Where the session cannot hold it.
    pub fn begin(&self, user: &UserId, stage: Stage, browser: &str, address: &str, next: &str) -> Result<(), super::ErrorPage> {
        self.0.clear();
        self.0.renew();
        let put = |name: &str, value: &str| self.0.insert(name, value).map_err(|_| super::ErrorPage::Broken);
        put(USER, user.as_str())?;
        put(STAGE, stage.as_str())?;
        put(NEXT, next)?;
        put(FORM_TOKEN, &new_form_token())?;
        put(BROWSER, browser)?;
        put(ADDRESS, address)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).ok().flatten()
    }

    /// Whose session it is and how far it has come.
    fn stands(&self) -> Option<(UserId, Stage)> {
        Some((UserId::from(self.get(USER)?), self.get(STAGE)?.parse().ok()?))
    }

    /// Who is signed in; nobody in the middle of signing in.
    pub fn user(&self) -> Option<UserId> {
        self.stands().filter(|(_, stage)| *stage == Stage::Full).map(|(user, _)| user)
    }

    /// Who is in the middle of signing in, and at which step.
    pub fn half_signed_in(&self) -> Option<(UserId, Stage)> {
        self.stands().filter(|(_, stage)| *stage != Stage::Full)
    }

    /// The next step of signing in, under a new key; answers where to go.
    ///
    /// # Errors
    /// Where the session cannot hold it, or nobody is signing in.
    pub fn come_to(&self, stage: Stage) -> Result<String, super::ErrorPage> {
        let (user, _) = self.stands().ok_or(super::ErrorPage::NotFound)?;
        let (browser, address) = (self.get(BROWSER).unwrap_or_default(), self.get(ADDRESS).unwrap_or_default());
        let next = self.get(NEXT).unwrap_or_else(|| "/".to_owned());
        self.begin(&user, stage, &browser, &address, &next)?;
        Ok(if stage == Stage::Full { next } else { stage.path().to_owned() })
    }

    pub fn form_token(&self) -> Option<String> {
        self.get(FORM_TOKEN)
    }

    /// The secret of an authenticator app that this session was shown and that is not confirmed yet, encrypted.
    pub fn proposal(&self) -> Option<String> {
        self.get(PROPOSAL)
    }

    pub fn keep_proposal(&self, proposal: &str) {
        if self.0.insert(PROPOSAL, proposal).is_err() {
            tracing::warn!("a proposed secret could not be kept");
        }
    }

    /// Number of the secret that was confirmed in this very session: who did that needs not type another code.
    pub fn enrolled(&self) -> Option<i32> {
        self.get(ENROLLED)?.parse().ok()
    }

    pub fn set_enrolled(&self, version: i32) {
        self.0.remove(PROPOSAL);
        if self.0.insert(ENROLLED, version.to_string()).is_err() {
            tracing::warn!("what was set up could not be kept");
        }
    }

    /// A sentence for the next page.
    pub fn set_flash(&self, text: &str) {
        if self.0.insert(FLASH, text).is_err() {
            tracing::warn!("a notice could not be kept for the next page");
        }
    }

    pub fn take_flash(&self) -> Option<String> {
        self.0.remove_as(FLASH)?.ok()
    }

    pub fn end(&self) {
        self.0.purge();
    }
}
