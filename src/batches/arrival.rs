//! A file that arrives: kept in a nameless temporary file, so that whatever happens to the upload or to this program, nothing of it stays.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use tokio::io::AsyncWriteExt;

/// A file on its way in.
pub struct Arriving {
    to: tokio::fs::File,
    bytes: u64,
    limit: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Cut {
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    #[error("the file could not be kept: {0}")]
    Io(#[from] io::Error),
}

impl Arriving {
    /// A file of at most `limit` bytes.
    ///
    /// # Errors
    /// The operating system's.
    pub fn begin(limit: u64) -> io::Result<Self> {
        Ok(Self { to: tokio::fs::File::from_std(tempfile::tempfile()?), bytes: 0, limit })
    }

    /// The next bytes of it.
    ///
    /// # Errors
    /// [`Cut`]; then the file is gone with this value.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), Cut> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.bytes > self.limit {
            return Err(Cut::TooLarge(self.limit));
        }
        Ok(self.to.write_all(bytes).await?)
    }

    /// # Errors
    /// The operating system's.
    pub async fn end(mut self) -> io::Result<Arrived> {
        self.to.flush().await?;
        Ok(Arrived { file: self.to.into_std().await, bytes: self.bytes })
    }
}

/// A file that has arrived whole. Gone when this value is.
#[derive(Debug)]
pub struct Arrived {
    file: File,
    bytes: u64,
}

impl Arrived {
    /// A file that is here already, for the command line; `None` where it has more than `limit` bytes.
    ///
    /// # Errors
    /// The operating system's.
    pub fn copy(mut from: impl Read, limit: u64) -> io::Result<Option<Self>> {
        let mut file = tempfile::tempfile()?;
        let bytes = io::copy(&mut from.by_ref().take(limit.saturating_add(1)), &mut file)?;
        Ok((bytes <= limit).then_some(Self { file, bytes }))
    }

    /// A file that is here already, whole.
    ///
    /// # Errors
    /// The operating system's.
    pub fn of(file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }

    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The file from its beginning. One reader at a time.
    ///
    /// # Errors
    /// The operating system's.
    pub fn reader(&self) -> io::Result<impl Read + use<>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(io::BufReader::with_capacity(256 * 1024, file))
    }
}
