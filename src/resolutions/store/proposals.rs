//! What people say of a payment's end.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::clock::Instant;
use crate::db::schema::resolutions;
use crate::db::{Conn, Error, Question, Result, WriteTx};
use crate::dispatch::{Closed, Ending};
use crate::ids::{BatchId, ResolutionId, RowId, TransferId, UserId};
use crate::resolutions::{Resolver, State};

/// A proposal, and what became of it.
#[derive(Debug, Clone, QueryableByName)]
pub struct Resolution {
    #[diesel(sql_type = Text)]
    pub id: ResolutionId,
    #[diesel(sql_type = Text)]
    pub row_id: RowId,
    #[diesel(sql_type = Text)]
    pub transfer_id: TransferId,
    #[diesel(sql_type = Integer)]
    pub n: i32,
    #[diesel(sql_type = Text)]
    pub ending: Ending,
    #[diesel(sql_type = Text)]
    pub note: String,
    #[diesel(sql_type = Text)]
    pub evidence: String,
    #[diesel(sql_type = Text)]
    pub proposed_by_id: UserId,
    #[diesel(sql_type = Text)]
    pub proposed_by: String,
    #[diesel(sql_type = BigInt)]
    pub proposed_at: Instant,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = Nullable<Text>)]
    pub decided_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub decided_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub decided_because: Option<String>,
    /// The network's last word since it was closed, and when it was heard.
    #[diesel(sql_type = Nullable<Text>)]
    pub heard: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub heard_at: Option<Instant>,
}

const PROPOSALS: &str = "SELECT p.id, p.row_id, p.transfer_id, p.n, p.outcome AS ending, p.note, p.evidence, \
     p.proposed_by AS proposed_by_id, u.full_name AS proposed_by, p.proposed_at, p.state, d.full_name AS decided_by, p.decided_at, \
     p.decided_because, p.heard, p.heard_at FROM resolutions p JOIN users u ON u.id = p.proposed_by LEFT JOIN users d ON d.id = p.decided_by";

/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &ResolutionId) -> Result<Option<Resolution>> {
    let mut question = Question::default();
    let id = question.text(id.as_str());
    Ok(question.load::<Resolution>(conn, &format!("{PROPOSALS} WHERE p.id = {id}"))?.into_iter().next())
}

/// All that was said of a payment, oldest first.
///
/// # Errors
/// The database's.
pub fn resolutions_of_row(conn: &mut Conn, row: &RowId) -> Result<Vec<Resolution>> {
    let mut question = Question::default();
    let row = question.text(row.as_str());
    question.load(conn, &format!("{PROPOSALS} WHERE p.row_id = {row} ORDER BY p.proposed_at, p.id"))
}

/// Proposals that wait for this person's word, the longest wait first: of others, and of no batch they made a part of.
///
/// # Errors
/// The database's.
pub fn proposals_for(conn: &mut Conn, resolver: &Resolver, most: i64) -> Result<Vec<Resolution>> {
    if resolver.resolves_nothing() {
        return Ok(Vec::new());
    }
    let mut question = Question::default();
    let (user, within) = (question.text(resolver.user().as_str()), resolver.of_batches(&mut question));
    let most = question.number(most);
    let sql = format!(
        "{PROPOSALS} JOIN batches b ON b.id = p.batch_id WHERE p.state = 'proposed' AND p.proposed_by <> {user} AND {within} \
         AND NOT EXISTS (SELECT 1 FROM batch_makers m WHERE m.batch_id = b.id AND m.user_id = {user}) \
         ORDER BY p.proposed_at, p.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

pub(in crate::resolutions) fn is_any_open(conn: &mut Conn, row: &RowId) -> Result<bool> {
    let open = resolutions::table.filter(resolutions::row_id.eq(row)).filter(resolutions::state.eq(State::Proposed));
    Ok(open.select(resolutions::id).first::<ResolutionId>(conn).optional()?.is_some())
}

pub(in crate::resolutions) struct New<'a> {
    pub row: &'a RowId,
    pub batch: &'a BatchId,
    pub transfer: &'a TransferId,
    pub n: i32,
    pub ending: Ending,
    pub note: &'a str,
    pub evidence: &'a str,
}

pub(in crate::resolutions) fn insert(tx: &mut WriteTx<'_>, new: &New<'_>, by: &UserId) -> Result<ResolutionId> {
    let now = tx.now();
    let id = ResolutionId::new(now);
    diesel::insert_into(resolutions::table)
        .values((
            resolutions::id.eq(&id),
            resolutions::row_id.eq(new.row),
            resolutions::batch_id.eq(new.batch),
            resolutions::transfer_id.eq(new.transfer),
            resolutions::n.eq(new.n),
            resolutions::outcome.eq(new.ending),
            resolutions::note.eq(new.note),
            resolutions::evidence.eq(new.evidence),
            resolutions::proposed_by.eq(by),
            resolutions::proposed_at.eq(now),
            resolutions::state.eq(State::Proposed),
            resolutions::unshown_count.eq(0),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Moves a proposal that waits; exactly one row or Conflict.
pub(in crate::resolutions) fn decide(tx: &mut WriteTx<'_>, id: &ResolutionId, to: State, by: &UserId, because: Option<&str>) -> Result<()> {
    if !State::Proposed.may_become(to) {
        return Err(Error::Conflict);
    }
    let now = tx.now();
    let waiting = resolutions::table.filter(resolutions::id.eq(id)).filter(resolutions::state.eq(State::Proposed));
    let changed = diesel::update(waiting)
        .set((
            resolutions::state.eq(to),
            resolutions::decided_by.eq(by),
            resolutions::decided_at.eq(now),
            resolutions::decided_because.eq(because),
        ))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// It is asked about from now on.
pub(in crate::resolutions) fn watch(tx: &mut WriteTx<'_>, id: &ResolutionId, closed: &Closed) -> Result<()> {
    diesel::update(resolutions::table.find(id))
        .set((
            resolutions::next_at.eq(closed.next_at),
            resolutions::executable_until.eq(closed.executable_until),
            resolutions::remembered_until.eq(closed.remembered_until),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The network told how these payments ended: what people proposed does not wait any more.
///
/// # Errors
/// The database's.
pub fn overtake<'a>(tx: &mut WriteTx<'_>, rows: impl Iterator<Item = &'a RowId>) -> Result<()> {
    let rows: Vec<&RowId> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    diesel::update(resolutions::table.filter(resolutions::row_id.eq_any(rows)).filter(resolutions::state.eq(State::Proposed)))
        .set((resolutions::state.eq(State::Overtaken), resolutions::decided_at.eq(now)))
        .execute(&mut **tx)?;
    Ok(())
}
