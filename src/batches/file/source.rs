//! Bytes into text: counted against the limit, digested, decoded to UTF-8, all as they pass by.

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use sha2::{Digest as _, Sha256};

use super::Unreadable;
use crate::batches::seal::hex;
use crate::db::text_enum;

/// Bytes read at once; also how much of a file is seen before its encoding is decided.
const CHUNK_BYTES: usize = 64 * 1024;
/// Control characters that text has.
const TEXT_CONTROLS: &[u8] = b"\t\n\r\x0c\x1a";

text_enum! {
    /// How the file's letters are written.
    pub enum Encoding {
        Utf8 = "utf-8",
        Utf16Le = "utf-16le",
        Utf16Be = "utf-16be",
        /// Guessed: anything that is no Unicode.
        Windows1252 = "windows-1252",
    }
}

/// The file as UTF-8, from a reader of bytes. Constant memory.
pub struct Source<R> {
    from: R,
    limit: u64,
    bytes: u64,
    digest: Sha256,
    raw: Vec<u8>,
    decoder: Option<Decoder>,
    encoding: Encoding,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Source<R> {
    /// Reads the first piece. Refuses what is no text.
    pub fn open(from: R, limit: u64) -> io::Result<Result<Self, Unreadable>> {
        let mut source = Self {
            from,
            limit,
            bytes: 0,
            digest: Sha256::new(),
            raw: vec![0; CHUNK_BYTES],
            decoder: None,
            encoding: Encoding::Utf8,
            text: Vec::with_capacity(2 * CHUNK_BYTES),
            at: 0,
            ended: false,
        };
        let filled = source.read_chunk()?;
        let head = source.raw.get(..filled).unwrap_or_default();
        if head.is_empty() {
            return Ok(Err(Unreadable::Empty));
        }
        if let Some(refusal) = no_text(head) {
            return Ok(Err(refusal));
        }
        if let Some(encoding) = utf_16(head) {
            source.decide(encoding);
        }
        source.decode(filled);
        Ok(Ok(source))
    }

    /// What is read and not yet consumed: after [`Self::open`] the start of the file.
    pub fn seen(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Bytes so far, and their digest.
    pub fn finish(self) -> (u64, String) {
        (self.bytes, hex(&self.digest.finalize()))
    }

    /// Fills the raw buffer as far as the file goes.
    fn read_chunk(&mut self) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(room) = self.raw.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.from.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes += u64::try_from(filled).unwrap_or(u64::MAX);
        if self.bytes > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.digest.update(self.raw.get(..filled).unwrap_or_default());
        Ok(filled)
    }

    fn decide(&mut self, encoding: Encoding) {
        self.encoding = encoding;
        self.decoder = Some(match encoding {
            Encoding::Utf8 => UTF_8.new_decoder_with_bom_removal(),
            Encoding::Utf16Le => UTF_16LE.new_decoder_with_bom_removal(),
            Encoding::Utf16Be => UTF_16BE.new_decoder_with_bom_removal(),
            Encoding::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        });
    }

    /// Decodes `filled` raw bytes behind what is left of the text. While all is ASCII nothing is decided: UTF-8 and
    /// Windows-1252 are the same until the first letter that is not, which may stand a million rows down.
    fn decode(&mut self, filled: usize) {
        self.text.drain(..self.at);
        self.at = 0;
        let raw = self.raw.get(..filled).unwrap_or_default();
        if self.decoder.is_none() {
            match raw.iter().position(|byte| !byte.is_ascii()) {
                None => {
                    self.text.extend_from_slice(raw);
                    return;
                }
                Some(first) => self.decide(unicode_or_not(raw.get(first..).unwrap_or_default(), self.ended)),
            }
        }
        let (Some(decoder), Some(mut raw)) = (self.decoder.as_mut(), self.raw.get(..filled)) else { return };
        let start = self.text.len();
        let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3 + 16);
        self.text.resize(start + room, 0);
        let mut end = start;
        loop {
            let to = self.text.get_mut(end..).unwrap_or_default();
            let (result, read, written, _) = decoder.decode_to_utf8(raw, to, self.ended);
            end += written;
            raw = raw.get(read..).unwrap_or_default();
            match result {
                CoderResult::InputEmpty => break,
                // Cannot happen with `room` as asked; if it does, more room is the answer.
                CoderResult::OutputFull => self.text.resize(self.text.len() + CHUNK_BYTES, 0),
            }
        }
        self.text.truncate(end);
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.text.len() && !self.ended {
            let filled = self.read_chunk()?;
            self.decode(filled);
        }
        Ok(self.text.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.text.len().min(self.at + amount);
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let text = self.fill_buf()?;
        let count = text.len().min(into.len());
        for (to, from) in into.iter_mut().zip(text) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

/// Workbooks, archives, pictures: known by how they start, or by bytes that text has not.
fn no_text(head: &[u8]) -> Option<Unreadable> {
    const ENCRYPTED_PACKAGE: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
    if head.starts_with(b"PK\x03\x04") {
        let encrypted = head.get(6).is_some_and(|flags| flags & 1 == 1);
        return Some(if encrypted { Unreadable::PasswordProtected } else { Unreadable::Workbook });
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        // A protected .xlsx is wrapped into the container of the old .xls.
        let encrypted = head.windows(ENCRYPTED_PACKAGE.len()).any(|window| window == ENCRYPTED_PACKAGE);
        return Some(if encrypted { Unreadable::PasswordProtected } else { Unreadable::OldWorkbook });
    }
    if head.starts_with(b"%PDF") || head.starts_with(b"\x1f\x8b") {
        return Some(Unreadable::Binary);
    }
    let controls = head.iter().filter(|byte| **byte < 0x20 && !TEXT_CONTROLS.contains(byte)).count();
    (utf_16(head).is_none() && controls > 0).then_some(Unreadable::Binary)
}

/// By its byte order mark, or by text in which every other byte is zero.
fn utf_16(head: &[u8]) -> Option<Encoding> {
    if head.starts_with(b"\xff\xfe") {
        return Some(Encoding::Utf16Le);
    }
    if head.starts_with(b"\xfe\xff") {
        return Some(Encoding::Utf16Be);
    }
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).take(64).filter(|byte| **byte == 0).count();
    // A header is ASCII: of its first characters one byte each is zero, the other never.
    let half = head.len().min(128) / 2;
    let most = |count: usize| half >= 4 && count * 10 >= half * 9;
    match (zeros(0), zeros(1)) {
        (0, odd) if most(odd) => Some(Encoding::Utf16Le),
        (even, 0) if most(even) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// What follows the first byte that is not ASCII: UTF-8, where most letters are whole (one may be broken, and in the middle of
/// a file the last one may be cut), or else Windows-1252, whose letters hardly ever form UTF-8 by chance.
fn unicode_or_not(bytes: &[u8], ended: bool) -> Encoding {
    let (mut letters, mut broken, mut cut) = (0_usize, 0_usize, false);
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        cut = !chunk.invalid().is_empty();
        broken += usize::from(cut);
    }
    let broken = broken.saturating_sub(usize::from(cut && !ended));
    if broken > letters { Encoding::Windows1252 } else { Encoding::Utf8 }
}
