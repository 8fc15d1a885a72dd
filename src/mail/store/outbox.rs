//! The outbox: letters on their way, and those that could not be delivered.

use diesel::QueryableByName;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use crate::clock::Instant;
use crate::db::schema::outbox;
use crate::db::{Conn, Question, Result, WriteTx};
use crate::ids::{MailId, UserId};
use crate::mail::{Letter, LetterKind, MailState};

/// In the words of the partial index, or neither engine would use it.
const WAITING: &str = "outbox.state = 'waiting'";

pub(in crate::mail) fn insert(tx: &mut WriteTx<'_>, letter: &Letter) -> Result<()> {
    let now = tx.now();
    let text = serde_json::to_string(&letter.text).unwrap_or_default();
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(MailId::new(now)),
            outbox::kind.eq(letter.kind),
            outbox::user_id.eq(&letter.user),
            outbox::address.eq(&letter.address),
            outbox::letter.eq(text),
            outbox::state.eq(MailState::Waiting),
            outbox::tries.eq(0),
            outbox::next_at.eq(now),
            outbox::until_at.eq(letter.until),
            outbox::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// A letter of the outbox, with what a compare-and-swap on it compares.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(in crate::mail) struct Kept {
    pub id: MailId,
    pub kind: LetterKind,
    pub user_id: Option<UserId>,
    pub address: String,
    /// JSON of a [`crate::mail::LetterText`]; empty once it is sent.
    pub letter: String,
    pub state: MailState,
    pub tries: i32,
    pub next_at: Option<Instant>,
    pub until_at: Option<Instant>,
}

pub(in crate::mail) fn find(conn: &mut Conn, id: &MailId) -> Result<Option<Kept>> {
    Ok(outbox::table.find(id).select(Kept::as_select()).first(conn).optional()?)
}

/// Whether a letter is due.
pub(in crate::mail) fn is_any_due(conn: &mut Conn, now: Instant) -> Result<bool> {
    Ok(oldest_due(conn, now)?.is_some())
}

/// Whether a letter waits at all.
pub(in crate::mail) fn is_any_waiting(conn: &mut Conn) -> Result<bool> {
    let waiting = outbox::table.filter(sql::<Bool>(WAITING)).select(outbox::id).first::<MailId>(conn).optional()?;
    Ok(waiting.is_some())
}

/// The letter that is due longest.
pub(in crate::mail) fn oldest_due(conn: &mut Conn, now: Instant) -> Result<Option<Kept>> {
    let due = outbox::table.filter(sql::<Bool>(WAITING)).filter(outbox::next_at.le(now)).order((outbox::next_at, outbox::id));
    Ok(due.select(Kept::as_select()).first(conn).optional()?)
}

/// How a letter stands after a step.
pub(in crate::mail) struct Stand {
    pub state: MailState,
    pub tries: i32,
    pub next_at: Option<Instant>,
    /// `None`: what it said is kept.
    pub letter: Option<&'static str>,
    pub trouble: Option<String>,
}

/// Moves a letter on, if it still stands as it was read. `false`: somebody else moved it first.
pub(in crate::mail) fn swap(tx: &mut WriteTx<'_>, from: &Kept, to: &Stand) -> Result<bool> {
    let now = tx.now();
    let same = outbox::table
        .filter(outbox::id.eq(&from.id))
        .filter(outbox::state.eq(from.state))
        .filter(outbox::tries.eq(from.tries))
        // A waiting letter always has a next time, and no other one has.
        .filter(outbox::next_at.eq(from.next_at).or(outbox::next_at.is_null()));
    let ended_at = (to.state != MailState::Waiting).then_some(now);
    let moved = diesel::update(same)
        .set((
            outbox::state.eq(to.state),
            outbox::tries.eq(to.tries),
            outbox::next_at.eq(to.next_at),
            outbox::letter.eq(to.letter.map_or_else(|| from.letter.clone(), str::to_owned)),
            outbox::ended_at.eq(ended_at),
            outbox::trouble.eq(&to.trouble),
        ))
        .execute(&mut **tx)?;
    Ok(moved == 1)
}

