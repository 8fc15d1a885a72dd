//! The questions behind the reports: each one SELECT, a page or a piece at a time.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::clock::Instant;
use crate::db::schema::{settings, users};
use crate::db::{Conn, Question, Result};
use crate::ids::{BranchId, UserId};
use crate::institutions;
use crate::privileges::needs::MAKES;
use crate::privileges::{Action, BothHands, GrantInForce, Relaxed, ReportCriteria};

/// Grants in force at the moment `t`, of people who could use them then: `g` with its person `u`, period `p` and branch `b`.
fn in_force(question: &mut Question, at: Instant) -> String {
    let t = question.number(at.micros());
    let free = question.texts(Action::FOR_ACCOUNT_MANAGERS.iter().map(|action| action.as_str()));
    let makes = question.texts(MAKES.iter().map(|action| action.as_str()));
    format!(
        "FROM grants g JOIN users u ON u.id = g.user_id JOIN branches b ON b.id = g.branch_id \
         JOIN user_periods p ON p.user_id = g.user_id AND p.from_at <= {t} AND (p.until_at IS NULL OR p.until_at > {t}) \
         WHERE g.from_at <= {t} AND (g.until_at IS NULL OR g.until_at > {t}) AND (g.ended_at IS NULL OR g.ended_at > {t}) \
         AND p.is_active AND (NOT p.is_account_manager OR g.action IN ({free})) \
         AND (b.is_active OR b.deactivated_at > {t} OR g.action NOT IN ({makes}))"
    )
}

fn fitting(question: &mut Question, criteria: &ReportCriteria) -> String {
    let mut from = in_force(question, criteria.at);
    if let Some(person) = &criteria.person {
        let like = question.text(containing(person));
        let name = question.text(person);
        from.push_str(&format!(" AND (u.name_folded LIKE {like} ESCAPE '\\' OR u.user_name = {name})"));
    }
    if let Some(branch) = &criteria.branch {
        let like = question.text(containing(branch));
        from.push_str(&format!(" AND lower(b.region || ' - ' || b.township || ' - ' || b.name || ' ' || b.code) LIKE {like} ESCAPE '\\'"));
    }
    if let Some(action) = criteria.action {
        let action = question.text(action.as_str());
        from.push_str(&format!(" AND g.action = {action}"));
    }
    within(question, &mut from, criteria.within.as_deref());
    from
}

fn within(question: &mut Question, from: &mut String, branches: Option<&[BranchId]>) {
    if let Some(branches) = branches {
        let branches = question.texts(branches.iter().map(BranchId::as_str));
        from.push_str(&format!(" AND b.id IN ({branches})"));
    }
}

