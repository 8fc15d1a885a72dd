//! What waits for a person, as the first page lists it: counts of the other rooms' tables, each bounded.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Actor, store};
use crate::approvals::{self, Checker, Waiting};
use crate::batches::State;
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::dispatch::TransferState;
use crate::ids::{BatchId, Reference};
use crate::money::{Currency, Minor};
use crate::privileges::{Action, Rights};
use crate::resolutions::{self, Oldest, Resolver};
use crate::search::{self, BatchCriteria, FoundBatch, Scope, Slice};

/// Batches of one kind that the page names; more are told as a number.
pub const NAMED_MAX: i64 = 5;
/// A rejected batch that nobody corrected is named for so long: 60 days.
const REJECTED_FOR: Duration = Duration::from_secs(60 * 24 * 3600);
/// How far anything is counted here.
const COUNTED_MAX: i64 = 999;

/// A batch that its maker or its branch's people should look at.
#[derive(Debug, Clone, QueryableByName)]
pub struct HomeBatch {
    #[diesel(sql_type = Text)]
    pub id: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub branch: String,
    #[diesel(sql_type = Text)]
    pub state: State,
    /// Since when it stands so.
    #[diesel(sql_type = BigInt)]
    pub state_at: Instant,
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub succeeded: i64,
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    #[diesel(sql_type = BigInt)]
    pub needs_attention: i64,
    /// The day and time it is to be paid, where it is not at once.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub pay_at: Option<Instant>,
}

/// What account managers look after.
#[derive(Debug, Clone, Copy, Default)]
pub struct Administration {
    pub qr_requests: i64,
    /// That others asked for.
    pub confirmations: i64,
    pub undelivered: i64,
    pub locked: i64,
}

/// All that the first page says to one person.
#[derive(Debug, Clone, Default)]
pub struct Home {
    pub administration: Administration,
    pub rejected: Vec<HomeBatch>,
    pub drafts: Vec<HomeBatch>,
    pub running: Vec<HomeBatch>,
    pub waiting: Vec<Waiting>,
    /// Payments that the person may resolve: what needs attention, what is in doubt, and proposals that wait for their word.
    pub attention: Option<Oldest>,
    pub in_doubt: Option<Oldest>,
    pub proposals: i64,
    /// In branches they look after: something failed or needs a person today.
    pub troubled: Vec<HomeBatch>,
    /// The last ones they may see, where nothing waits.
    pub last: Vec<FoundBatch>,
}

impl Home {
    fn is_quiet(&self) -> bool {
        let Administration { qr_requests, confirmations, undelivered, locked } = self.administration;
        let batches = [&self.rejected, &self.drafts, &self.running, &self.troubled];
        let unresolved = self.attention.is_some() || self.in_doubt.is_some() || self.proposals > 0;
        qr_requests + confirmations + undelivered + locked == 0
            && !unresolved
            && self.waiting.is_empty()
            && batches.iter().all(|list| list.is_empty())
    }
}

/// # Errors
/// The database's.
pub fn home(conn: &mut Conn, actor: &Actor, rights: &Rights, today: Instant, now: Instant) -> Result<Home> {
    let mut home = Home::default();
    if actor.is_account_manager {
        home.administration = store::administration(conn, &actor.id, now, COUNTED_MAX)?;
    }
    if rights.has_somewhere(Action::MakePayment) {
        home.rejected = store::rejected_of(conn, &actor.id, now.before(REJECTED_FOR), NAMED_MAX)?;
        home.drafts = store::in_states_of(conn, &actor.id, &[State::NeedsCorrection, State::Draft], NAMED_MAX)?;
        let running = [State::Approved, State::Scheduled, State::Processing, State::Paused, State::Cancelling];
        home.running = store::in_states_of(conn, &actor.id, &running, NAMED_MAX)?;
    }
    let checker = Checker::of(&actor.id, rights);
    home.waiting = approvals::waiting_sums(conn, &checker)?;
    let resolver = Resolver::of(&actor.id, rights);
    home.attention = resolutions::oldest_unresolved(conn, &resolver, TransferState::NeedsAttention, COUNTED_MAX)?;
    home.in_doubt = resolutions::oldest_unresolved(conn, &resolver, TransferState::InDoubt, COUNTED_MAX)?;
    home.proposals = i64::try_from(resolutions::proposals_for(conn, &resolver, COUNTED_MAX)?.len()).unwrap_or(COUNTED_MAX);
    let scope = Scope::of(&actor.id, rights);
    home.troubled = store::troubled(conn, &scope, today, NAMED_MAX)?;
    if home.is_quiet() {
        let slice = Slice { offset: 0, limit: NAMED_MAX, most: NAMED_MAX };
        home.last = search::batches(conn, &scope, &BatchCriteria::default(), slice)?.rows;
    }
    Ok(home)
}
