//! The confirmations table.

use diesel::prelude::*;

use super::{Change, Kind, State};
use crate::audit::By;
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

/// What waits of one kind. A change that this version cannot read is left out.
///
/// # Errors
/// The database's.
pub fn waiting_of_kind(conn: &mut Conn, kind: Kind) -> Result<Vec<Change>> {
    let waiting = confirmations::table.filter(confirmations::state.eq(State::Waiting)).filter(confirmations::kind.eq(kind));
    let texts: Vec<String> = waiting.order(confirmations::asked_at).select(confirmations::change).load(conn)?;
    Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
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

fn text(change: &Change) -> String {
    serde_json::to_string(change).unwrap_or_default()
}