/// Nothing will be sent: every waiting letter is dropped and forgotten, at most so many at once. Returns how many.
pub(in crate::mail) fn drop_waiting(tx: &mut WriteTx<'_>, trouble: &str, most: i64) -> Result<usize> {
    let now = tx.now();
    let some: Vec<MailId> =
        outbox::table.filter(sql::<Bool>(WAITING)).order(outbox::next_at).limit(most).select(outbox::id).load(&mut **tx)?;
    let waiting = outbox::table.filter(outbox::id.eq_any(some)).filter(outbox::state.eq(MailState::Waiting));
    Ok(diesel::update(waiting)
        .set((
            outbox::state.eq(MailState::Dropped),
            outbox::letter.eq(""),
            outbox::next_at.eq(None::<Instant>),
            outbox::ended_at.eq(now),
            outbox::trouble.eq(trouble),
        ))
        .execute(&mut **tx)?)
}

/// What undelivered letters whose time is over said is forgotten.
pub(in crate::mail) fn forget_texts(tx: &mut WriteTx<'_>) -> Result<()> {
    let now = tx.now();
    let over =
        outbox::table.filter(outbox::state.eq(MailState::Undelivered)).filter(outbox::until_at.le(now)).filter(outbox::letter.ne(""));
    diesel::update(over).set(outbox::letter.eq("")).execute(&mut **tx)?;
    Ok(())
}

/// Letters of these states that ended before a moment are gone.
pub(in crate::mail) fn delete_ended(tx: &mut WriteTx<'_>, states: &[MailState], before: Instant) -> Result<()> {
    diesel::delete(outbox::table.filter(outbox::state.eq_any(states)).filter(outbox::ended_at.lt(before))).execute(&mut **tx)?;
    Ok(())
}

/// A letter as the list of undelivered mail shows it: never what it says.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::mail) struct Listed {
    #[diesel(sql_type = Text)]
    pub id: MailId,
    #[diesel(sql_type = Text)]
    pub kind: LetterKind,
    #[diesel(sql_type = Text)]
    pub state: MailState,
    #[diesel(sql_type = Nullable<Text>)]
    pub person: Option<String>,
    #[diesel(sql_type = Text)]
    pub address: String,
    #[diesel(sql_type = BigInt)]
    pub created_at: Instant,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub next_at: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub until_at: Option<Instant>,
    #[diesel(sql_type = Nullable<Text>)]
    pub trouble: Option<String>,
}

/// Letters that were given up, newest first, and before them those that are being tried again.
pub(in crate::mail) fn in_trouble(conn: &mut Conn, offset: i64, limit: i64, most: i64) -> Result<(Vec<Listed>, i64)> {
    let mut question = Question::default();
    let from = "FROM outbox o WHERE (o.state = 'undelivered' OR (o.state = 'waiting' AND o.trouble IS NOT NULL))";
    let counted = question.count(conn, from, most)?;
    let (limit, offset) = (question.number(limit), question.number(offset));
    let sql = format!(
        "SELECT o.id, o.kind, o.state, (SELECT u.full_name FROM users u WHERE u.id = o.user_id) AS person, o.address, o.created_at, \
         o.next_at, o.until_at, o.trouble {from} ORDER BY o.state DESC, o.created_at DESC, o.id DESC LIMIT {limit} OFFSET {offset}"
    );
    Ok((question.load(conn, &sql)?, counted))
}

/// How far undelivered letters are counted.
const COUNTED_MAX: i64 = 999;

/// How many letters were given up and wait for an account manager.
///
/// # Errors
/// The database's.
pub fn undelivered_count(conn: &mut Conn) -> Result<i64> {
    Question::default().count(conn, "FROM outbox o WHERE o.state = 'undelivered'", COUNTED_MAX)
}
