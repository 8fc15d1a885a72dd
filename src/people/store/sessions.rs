//! Sessions as their people see them. The frame keeps them (web/store.rs); here they are listed and ended.

use diesel::prelude::*;

use crate::clock::Instant;
use crate::db::schema::sessions;
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{SessionId, UserId};
use crate::people::sessions::{Lives, Session};

/// The person's sessions that would still open a page, the last seen first.
pub(in crate::people) fn sessions_of(conn: &mut Conn, user: &UserId, lives: Lives, limit: i64) -> Result<Vec<Session>> {
    let rows: Vec<(SessionId, String, String, String, Instant, Instant)> = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::seen_at.ge(lives.seen_since))
        .filter(sessions::created_at.ge(lives.begun_since))
        .order((sessions::seen_at.desc(), sessions::id))
        .limit(limit)
        .select((sessions::id, sessions::stage, sessions::browser, sessions::address, sessions::created_at, sessions::seen_at))
        .load(conn)?;
    let session = |(id, stage, browser, address, begun_at, seen_at): (_, String, _, _, _, _)| Session {
        id,
        is_signed_in: stage == "full",
        browser,
        address,
        begun_at,
        seen_at,
    };
    Ok(rows.into_iter().map(session).collect())
}

/// Ends one of the person's sessions; returns whether it was open.
pub(in crate::people) fn end_session(tx: &mut WriteTx<'_>, user: &UserId, session: &SessionId) -> Result<bool> {
    let now = tx.now();
    let open = sessions::table.filter(sessions::id.eq(session)).filter(sessions::user_id.eq(user)).filter(sessions::ended_at.is_null());
    Ok(diesel::update(open).set((sessions::ended_at.eq(now), sessions::state.eq("{}"))).execute(&mut **tx)? > 0)
}

/// Ends all of the person's sessions but one; returns how many were open.
pub(in crate::people) fn end_sessions(tx: &mut WriteTx<'_>, user: &UserId, but: Option<&SessionId>) -> Result<usize> {
    let now = tx.now();
    let kept = but.map_or("", SessionId::as_str);
    let open = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.ne(SessionId::from(kept)));
    Ok(diesel::update(open).set((sessions::ended_at.eq(now), sessions::state.eq("{}"))).execute(&mut **tx)?)
}
