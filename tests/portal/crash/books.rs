//! The portal's books against the network's.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use outlay::audit;
use outlay::db::schema::{audit_events, transfers};
use outlay::db::{Conn, Error};
use outlay::dispatch::{self, Count, TransferState};
use outlay::ids::{FspId, HomeTransactionId, TransferId};
use outlay::money::Minor;
use outlay::simulator::{Fault, LedgerRow, LedgerState};

use super::house::House;
use crate::support::batches::find;

/// How many ids of a chain are looked for: more than any row may use.
const IDS_MAX: i32 = 64;

#[derive(Debug, Queryable)]
struct Row {
    home: HomeTransactionId,
    state: TransferState,
    n: i32,
    amount: Minor,
    id_value: String,
    payee_fsp: Option<FspId>,
    transfer_id: Option<TransferId>,
}

/// Row by row: paid once where the portal says succeeded, and nowhere else; nothing is open, nothing is held, nothing is not ours.
pub async fn assert_agree(house: &House) {
    let rows = rows(house).await;
    let ledger: BTreeMap<TransferId, LedgerRow> =
        house.network.ledger().into_iter().map(|entry| (entry.transfer_id.clone(), entry)).collect();
    let mut ours = BTreeSet::new();
    for row in &rows {
        let ids = (0..IDS_MAX).map(|n| (n, TransferId::derive(&house.portal.institution.id().unwrap(), &row.home, n)));
        let chain: Vec<_> = ids.filter_map(|(n, id)| Some((n, ledger.get(&id)?))).collect();
        ours.extend(chain.iter().map(|(_, entry)| entry.transfer_id.clone()));
        assert_row(row, &chain);
    }
    let foreign: Vec<_> = ledger.keys().filter(|id| !ours.contains(*id)).collect();
    assert!(foreign.is_empty(), "the network holds transfers that nobody approved: {foreign:?}");
    assert_faults_ended_as_they_must(&rows);
    assert_house_in_order(house, rows.len()).await;
}

async fn rows(house: &House) -> Vec<Row> {
    let id = house.batch.clone();
    let load = move |conn: &mut Conn| {
        let rows = transfers::table.filter(transfers::batch_id.eq(id.as_str())).order(transfers::line);
        let columns = (
            transfers::home_transaction_id,
            transfers::state,
            transfers::n,
            transfers::amount,
            transfers::id_value,
            transfers::payee_fsp,
            transfers::transfer_id,
        );
        Ok::<_, Error>(rows.select(columns).load(conn)?)
    };
    house.portal.institution.db.read(load).await.unwrap()
}

fn assert_row(row: &Row, chain: &[(i32, &LedgerRow)]) {
    let paid: Vec<_> = chain.iter().map(|(_, entry)| entry).filter(|entry| entry.state.is_paid()).collect();
    let executions: i32 = chain.iter().map(|(_, entry)| entry.executions).sum();
    let told = || format!("{row:#?}\nat the network: {chain:#?}");
    assert!(executions <= 1 && paid.len() <= 1, "paid {executions} times: {}", told());
    for (n, entry) in chain {
        assert!(entry.state.is_final(), "still under way: {}", told());
        assert!(*n <= row.n, "an id was used that the portal does not know of: {}", told());
        assert!(*n == row.n || entry.state == LedgerState::Aborted, "there is a next id, and this one was not aborted: {}", told());
        assert_eq!((entry.amount, entry.currency.as_str()), (row.amount, "MMK"), "another amount: {}", told());
        assert_eq!(entry.payee, row.id_value, "another payee: {}", told());
    }
    match row.state {
        TransferState::Succeeded => {
            let [entry] = paid.as_slice() else { panic!("said to be paid, and is not: {}", told()) };
            assert_eq!(row.transfer_id.as_ref(), Some(&entry.transfer_id), "{}", told());
            assert_eq!(row.payee_fsp.as_ref().map(FspId::as_str), Some(entry.payee_fsp.as_str()), "{}", told());
        }
        TransferState::Failed => assert!(paid.is_empty(), "said to have failed, and is paid: {}", told()),
        TransferState::NeedsAttention => {
            let settled = paid.iter().any(|entry| entry.state == LedgerState::Settled);
            assert!(settled, "a person is asked, though the network shows how it ended: {}", told());
        }
        state => panic!("{state:?} at the end: {}", told()),
    }
}

/// Deaths may delay a payment; they must not turn one that the network would pay into a failure.
fn assert_faults_ended_as_they_must(rows: &[Row]) {
    for row in rows {
        use Fault::{Expired, HighFee, NotFound, PayeeRejects, QuoteRefused, Settled, WrongFulfilment};
        let expected = match Fault::of_digits(&row.id_value) {
            Some(NotFound | QuoteRefused | PayeeRejects | Expired | WrongFulfilment | HighFee) => TransferState::Failed,
            Some(Settled) => TransferState::NeedsAttention,
            _ => TransferState::Succeeded,
        };
        assert_eq!(row.state, expected, "{row:#?}");
    }
    let met: BTreeSet<_> = rows.iter().filter_map(|row| Fault::of_digits(&row.id_value)).map(|fault| format!("{fault:?}")).collect();
    assert_eq!(met.len(), Fault::ALL.len(), "the batch has payees of every fault: {met:?}");
}

async fn assert_house_in_order(house: &House, rows: usize) {
    let batch = find(&house.portal, &house.batch).await;
    assert_eq!(usize::try_from(batch.counts.total).unwrap(), rows);
    for (count, tally) in batch.counts.each() {
        let is_end = matches!(count, Count::Succeeded | Count::Failed | Count::NeedsAttention);
        assert!(is_end || tally.count == 0, "{count:?}: {tally:?}");
    }
    let db = &house.portal.institution.db;
    let verified = db.read(dispatch::verify_counts).await.unwrap();
    assert_eq!((verified.batches, verified.miscounts.as_slice()), (1, [].as_slice()));
    let key = house.portal.institution.keys.audit();
    let report = db.read(move |conn| audit::verify(conn, &key, None)).await.unwrap();
    assert_eq!((report.troubles.as_slice(), report.waiting), ([].as_slice(), 0));
    let load = |conn: &mut Conn| {
        Ok::<_, Error>(audit_events::table.select((audit_events::action, audit_events::reason)).load::<(String, Option<String>)>(conn)?)
    };
    let events = db.read(load).await.unwrap();
    let of = |what: audit::What| events.iter().filter(|(action, _)| action == what.as_str()).collect::<Vec<_>>();
    assert!(of(audit::What::DispatchHeld).is_empty(), "a restart was taken for a copy: {:?}", of(audit::What::DispatchHeld));
    assert_eq!((of(audit::What::BatchStarted).len(), of(audit::What::BatchProcessed).len()), (1, 1), "{events:?}");
}