fn containing(typed: &str) -> String {
    let mut pattern = String::from("%");
    for c in typed.chars() {
        if "\\%_".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// All columns of a [`GrantInForce`]; who gave or confirmed it is a person's name, or the operator's as it was written.
const COLUMNS: &str = "SELECT u.id AS user_id, u.user_name, u.full_name, b.id AS branch_id, b.code, b.region, b.township, b.name AS branch_name, \
     g.action, g.from_at, g.until_at, \
     COALESCE((SELECT x.full_name FROM users x WHERE x.id = g.given_by), g.given_by) AS given_by, \
     COALESCE((SELECT x.full_name FROM users x WHERE x.id = g.confirmed_by), g.confirmed_by) AS confirmed_by";

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    user_id: UserId,
    #[diesel(sql_type = Text)]
    branch_id: BranchId,
}

/// A page of people and branches, by name, with all that each held there; and how many fit, counted no further than `most` + 1.
pub(in crate::privileges) fn who_can_do_what(
    conn: &mut Conn,
    criteria: &ReportCriteria,
    offset: i64,
    limit: i64,
    most: i64,
) -> Result<(Vec<GrantInForce>, i64)> {
    let mut question = Question::default();
    let from = fitting(&mut question, criteria);
    let counted = question.count(conn, &format!("FROM (SELECT DISTINCT g.user_id, g.branch_id {from}) AS pairs"), most)?;
    let pairs: Vec<Pair> = question.load(
        conn,
        &format!(
            "SELECT DISTINCT u.full_name, u.id AS user_id, b.region, b.township, b.name, b.code, b.id AS branch_id {from} \
             ORDER BY u.full_name, u.id, b.region, b.township, b.name, b.code LIMIT {limit} OFFSET {offset}"
        ),
    )?;
    if pairs.is_empty() {
        return Ok((Vec::new(), counted));
    }
    let mut question = Question::default();
    let mut from = in_force(&mut question, criteria.at);
    let mut one_of = Vec::new();
    for pair in &pairs {
        let (user, branch) = (question.text(pair.user_id.as_str()), question.text(pair.branch_id.as_str()));
        one_of.push(format!("(g.user_id = {user} AND g.branch_id = {branch})"));
    }
    from.push_str(&format!(" AND ({})", one_of.join(" OR ")));
    let order = "ORDER BY u.full_name, u.id, b.region, b.township, b.name, b.code, g.action";
    Ok((question.load(conn, &format!("{COLUMNS} {from} {order}"))?, counted))
}

/// Where a piece of the list ended: user name, branch code, action.
pub(in crate::privileges) type Last = (String, String, &'static str);

/// The next grants after `last`, for the file.
pub(in crate::privileges) fn grants_after(
    conn: &mut Conn,
    criteria: &ReportCriteria,
    last: Option<&Last>,
    limit: i64,
) -> Result<Vec<GrantInForce>> {
    let mut question = Question::default();
    let mut from = fitting(&mut question, criteria);
    if let Some((user, branch, action)) = last {
        let (user, branch, action) = (question.text(user), question.text(branch), question.text(*action));
        from.push_str(&format!(" AND (u.user_name, b.code, g.action) > ({user}, {branch}, {action})"));
    }
    question.load(conn, &format!("{COLUMNS} {from} ORDER BY u.user_name, b.code, g.action LIMIT {limit}"))
}

/// A page of those who can make and approve in the same branch now, and how many there are.
pub(in crate::privileges) fn both_hands(
    conn: &mut Conn,
    now: Instant,
    branches: Option<&[BranchId]>,
    offset: i64,
    limit: i64,
    most: i64,
) -> Result<(Vec<BothHands>, i64)> {
    let mut question = Question::default();
    let (t, approve) = (question.number(now.micros()), question.text(Action::ApprovePayment.as_str()));
    let make = question.text(Action::MakePayment.as_str());
    let in_force = |g: &str| format!("{g}.ended_at IS NULL AND {g}.from_at <= {t} AND ({g}.until_at IS NULL OR {g}.until_at > {t})");
    let mut from = format!(
        "FROM grants a JOIN grants m ON m.user_id = a.user_id AND m.branch_id = a.branch_id AND m.action = {make} \
         JOIN users u ON u.id = a.user_id JOIN branches b ON b.id = a.branch_id \
         WHERE a.action = {approve} AND {} AND {} AND u.is_active AND NOT u.is_account_manager AND b.is_active",
        in_force("a"),
        in_force("m")
    );
    within(&mut question, &mut from, branches);
    let counted = question.count(conn, &from, most)?;
    let rows = question.load(
        conn,
        &format!(
            "SELECT u.id AS user_id, u.full_name, b.id AS branch_id, b.region, b.township, b.name AS branch_name, \
             CASE WHEN a.from_at > m.from_at THEN a.from_at ELSE m.from_at END AS since, \
             COALESCE((SELECT x.full_name FROM users x WHERE x.id = m.given_by), m.given_by) AS make_by, \
             COALESCE((SELECT x.full_name FROM users x WHERE x.id = a.given_by), a.given_by) AS approve_by, \
             COALESCE((SELECT x.full_name FROM users x WHERE x.id = a.confirmed_by), a.confirmed_by) AS confirmed_by \
             {from} ORDER BY u.full_name, u.id, b.region, b.township, b.name, b.code LIMIT {limit} OFFSET {offset}"
        ),
    )?;
    Ok((rows, counted))
}

/// Whether the institution does without confirmations; by whom and since when.
pub(in crate::privileges) fn relaxed(conn: &mut Conn) -> Result<Option<Relaxed>> {
    if institutions::security(conn)?.confirmations {
        return Ok(None);
    }
    let row: Option<(String, Instant)> =
        settings::table.find(institutions::CONFIRMATIONS).select((settings::changed_by, settings::changed_at)).first(conn).optional()?;
    let Some((by, at)) = row else { return Ok(None) };
    let name: Option<String> = users::table.find(&by).select(users::full_name).first(conn).optional()?;
    Ok(Some(Relaxed { by: name.unwrap_or(by), at }))
}
