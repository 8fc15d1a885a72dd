//! Notices on their way into a person's next gathered mail.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::approvals::Checker;
use crate::batches::State;
use crate::clock::Instant;
use crate::db::schema::{gatherings, notices, users};
use crate::db::{Conn, Question, Result, WriteTx, on};
use crate::ids::{BatchId, NoticeId, Reference, UserId};
use crate::mail::{Notice, NoticeKind};
use crate::money::{Currency, Minor};
use crate::search::Scope;

pub(in crate::mail) fn insert(tx: &mut WriteTx<'_>, people: &[UserId], notice: &Notice) -> Result<()> {
    let now = tx.now();
    let details = notice.details.to_string();
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            (
                notices::id.eq(NoticeId::new(now)),
                notices::user_id.eq(person),
                notices::kind.eq(notice.kind),
                notices::batch_id.eq(&notice.batch),
                notices::details.eq(&details),
                notices::at.eq(now),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    on!(&mut **tx, conn => diesel::insert_into(notices::table).values(&rows).execute(conn))?;
    Ok(())
}

#[derive(QueryableByName)]
struct Person {
    #[diesel(sql_type = Text)]
    user_id: UserId,
}

/// People with notices who were sent no gathered mail since a moment, the longest wait first.
pub(in crate::mail) fn people_due(conn: &mut Conn, since: Instant, most: i64) -> Result<Vec<UserId>> {
    let mut question = Question::default();
    let (since, most) = (question.number(since.micros()), question.number(most));
    let sql = format!(
        "SELECT n.user_id FROM notices n LEFT JOIN gatherings g ON g.user_id = n.user_id WHERE g.last_at IS NULL OR g.last_at <= {since} \
         GROUP BY n.user_id ORDER BY MIN(n.at), n.user_id LIMIT {most}"
    );
    Ok(question.load::<Person>(conn, &sql)?.into_iter().map(|person| person.user_id).collect())
}

/// Where a person's mail goes: `None` for one who is not active or has no address.
pub(in crate::mail) fn address_of(conn: &mut Conn, user: &UserId) -> Result<Option<String>> {
    let found: Option<Option<String>> =
        users::table.find(user).filter(users::is_active.eq(true)).select(users::email).first(conn).optional()?;
    Ok(found.flatten().filter(|address| !address.trim().is_empty()))
}

/// A notice with its batch as it stands now.
#[derive(Debug, Clone, QueryableByName)]
pub(in crate::mail) struct Kept {
    #[diesel(sql_type = Text)]
    pub id: NoticeId,
    #[diesel(sql_type = Text)]
    pub kind: NoticeKind,
    #[diesel(sql_type = Text)]
    pub details: String,
    #[diesel(sql_type = Text)]
    pub batch: BatchId,
    #[diesel(sql_type = Text)]
    pub reference: Reference,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub branch: String,
    #[diesel(sql_type = Text)]
    pub state: State,
    #[diesel(sql_type = Nullable<Text>)]
    pub pause_reason: Option<String>,
    /// Payments that wait to be paid, and their sum.
    #[diesel(sql_type = BigInt)]
    pub waiting: i64,
    #[diesel(sql_type = BigInt)]
    pub sum: Minor,
    #[diesel(sql_type = Text)]
    pub currency: Currency,
    #[diesel(sql_type = BigInt)]
    pub needs_attention: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub submitted_by: Option<String>,
    /// 1 where the person may see the batch now.
    #[diesel(sql_type = Integer)]
    pub sees: i32,
    /// 1 where it waits for this person's decision now.
    #[diesel(sql_type = Integer)]
    pub waits_for_them: i32,
}

/// A person's notices, oldest first.
pub(in crate::mail) fn of_person(conn: &mut Conn, user: &UserId, scope: &Scope, checker: &Checker, most: i64) -> Result<Vec<Kept>> {
    let mut question = Question::default();
    let (sees, waits) = (scope.of_batches(&mut question), checker.tasks(&mut question));
    let (user, most) = (question.text(user.as_str()), question.number(most));
    let sql = format!(
        "SELECT n.id, n.kind, n.details, b.id AS batch, b.reference, b.name, r.name AS branch, b.state, b.pause_reason, b.waiting, \
         b.sum_waiting AS sum, b.currency, b.needs_attention, (SELECT u.full_name FROM users u WHERE u.id = b.submitted_by) AS submitted_by, \
         CASE WHEN {sees} THEN 1 ELSE 0 END AS sees, CASE WHEN {waits} THEN 1 ELSE 0 END AS waits_for_them \
         FROM notices n JOIN batches b ON b.id = n.batch_id JOIN branches r ON r.id = b.branch_id \
         WHERE n.user_id = {user} ORDER BY n.at, n.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

/// Takes a person's notices away; `only`: these, else all.
pub(in crate::mail) fn delete(tx: &mut WriteTx<'_>, user: &UserId, only: Option<&[Kept]>) -> Result<usize> {
    let theirs = notices::table.filter(notices::user_id.eq(user));
    Ok(match only {
        Some(only) => diesel::delete(theirs.filter(notices::id.eq_any(only.iter().map(|kept| &kept.id)))).execute(&mut **tx)?,
        None => diesel::delete(theirs).execute(&mut **tx)?,
    })
}

pub(in crate::mail) fn is_any(conn: &mut Conn) -> Result<bool> {
    Ok(notices::table.select(notices::id).first::<NoticeId>(conn).optional()?.is_some())
}

pub(in crate::mail) fn delete_all(tx: &mut WriteTx<'_>) -> Result<()> {
    diesel::delete(notices::table).execute(&mut **tx)?;
    Ok(())
}

/// From now on the person has been sent a gathered mail.
pub(in crate::mail) fn remember_gathering(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let now = tx.now();
    diesel::delete(gatherings::table.find(user)).execute(&mut **tx)?;
    diesel::insert_into(gatherings::table).values((gatherings::user_id.eq(user), gatherings::last_at.eq(now))).execute(&mut **tx)?;
    Ok(())
}
