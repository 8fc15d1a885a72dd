//! What the engine takes in hand: claims, and a task for each row.

use std::sync::Arc;

use super::Engine;
use crate::batches::State;
use crate::db::{self, Isolation, Turn};
use crate::dispatch::account::{Account, RowInHand};
use crate::dispatch::claim::{self, Claimer, InHand, Wanted};
use crate::dispatch::crash::crash_point;
use crate::dispatch::job::Job;
use crate::dispatch::shared::Shared;
use crate::dispatch::store::AtWork;
use crate::ids::{AttemptId, FundingAccountId};

impl Engine {
    /// Tells the rows in hand whose batch was stopped meanwhile.
    pub(super) fn tell_what_is_paid(&self, batches: &[AtWork], is_suspended: bool) {
        for (id, account) in &self.accounts {
            let is_paid = |one: &&AtWork| one.batch.funding_account_id == *id && one.batch.state == State::Processing && !is_suspended;
            account.now_paying(batches.iter().filter(is_paid).map(|one| one.batch.id.clone()).collect());
        }
    }

    /// Claims what the account has room for: questions first, they hold the end of other people's waiting.
    pub(super) async fn claim(&mut self, id: &FundingAccountId, has_questions: bool, batches: &[AtWork]) -> db::Result<usize> {
        let Some(account) = self.accounts.get(id).cloned() else { return Ok(0) };
        let claimer = Claimer { house: self.setup.house.clone(), worker: self.worker.clone(), account: id.clone(), lease: account.held() };
        let (mut did, room) = (0, account.room_to_ask());
        if has_questions && room > 0 {
            let by = claimer.clone();
            let claimed =
                self.shared.db.write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| claim::claim_to_ask(tx, &by, room)).await?;
            did += self.set_to_work(&account, claimed);
        }
        let pays = |one: &&AtWork| one.batch.funding_account_id == *id && one.batch.state == State::Processing && one.batch.waiting > 0;
        let waiting: Vec<_> = batches.iter().filter(pays).map(|one| one.batch.id.clone()).collect();
        let wanted = Wanted::new(&account, waiting, self.shared.now());
        if !wanted.is_empty() {
            let claimed = self
                .shared
                .db
                .write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| claim::claim_to_pay(tx, &claimer, &wanted))
                .await?;
            did += claimed.set_aside;
            did += self.set_to_work(&account, claimed.in_hand);
        }
        Ok(did)
    }

    fn set_to_work(&mut self, account: &Arc<Account>, claimed: Vec<InHand>) -> usize {
        let count = claimed.len();
        if count > 0 {
            crash_point!("after-claim");
        }
        for in_hand in claimed {
            let here = Here::new(&self.shared, account, &in_hand);
            let (job, first) = Job::new(Arc::clone(&self.shared), Arc::clone(account), in_hand);
            self.tasks.spawn(async move {
                job.work(first).await;
                drop(here);
            });
        }
        count
    }
}

/// A row in hand, until its task ends, however it ends.
struct Here {
    shared: Arc<Shared>,
    attempt: AttemptId,
    _row: RowInHand,
}

impl Here {
    fn new(shared: &Arc<Shared>, account: &Arc<Account>, in_hand: &InHand) -> Self {
        shared.begun(&in_hand.attempt);
        Self { shared: Arc::clone(shared), attempt: in_hand.attempt.clone(), _row: account.row(in_hand.batch_to_pay()) }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.shared.ended(&self.attempt);
    }
}
