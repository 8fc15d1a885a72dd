//! Where the money comes from: the FSPs of the network as this institution names them, and its funding accounts.
//!
//! A funding account is the prefunded account at a From FSP that a batch is paid from: the SDK it is reached through, the
//! payer the network sees, its currency and the highest fee it pays for one transfer. An account that was stopped pays nothing
//! until an operator reopens it.

mod add;
mod stop;
mod store;

pub use self::add::{AddFspRefusal, AddFundingAccountRefusal, NewFundingAccount, add_fsp, add_funding_account};
pub use self::stop::{WhyStopped, reopen, stop};
pub use self::store::{accounts, find_account, fsps};
use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::{FspId, FundingAccountId};
use crate::money::{Currency, Minor};

/// A financial service provider: a wallet or a bank, by its id on the network and the name people know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fsp {
    pub id: FspId,
    pub name: String,
}

text_enum! {
    /// Whether payments may leave an account.
    pub enum AccountState {
        Open = "open",
        Stopped = "stopped",
    }
}

/// A funding account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingAccount {
    pub id: FundingAccountId,
    pub name: String,
    /// The name of an SDK in the institution's settings.
    pub sdk: String,
    /// From FSP.
    pub fsp: Fsp,
    pub currency: Currency,
    /// The payer as the network sees it.
    pub payer_id_type: String,
    pub payer_id_value: String,
    /// The highest fee for one transfer.
    pub fee_limit: Minor,
    pub state: AccountState,
    /// In a word, as `dispatch::PauseReason` names it.
    pub stopped_reason: Option<String>,
    /// The network's, where it gave one.
    pub stopped_code: Option<String>,
    pub stopped_at: Option<Instant>,
}

impl FundingAccount {
    /// As forms show it: `Main account (KBZPay, MMK)`.
    pub fn label(&self) -> String {
        format!("{} ({}, {})", self.name, self.fsp.name, self.currency)
    }
}
