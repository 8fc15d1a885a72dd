//! Branches and people to choose among.

use diesel::prelude::*;

use super::person::{BRANCH, BranchRow, branch};
use crate::branches::Branch;
use crate::db::schema::{branches, grants, users};
use crate::db::{Conn, Question, Result};
use crate::ids::{BranchId, UserId};

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: BranchId,
}

/// Active branches whose region, township, name or code has the text in it, in order; not more than `most`.
pub(in crate::privileges) fn active_branches(conn: &mut Conn, typed: &str, most: i64) -> Result<Vec<Branch>> {
    let mut question = Question::default();
    let pattern: String = typed.to_lowercase().chars().flat_map(|c| if "\\%_".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
    let like = question.text(format!("%{pattern}%"));
    let sql = format!(
        "SELECT id FROM branches WHERE is_active AND lower(region || ' - ' || township || ' - ' || name || ' ' || code) LIKE {like} ESCAPE '\\' \
         ORDER BY region, township, name, code LIMIT {most}"
    );
    let ids: Vec<Id> = question.load(conn, &sql)?;
    let rows: Vec<BranchRow> = branches::table
        .filter(branches::id.eq_any(ids.iter().map(|found| &found.id)))
        .order((branches::region, branches::township, branches::name, branches::code))
        .select(BRANCH)
        .load(conn)?;
    Ok(rows.into_iter().map(branch).collect())
}

/// # Errors
/// The database's.
pub(in crate::privileges) fn count_active_branches(conn: &mut Conn) -> Result<usize> {
    let count: i64 = branches::table.filter(branches::is_active.eq(true)).count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Somebody to choose: id, full name, user name, whether active.
pub(in crate::privileges) type Somebody = (UserId, String, String, bool);

/// Everybody who holds something but one, in order of name; not more than `most`.
pub(in crate::privileges) fn holders_but(conn: &mut Conn, but: &UserId, most: i64) -> Result<Vec<Somebody>> {
    let holders = grants::table.filter(grants::ended_at.is_null()).select(grants::user_id);
    Ok(users::table
        .filter(users::id.ne(but))
        .filter(users::id.eq_any(holders))
        .order((users::full_name, users::id))
        .limit(most)
        .select((users::id, users::full_name, users::user_name, users::is_active))
        .load(conn)?)
}
