//! The portal's books against the network's, row by row. Every difference is told, not only the first.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use outlay::audit;
use outlay::db::schema::{audit_events, transfers};
use outlay::db::{Conn, Error};
use outlay::dispatch::why::Why;
use outlay::dispatch::{self, Count, TransferState};
use outlay::ids::{BatchId, FspId, HomeTransactionId, TransferId};
use outlay::money::Minor;
use outlay::simulator::{Fault, LedgerRow, LedgerState};

use super::house::House;
use crate::support::batches::find;

/// The network's codes for a prepare that arrives after its expiry, for a transfer that expires on its way, and for one whose quote was
/// replaced by that of an attempt that had died.
const TOO_LATE: [i32; 3] = [3100, 3303, 5105];
/// How many ids of a chain are looked for: more than any row may use.
const IDS_MAX: i32 = 64;

#[derive(Debug, Queryable)]
pub struct Row {
    home: HomeTransactionId,
    state: TransferState,
    n: i32,
    amount: Minor,
    id_value: String,
    payee_fsp: Option<FspId>,
    transfer_id: Option<TransferId>,
    reason: Option<String>,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Compared {
    pub rows: usize,
    /// Rows in each of the states that an end may have.
    pub succeeded: usize,
    pub failed: usize,
    pub need_attention: usize,
    /// Why some of the failed ones failed that a network in order would have paid: what it got came too late at each of three tries, so
    /// that it aborted it, and perhaps nobody heard why; or the quote was another's. Not paid, and told so by both.
    pub given_up: Vec<String>,
    /// Faults of the network that some payee had.
    pub faults: usize,
    /// Each with what both sides say.
    pub differences: Vec<String>,
}

/// Paid once where the portal says succeeded, and nowhere else; nothing is open, nothing is held, nothing is not ours; the counts are
/// those of the rows, and the audit chain is whole.
pub async fn compare(house: &House, batches: &[BatchId]) -> Compared {
    let rows = rows(house).await;
    let ledger: BTreeMap<TransferId, LedgerRow> = house.ledger().into_iter().map(|entry| (entry.transfer_id.clone(), entry)).collect();
    let mut compared = Compared { rows: rows.len(), ..Compared::default() };
    let mut ours = BTreeSet::new();
    for row in &rows {
        let ids = (0..IDS_MAX).map(|n| (n, TransferId::derive(&house.portal.institution.id().unwrap(), &row.home, n)));
        let chain: Vec<_> = ids.filter_map(|(n, id)| Some((n, ledger.get(&id)?))).collect();
        ours.extend(chain.iter().map(|(_, entry)| entry.transfer_id.clone()));
        if let Err(what) = compare_row(row, &chain).and_then(|()| compared.end_as_it_must(row, &chain)) {
            compared.differences.push(format!("{what}: {row:#?}\nat the network: {chain:#?}"));
        }
    }
    let foreign: Vec<_> = ledger.keys().filter(|id| !ours.contains(*id)).collect();
    if !foreign.is_empty() {
        compared.differences.push(format!("the network holds transfers that nobody approved: {foreign:?}"));
    }
    compared.compare_money(&rows, &ledger);
    let faults: BTreeSet<_> = rows.iter().filter_map(|row| Fault::of_digits(&row.id_value)).map(|fault| format!("{fault:?}")).collect();
    compared.faults = faults.len();
    compared.differences.extend(out_of_order(house, batches).await);
    compared
}

/// What is not at its end. A person may have been told of a row that was in doubt for an hour; the network is asked about it all the same.
pub async fn open_rows(house: &House) -> Vec<Row> {
    let mut rows = rows(house).await;
    rows.retain(|row| match row.state {
        TransferState::Succeeded | TransferState::Failed => false,
        TransferState::NeedsAttention => row.why() != Some(Why::ProbablyPaid),
        _ => true,
    });
    rows
}

impl Row {
    fn why(&self) -> Option<Why> {
        self.reason.as_deref().and_then(Why::from_text)
    }
}

async fn rows(house: &House) -> Vec<Row> {
    let load = move |conn: &mut Conn| {
        let columns = (
            transfers::home_transaction_id,
            transfers::state,
            transfers::n,
            transfers::amount,
            transfers::id_value,
            transfers::payee_fsp,
            transfers::transfer_id,
            transfers::reason,
        );
        Ok::<_, Error>(transfers::table.order((transfers::batch_id, transfers::line)).select(columns).load(conn)?)
    };
    house.portal.institution.db.read(load).await.unwrap()
}

fn compare_row(row: &Row, chain: &[(i32, &LedgerRow)]) -> Result<(), &'static str> {
    let same = |is_so: bool, what| if is_so { Ok(()) } else { Err(what) };
    let paid: Vec<_> = chain.iter().map(|(_, entry)| entry).filter(|entry| entry.state.is_paid()).collect();
    let executions: i32 = chain.iter().map(|(_, entry)| entry.executions).sum();
    same(executions <= 1 && paid.len() <= 1, "paid more than once")?;
    for (n, entry) in chain {
        same(entry.state.is_final(), "still under way")?;
        same(*n <= row.n, "an id was used that the portal does not know of")?;
        same(*n == row.n || entry.state == LedgerState::Aborted, "there is a next id, and this one was not aborted")?;
        same((entry.amount, entry.currency.as_str()) == (row.amount, "MMK"), "another amount")?;
        same(entry.payee == row.id_value, "another payee")?;
    }
    match row.state {
        TransferState::Succeeded => {
            let [entry] = paid.as_slice() else { return Err("said to be paid, and is not") };
            same(row.transfer_id.as_ref() == Some(&entry.transfer_id), "paid under another id")?;
            same(row.payee_fsp.as_ref().map(FspId::as_str) == Some(entry.payee_fsp.as_str()), "paid at another provider")
        }
        TransferState::Failed => same(paid.is_empty(), "said to have failed, and is paid"),
        TransferState::NeedsAttention => {
            same(paid.iter().any(|entry| entry.state == LedgerState::Settled), "a person is asked, though the network shows how it ended")
        }
        _ => Err("not at its end"),
    }
}

