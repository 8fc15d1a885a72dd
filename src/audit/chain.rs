//! A link of the chain: what exactly is signed, and with which key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::store::StoredEvent;

/// The key of one institution's chain, and those it had before. They stand in the configuration, never in the database.
#[derive(Clone)]
pub struct ChainKey {
    newest: [u8; 32],
    /// Oldest first.
    older: Vec<[u8; 32]>,
}

impl ChainKey {
    pub const fn new(key: [u8; 32]) -> Self {
        Self { newest: key, older: Vec::new() }
    }

    /// With the keys that links were made with before this one, oldest first.
    #[must_use]
    pub fn after(mut self, older: Vec<[u8; 32]>) -> Self {
        self.older = older;
        self
    }

    /// HMAC-SHA256 over the link before, the place in the chain and the event's canonical text, in hexadecimal.
    pub(super) fn link(&self, before: &str, sequence: i64, event: &StoredEvent) -> String {
        link(&self.newest, before, sequence, event)
    }

    /// Which of the keys, from number `from` on, made this link. An older key is worth nothing once a newer one was in use.
    pub(super) fn made(&self, from: usize, digest: &str, before: &str, sequence: i64, event: &StoredEvent) -> Option<usize> {
        let keys = self.older.iter().chain(std::iter::once(&self.newest)).enumerate().skip(from);
        keys.into_iter().find(|(_, key)| link(key, before, sequence, event) == digest).map(|(number, _)| number)
    }
}

fn link(key: &[u8; 32], before: &str, sequence: i64, event: &StoredEvent) -> String {
    // HMAC takes a key of any length, so this never fails; an all-zero answer would fail every verification.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(before.as_bytes());
    mac.update(&sequence.to_be_bytes());
    mac.update(event.canonical().as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// The link before the first.
pub(super) const START: &str = "outlay-audit-v1";

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
