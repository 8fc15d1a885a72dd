//! An approved payroll of Hlaing that the network leaves in doubt, and people who may find out what became of it.

use diesel::prelude::*;
use outlay::approvals::{self, Decision, DecisionForm};
use outlay::audit::By;
use outlay::db::{self, Conn};
use outlay::dispatch::{AlarmKind, Ending, TransferState};
use outlay::ids::{BatchId, ResolutionId, RowId};
use outlay::privileges::Action;
use outlay::resolutions::{self, Proposal, Refusal};

use crate::support::batches::{File, WAGES, actor, branch, find, submitted};
use crate::support::cast::{HLA, HLAING, MANDALAY, Office, Person, THIRI, add_person};
use crate::support::portal::Portal;

const RESOLVES: &[Action] = &[Action::ResolvePayment, Action::ViewPayroll];

const fn resolver(user_name: &'static str, full_name: &'static str, office: Office) -> Person {
    Person { user_name, full_name, office, actions: RESOLVES, is_account_manager: false }
}

/// They find out what became of payments: two in Hlaing, one in Mandalay.
pub const NAN: Person = resolver("nan", "Nan Khin", HLAING);
pub const WAI: Person = resolver("wai", "Ko Wai Yan", HLAING);
pub const MIN: Person = resolver("min", "U Min Thu", MANDALAY);

/// The three of them have arrived; Hlaing's wages are approved.
pub async fn approved(portal: &Portal) -> BatchId {
    for person in [&NAN, &WAI, &MIN] {
        arrives(portal, person).await;
    }
    another(portal, &WAGES).await
}

pub async fn arrives(portal: &Portal, person: &Person) {
    let (office, person) = (branch(portal, person.office).await, *person);
    portal.institution.db.write(move |tx| add_person(tx, &By::operator("a test"), &person, &office)).await.unwrap();
    let sql = format!("UPDATE users SET email = '{0}@example.com' WHERE user_name = '{0}'", person.user_name);
    run(portal, &sql).await;
}

/// One more approved batch of Thiri's.
pub async fn another(portal: &Portal, file: &File<'_>) -> BatchId {
    let id = submitted(portal, &THIRI, file).await;
    let seal = find(portal, &id).await.seal.unwrap();
    let form = DecisionForm { batch: id.clone(), decision: Decision::Approved, reason: String::new(), seal };
    let hla = actor(portal, &HLA).await;
    portal.institution.db.write(move |tx| approvals::decide(tx, &hla, &form)).await.unwrap();
    id
}

pub async fn run(portal: &Portal, sql: &str) {
    let sql = sql.to_owned();
    let write = move |tx: &mut db::WriteTx<'_>| {
        db::batch_execute(tx, &sql).unwrap();
        Ok::<_, db::Error>(())
    };
    portal.institution.db.write(write).await.unwrap();
}

/// The whole batch stands as if dispatch had left it so: `(line, state, reason as it is kept, code)`; other lines are paid.
pub async fn left(portal: &Portal, batch: &BatchId, lines: &[(i64, TransferState, &str, Option<&str>)]) {
    let now = portal.institution.clock().now().micros();
    let hour = 3_600_000_000_i64;
    let mut sql = format!("UPDATE transfers SET state = 'succeeded', next_at = NULL, settled_at = {now} WHERE batch_id = '{batch}';");
    for (line, state, why, code) in lines {
        let code = code.map_or("NULL".to_owned(), |code| format!("'{code}'"));
        let (since, next, settled) = match state {
            TransferState::Failed => ("NULL".to_owned(), "NULL".to_owned(), now.to_string()),
            _ => ((now - 2 * hour).to_string(), (now + hour).to_string(), "NULL".to_owned()),
        };
        sql.push_str(&format!(
            "UPDATE transfers SET state = '{}', reason = '{{\"why\":\"{why}\"}}', code = {code}, doubt_since = {since}, next_at = {next}, \
             settled_at = {settled} WHERE batch_id = '{batch}' AND line = {line};",
            state.as_str()
        ));
    }
    let set = ["succeeded", "failed", "needs_attention", "in_doubt"].map(|count| {
        let of = |what: &str| format!("(SELECT {what} FROM transfers WHERE batch_id = '{batch}' AND state = '{count}')");
        format!("{count} = {}, sum_{count} = {}", of("COUNT(*)"), of("COALESCE(CAST(SUM(amount) AS BIGINT), 0)"))
    });
    let is_open = lines.iter().any(|(_, state, ..)| *state == TransferState::InDoubt);
    let state = if is_open { "processing" } else { "processed" };
    sql.push_str(&format!(
        "UPDATE batches SET state = '{state}', started_at = {now}, processed_at = {now}, waiting = 0, sum_waiting = 0, {} WHERE id = '{batch}';",
        set.join(", ")
    ));
    run(portal, &sql).await;
}