impl Compared {
    /// What is done to the processes may delay a payment; it must not turn one that the network would pay into a failure, unless it
    /// expired three times. That nobody answers or nothing arrives ten times is longer than anything lasts here.
    fn end_as_it_must(&mut self, row: &Row, chain: &[(i32, &LedgerRow)]) -> Result<(), &'static str> {
        use Fault::{Expired, HighFee, NotFound, PartyMoved, PayeeRejects, QuoteRefused, Settled, WrongFulfilment};
        let too_late = chain.last().is_some_and(|(_, entry)| entry.code.is_some_and(|code| TOO_LATE.contains(&code)));
        // The answer with the code was lost, and a GET tells only that it is over.
        let untold = row.why() == Some(Why::Aborted) && chain.last().is_some_and(|(_, entry)| entry.state == LedgerState::Aborted);
        let unreached = matches!(row.why(), Some(Why::NoAnswer | Why::NeverArrived));
        let given_up = row.state == TransferState::Failed && !unreached && (too_late || untold);
        match row.state {
            TransferState::Succeeded => self.succeeded += 1,
            TransferState::Failed => self.failed += 1,
            _ => self.need_attention += 1,
        }
        let fault = Fault::of_digits(&row.id_value);
        let must_fail = matches!(fault, Some(NotFound | QuoteRefused | PayeeRejects | Expired | WrongFulfilment | HighFee));
        if given_up && !must_fail {
            self.given_up.push(row.reason.clone().unwrap_or_default());
        }
        let is_expected = match fault {
            _ if must_fail => row.state == TransferState::Failed,
            Some(Settled) => row.state == TransferState::NeedsAttention || given_up,
            // The network that was killed in between has forgotten that the payee moved, and refuses again.
            Some(PartyMoved) => matches!(row.state, TransferState::Succeeded | TransferState::Failed),
            _ => row.state == TransferState::Succeeded || given_up,
        };
        if is_expected { Ok(()) } else { Err("ended as it should not") }
    }

    /// What every payee got, by the network's books, is what the portal says they got.
    fn compare_money(&mut self, rows: &[Row], ledger: &BTreeMap<TransferId, LedgerRow>) {
        let (mut said, mut got) = (BTreeMap::<&str, i64>::new(), BTreeMap::<&str, i64>::new());
        for row in rows.iter().filter(|row| matches!(row.state, TransferState::Succeeded | TransferState::NeedsAttention)) {
            *said.entry(&row.id_value).or_default() += row.amount.units();
        }
        for entry in ledger.values() {
            if entry.executions > 0 {
                *got.entry(&entry.payee).or_default() += entry.amount.units() * i64::from(entry.executions);
            }
        }
        let payees: BTreeSet<_> = said.keys().chain(got.keys()).collect();
        let differ = payees.into_iter().filter(|payee| said.get(*payee) != got.get(*payee));
        let told: Vec<_> = differ.map(|payee| format!("{payee}: said {:?}, got {:?}", said.get(payee), got.get(payee))).collect();
        self.differences.extend(told);
    }
}

/// Counts, audit chain and audit events that are not as they should be.
async fn out_of_order(house: &House, batches: &[BatchId]) -> Vec<String> {
    let mut differences = Vec::new();
    for id in batches {
        let batch = find(&house.portal, id).await;
        for (count, tally) in batch.counts.each() {
            let is_end = matches!(count, Count::Succeeded | Count::Failed | Count::NeedsAttention);
            if !is_end && tally.count != 0 {
                differences.push(format!("{}: {count:?}: {tally:?}", batch.name));
            }
        }
    }
    let db = &house.portal.institution.db;
    let verified = db.read(dispatch::verify_counts).await.unwrap();
    if (verified.batches, verified.miscounts.len()) != (batches.len(), 0) {
        differences.push(format!("{} batches, {:#?}", verified.batches, verified.miscounts));
    }
    let key = house.portal.institution.keys.audit();
    let report = db.read(move |conn| audit::verify(conn, &key, None)).await.unwrap();
    if !report.troubles.is_empty() || report.waiting > 0 {
        differences.push(format!("{} audit events wait, and {:#?}", report.waiting, report.troubles));
    }
    let load = |conn: &mut Conn| {
        Ok::<_, Error>(audit_events::table.select((audit_events::action, audit_events::reason)).load::<(String, Option<String>)>(conn)?)
    };
    let events = db.read(load).await.unwrap();
    let of = |what: audit::What| events.iter().filter(|(action, _)| action == what.as_str()).collect::<Vec<_>>();
    if !of(audit::What::DispatchHeld).is_empty() {
        differences.push(format!("a restart was taken for a copy: {:?}", of(audit::What::DispatchHeld)));
    }
    let began_and_ended = [audit::What::BatchStarted, audit::What::BatchProcessed].map(|what| of(what).len());
    if began_and_ended != [batches.len(); 2] {
        differences.push(format!("batches began and ended {began_and_ended:?} times: {events:?}"));
    }
    differences
}
