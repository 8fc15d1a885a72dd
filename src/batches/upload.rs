//! Upload: a file that has arrived becomes a batch. It is read twice: once for nothing but to learn whether it can be read and
//! what it comes to, so that a file that cannot leaves nothing behind; then into the database.

use std::io;
use std::sync::Arc;

use super::arrival::Arrived;
use super::create::{Choices, CreateRefusal, NewBatch, create};
use super::file::{self, Directory, Expected, ReadError, Refused, Sink, Stopped, Summary};
use super::load::{CannotLoad, load};
use super::{Finding, PaymentType};
use crate::clock::Instant;
use crate::db::{self, Conn, Failure};
use crate::funding;
use crate::ids::BatchId;
use crate::institutions::{Institution, Settings};
use crate::payees::Country;
use crate::people::Actor;
use crate::privileges::{Action, branches_with_all};

#[derive(Debug, thiserror::Error)]
pub enum UploadRefusal {
    /// The choices do not go together, or this person may not make them.
    #[error("no such choice")]
    NoSuchChoice,
    /// The file cannot be read at all: nothing of it is kept.
    #[error("the file cannot be read: {}", .0.why.sentence().english())]
    Unreadable(Refused),
    #[error(transparent)]
    Create(#[from] CreateRefusal),
    #[error(transparent)]
    Load(#[from] CannotLoad),
    #[error("reading the file failed: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for UploadRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) => Some(error),
            Self::Create(refusal) => refusal.database(),
            _ => None,
        }
    }
}

/// A file that can be read, with what it comes to.
pub struct ReadFile {
    pub(super) arrived: Arrived,
    pub(super) expected: Expected,
    pub summary: Summary,
}

/// Makes a batch of the file and reads it in: what the page does, in one call.
///
/// # Errors
/// [`UploadRefusal`].
pub async fn upload(institution: &Arc<Institution>, actor: &Actor, new: NewBatch, arrived: Arrived) -> Result<BatchId, UploadRefusal> {
    let read = read_file(institution, actor, &new.choices, arrived).await?;
    let id = BatchId::new(institution.clock().now());
    let again = new.again.clone();
    let (batch, maker, summary) = (id.clone(), actor.clone(), read.summary.clone());
    institution.db.write(move |tx| create(tx, &maker, &batch, &new, &summary)).await?;
    load(institution, actor, &id, read, again).await?;
    Ok(id)
}

/// Reads the file to its end without keeping anything of it.
///
/// # Errors
/// [`UploadRefusal::Unreadable`] and the others that have to do with reading.
pub async fn read_file(
    institution: &Arc<Institution>,
    actor: &Actor,
    choices: &Choices,
    arrived: Arrived,
) -> Result<ReadFile, UploadRefusal> {
    let (settings, now) = (institution.settings.clone(), institution.clock().now());
    let (maker, choices) = (actor.clone(), choices.clone());
    let expected = institution.db.read(move |conn| expect(conn, &settings, &maker, &choices, now)).await?;
    let read = tokio::task::spawn_blocking(move || {
        let summary = file::read(arrived.reader()?, &expected, &mut Nowhere).map_err(refusal)?;
        Ok(ReadFile { arrived, expected, summary })
    });
    read.await.unwrap_or_else(|error| Err(UploadRefusal::Io(io::Error::other(error))))
}

fn refusal(error: ReadError) -> UploadRefusal {
    match error {
        ReadError::Refused(refused) => UploadRefusal::Unreadable(refused),
        ReadError::Io(error) => UploadRefusal::Io(error),
        ReadError::Stopped(stopped) => UploadRefusal::Io(io::Error::other(stopped)),
    }
}

/// What the reader has to know of the institution and of this maker.
fn expect(conn: &mut Conn, settings: &Settings, actor: &Actor, choices: &Choices, now: Instant) -> Result<Expected, UploadRefusal> {
    let payment_type = choices.payment_type;
    let account = funding::find_account(conn, &choices.funding_account)?.ok_or(UploadRefusal::NoSuchChoice)?;
    let fsps = funding::fsps(conn)?;
    let branches = branches_with_all(conn, &actor.id, &[Action::MakePayment, payment_type.make()], now)?;
    let known_fsp = choices.to_fsp.as_ref().is_none_or(|wanted| fsps.iter().any(|fsp| fsp.id == *wanted));
    let own_branch = branches.iter().any(|(id, ..)| *id == choices.branch);
    if !PaymentType::PAYABLE.contains(&payment_type) || !known_fsp || !own_branch {
        return Err(UploadRefusal::NoSuchChoice);
    }
    Ok(Expected {
        payment_type,
        channel: choices.channel,
        currency: account.currency,
        country: Country::find(&settings.phone_country).ok_or(UploadRefusal::NoSuchChoice)?,
        fsps: Directory::new(fsps.into_iter().map(|fsp| (fsp.id, fsp.name))),
        branches: branches.into_iter().map(|(id, code, _)| (code, id)).collect(),
        to_fsp: choices.to_fsp.clone(),
        limits: file::Limits { bytes: settings.limits.upload_bytes, rows: settings.limits.upload_rows },
    })
}

/// Where the first reading puts what it reads.
struct Nowhere;

impl Sink for Nowhere {
    fn row(&mut self, _: file::Row) -> Result<(), Stopped> {
        Ok(())
    }

    fn finding(&mut self, _: Finding) -> Result<(), Stopped> {
        Ok(())
    }
}
