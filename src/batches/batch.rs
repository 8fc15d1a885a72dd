//! A batch as the rest of the house sees it: what it is, where it stands, and its counts.

use super::file::Profile;
use super::{Channel, PaymentType, State};
use crate::clock::Instant;
use crate::dispatch::{Count, PauseReason};
use crate::ids::{BatchId, BranchId, FspId, FundingAccountId, Reference, UserId};
use crate::money::{Currency, Minor};

/// One uploaded file of payments.
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: BatchId,
    pub reference: Reference,
    /// Its file's name without the ending.
    pub name: String,
    /// The maker's own id for it; at most one batch that is not deleted has it.
    pub client_reference: Option<String>,
    pub branch: BranchId,
    pub payment_type: PaymentType,
    pub channel: Channel,
    pub funding_account: FundingAccountId,
    /// The one FSP it pays to; `None`: as in the file.
    pub to_fsp: Option<FspId>,
    /// Its funding account's.
    pub currency: Currency,
    pub profile: Profile,
    pub content_digest: String,
    /// How often this institution has seen that content: part of every home transaction id.
    pub content_seen: i64,
    /// The rejected batch that it was made from.
    pub corrects: Option<BatchId>,
    pub state: State,
    /// Since when; while `checking`, when its reader last wrote.
    pub state_at: Instant,
    /// The reason of `paused`, as `dispatch::PauseReason` names it.
    pub pause_reason: Option<String>,
    /// The network's code behind it.
    pub pause_code: Option<String>,
    /// When it goes on by itself.
    pub resume_at: Option<Instant>,
    /// Since its submission; sealed.
    pub seal: Option<String>,
    /// Since its submission: the highest fee for one transfer; sealed.
    pub fee_limit: Minor,
    pub errors: i64,
    pub warnings: i64,
    pub notes: i64,
    pub counts: Counts,
    pub created_by: UserId,
    pub created_at: Instant,
    pub submitted_by: Option<UserId>,
    pub submitted_at: Option<Instant>,
    pub started_at: Option<Instant>,
    pub processed_at: Option<Instant>,
    /// When it is to be paid, where it is not as soon as it is approved; sealed.
    pub pay_at: Option<Instant>,
}

impl Batch {
    /// Why it is paused, if it is.
    pub fn pause(&self) -> Option<PauseReason> {
        self.pause_reason.as_deref().filter(|_| self.state == State::Paused).and_then(|reason| reason.parse().ok())
    }

    /// Approved once, and paid only once somebody has approved it again.
    pub fn needs_approval_again(&self) -> bool {
        self.pause() == Some(PauseReason::NeedsApprovalAgain)
    }

    /// The most its fees can be: rows × fee limit. `None` where that does not fit.
    pub fn highest_fees(&self, fee_limit: Minor) -> Option<Minor> {
        fee_limit.times(self.counts.total)
    }
}

/// Payments and their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub count: i64,
    pub sum: Minor,
}

/// The eight counts of a batch; at every moment they add up to the total (DESIGN 4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: i64,
    pub sum: Minor,
    pub waiting: Tally,
    pub paying: Tally,
    pub succeeded: Tally,
    pub failed: Tally,
    pub in_doubt: Tally,
    pub needs_attention: Tally,
    pub cancelled: Tally,
    pub excluded: Tally,
}

impl Counts {
    pub const fn of(&self, count: Count) -> Tally {
        match count {
            Count::Waiting => self.waiting,
            Count::Paying => self.paying,
            Count::Succeeded => self.succeeded,
            Count::Failed => self.failed,
            Count::InDoubt => self.in_doubt,
            Count::NeedsAttention => self.needs_attention,
            Count::Cancelled => self.cancelled,
            Count::Excluded => self.excluded,
        }
    }

    /// In the order they are shown.
    pub fn each(&self) -> impl Iterator<Item = (Count, Tally)> {
        Count::ALL.iter().map(|count| (*count, self.of(*count)))
    }
}
