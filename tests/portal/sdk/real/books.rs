//! The portal's rows against the hub's ledger: every difference is written down.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use outlay::db::schema::transfers;
use outlay::db::{Conn, Error};
use outlay::dispatch::{self, TransferState};
use outlay::ids::{FspId, HomeTransactionId, TransferId};
use outlay::money::Minor;
use outlay::simulator::{Fault, LedgerRow, LedgerState};

use super::house::House;
use crate::support::batches::find;

/// How many ids of a chain are looked for: more than any row may use.
const IDS_MAX: i32 = 64;

#[derive(Debug, Queryable)]
struct Row {
    line: i64,
    home: HomeTransactionId,
    state: TransferState,
    n: i32,
    amount: Minor,
    id_value: String,
    payee_fsp: Option<FspId>,
    transfer_id: Option<TransferId>,
    reason: Option<String>,
}

/// What came of the comparison.
pub struct Books {
    rows: usize,
    by_state: BTreeMap<&'static str, usize>,
    /// Transfers in the ledger, ids of aborted tries included.
    ledger: usize,
    executions: i32,
    faults: BTreeSet<&'static str>,
    /// Rows that a better SDK would have paid: nobody was paid wrongly, and they can be paid by a retry.
    pub unlucky: Vec<String>,
    pub differences: Vec<String>,
}

impl Books {
    pub fn print(&self) {
        println!("{:>7} rows, with {} kinds of faults among them", self.rows, self.faults.len());
        for (state, rows) in &self.by_state {
            println!("{rows:>7} {}", state.replace('_', " "));
        }
        println!("{:>7} transfers in the hub's ledger, {} of them executed", self.ledger, self.executions);
        println!("{:>7} differences", self.differences.len());
        println!("{:>7} rows that ended otherwise than their faults alone explain; the ledger agrees with them", self.unlucky.len());
        for unlucky in &self.unlucky {
            println!("NOTE {unlucky}");
        }
        for difference in &self.differences {
            println!("DIFFERENCE {difference}");
        }
    }
}

pub async fn compare(house: &House) -> Books {
    let rows = rows(house).await;
    let ledger: BTreeMap<TransferId, LedgerRow> = house.ledger().into_iter().map(|entry| (entry.transfer_id.clone(), entry)).collect();
    let (mut ours, mut differences, mut unlucky, mut by_state) = (BTreeSet::new(), Vec::new(), Vec::new(), BTreeMap::new());
    for row in &rows {
        let ids = (0..IDS_MAX).map(|n| (n, TransferId::derive(&house.portal.institution.id().unwrap(), &row.home, n)));
        let chain: Vec<_> = ids.filter_map(|(n, id)| Some((n, ledger.get(&id)?))).collect();
        ours.extend(chain.iter().map(|(_, entry)| entry.transfer_id.clone()));
        unlucky.extend(fault_ended(row).map(|wrong| format!("line {} is {}: {wrong} ({:?})", row.line, row.state.as_str(), row.reason)));
        differences.extend(
            differences_of(row, &chain).into_iter().map(|wrong| format!("line {}: {wrong}\n{row:?}\nat the hub: {chain:?}", row.line)),
        );
        *by_state.entry(row.state.as_str()).or_insert(0) += 1;
    }
    differences.extend(ledger.keys().filter(|id| !ours.contains(*id)).map(|id| format!("the hub holds a transfer nobody approved: {id}")));
    let counted = house.portal.institution.db.read(dispatch::verify_counts).await.unwrap();
    differences.extend(counted.miscounts.iter().map(|miss| format!("the batch's counts do not fit its rows: {miss:?}")));
    let batch = find(&house.portal, &house.batch).await;
    if usize::try_from(batch.counts.total).unwrap() != rows.len() {
        differences.push(format!("the batch has {} rows and says {}", rows.len(), batch.counts.total));
    }
    Books {
        rows: rows.len(),
        by_state,
        ledger: ledger.len(),
        executions: ledger.values().map(|entry| entry.executions).sum(),
        unlucky,
        faults: rows.iter().filter_map(|row| Fault::of_digits(&row.id_value)).filter_map(name_of).collect(),
        differences,
    }
}

fn name_of(fault: Fault) -> Option<&'static str> {
    Fault::ALL.iter().find(|(known, ..)| *known == fault).map(|(_, _, name, _)| *name)
}

async fn rows(house: &House) -> Vec<Row> {
    let id = house.batch.clone();
    let load = move |conn: &mut Conn| {
        let rows = transfers::table.filter(transfers::batch_id.eq(id.as_str())).order(transfers::line);
        let columns = (
            transfers::line,
            transfers::home_transaction_id,
            transfers::state,
            transfers::n,
            transfers::amount,
            transfers::id_value,
            transfers::payee_fsp,
            transfers::transfer_id,
            transfers::reason,
        );
        Ok::<_, Error>(rows.select(columns).load(conn)?)
    };
    house.portal.institution.db.read(load).await.unwrap()
}

fn differences_of(row: &Row, chain: &[(i32, &LedgerRow)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, said: &str| {
        if !holds {
            wrong.push(said.to_owned());
        }
    };
    let paid: Vec<_> = chain.iter().map(|(_, entry)| *entry).filter(|entry| entry.state.is_paid()).collect();
    let executions: i32 = chain.iter().map(|(_, entry)| entry.executions).sum();
    must(executions <= 1 && paid.len() <= 1, "paid more than once");
    for (n, entry) in chain {
        must(entry.state.is_final(), "still under way at the hub");
        must(*n <= row.n, "an id was used that the portal does not know of");
        must(*n == row.n || entry.state == LedgerState::Aborted, "there is a next id, and this one was not aborted");
        must((entry.amount, entry.currency.as_str()) == (row.amount, "MMK"), "another amount");
        must(entry.payee == row.id_value, "another payee");
    }
    match row.state {
        TransferState::Succeeded => match paid.as_slice() {
            [entry] => {
                must(row.transfer_id.as_ref() == Some(&entry.transfer_id), "paid under another id");
                must(row.payee_fsp.as_ref().map(FspId::as_str) == Some(entry.payee_fsp.as_str()), "paid at another FSP");
            }
            _ => must(false, "said to be paid, and is not"),
        },
        TransferState::Failed => must(paid.is_empty(), "said to have failed, and is paid"),
        TransferState::NeedsAttention => {
            must(paid.iter().any(|entry| entry.state == LedgerState::Settled), "a person is asked, though the hub shows how it ended");
        }
        _ => must(false, "it has no end"),
    }
    wrong
}

/// How a row ends whose faults are the only ones. An SDK that was away for too long, or mixed answers up, may turn a payment that could have been
/// made into one that failed: that is no difference, since nobody was paid.
fn fault_ended(row: &Row) -> Option<String> {
    use Fault::{Expired, HighFee, NotFound, PayeeRejects, QuoteRefused, Settled, WrongFulfilment};
    let expected = match Fault::of_digits(&row.id_value) {
        Some(NotFound | QuoteRefused | PayeeRejects | Expired | WrongFulfilment | HighFee) => TransferState::Failed,
        Some(Settled) => TransferState::NeedsAttention,
        _ => TransferState::Succeeded,
    };
    (row.state != expected).then(|| format!("it should have ended as {}", expected.as_str()))
}