/// Line 2 needs attention, and nothing else does.
pub async fn needs_attention(portal: &Portal) -> (BatchId, RowId) {
    let batch = approved(portal).await;
    left(portal, &batch, &[(2, TransferState::NeedsAttention, "no_word", None)]).await;
    let row = row_of(portal, &batch, 2).await;
    (batch, row)
}

pub async fn row_of(portal: &Portal, batch: &BatchId, line: i64) -> RowId {
    use outlay::db::schema::transfers::dsl;
    let batch = batch.clone();
    let find = move |conn: &mut Conn| {
        Ok::<_, db::Error>(dsl::transfers.filter(dsl::batch_id.eq(batch)).filter(dsl::line.eq(line)).select(dsl::id).first(conn)?)
    };
    portal.institution.db.read(find).await.unwrap()
}

/// State, n and when it is looked at next.
pub async fn standing(portal: &Portal, row: &RowId) -> (TransferState, i32, Option<i64>) {
    use outlay::db::schema::transfers::dsl;
    let row = row.clone();
    let find = move |conn: &mut Conn| {
        Ok::<_, db::Error>(
            dsl::transfers.find(row).select((dsl::state, dsl::n, dsl::next_at)).first::<(TransferState, i32, Option<i64>)>(conn)?,
        )
    };
    portal.institution.db.read(find).await.unwrap()
}

pub fn says(row: &RowId, ending: Ending) -> Proposal {
    let (note, evidence) = ("The bank called back".to_owned(), "Daw Mya at KBZPay, 21 Nov, ref 7788".to_owned());
    Proposal { row: row.clone(), ending, note, evidence }
}

pub async fn propose(portal: &Portal, person: &Person, row: &RowId, ending: Ending) -> Result<ResolutionId, Refusal> {
    let (actor, proposal) = (actor(portal, person).await, says(row, ending));
    portal.institution.db.write(move |tx| resolutions::propose(tx, &actor, &proposal)).await
}

pub async fn confirm(portal: &Portal, person: &Person, id: &ResolutionId) -> Result<Ending, Refusal> {
    let (actor, id) = (actor(portal, person).await, id.clone());
    portal.institution.db.write(move |tx| resolutions::confirm(tx, &actor, &id)).await
}

/// The network tells another end after all.
pub async fn alarm(portal: &Portal, row: &RowId, kind: AlarmKind) {
    let row = row.clone();
    let raise = move |tx: &mut db::WriteTx<'_>| resolutions::raise(tx, &row, &outlay::ids::TransferId::from("the-id"), kind);
    portal.institution.db.write(raise).await.unwrap();
}

/// Kind and address of the letters on their way.
pub async fn letters(portal: &Portal) -> Vec<(String, String)> {
    use outlay::db::schema::outbox::dsl;
    let find = |conn: &mut Conn| {
        let letters =
            dsl::outbox.filter(dsl::kind.eq("operations")).order((dsl::created_at, dsl::address)).select((dsl::address, dsl::letter));
        Ok::<_, db::Error>(letters.load::<(String, String)>(conn)?)
    };
    portal.institution.db.read(find).await.unwrap()
}

/// A third who may resolve payments in Hlaing.
pub async fn arrive_third(portal: &Portal) -> Person {
    let third = resolver("aung", "U Aung Ko", HLAING);
    arrives(portal, &third).await;
    third
}
