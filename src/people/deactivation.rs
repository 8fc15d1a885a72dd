//! What a person leaves behind when they are deactivated: what ends, what somebody has to take over, what goes on.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use super::{User, store};
use crate::batches::{PaymentType, State};
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::dispatch;
use crate::ids::{BatchId, BranchId, Reference, UserId};
use crate::money::{Currency, Minor};
use crate::privileges::{self, Action};

/// Drafts that are decided on in one go, at most; what is beyond stays for the branch's other makers.
pub const DRAFTS_MAX: i64 = 200;
/// Batches on their way, and people they granted something to, that the page lists, at most.
pub const LISTED_MAX: i64 = 50;

/// A batch of theirs.
#[derive(Debug, Clone, QueryableByName)]
pub struct TheirBatch {
    #[diesel(sql_type = Text)]
    pub id: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub branch_name: String,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Nullable<Text>)]
    pub pause_reason: Option<String>,
    /// 1 where they approved it: it needs another approval when it begins or goes on.
    #[diesel(sql_type = Integer)]
    pub approved: i32,
}

impl TheirBatch {
    /// Whether it can be paused with the deactivation.
    pub fn can_be_paused(&self) -> bool {
        let pause = self.pause_reason.as_deref().and_then(|reason| reason.parse().ok());
        dispatch::can_be_paused(self.state, pause)
    }
}

/// Somebody who was granted something by them that is still open.
#[derive(Debug, Clone, QueryableByName)]
pub struct GrantedBy {
    #[diesel(sql_type = Text)]
    pub id: UserId,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = BigInt)]
    pub grants: i64,
}

/// A draft, and who could go on with it: makers of its type in its branch.
#[derive(Debug, Clone)]
pub struct DraftLeft {
    pub batch: TheirBatch,
    pub heirs: Vec<(UserId, String)>,
}

/// All of it, at one moment.
#[derive(Debug, Clone)]
pub struct LeftBehind {
    /// With no other active maker.
    pub drafts: Vec<DraftLeft>,
    /// Those they made a part of or approved: waiting for a decision, approved, being paid, or their file being read.
    pub on_the_way: Vec<TheirBatch>,
    pub granted: Vec<GrantedBy>,
    /// Confirmations that wait about them, or that they asked for.
    pub confirmations: i64,
    pub sessions: i64,
}

/// Who could go on with a draft: ids and names.
type Heirs = Vec<(UserId, String)>;

/// # Errors
/// The database's.
pub fn left_behind(conn: &mut Conn, user: &User, now: Instant) -> Result<LeftBehind> {
    let mut heirs_of: Vec<((BranchId, PaymentType), Heirs)> = Vec::new();
    let mut drafts = Vec::new();
    for batch in store::drafts_of_leaver(conn, &user.id, DRAFTS_MAX)? {
        let place = (batch.branch.clone(), batch.payment_type);
        let known = heirs_of.iter().find(|(known, _)| *known == place).map(|(_, heirs)| heirs.clone());
        let heirs = match known {
            Some(heirs) => heirs,
            None => {
                let heirs = heirs(conn, &batch, &user.id, now)?;
                heirs_of.push((place, heirs.clone()));
                heirs
            }
        };
        drafts.push(DraftLeft { batch, heirs });
    }
    Ok(LeftBehind {
        drafts,
        on_the_way: store::on_the_way(conn, &user.id, LISTED_MAX)?,
        granted: store::granted_by(conn, &user.id, now, LISTED_MAX)?,
        confirmations: store::confirmations_of(conn, &user.id)?,
        sessions: store::open_sessions(conn, &user.id)?,
    })
}

fn heirs(conn: &mut Conn, batch: &TheirBatch, aside: &UserId, now: Instant) -> Result<Vec<(UserId, String)>> {
    let mut heirs = privileges::people_with_all(conn, &batch.branch, &[Action::MakePayment, batch.payment_type.make()], now)?;
    heirs.retain(|(id, _)| id != aside);
    Ok(heirs)
}
