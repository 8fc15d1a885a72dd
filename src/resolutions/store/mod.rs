//! The tables of proposals and alarms, and what this room reads of payments.

mod alarms;
mod cases;
mod proposals;

use diesel::prelude::*;

pub use self::alarms::{Alarm, alarm, alarms_of_batch, alarms_of_row, open_alarms};
pub(super) use self::alarms::{acknowledge, insert_alarm};
pub use self::cases::{Case, Oldest, case, oldest_unresolved, unresolved, waiting_for};
pub(super) use self::proposals::{New, decide, insert, is_any_open, watch};
pub use self::proposals::{Resolution, find, overtake, proposals_for, resolutions_of_row};
use crate::db::schema::users;
use crate::db::{Conn, Result};
use crate::ids::UserId;

/// Where these people's mail goes: active ones with an address.
pub(super) fn addresses(conn: &mut Conn, people: &[UserId]) -> Result<Vec<(UserId, String)>> {
    let found: Vec<(UserId, Option<String>)> = users::table
        .filter(users::id.eq_any(people.to_vec()))
        .filter(users::is_active.eq(true))
        .order(users::id)
        .select((users::id, users::email))
        .load(conn)?;
    let address = |(id, email): (UserId, Option<String>)| email.filter(|email| !email.trim().is_empty()).map(|email| (id, email));
    Ok(found.into_iter().filter_map(address).collect())
}
