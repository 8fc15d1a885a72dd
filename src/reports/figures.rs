//! What a report says: lines by branch, as they were when it was made. Never a payee's name, number or account.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::batches::{PaymentType, State};
use crate::clock::Instant;
use crate::db::text_enum;
use crate::dispatch::TransferState;
use crate::dispatch::breakers::Ailment;
use crate::ids::{BatchId, BranchId, FspId, Reference, RowId};
use crate::money::{Currency, Minor};

/// Unresolved payments, and paused batches, that are named for each branch: the oldest. All are counted.
pub const NAMED_MAX: i64 = 25;

text_enum! {
    /// How a payment was settled.
    pub enum Outcome {
        Paid = "paid",
        Failed = "failed",
    }
}

/// One day's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayReport {
    pub day: Date,
    pub from: Instant,
    pub until: Instant,
    pub made_at: Instant,
    /// Outlay itself, or the operator by name.
    pub made_by: String,
    pub figures: Figures,
}

/// The content of a report. Its JSON is canonical: fields and lines in one order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Payments that were settled in the day's time.
    pub settled: Vec<Settled>,
    /// All that were unresolved when the report was made.
    pub unresolved: Vec<Unresolved>,
    /// The oldest of them in each branch.
    pub named: Vec<UnresolvedRow>,
    /// Batches that stand still, the longest in each branch.
    pub paused: Vec<Paused>,
    /// Batches that are not at their end, and those that came to it in the day's time.
    pub batches: Vec<InState>,
    /// Funding accounts that pay nothing.
    pub stopped: Vec<Stopped>,
    /// Whose payments waited because they did not answer.
    pub awaited: Vec<Awaited>,
    pub audit: AuditHead,
    /// What the branches of the lines were called.
    pub branches: BTreeMap<BranchId, String>,
    pub fsps: BTreeMap<FspId, String>,
}

/// Payments of one kind that were settled.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize, Deserialize)]
pub struct Settled {
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = Text)]
    pub outcome: Outcome,
    /// The payee's.
    #[diesel(sql_type = Nullable<Text>)]
    pub fsp: Option<FspId>,
    /// The kind of the reason, of failed ones.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
}

/// Unresolved payments of one branch, state and currency.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize, Deserialize)]
pub struct Unresolved {
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub state: TransferState,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    /// Of these the network knows the payment and cannot show how it ended.
    #[diesel(sql_type = BigInt)]
    pub probably_paid: i64,
    /// In microseconds; `None` where nobody wrote down since when.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub oldest: Option<i64>,
}

/// One unresolved payment.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize, Deserialize)]
pub struct UnresolvedRow {
    #[diesel(sql_type = Text)]
    pub row_id: RowId,
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Nullable<Text>)]
    pub fsp: Option<FspId>,
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
    pub since: Option<i64>,
}

/// A batch that stands still.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize, Deserialize)]
pub struct Paused {
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub since: i64,
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
}

/// How many batches of a branch stood in a state.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName, Serialize, Deserialize)]
pub struct InState {
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// A funding account that pays nothing until somebody opens it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    pub account: String,
    pub code: Option<String>,
    pub since: Option<i64>,
}

/// A payee's provider, or an account's connection, that payments waited for when the report was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The funding account whose payments waited, by name.
    pub account: String,
    /// `None`: the connection.
    pub fsp: Option<FspId>,
    pub ailment: Ailment,
    /// In microseconds.
    pub since: i64,
}

/// The end of the audit chain, for comparing later: a chain that was cut off does not reach it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditHead {
    pub sequence: i64,
    pub head: String,
    /// How far the process that made the report had verified it.
    pub verified: Option<i64>,
    pub trouble: Option<String>,
}

/// A number of payments and what they come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    pub count: i64,
    /// By currency code.
    pub amounts: BTreeMap<&'static str, (Currency, Minor)>,
}

impl Sum {
    fn add(&mut self, count: i64, currency: Currency, amount: Minor) {
        self.count = self.count.saturating_add(count);
        let so_far = self.amounts.entry(currency.code()).or_insert((currency, Minor::ZERO));
        // Beyond what can be counted it stays at the most: nine trillion trillions are no institution's day.
        so_far.1 = so_far.1.plus(amount).unwrap_or(Minor::new(i64::MAX));
    }

    /// `12,400,000 MMK, 150.00 USD`; `0 MMK` where there is nothing.
    pub fn shown(&self, usual: Currency) -> String {
        if self.amounts.is_empty() {
            return usual.show(Minor::ZERO);
        }
        self.amounts.values().map(|(currency, amount)| currency.show(*amount)).collect::<Vec<_>>().join(", ")
    }
}

