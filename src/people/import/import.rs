//! Adds everybody in the file, with what their roles hold and an invitation each: all or none.

use super::{Finding, Newcomer, Order, check};
use crate::audit::{self, By, Event, Subject, What};
use crate::db::{self, Failure, WriteTx};
use crate::ids::UserId;
use crate::people::add::added;
use crate::people::{InviteRefusal, Invited, PasswordHash, Slip, User, Way, invite, may_administer, store};
use crate::privileges::{self, NotAllowed, ToNewcomer};

#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    #[error("{} findings", .0.len())]
    Findings(Vec<Finding>),
    #[error(transparent)]
    Invite(#[from] InviteRefusal),
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Failure for ImportRefusal {
    fn database(&self) -> Option<&db::Error> {
        match self {
            Self::Db(error) | Self::NotAllowed(NotAllowed::Db(error)) => Some(error),
            Self::Invite(refusal) => refusal.database(),
            _ => None,
        }
    }
}

/// What was done.
pub struct Imported {
    pub people: usize,
    /// How many were invited by mail.
    pub mailed: usize,
    /// To be printed now: nobody can see them again.
    pub slips: Vec<Slip>,
    /// People some of whose rights wait for the other account manager.
    pub waiting: usize,
    /// People whose printed code the other account manager has to confirm first.
    pub asked: usize,
}

/// Every row is checked again first.
///
/// # Errors
/// [`ImportRefusal`]; nobody is added then.
pub fn import(tx: &mut WriteTx<'_>, by: &By, order: &Order) -> Result<Imported, ImportRefusal> {
    may_administer(tx, by)?;
    let newcomers = check(tx, by, order)?.map_err(ImportRefusal::Findings)?;
    let people: Vec<(User, Newcomer)> = newcomers.into_iter().map(|newcomer| (user(tx, &newcomer), newcomer)).collect();
    let password = PasswordHash::not_set();
    let rows: Vec<_> = people
        .iter()
        .map(|(user, newcomer)| store::NewRow { user, details: &newcomer.details, password: &password, must_set_password: true })
        .collect();
    store::insert(tx, &rows)?;
    for (user, newcomer) in &people {
        audit::record(tx, &added(by, user, &newcomer.details))?;
    }
    let given: Vec<_> =
        people.iter().map(|(user, newcomer)| ToNewcomer { person: user, branch: &newcomer.branch, actions: newcomer.actions() }).collect();
    privileges::give_newcomers(tx, by, &given)?;
    let waiting = people.iter().filter(|(_, newcomer)| !newcomer.waits.is_empty()).count();
    let mut done = Imported { people: people.len(), mailed: 0, slips: Vec::new(), waiting, asked: 0 };
    for (user, newcomer) in &people {
        match invite(tx, by, user, newcomer.way)? {
            Invited::Mailed { .. } => done.mailed += 1,
            Invited::Printed(slip) => done.slips.push(slip),
            Invited::Asked(_) => done.asked += 1,
        }
    }
    record(tx, by, &done)?;
    Ok(done)
}

fn user(tx: &WriteTx<'_>, newcomer: &Newcomer) -> User {
    User {
        id: UserId::new(tx.now()),
        user_name: newcomer.details.user_name().to_owned(),
        full_name: newcomer.details.full_name().to_owned(),
        branch: newcomer.branch.id.clone(),
        is_account_manager: false,
        is_active: true,
    }
}

/// One event of the whole, with counts; each person has their own as well.
fn record(tx: &mut WriteTx<'_>, by: &By, done: &Imported) -> db::Result<()> {
    let subject = Subject::new("user", by.id.as_ref().map_or(by.name.as_str(), UserId::as_str));
    let counts = serde_json::json!({
        "people": done.people, Way::Mail.as_str(): done.mailed, Way::Slip.as_str(): done.slips.len(), "waiting": done.waiting,
    });
    audit::record(tx, &Event::new(by.clone(), What::UsersImported, subject).changing(counts))
}
