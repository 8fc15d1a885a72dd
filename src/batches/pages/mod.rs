//! The pages of a batch, from its upload to its results.

pub mod batch;
pub mod check;
pub mod correction;
pub mod delete;
pub mod download;
pub mod findings;
pub mod receive;
pub mod resubmission;
pub mod schedule;
pub mod upload;

use actix_web::HttpRequest;

use super::{Batch, Refusal, find_visible};
use crate::db::{self, Conn};
use crate::ids::{BatchId, UserId};
use crate::web::{ErrorPage, Visitor, institution};
use crate::words::Said;
use crate::{branches, funding, people, say};

/// The batch of a request, if this visitor may see it; 404 else.
async fn visible(request: &HttpRequest, visitor: &Visitor, id: &BatchId) -> Result<Batch, ErrorPage> {
    let (visitor, id) = (visitor.clone(), id.clone());
    let found = institution(request)?.db.read(move |conn| find_visible(conn, &visitor.actor, &visitor.rights, &id)).await?;
    found.ok_or(ErrorPage::NotFound)
}

/// What a batch's pages say of it beside its own values.
struct About {
    branch: String,
    /// The funding account with its From FSP.
    account: String,
    /// `None`: as in the file.
    to_fsp: Option<String>,
    created_by: String,
    account_stopped: bool,
    fee_limit: crate::money::Minor,
}

impl About {
    fn of(conn: &mut Conn, batch: &Batch) -> db::Result<Self> {
        let branch = branches::find(conn, &batch.branch)?.map(|branch| branch.full_name()).unwrap_or_default();
        let account = funding::find_account(conn, &batch.funding_account)?.ok_or(db::Error::Conflict)?;
        let fsps = funding::fsps(conn)?;
        let named = |id: &crate::ids::FspId| fsps.iter().find(|fsp| fsp.id == *id).map_or_else(|| id.to_string(), |fsp| fsp.name.clone());
        Ok(Self {
            branch,
            account: account.label(),
            to_fsp: batch.to_fsp.as_ref().map(named),
            created_by: name_of(conn, &batch.created_by)?,
            account_stopped: account.state == funding::AccountState::Stopped,
            fee_limit: account.fee_limit,
        })
    }
}

fn name_of(conn: &mut Conn, user: &UserId) -> db::Result<String> {
    Ok(people::find(conn, user)?.map(|user| user.full_name).unwrap_or_default())
}

impl From<Refusal> for ErrorPage {
    fn from(refusal: Refusal) -> Self {
        let conflict = |what: Said| Self::Conflict { what, typed: Vec::new() };
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::NotAllowed(refusal) => refusal.into(),
            Refusal::NotAMaker => Self::Forbidden(say!("Only somebody who made this batch may do that.")),
            Refusal::NotNow(_) => conflict(say!("This batch has moved on since you opened the page, so nothing was done. Open it again.")),
            Refusal::Changed => {
                conflict(say!("This batch is not what you looked at any more, so nothing was submitted. Open it and look again."))
            }
            Refusal::Unacknowledged(_) => conflict(say!("There are warnings that nobody has acknowledged yet, so nothing was submitted.")),
            Refusal::PayOn(refusal) => conflict(schedule::said(refusal)),
            Refusal::NoPayments => conflict(say!("This batch has no payments.")),
            Refusal::NoReason | Refusal::ReasonTooLong(_) | Refusal::NothingChosen => Self::BadForm,
            Refusal::Broken(what) => {
                tracing::error!(what, "a batch's rows are not those it counts");
                Self::Broken
            }
            Refusal::Db(error) => error.into(),
        }
    }
}
