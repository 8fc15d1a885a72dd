//! The secrets of an institution, all derived from one file that the operator keeps.

use std::path::{Path, PathBuf};

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

/// Key files that are kept for what was written with them.
pub const OLD_KEY_FILES_MAX: usize = 8;

/// Keys for what must not be forged. Never printed.
#[derive(Clone)]
pub struct Keys {
    master: Vec<u8>,
    /// What `old_key_files` names, newest first.
    older: Vec<Vec<u8>>,
}

/// A key for one purpose, and the id under which what was written with it remembers it.
#[derive(Clone)]
pub struct DerivedKey {
    pub id: String,
    pub key: [u8; 32],
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
        Ok(Self { master: text.as_bytes().to_vec(), older: Vec::new() })
    }

    /// With the key files that were in use before, newest first: they still open what was written with them.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn with_older(mut self, files: &[PathBuf]) -> Result<Self, BadKey> {
        for file in files {
            self.older.push(Self::read(file)?.master);
        }
        Ok(self)
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

    /// The keys for a purpose, one of each key file: the first is what new things are written with.
    pub fn derive_all(&self, label: &str) -> Vec<DerivedKey> {
        self.masters().map(|master| DerivedKey { id: key_id(master), key: derive(master, label) }).collect()
    }

    fn masters(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        std::iter::once(&self.master).chain(&self.older).map(Vec::as_slice)
    }

    pub fn audit(&self) -> ChainKey {
        let older = self.older.iter().map(|master| derive(master, AUDIT)).rev().collect();
        ChainKey::new(derive(&self.master, AUDIT)).after(older)
    }

    /// 64 bytes that sign the session cookie.
    pub fn cookie(&self) -> [u8; 64] {
        let mut key = [0; 64];
        let halves = derive(&self.master, "outlay-cookie-v1-a").into_iter().chain(derive(&self.master, "outlay-cookie-v1-b"));
        key.iter_mut().zip(halves).for_each(|(to, from)| *to = from);
        key
    }
}

const AUDIT: &str = "outlay-audit-chain-v1";

/// Tells key files apart without telling anything about them: 16 hexadecimal characters.
fn key_id(master: &[u8]) -> String {
    derive(master, "outlay-key-id-v1").iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn derive(master: &[u8], label: &str) -> [u8; 32] {
    // HMAC takes a key of any length, so the other branch is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(master) else { return [0; 32] };
    mac.update(label.as_bytes());
    mac.finalize().into_bytes().into()
}
