//! What is open in a branch, and so keeps it from being deactivated.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::store;
use crate::batches::State;
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::ids::{BatchId, BranchId, ConfirmationId, Reference, UserId};

/// Of each kind so many are named; the others are counted.
pub const LISTED_MAX: i64 = 25;

/// What is open in a branch.
#[derive(Debug, Clone, Default)]
pub struct Open {
    /// Batches that can still change: before their end, or with payments that need a person's attention. The oldest.
    pub batches: Vec<OpenBatch>,
    pub batches_in_all: i64,
    /// Active people whose home it is, by name.
    pub people: Vec<(UserId, String)>,
    pub people_in_all: i64,
    /// What waits for a second account manager about this branch or its people, the oldest.
    pub confirmations: Vec<ConfirmationId>,
    /// Payment actions held in it. They may stay: they count for nothing while the branch is inactive.
    pub grants: i64,
}

/// A batch as an account manager, who sees no payments, may know it.
#[derive(Debug, Clone, QueryableByName)]
pub struct OpenBatch {
    #[diesel(sql_type = Text)]
    pub id: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = Text)]
    pub maker: UserId,
    #[diesel(sql_type = Text)]
    pub maker_name: String,
    #[diesel(sql_type = BigInt)]
    pub since: Instant,
}

impl Open {
    pub fn is_nothing(&self) -> bool {
        self.batches.is_empty() && self.people.is_empty() && self.confirmations.is_empty()
    }
}

/// # Errors
/// The database's.
pub fn open_in(conn: &mut Conn, branch: &BranchId, now: Instant) -> Result<Open> {
    let (batches, batches_in_all) = store::open_batches(conn, branch, LISTED_MAX)?;
    let (people, people_in_all) = store::active_people(conn, branch, LISTED_MAX)?;
    Ok(Open {
        batches,
        batches_in_all,
        people,
        people_in_all,
        confirmations: store::waiting_confirmations(conn, branch, LISTED_MAX)?,
        grants: store::open_grants(conn, branch, now)?,
    })
}
