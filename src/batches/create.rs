//! A new batch, empty yet: who may, from which account, and whether it was here before.

use super::file::Summary;
use super::store::files::insert_file;
use super::store::sighting::sight;
use super::store::{self, NewRow};
use super::{Batch, Channel, PaymentType};
use crate::branches;
use crate::db::{self, Failure, WriteTx};
use crate::funding;
use crate::ids::{BatchId, BranchId, FileId, FspId, FundingAccountId};
use crate::people::Actor;
use crate::privileges::{Action, Authorise, NotAllowed};

/// Characters of a client reference.
pub const CLIENT_REFERENCE_CHARS_MAX: usize = 64;
/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 500;
/// Characters of a file's name that are kept.
const FILE_NAME_CHARS_MAX: usize = 120;

/// What a maker chooses for a batch before its file is read.
#[derive(Debug, Clone)]
pub struct Choices {
    pub branch: BranchId,
    pub payment_type: PaymentType,
    pub channel: Channel,
    pub funding_account: FundingAccountId,
    /// `None`: as in the file.
    pub to_fsp: Option<FspId>,
}

/// A batch to be.
#[derive(Debug, Clone)]
pub struct NewBatch {
    pub choices: Choices,
    pub client_reference: Option<String>,
    /// As the maker's computer calls the file.
    pub file_name: String,
    /// Why the same content is uploaded once more, where the maker was told that it is.
    pub again: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("the branch is not active")]
    BranchClosed,
    #[error("there is no such funding account")]
    NoSuchAccount,
    #[error("the funding account's currency is another than the file was read in")]
    AccountChanged,
    #[error("the reference or the reason is too long")]
    TooLong,
    /// Client reference and content are those of this batch: it is the answer.
    #[error("this batch is there already")]
    SameAgain(Box<Batch>),
    /// Another batch, of other content, has the client reference.
    #[error("the client reference is taken")]
    ClientReferenceTaken(Box<Batch>),
    /// The first batch of the same content.
    #[error("the same content was uploaded before")]
    SameContent(Box<Batch>),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for CreateRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            _ => None,
        }
    }
}

/// Makes the batch, in state `checking` and without rows: its reader fills it.
///
/// # Errors
/// [`CreateRefusal`].
pub fn create(tx: &mut WriteTx<'_>, actor: &Actor, id: &BatchId, new: &NewBatch, read: &Summary) -> Result<(), CreateRefusal> {
    let choices = &new.choices;
    tx.authorise(&actor.id, Action::MakePayment, &choices.branch)?;
    tx.authorise(&actor.id, choices.payment_type.make(), &choices.branch)?;
    if branches::find(tx, &choices.branch)?.is_none_or(|branch| !branch.is_active) {
        return Err(CreateRefusal::BranchClosed);
    }
    let account = funding::find_account(tx, &choices.funding_account)?.ok_or(CreateRefusal::NoSuchAccount)?;
    let too_long = |text: &Option<String>, limit| text.as_ref().is_some_and(|text| text.chars().count() > limit);
    if too_long(&new.client_reference, CLIENT_REFERENCE_CHARS_MAX) || too_long(&new.again, REASON_CHARS_MAX) {
        return Err(CreateRefusal::TooLong);
    }
    if let Some(reference) = &new.client_reference
        && let Some(first) = store::find_by_client_reference(tx, reference)?
    {
        let same = first.content_digest == read.content_digest;
        return Err(if same { CreateRefusal::SameAgain(Box::new(first)) } else { CreateRefusal::ClientReferenceTaken(Box::new(first)) });
    }
    if new.again.is_none()
        && let Some(first) = store::first_of_content(tx, &read.content_digest, None)?
    {
        return Err(CreateRefusal::SameContent(Box::new(first)));
    }
    let file_name = tidy_file_name(&new.file_name);
    let content_seen = sight(tx, &read.content_digest)?;
    let row = NewRow { id, new, name: batch_name(&file_name), currency: account.currency, read, content_seen, created_by: &actor.id };
    store::insert(tx, &row)?;
    store::add_maker(tx, id, &actor.id)?;
    insert_file(tx, &FileId::new(tx.now()), id, &file_name, read, &actor.id)?;
    Ok(())
}

/// The last part of what a browser calls the file, without what no name needs.
pub(super) fn tidy_file_name(typed: &str) -> String {
    let last = typed.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(FILE_NAME_CHARS_MAX).collect();
    let name = name.trim();
    if name.is_empty() { "payments.csv".to_owned() } else { name.to_owned() }
}

/// The file's name without its ending.
fn batch_name(file_name: &str) -> &str {
    match file_name.rsplit_once('.') {
        Some((name, ending)) if !name.is_empty() && (1..=5).contains(&ending.len()) => name,
        _ => file_name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_what_its_maker_calls_it() {
        assert_eq!(tidy_file_name("C:\\Users\\Mya\\payroll oct.csv"), "payroll oct.csv");
        assert_eq!(tidy_file_name("../../etc/passwd"), "passwd");
        assert_eq!(tidy_file_name("\u{0}\n"), "payments.csv");
        assert_eq!(batch_name("payroll.oct.csv"), "payroll.oct");
        assert_eq!(batch_name("wages"), "wages");
        assert_eq!(batch_name(".csv"), ".csv");
    }
}
