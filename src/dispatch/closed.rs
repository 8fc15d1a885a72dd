//! What people closed is asked about from then on, beside everything else: hourly, as long as the network remembers ids. Where the network
//! tells another end, the alarm goes up, and what would pay the transfer again is stopped if it can be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::account::Account;
use super::by_people;
use super::core::limits::CLOSED_ASK_FOR;
use super::core::{self, AlarmKind, Heard, Lookout, Step, Unshown, Watched};
use super::lease::Lease;
use super::replies::{Call, Kept as _, kept, word_of};
use super::shared::Shared;
use super::store::{self, Attempt, ClosedRow, Reply};
use crate::clock::Instant;
use crate::db::{self, Isolation, Turn, WriteTx};
use crate::ids::{AttemptId, BatchId, FundingAccountId, TransferId};
use crate::resolutions;
use crate::sdk::{Exchange, TransferAnswer};

/// Closed transfers asked about at a time.
const AT_ONCE: i64 = 16;
/// How long a question keeps others from asking the same.
const LEASE: Duration = Duration::from_secs(300);

/// Asks about what is due of these accounts, of those that are ours. Returns how many questions there are.
pub(super) async fn ask_due(
    shared: &Arc<Shared>,
    accounts: &BTreeMap<FundingAccountId, Arc<Account>>,
    due: &[FundingAccountId],
    worker: &str,
    tasks: &mut JoinSet<()>,
) -> db::Result<usize> {
    let mut asked = 0;
    for account in due.iter().filter_map(|id| accounts.get(id)) {
        let (id, lease, by) = (account.id.clone(), account.held(), worker.to_owned());
        let claimed = shared.db.write_as(Turn::Worker, Isolation::Serializable, move |tx| claim(tx, &id, &lease, &by)).await?;
        asked += claimed.len();
        for closed in claimed {
            tasks.spawn(ask(Arc::clone(shared), Arc::clone(account), worker.to_owned(), closed));
        }
    }
    Ok(asked)
}

/// Takes what is due, if the account is still ours.
fn claim(tx: &mut WriteTx<'_>, account: &FundingAccountId, lease: &Lease, worker: &str) -> db::Result<Vec<ClosedRow>> {
    if store::still_held(tx, worker, &[(lease.name.clone(), lease.epoch)])?.is_empty() {
        return Ok(Vec::new());
    }
    let lease_until = tx.now().after(LEASE);
    store::due_closed(tx, account, lease_until, AT_ONCE)
}

/// Asks about one id, and writes down what was heard.
async fn ask(shared: Arc<Shared>, account: Arc<Account>, worker: String, closed: ClosedRow) {
    let slot = account.slot(Step::Begin, &closed.batch, None).await;
    let (sent_at, clock_is_steady) = shared.steady_now(&account.rules);
    let exchange = account.client.transfer(&closed.transfer).await;
    drop(slot);
    let word = word_of(exchange.answer.clone(), None);
    let watched = watched(&closed);
    let heard = Heard { word, sent_at, clock_is_steady };
    let next = match core::on_word_of_closed(&watched, &heard, shared.now(), &account.rules) {
        Lookout::AskControl => core::on_control_of_closed(&watched, hub_answers(&account, &closed.batch).await, shared.now()),
        next => next,
    };
    let written = write(&shared, worker, closed, next, sent_at, exchange).await;
    if let Err(error) = written {
        tracing::warn!(%error, "dispatch.closed: what was heard of a closed transfer was not written; it is asked about again");
    }
}

/// A GET of an id that nobody ever used.
async fn hub_answers(account: &Account, batch: &BatchId) -> bool {
    let slot = account.slot(Step::Begin, batch, None).await;
    let exchange = account.client.transfer(&TransferId::from(uuid::Uuid::new_v4().to_string())).await;
    drop(slot);
    matches!(exchange.answer, TransferAnswer::NotFound)
}

fn watched(closed: &ClosedRow) -> Watched {
    Watched {
        said: closed.said,
        executable_until: closed.executable_until,
        remembered_until: closed.remembered_until,
        unshown: closed.unshown_since.map(|since| Unshown { since, times: closed.unshown_count }),
    }
}

async fn write(
    shared: &Shared,
    worker: String,
    closed: ClosedRow,
    next: Lookout,
    sent_at: Instant,
    exchange: Exchange<TransferAnswer>,
) -> db::Result<()> {
    shared
        .db
        .write_as(Turn::Worker, Isolation::Serializable, move |tx| {
            let verdict = exchange.answer.verdict();
            let (unshown, next_at, kind) = match &next {
                Lookout::Alarm(kind) => (None, None, Some(*kind)),
                Lookout::Goes { unshown, next_at } => (*unshown, Some(*next_at), None),
                Lookout::AskControl => (None, Some(closed.next_at), None),
            };
            let end = closed.closed_at.map(|at| at.after(CLOSED_ASK_FOR));
            let next_at = next_at.filter(|at| end.is_none_or(|end| *at <= end));
            if !store::note_heard(tx, &closed, verdict, unshown, next_at)? {
                return Ok(());
            }
            // Every hour the same answer is kept once.
            if kind.is_some() || closed.heard.as_deref() != Some(verdict) {
                keep(tx, &worker, &closed, sent_at, &exchange)?;
            }
            let Some(kind) = kind else { return Ok(()) };
            raise(tx, &closed, kind)
        })
        .await
}

fn keep(tx: &mut WriteTx<'_>, worker: &str, closed: &ClosedRow, sent_at: Instant, exchange: &Exchange<TransferAnswer>) -> db::Result<()> {
    let id = AttemptId::new(tx.now());
    let reply: Reply = kept(&id, 0, Call::GetTransfer, Some(closed.transfer.clone()), sent_at, exchange);
    let attempt = Attempt {
        id,
        row_key: closed.row_id.clone(),
        purpose: "reconcile",
        n: closed.n,
        transfer: closed.transfer.clone(),
        worker: worker.to_owned(),
        at: sent_at.micros(),
    };
    store::keep_closed_reply(tx, attempt, &reply)
}

fn raise(tx: &mut WriteTx<'_>, closed: &ClosedRow, kind: AlarmKind) -> db::Result<()> {
    resolutions::raise(tx, &closed.row_id, &closed.transfer, kind)?;
    if kind == AlarmKind::PossibleDoublePayment {
        by_people::halt(tx, &closed.row_id, closed.n)?;
    }
    Ok(())
}
