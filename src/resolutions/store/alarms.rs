//! Alarms.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::Case;
use crate::batches::PaymentType;
use crate::clock::Instant;
use crate::db::schema::alarms;
use crate::db::{Conn, Error, Question, Result, WriteTx};
use crate::dispatch::AlarmKind;
use crate::ids::{AlarmId, BatchId, BranchId, Reference, RowId, TransferId, UserId};
use crate::money::{Currency, Minor};
use crate::resolutions::AlarmState;

/// An alarm; nothing of it names a payee.
#[derive(Debug, Clone, QueryableByName)]
pub struct Alarm {
    #[diesel(sql_type = Text)]
    pub id: AlarmId,
    #[diesel(sql_type = Text)]
    pub kind: AlarmKind,
    #[diesel(sql_type = Text)]
    pub row_id: RowId,
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    #[diesel(sql_type = BigInt)]
    pub amount: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub batch_name: String,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub payment_type: PaymentType,
    #[diesel(sql_type = Text)]
    pub branch: BranchId,
    #[diesel(sql_type = Text)]
    pub branch_name: String,
    #[diesel(sql_type = Text)]
    pub transfer_id: TransferId,
    #[diesel(sql_type = BigInt)]
    pub raised_at: Instant,
    #[diesel(sql_type = Text)]
    pub state: AlarmState,
    #[diesel(sql_type = Nullable<Text>)]
    pub acknowledged_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub acknowledged_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub note: Option<String>,
}

const ALARMS: &str = "SELECT a.id, a.kind, a.row_id, t.line, t.amount, t.currency, b.id AS batch, b.name AS batch_name, b.reference, \
     b.payment_type, a.branch_id AS branch, r.name AS branch_name, a.transfer_id, a.raised_at, a.state, u.full_name AS acknowledged_by, \
     a.acknowledged_at, a.note FROM alarms a JOIN transfers t ON t.id = a.row_id JOIN batches b ON b.id = a.batch_id \
     JOIN branches r ON r.id = a.branch_id LEFT JOIN users u ON u.id = a.acknowledged_by";

/// # Errors
/// The database's.
pub fn alarm(conn: &mut Conn, id: &AlarmId) -> Result<Option<Alarm>> {
    let mut question = Question::default();
    let id = question.text(id.as_str());
    Ok(question.load::<Alarm>(conn, &format!("{ALARMS} WHERE a.id = {id}"))?.into_iter().next())
}

/// Of one payment, oldest first.
///
/// # Errors
/// The database's.
pub fn alarms_of_row(conn: &mut Conn, row: &RowId) -> Result<Vec<Alarm>> {
    let mut question = Question::default();
    let row = question.text(row.as_str());
    question.load(conn, &format!("{ALARMS} WHERE a.row_id = {row} ORDER BY a.raised_at, a.id"))
}

/// Of one batch, the open ones first, at most `most`.
///
/// # Errors
/// The database's.
pub fn alarms_of_batch(conn: &mut Conn, batch: &BatchId, most: i64) -> Result<Vec<Alarm>> {
    let mut question = Question::default();
    let (batch, most) = (question.text(batch.as_str()), question.number(most));
    question.load(conn, &format!("{ALARMS} WHERE a.batch_id = {batch} ORDER BY a.state DESC, a.raised_at, a.id LIMIT {most}"))
}

/// Nobody has acknowledged them yet; `branches`: only of these. Oldest first, at most `most`.
///
/// # Errors
/// The database's.
pub fn open_alarms(conn: &mut Conn, branches: Option<&[BranchId]>, most: i64) -> Result<Vec<Alarm>> {
    let mut question = Question::default();
    let within = match branches {
        Some(branches) => format!("AND a.branch_id IN ({})", question.texts(branches.iter().map(BranchId::as_str))),
        None => String::new(),
    };
    let most = question.number(most);
    question.load(conn, &format!("{ALARMS} WHERE a.state = 'open' {within} ORDER BY a.raised_at, a.id LIMIT {most}"))
}

/// `None` where this alarm was raised before.
pub(in crate::resolutions) fn insert_alarm(
    tx: &mut WriteTx<'_>,
    case: &Case,
    transfer: &TransferId,
    kind: AlarmKind,
) -> Result<Option<AlarmId>> {
    let same = alarms::table.filter(alarms::row_id.eq(&case.row_id)).filter(alarms::transfer_id.eq(transfer)).filter(alarms::kind.eq(kind));
    if same.select(alarms::id).first::<AlarmId>(&mut **tx).optional()?.is_some() {
        return Ok(None);
    }
    let now = tx.now();
    let id = AlarmId::new(now);
    diesel::insert_into(alarms::table)
        .values((
            alarms::id.eq(&id),
            alarms::kind.eq(kind),
            alarms::row_id.eq(&case.row_id),
            alarms::batch_id.eq(&case.batch),
            alarms::branch_id.eq(&case.branch),
            alarms::transfer_id.eq(transfer),
            alarms::raised_at.eq(now),
            alarms::state.eq(AlarmState::Open),
        ))
        .execute(&mut **tx)?;
    Ok(Some(id))
}

/// One that is open; exactly one row or Conflict.
pub(in crate::resolutions) fn acknowledge(tx: &mut WriteTx<'_>, id: &AlarmId, by: &UserId, note: &str) -> Result<()> {
    let now = tx.now();
    let open = alarms::table.filter(alarms::id.eq(id)).filter(alarms::state.eq(AlarmState::Open));
    let changed = diesel::update(open)
        .set((
            alarms::state.eq(AlarmState::Acknowledged),
            alarms::acknowledged_by.eq(by),
            alarms::acknowledged_at.eq(now),
            alarms::note.eq(note),
        ))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}
