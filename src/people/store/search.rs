//! Questions about people that are put together from parts.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::clock::Instant;
use crate::db::schema::branches;
use crate::db::{Conn, Question, Result};
use crate::ids::{BranchId, UserId};
use crate::people::search::{FoundUser, HeldRole, Listed, UserCriteria, in_force};
use crate::privileges::Action;
use crate::search::{Part, Slice};

/// Branches one can choose among in a form, at most.
const BRANCHES_MAX: i64 = 1_000;

/// People that fit, by name.
///
/// # Errors
/// The database's.
pub fn search_users(conn: &mut Conn, criteria: &UserCriteria, now: Instant, slice: Slice) -> Result<Part<Listed>> {
    let mut question = Question::default();
    let conditions = criteria.conditions(&mut question, now).join(" AND ");
    let from = format!("FROM users u WHERE {conditions}");
    let counted = question.count(conn, &from, slice.most)?;
    let (limit, offset) = (question.number(slice.limit), question.number(slice.offset));
    let sql = format!(
        "SELECT u.id, u.full_name, u.user_name, u.phone, u.email, u.job_title, b.name AS branch, u.is_account_manager, u.is_active \
         FROM (SELECT u.* {from} ORDER BY u.name_folded, u.id LIMIT {limit} OFFSET {offset}) u JOIN branches b ON b.id = u.branch_id \
         ORDER BY u.name_folded, u.id"
    );
    let rows: Vec<FoundUser> = question.load(conn, &sql)?;
    let held = actions_of(conn, rows.iter().map(|row| &row.id), now)?;
    let nothing = BTreeSet::new();
    let listed = rows.into_iter().map(|user| {
        let roles = HeldRole::of(user.is_account_manager, held.get(&user.id).unwrap_or(&nothing));
        Listed { user, roles }
    });
    Ok(Part { rows: listed.collect(), counted })
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Text)]
    user_id: UserId,
    #[diesel(sql_type = Text)]
    action: Action,
}

/// The actions each of these people holds in some branch.
pub(in crate::people) fn actions_of<'a>(
    conn: &mut Conn,
    people: impl Iterator<Item = &'a UserId>,
    now: Instant,
) -> Result<BTreeMap<UserId, BTreeSet<Action>>> {
    let mut question = Question::default();
    let (people, now) = (question.texts(people.map(UserId::as_str)), question.number(now.micros()));
    let sql = format!("SELECT DISTINCT g.user_id, g.action FROM grants g WHERE g.user_id IN ({people}) AND {}", in_force(&now));
    let mut held: BTreeMap<UserId, BTreeSet<Action>> = BTreeMap::new();
    for row in question.load::<Held>(conn, &sql)? {
        held.entry(row.user_id).or_default().insert(row.action);
    }
    Ok(held)
}

/// A branch in a form: id, and how it is shown.
pub type BranchChoice = (BranchId, String);

/// Active branches by code, and one more that may not be active.
///
/// # Errors
/// The database's.
pub fn branch_choices(conn: &mut Conn, also: Option<&BranchId>) -> Result<Vec<BranchChoice>> {
    let nowhere = BranchId::from("");
    let rows: Vec<(BranchId, String, String)> = branches::table
        .filter(branches::is_active.eq(true).or(branches::id.eq(also.unwrap_or(&nowhere))))
        .order(branches::code)
        .limit(BRANCHES_MAX)
        .select((branches::id, branches::code, branches::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, code, name)| (id, format!("{code} · {name}"))).collect())
}

/// The newest invitation or reset of a person.
#[derive(Debug, Clone, QueryableByName)]
pub struct LastLink {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub way: String,
    #[diesel(sql_type = BigInt)]
    pub made_at: Instant,
    #[diesel(sql_type = BigInt)]
    pub until_at: Instant,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub used_at: Option<Instant>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub ended_at: Option<Instant>,
}

/// # Errors
/// The database's.
pub fn last_link(conn: &mut Conn, user: &UserId) -> Result<Option<LastLink>> {
    let mut question = Question::default();
    let user = question.text(user.as_str());
    let sql = format!(
        "SELECT kind, way, made_at, until_at, used_at, ended_at FROM password_links WHERE user_id = {user} ORDER BY made_at DESC, id DESC LIMIT 1"
    );
    Ok(question.load(conn, &sql)?.into_iter().next())
}