impl Figures {
    /// Only the lines of these branches; what belongs to no branch stays.
    pub fn within(&self, branches: &BTreeSet<BranchId>) -> Self {
        let mut part = self.clone();
        part.settled.retain(|line| branches.contains(&line.branch));
        part.unresolved.retain(|line| branches.contains(&line.branch));
        part.named.retain(|line| branches.contains(&line.branch));
        part.paused.retain(|line| branches.contains(&line.branch));
        part.batches.retain(|line| branches.contains(&line.branch));
        part.branches.retain(|branch, _| branches.contains(branch));
        part
    }

    pub fn branch<'a>(&'a self, id: &'a BranchId) -> &'a str {
        self.branches.get(id).map_or(id.as_str(), String::as_str)
    }

    /// `None` where no provider was known.
    pub fn fsp<'a>(&'a self, id: Option<&'a FspId>) -> Option<&'a str> {
        id.map(|id| self.fsps.get(id).map_or(id.as_str(), String::as_str))
    }

    /// All that were settled so.
    pub fn sum(&self, outcome: Outcome) -> Sum {
        let mut sum = Sum::default();
        self.settled.iter().filter(|line| line.outcome == outcome).for_each(|line| sum.add(line.count, line.currency, line.sum));
        sum
    }

    /// Those that were settled so, put together by whatever is asked: in order of it.
    pub fn sums<'a, K: Ord>(&'a self, outcome: Outcome, by: impl Fn(&'a Settled) -> K) -> BTreeMap<K, Sum> {
        let mut sums: BTreeMap<K, Sum> = BTreeMap::new();
        for line in self.settled.iter().filter(|line| line.outcome == outcome) {
            sums.entry(by(line)).or_default().add(line.count, line.currency, line.sum);
        }
        sums
    }

    /// All unresolved ones, or those of one state.
    pub fn unresolved(&self, state: Option<TransferState>) -> Sum {
        let mut sum = Sum::default();
        let lines = self.unresolved.iter().filter(|line| state.is_none_or(|state| line.state == state));
        lines.for_each(|line| sum.add(line.count, line.currency, line.sum));
        sum
    }

    pub fn probably_paid(&self) -> i64 {
        self.unresolved.iter().map(|line| line.probably_paid).sum()
    }

    /// Since when the oldest is unresolved.
    pub fn oldest(&self) -> Option<Instant> {
        self.unresolved.iter().filter_map(|line| line.oldest).min().map(Instant::from_micros)
    }

    pub fn batches_in(&self, state: State) -> i64 {
        self.batches.iter().filter(|line| line.state == state).map(|line| line.count).sum()
    }

    /// Nothing was settled and nothing is open.
    pub fn is_quiet(&self) -> bool {
        self.settled.is_empty() && self.unresolved.is_empty() && self.paused.is_empty() && self.batches.is_empty()
    }

    /// The one text of these figures.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(branch: &str, outcome: Outcome, currency: Currency, count: i64, sum: i64) -> Settled {
        Settled {
            branch: BranchId::from(branch),
            payment_type: PaymentType::Payroll,
            outcome,
            fsp: Some(FspId::from("kbzpay")),
            reason: None,
            code: None,
            currency,
            count,
            sum: Minor::new(sum),
        }
    }

    fn figures() -> Figures {
        let usd = Currency::find("USD").unwrap();
        Figures {
            settled: vec![
                settled("a", Outcome::Paid, Currency::MMK, 3, 45_000_000),
                settled("b", Outcome::Paid, Currency::MMK, 1, 500),
                settled("a", Outcome::Paid, usd, 2, 15_000),
                settled("a", Outcome::Failed, Currency::MMK, 1, 900),
            ],
            branches: [("a", "A"), ("b", "B")].map(|(id, name)| (BranchId::from(id), name.to_owned())).into(),
            ..Figures::default()
        }
    }

    #[test]
    fn sums_never_mix_currencies() {
        let paid = figures().sum(Outcome::Paid);
        assert_eq!((paid.count, paid.shown(Currency::MMK)), (6, "450,005 MMK, 150.00 USD".to_owned()));
        assert_eq!(Figures::default().sum(Outcome::Paid).shown(Currency::MMK), "0 MMK");
        let mut most = Sum::default();
        most.add(1, Currency::MMK, Minor::new(i64::MAX));
        most.add(1, Currency::MMK, Minor::new(1));
        assert_eq!(most.amounts["MMK"].1, Minor::new(i64::MAX), "it stays at the most instead of turning round");
    }

    #[test]
    fn a_part_says_nothing_of_other_branches() {
        let part = figures().within(&BTreeSet::from([BranchId::from("b")]));
        assert_eq!(part.sum(Outcome::Paid).count, 1);
        assert_eq!(part.sum(Outcome::Failed).count, 0);
        assert!(!part.to_text().contains("\"a\""), "{}", part.to_text());
    }

    #[test]
    fn a_report_is_read_as_it_was_written_and_an_older_one_too() {
        let text = figures().to_text();
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures());
        assert_eq!(serde_json::from_str::<Figures>("{}").unwrap(), Figures::default());
    }
}
