//! What a person has left open when they leave, and the end of it.

use diesel::prelude::*;

use crate::audit::By;
use crate::clock::Instant;
use crate::confirmations;
use crate::db::schema::{confirmations as asked, sessions, users};
use crate::db::{Conn, Error, Question, Result, WriteTx};
use crate::ids::{ConfirmationId, UserId};
use crate::people::deactivation::{GrantedBy, TheirBatch};

/// What is told of a batch of theirs, but for whether they approved it.
const TOLD: &str = "b.id, b.reference, b.name, b.branch_id AS branch, r.name AS branch_name, b.payment_type, b.state, b.total, \
     b.sum_total AS sum, b.currency, b.pause_reason";

/// Drafts that nobody else who is active made a part of, oldest first.
pub(in crate::people) fn drafts_of_leaver(conn: &mut Conn, user: &UserId, most: i64) -> Result<Vec<TheirBatch>> {
    let mut question = Question::default();
    let (user, most) = (question.text(user.as_str()), question.number(most));
    let sql = format!(
        "SELECT {TOLD}, 0 AS approved FROM batches b JOIN branches r ON r.id = b.branch_id JOIN batch_makers m ON m.batch_id = b.id \
         WHERE m.user_id = {user} AND b.state IN ('draft', 'needs_correction') AND NOT EXISTS (SELECT 1 FROM batch_makers o \
         JOIN users u ON u.id = o.user_id WHERE o.batch_id = b.id AND o.user_id <> {user} AND u.is_active) \
         ORDER BY b.created_at, b.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

/// Batches that they made a part of or approved and that go on without them, oldest first.
pub(in crate::people) fn on_the_way(conn: &mut Conn, user: &UserId, most: i64) -> Result<Vec<TheirBatch>> {
    let mut question = Question::default();
    let (user, most) = (question.text(user.as_str()), question.number(most));
    let approved = format!(
        "SELECT d.batch_id FROM decisions d WHERE d.user_id = {user} AND d.decision = 'approved' \
         UNION SELECT a.batch_id FROM approvals_again a WHERE a.user_id = {user}"
    );
    let sql = format!(
        "SELECT {TOLD}, CASE WHEN b.id IN ({approved}) THEN 1 ELSE 0 END AS approved FROM batches b JOIN branches r ON r.id = b.branch_id \
         WHERE b.state IN ('checking', 'pending_approval', 'approved', 'scheduled', 'processing', 'paused', 'cancelling') \
         AND (b.id IN (SELECT m.batch_id FROM batch_makers m WHERE m.user_id = {user}) OR b.id IN ({approved})) \
         ORDER BY b.created_at, b.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

/// To whom they granted what is still open, by name.
pub(in crate::people) fn granted_by(conn: &mut Conn, user: &UserId, now: Instant, most: i64) -> Result<Vec<GrantedBy>> {
    let mut question = Question::default();
    let (user, now, most) = (question.text(user.as_str()), question.number(now.micros()), question.number(most));
    let sql = format!(
        "SELECT u.id, u.full_name, COUNT(*) AS grants FROM grants g JOIN users u ON u.id = g.user_id \
         WHERE g.given_by = {user} AND g.ended_at IS NULL AND (g.until_at IS NULL OR g.until_at > {now}) \
         GROUP BY u.id, u.full_name, u.name_folded ORDER BY u.name_folded, u.id LIMIT {most}"
    );
    question.load(conn, &sql)
}

pub(in crate::people) fn confirmations_of(conn: &mut Conn, user: &UserId) -> Result<i64> {
    let waiting = asked::table.filter(asked::state.eq(confirmations::State::Waiting));
    Ok(waiting.filter(asked::user_id.eq(user).or(asked::asked_by.eq(user))).count().get_result(conn)?)
}

pub(in crate::people) fn open_sessions(conn: &mut Conn, user: &UserId) -> Result<i64> {
    let open = sessions::table.filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    Ok(open.count().get_result(conn)?)
}

/// Active or not from now on; exactly one person, who was the other.
pub(in crate::people) fn set_active(tx: &mut WriteTx<'_>, user: &UserId, is_active: bool) -> Result<()> {
    let other = users::table.find(user).filter(users::is_active.eq(!is_active));
    match diesel::update(other).set(users::is_active.eq(is_active)).execute(&mut **tx)? {
        1 => Ok(()),
        _ => Err(Error::Conflict),
    }
}

/// An active account manager whose password opens nothing until they set a new one.
pub(in crate::people) fn make_account_manager(tx: &mut WriteTx<'_>, user: &UserId) -> Result<()> {
    let now = tx.now();
    let changed = diesel::update(users::table.find(user))
        .set((
            users::is_active.eq(true),
            users::is_account_manager.eq(true),
            users::password_hash.eq(""),
            users::must_set_password.eq(true),
            users::password_set_at.eq(now),
        ))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// What waits about them, or was asked by them.
pub(in crate::people) fn withdraw_confirmations(tx: &mut WriteTx<'_>, user: &UserId, by: &By) -> Result<Vec<ConfirmationId>> {
    let now = tx.now();
    let decider = by.id.as_ref().map_or(by.name.as_str(), UserId::as_str);
    let waiting =
        asked::table.filter(asked::state.eq(confirmations::State::Waiting)).filter(asked::user_id.eq(user).or(asked::asked_by.eq(user)));
    let ids: Vec<ConfirmationId> = waiting.select(asked::id).load(&mut **tx)?;
    let theirs = asked::table.filter(asked::id.eq_any(&ids)).filter(asked::state.eq(confirmations::State::Waiting));
    diesel::update(theirs)
        .set((asked::state.eq(confirmations::State::Withdrawn), asked::decided_by.eq(decider), asked::decided_at.eq(now)))
        .execute(&mut **tx)?;
    Ok(ids)
}
