//! The secrets of an institution, all derived from one file that the operator keeps.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::audit::ChainKey;

/// The fewest hexadecimal characters of a key file: 256 bits.
const CHARS_MIN: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    #[error("the key file {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    #[error("the key file {0} must hold 64 hexadecimal characters or more")]
    TooShort(String),
}

/// Keys for what must not be forged. Never printed.
#[derive(Clone)]
pub struct Keys {
    master: Vec<u8>,
}

impl Keys {
    /// # Errors
    /// [`BadKey`].
    pub fn read(file: &Path) -> Result<Self, BadKey> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| BadKey::Unreadable(name.clone(), error))?;
        let text = text.trim();
        if text.len() < CHARS_MIN || !text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(BadKey::TooShort(name));
        }
        Ok(Self { master: text.as_bytes().to_vec() })
    }

    /// Writes a new random key file that only its owner can read, unless there is one already.
    ///
    /// # Errors
    /// The file system's.
    pub fn create_if_missing(file: &Path) -> std::io::Result<()> {
        use std::io::Write;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(file) {
            Ok(mut file) => {
                writeln!(file, "{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())?;
                file.sync_all()
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn derive(&self, label: &str) -> [u8; 32] {
        // HMAC takes a key of any length, so the other branch is never taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.master) else { return [0; 32] };
        mac.update(label.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub fn audit(&self) -> ChainKey {
        ChainKey::new(self.derive("outlay-audit-chain-v1"))
    }

    /// Signs the marks of browsers in which people have signed in before.
    pub fn known_browser(&self) -> [u8; 32] {
        self.derive("outlay-known-browser-v1")
    }

    /// 64 bytes that sign the session cookie.
    pub fn cookie(&self) -> [u8; 64] {
        let mut key = [0; 64];
        let halves = self.derive("outlay-cookie-v1-a").into_iter().chain(self.derive("outlay-cookie-v1-b"));
        key.iter_mut().zip(halves).for_each(|(to, from)| *to = from);
        key
    }
}
