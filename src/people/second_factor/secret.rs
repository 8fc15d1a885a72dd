//! Secrets at rest: encrypted with a key from outside the database, and bound to the institution, the person and the number of their secret.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use totp_rs::Secret;

use crate::ids::{InstitutionId, UserId};
use crate::institutions::{DerivedKey, Institution};

/// Random bytes in front of what is encrypted.
const NONCE_BYTES: usize = 24;
/// Bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;

/// What a secret is for: a key of its own for each purpose, so that one is never taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// In use.
    InUse,
    /// Shown to the person, not confirmed by a code yet.
    Proposed,
}

/// An encrypted secret, and the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key_id: String,
    /// Nonce, then cipher text.
    pub bytes: Vec<u8>,
}

/// The secret cannot be read: it was changed, belongs to somebody else or to another time, or its key is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be read: it was changed or moved, or its key file is missing from the settings")]
pub struct Unreadable;

/// The keys of one institution's second factors. Never printed.
#[derive(Clone)]
pub struct Vault {
    institution: InstitutionId,
    in_use: Vec<DerivedKey>,
    proposed: Vec<DerivedKey>,
    recovery: Vec<DerivedKey>,
}

impl Vault {
    pub fn of(institution: &Institution) -> Self {
        Self {
            institution: institution.id.clone(),
            in_use: institution.keys.derive_all("outlay-second-factor-v1"),
            proposed: institution.keys.derive_all("outlay-second-factor-proposed-v1"),
            recovery: institution.keys.derive_all("outlay-recovery-code-v1"),
        }
    }

    fn keys(&self, purpose: Purpose) -> &[DerivedKey] {
        match purpose {
            Purpose::InUse => &self.in_use,
            Purpose::Proposed => &self.proposed,
        }
    }

    /// Encrypts with the newest key. `version`: the number of the person's secret.
    ///
    /// # Errors
    /// [`Unreadable`] where the cipher refuses, which it does for no text of ours.
    pub fn seal(&self, purpose: Purpose, user: &UserId, version: i32, secret: &Secret) -> Result<Sealed, Unreadable> {
        let key = self.keys(purpose).first().ok_or(Unreadable)?;
        let nonce = rand::random::<[u8; NONCE_BYTES]>();
        let bound = self.bound(user, version, &key.id);
        let cipher_text =
            cipher(key)?.encrypt(&XNonce::from(nonce), Payload { msg: secret.as_bytes(), aad: &bound }).map_err(|_| Unreadable)?;
        Ok(Sealed { key_id: key.id.clone(), bytes: [nonce.as_slice(), &cipher_text].concat() })
    }

    /// # Errors
    /// [`Unreadable`] for whatever is not this person's secret of this number, as it was sealed.
    pub fn open(&self, purpose: Purpose, user: &UserId, version: i32, sealed: &Sealed) -> Result<Secret, Unreadable> {
        let key = self.keys(purpose).iter().find(|key| key.id == sealed.key_id).ok_or(Unreadable)?;
        let (nonce, cipher_text) = sealed.bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Unreadable)?;
        let bound = self.bound(user, version, &key.id);
        let plain = cipher(key)?.decrypt(&XNonce::from(*nonce), Payload { msg: cipher_text, aad: &bound }).map_err(|_| Unreadable)?;
        Ok(Secret::from(plain))
    }

    /// Whether the newest key would be used for it today.
    pub(super) fn is_newest(&self, sealed: &Sealed) -> bool {
        self.in_use.first().is_some_and(|key| key.id == sealed.key_id)
    }

    /// What the cipher text belongs to: each part with its length before it, so that no two lists of parts look alike.
    fn bound(&self, user: &UserId, version: i32, key_id: &str) -> Vec<u8> {
        let version = version.to_be_bytes();
        let parts = [self.institution.as_str().as_bytes(), user.as_str().as_bytes(), &version, key_id.as_bytes()];
        parts.into_iter().flat_map(with_length).collect()
    }

    /// The keyed digests of a recovery code, one for each key; new codes are kept under the first.
    pub(super) fn digests(&self, user: &UserId, code: &str) -> Vec<String> {
        self.recovery.iter().map(|key| digest(key, user, code)).collect()
    }
}

fn cipher(key: &DerivedKey) -> Result<XChaCha20Poly1305, Unreadable> {
    XChaCha20Poly1305::new_from_slice(&key.key).map_err(|_| Unreadable)
}

fn with_length(part: &[u8]) -> Vec<u8> {
    let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
    [length.to_be_bytes().as_slice(), part].concat()
}

fn digest(key: &DerivedKey, user: &UserId, code: &str) -> String {
    // HMAC takes a key of any length; an empty digest would equal no stored one.
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.key) else { return String::new() };
    mac.update(&with_length(user.as_str().as_bytes()));
    mac.update(&with_length(code.as_bytes()));
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new secret.
pub(super) fn random() -> Secret {
    Secret::from(rand::random::<[u8; SECRET_BYTES]>())
}
