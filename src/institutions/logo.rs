//! An institution's logo: a small picture beside its name, read once at start.

use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes of a logo: it is on every page, and lines are slow.
pub const LOGO_BYTES_MAX: u64 = 50_000;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8] = b"\xff\xd8\xff";

#[derive(Debug, thiserror::Error)]
pub enum BadLogo {
    #[error("the logo {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    #[error("the logo {0} is larger than 50 kB")]
    TooLarge(String),
    #[error("the logo {0} is neither a PNG nor a JPEG picture")]
    NoPicture(String),
}

/// What it is, by its first bytes and not by its name.
#[derive(Debug, Clone)]
pub struct Logo {
    pub bytes: Vec<u8>,
    pub content_type: &'static str,
    /// For caches: it changes with the picture.
    pub tag: String,
}

impl Logo {
    /// # Errors
    /// [`BadLogo`].
    pub fn read(file: &Path) -> Result<Self, BadLogo> {
        let name = file.display().to_string();
        let unreadable = |error| BadLogo::Unreadable(name.clone(), error);
        if std::fs::metadata(file).map_err(unreadable)?.len() > LOGO_BYTES_MAX {
            return Err(BadLogo::TooLarge(name));
        }
        let bytes = std::fs::read(file).map_err(unreadable)?;
        let content_type = match () {
            () if bytes.starts_with(PNG) => "image/png",
            () if bytes.starts_with(JPEG) => "image/jpeg",
            () => return Err(BadLogo::NoPicture(name)),
        };
        let tag: String = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { bytes, content_type, tag })
    }
}
