//! The confirmations table.

use diesel::prelude::*;

use super::{Change, Kind, State};
use crate::audit::By;
use crate::clock::Instant;
use crate::db::schema::confirmations;
use crate::db::{Conn, Result, WriteTx};
use crate::ids::{ConfirmationId, UserId};

/// One that waits for the same change to the same person.
pub(super) fn waiting_for(conn: &mut Conn, user: Option<&UserId>, change: &Change) -> Result<Option<ConfirmationId>> {
    let same = confirmations::table.filter(confirmations::state.eq(State::Waiting)).filter(confirmations::change.eq(text(change)));
    let found = match user {
        Some(user) => same.filter(confirmations::user_id.eq(user)).select(confirmations::id).first(conn),
        None => same.filter(confirmations::user_id.is_null()).select(confirmations::id).first(conn),
    };
    Ok(found.optional()?)
}

pub(super) fn insert(tx: &mut WriteTx<'_>, by: &By, user: Option<&UserId>, change: &Change) -> Result<ConfirmationId> {
    let now = tx.now();
    let id = ConfirmationId::new(now);
    diesel::insert_into(confirmations::table)
        .values((
            confirmations::id.eq(&id),
            confirmations::kind.eq(change.kind()),
            confirmations::user_id.eq(user),
            confirmations::change.eq(text(change)),
            confirmations::asked_by.eq(by.id.clone().unwrap_or_else(|| UserId::from(by.name.as_str()))),
            confirmations::asked_at.eq(now),
            confirmations::state.eq(State::Waiting),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// `Confirmed` becomes `Spent` for the oldest right to a printed code that was confirmed since; returns whether there was one.
pub(super) fn spend_password_code(tx: &mut WriteTx<'_>, user: &UserId, since: Instant) -> Result<bool> {
    let confirmed: Option<ConfirmationId> = confirmations::table
        .filter(confirmations::user_id.eq(user))
        .filter(confirmations::kind.eq(Kind::PasswordCode))
        .filter(confirmations::state.eq(State::Confirmed))
        .filter(confirmations::decided_at.ge(since))
        .order((confirmations::decided_at, confirmations::id))
        .select(confirmations::id)
        .first(&mut **tx)
        .optional()?;
    let Some(id) = confirmed else { return Ok(false) };
    let still = confirmations::table.find(&id).filter(confirmations::state.eq(State::Confirmed));
    let spent = diesel::update(still).set(confirmations::state.eq(State::Spent)).execute(&mut **tx)?;
    if spent == 1 { Ok(true) } else { Err(crate::db::Error::Conflict) }
}

fn text(change: &Change) -> String {
    serde_json::to_string(change).unwrap_or_default()
}
