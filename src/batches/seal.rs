//! The seal: a digest of exactly what was approved (DESIGN 6).
//!
//! Layout. Every digest is SHA-256 over its 13- or 14-byte ASCII tag, then fields one after another. A field is its length in
//! bytes as an unsigned 64-bit big-endian number, then its bytes: UTF-8 in Unicode NFC; numbers in decimal ASCII. An absent
//! value is an empty field. Digests are written as 64 lower-case hexadecimal characters, and enter the seal in that form.
//!
//! - row digest: tag `outlay-row-v1`; line, home transaction id, id type and value and sub-id as on the wire, to_fsp, amount
//!   in minor units, currency, note.
//! - seal: tag `outlay-seal-v1`; batch id, branch, payment type, channel, funding account, fee limit in minor units, schedule
//!   (microseconds since 1970), row count, then every row digest in line order.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::{Channel, PaymentType};
use crate::clock::Instant;
use crate::ids::{BatchId, BranchId, FspId, FundingAccountId, HomeTransactionId};
use crate::money::{Currency, Minor};
use crate::payees::PartyIdType;

const ROW_TAG: &[u8] = b"outlay-row-v1";
const SEAL_TAG: &[u8] = b"outlay-seal-v1";

/// What of a row is sealed: all that decides who gets how much.
#[derive(Debug, Clone, Copy)]
pub struct SealedRow<'a> {
    pub line: i64,
    pub home: &'a HomeTransactionId,
    pub id_type: PartyIdType,
    pub id_value: &'a str,
    pub sub_id: Option<&'a str>,
    pub to_fsp: Option<&'a FspId>,
    pub amount: Minor,
    pub currency: Currency,
    pub note: &'a str,
}

/// What of a batch is sealed beside its rows.
#[derive(Debug, Clone, Copy)]
pub struct SealedBatch<'a> {
    pub batch: &'a BatchId,
    pub branch: &'a BranchId,
    pub payment_type: PaymentType,
    pub channel: Channel,
    pub funding_account: &'a FundingAccountId,
    pub fee_limit: Minor,
    /// When it is to be paid; `None` as soon as it is approved.
    pub schedule: Option<Instant>,
    pub rows: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSealed {
    #[error("row {0} came out of line order")]
    OutOfOrder(i64),
    #[error("{counted} rows where {declared} were declared")]
    Count { declared: u64, counted: u64 },
}

/// The digest of one row, 64 hexadecimal characters.
pub fn row_digest(row: &SealedRow<'_>) -> String {
    let mut digest = Fields::new(ROW_TAG);
    digest.number(row.line);
    digest.text(row.home.as_str());
    digest.text(row.id_type.wire());
    digest.text(row.id_value);
    digest.text(row.sub_id.unwrap_or_default());
    digest.text(row.to_fsp.map(FspId::as_str).unwrap_or_default());
    digest.number(row.amount.units());
    digest.text(row.currency.code());
    digest.text(row.note);
    digest.finish()
}

/// Makes a seal from row digests as they stream by.
pub struct Sealer {
    digest: Fields,
    declared: u64,
    counted: u64,
    last_line: i64,
}

impl Sealer {
    pub fn new(batch: &SealedBatch<'_>) -> Self {
        let mut digest = Fields::new(SEAL_TAG);
        digest.text(batch.batch.as_str());
        digest.text(batch.branch.as_str());
        digest.text(batch.payment_type.as_str());
        digest.text(batch.channel.as_str());
        digest.text(batch.funding_account.as_str());
        digest.number(batch.fee_limit.units());
        digest.text(&batch.schedule.map(|at| at.micros().to_string()).unwrap_or_default());
        digest.text(&batch.rows.to_string());
        Self { digest, declared: batch.rows, counted: 0, last_line: i64::MIN }
    }

    /// The next row's digest, in line order.
    pub fn row(&mut self, line: i64, row_digest: &str) -> Result<(), NotSealed> {
        if line <= self.last_line && self.counted > 0 {
            return Err(NotSealed::OutOfOrder(line));
        }
        self.last_line = line;
        self.counted += 1;
        self.digest.text(row_digest);
        Ok(())
    }

    /// The seal, 64 hexadecimal characters.
    pub fn finish(self) -> Result<String, NotSealed> {
        if self.counted != self.declared {
            return Err(NotSealed::Count { declared: self.declared, counted: self.counted });
        }
        Ok(self.digest.finish())
    }
}

/// SHA-256 over length-prefixed fields: no two lists of fields give the same bytes.
struct Fields(Sha256);

impl Fields {
    fn new(tag: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(tag))
    }

    fn text(&mut self, text: &str) {
        let text: Cow<'_, str> = match is_nfc_quick(text.chars()) {
            IsNormalized::Yes => Cow::Borrowed(text),
            _ => Cow::Owned(text.nfc().collect()),
        };
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.text(&number.to_string());
    }

    fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests;
