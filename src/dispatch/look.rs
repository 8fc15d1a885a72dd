//! One look at what there is to do.

use super::store::{self, AtWork};
use crate::batches::State;
use crate::clock::Instant;
use crate::db::{self, Conn, Db};
use crate::funding::AccountState;
use crate::ids::FundingAccountId;
use crate::institutions;

/// What one look at the database found.
pub(super) struct Seen {
    pub batches: Vec<AtWork>,
    /// Accounts with transfers that are due to be asked about.
    pub to_ask: Vec<FundingAccountId>,
    /// Accounts with transfers that people closed and that are due to be asked about.
    pub to_watch: Vec<FundingAccountId>,
    /// By the operator: nothing new is begun, claimed or recorded, what was recorded is asked about.
    pub is_suspended: bool,
}

impl Seen {
    /// Whether something may be due soon; else the engine looks less and less often.
    pub fn waits_for_something(&self) -> bool {
        let pays = |one: &AtWork| match one.batch.state {
            State::Paused => one.batch.resume_at.is_some(),
            State::Approved | State::Scheduled => is_to_begin(one),
            _ => true,
        };
        !self.to_ask.is_empty()
            || !self.to_watch.is_empty()
            || self.batches.iter().any(|one| one.batch.paying > 0 || (!self.is_suspended && pays(one)))
    }
}

/// A batch of a stopped account keeps waiting for its start. A scheduled one is only seen once its day has come.
pub(super) fn is_to_begin(one: &AtWork) -> bool {
    matches!(one.batch.state, State::Approved | State::Scheduled) && one.account == AccountState::Open
}

/// `glances`: leaving no connection open, as is right while there is nothing to do.
pub(super) async fn look(db: &Db, now: Instant, glances: bool) -> db::Result<Seen> {
    let look = move |conn: &mut Conn| {
        let (batches, to_ask) = (store::at_work(conn, now)?, store::accounts_to_ask(conn, now)?);
        let to_watch = store::accounts_to_watch(conn, now)?;
        Ok::<_, db::Error>(Seen { batches, to_ask, to_watch, is_suspended: institutions::is_suspended(conn)? })
    };
    if glances { db.glance(look).await } else { db.read(look).await }
}
