//! All that is known of a person in a branch, for Why. Reads tables of other rooms, as only this and searches may.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::person::{names, read};
use crate::audit::What;
use crate::clock::Instant;
use crate::confirmations::Kind;
use crate::db::schema::{audit_events, branches, confirmations, grants, user_periods, users};
use crate::db::{Conn, Result};
use crate::ids::{BranchId, UserId};
use crate::privileges::Action;
use crate::privileges::why::{Facts, PastAsked, PastGrant, Period};

/// Rows of each kind that an answer is drawn from, the newest before the moment; at most.
const ROWS_MAX: i64 = 2_000;

/// `now`: what is asked about the present is answered by the branch as it stands, the past by the audit log.
pub(in crate::privileges) fn facts(conn: &mut Conn, user: &UserId, branch: &BranchId, at: Instant, now: Instant) -> Result<Facts> {
    let periods: Vec<(Instant, Option<Instant>, bool, bool)> = user_periods::table
        .filter(user_periods::user_id.eq(user))
        .order(user_periods::from_at)
        .limit(ROWS_MAX)
        .select((user_periods::from_at, user_periods::until_at, user_periods::is_active, user_periods::is_account_manager))
        .load(conn)?;
    let period = |(from, until, is_active, is_account_manager)| Period { from, until, is_active, is_account_manager };
    Ok(Facts {
        periods: periods.into_iter().map(period).collect(),
        grants: past_grants(conn, user, branch, at)?,
        asked: past_asked(conn, user, branch, at)?,
        inactive: inactive(conn, branch, at, now)?,
    })
}

#[derive(Queryable)]
struct GrantRow {
    action: Action,
    from_at: Instant,
    until_at: Option<Instant>,
    ended_at: Option<Instant>,
    ended_by: Option<String>,
    given_by: String,
    confirmed_by: Option<String>,
    confirmed_at: Option<Instant>,
}

fn past_grants(conn: &mut Conn, user: &UserId, branch: &BranchId, at: Instant) -> Result<Vec<PastGrant>> {
    let rows: Vec<GrantRow> = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::branch_id.eq(branch))
        .filter(grants::from_at.le(at))
        .order((grants::from_at.desc(), grants::id.desc()))
        .limit(ROWS_MAX)
        .select((
            grants::action,
            grants::from_at,
            grants::until_at,
            grants::ended_at,
            grants::ended_by,
            grants::given_by,
            grants::confirmed_by,
            grants::confirmed_at,
        ))
        .load(conn)?;
    let ids = rows.iter().flat_map(|row| [Some(&row.given_by), row.ended_by.as_ref(), row.confirmed_by.as_ref()]);
    let names = names(conn, ids.flatten().cloned().collect::<Vec<_>>())?;
    Ok(rows.into_iter().map(|row| past_grant(row, &names)).collect())
}

fn past_grant(row: GrantRow, names: &BTreeMap<String, String>) -> PastGrant {
    let name = |id: String| names.get(&id).cloned().unwrap_or(id);
    PastGrant {
        action: row.action,
        from: row.from_at,
        until: row.until_at,
        ended_at: row.ended_at,
        ended_by: row.ended_by.map(name),
        given_by: name(row.given_by),
        confirmed_by: row.confirmed_by.map(name),
        confirmed_at: row.confirmed_at,
    }
}

fn past_asked(conn: &mut Conn, user: &UserId, branch: &BranchId, at: Instant) -> Result<Vec<PastAsked>> {
    let rows: Vec<(String, Instant, Option<Instant>, String)> = confirmations::table
        .inner_join(users::table.on(users::id.eq(confirmations::asked_by)))
        .filter(confirmations::user_id.eq(user))
        .filter(confirmations::kind.eq(Kind::Grants))
        .filter(confirmations::asked_at.le(at))
        .filter(confirmations::decided_at.is_null().or(confirmations::decided_at.gt(at)))
        .order(confirmations::asked_at)
        .limit(ROWS_MAX)
        .select((users::full_name, confirmations::asked_at, confirmations::decided_at, confirmations::change))
        .load(conn)?;
    let mut asked = Vec::new();
    for (asked_by, asked_at, decided_at, change) in rows {
        let here = read(&change).into_iter().filter(|grant| grant.branch == *branch);
        asked.extend(here.map(|grant| PastAsked { action: grant.action, asked_by: asked_by.clone(), asked_at, decided_at }));
    }
    Ok(asked)
}

/// Whether the branch was inactive at the moment, and since when.
fn inactive(conn: &mut Conn, branch: &BranchId, at: Instant, now: Instant) -> Result<Option<Option<Instant>>> {
    let row: Option<(bool, Option<Instant>)> =
        branches::table.find(branch).select((branches::is_active, branches::deactivated_at)).first(conn).optional()?;
    let (is_active, since) = row.unwrap_or((false, None));
    let as_it_stands = (!is_active && since.is_none_or(|since| since <= at)).then_some(since);
    if at >= now {
        return Ok(as_it_stands);
    }
    let told: Option<(String, Instant)> = audit_events::table
        .filter(audit_events::subject_id.eq(branch.as_str()))
        .filter(audit_events::action.eq_any([What::BranchDeactivated.as_str(), What::BranchReactivated.as_str()]))
        .filter(audit_events::at.le(at))
        .order((audit_events::at.desc(), audit_events::id.desc()))
        .select((audit_events::action, audit_events::at))
        .first(conn)
        .optional()?;
    Ok(match told {
        Some((what, since)) => (what == What::BranchDeactivated.as_str()).then_some(Some(since)),
        None => as_it_stands,
    })
}
