//! What the operations page lists, and by what it can be narrowed.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::clock::Instant;
use crate::dispatch::TransferState;
use crate::ids::{BranchId, FspId, Reference, ResolutionId, RowId};
use crate::money::{Currency, Minor};

/// Where a part of the list begins: after the payment that has stood so since then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Age {
    pub since: Instant,
    pub row: RowId,
}

/// All of it must fit.
#[derive(Debug, Clone)]
pub struct Criteria {
    /// In doubt or needs attention.
    pub state: TransferState,
    pub branch: Option<BranchId>,
    /// The payee's FSP, as the network found it or as the file says.
    pub fsp: Option<FspId>,
    pub batch: Option<Reference>,
    pub after: Option<Age>,
}

/// A payment that has no outcome yet.
#[derive(Debug, Clone, QueryableByName)]
pub struct Unresolved {
    #[diesel(sql_type = Text)]
    pub id: RowId,
    #[diesel(sql_type = Text)]
    pub payee_name: String,
    #[diesel(sql_type = Text)]
    pub id_value: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub fsp: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub amount: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Text)]
    pub state: TransferState,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub doubt_since: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub next_at: Option<Instant>,
    #[diesel(sql_type = Text)]
    pub batch: Reference,
    #[diesel(sql_type = Text)]
    pub batch_name: String,
    #[diesel(sql_type = Text)]
    pub branch: String,
    /// The proposal that waits.
    #[diesel(sql_type = Nullable<Text>)]
    pub proposal: Option<ResolutionId>,
}

impl Unresolved {
    /// Where the list goes on after this one.
    pub fn age(&self) -> Age {
        Age { since: self.doubt_since.unwrap_or(Instant::from_micros(0)), row: self.id.clone() }
    }
}
