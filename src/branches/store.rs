//! The branches table, and what is open in a branch.

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::{Branch, FoundBranch, OpenBatch};
use crate::clock::Instant;
use crate::db::schema::{branches, grants, users};
use crate::db::{Conn, Error, Question, Result, WriteTx};
use crate::ids::{BranchId, ConfirmationId, UserId};
use crate::privileges::Action;
use crate::search::{Part, Slice};

type Row = (BranchId, String, String, String, String, bool);
const COLUMNS: (branches::id, branches::code, branches::region, branches::township, branches::name, branches::is_active) =
    (branches::id, branches::code, branches::region, branches::township, branches::name, branches::is_active);

fn branch((id, code, region, township, name, is_active): Row) -> Branch {
    Branch { id, code, region, township, name, is_active }
}

/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, id: &BranchId) -> Result<Option<Branch>> {
    Ok(branches::table.find(id).select(COLUMNS).first(conn).optional()?.map(branch))
}

/// # Errors
/// The database's.
pub fn find_by_code(conn: &mut Conn, code: &str) -> Result<Option<Branch>> {
    Ok(branches::table.filter(branches::code.eq(code)).select(COLUMNS).first(conn).optional()?.map(branch))
}

/// Branches by their ids, in order of code.
///
/// # Errors
/// The database's.
pub fn of_ids<'a>(conn: &mut Conn, ids: impl IntoIterator<Item = &'a BranchId>) -> Result<Vec<Branch>> {
    let found: Vec<Row> = branches::table
        .filter(branches::id.eq_any(ids.into_iter().cloned().collect::<Vec<_>>()))
        .order(branches::code)
        .select(COLUMNS)
        .load(conn)?;
    Ok(found.into_iter().map(branch).collect())
}

pub(super) fn insert(tx: &mut WriteTx<'_>, branch: &Branch) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(branches::table)
        .values((
            branches::id.eq(&branch.id),
            branches::code.eq(&branch.code),
            branches::region.eq(&branch.region),
            branches::township.eq(&branch.township),
            branches::name.eq(&branch.name),
            branches::is_active.eq(branch.is_active),
            branches::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The branch with this code, whatever the case of its letters.
pub(super) fn with_code(conn: &mut Conn, code: &str) -> Result<Option<Branch>> {
    let mut question = Question::default();
    let folded = question.text(code.to_ascii_lowercase());
    let found: Vec<FoundBranch> = question.load(conn, &format!("{FOUND} FROM branches r WHERE lower(r.code) = {folded}"))?;
    Ok(found.into_iter().next().map(|found| Branch {
        id: found.id,
        code: found.code,
        region: found.region,
        township: found.township,
        name: found.name,
        is_active: found.is_active,
    }))
}

const FOUND: &str = "SELECT r.id, r.code, r.region, r.township, r.name, r.is_active, \
     (SELECT COUNT(*) FROM users u WHERE u.branch_id = r.id AND u.is_active) AS people";

/// Part of what `FROM branches r WHERE …` finds, in order of code.
pub(super) fn found(conn: &mut Conn, question: &Question, from: &str, slice: Slice) -> Result<Part<FoundBranch>> {
    let Slice { offset, limit, most } = slice;
    let counted = question.count(conn, from, most)?;
    let rows = question.load(conn, &format!("{FOUND} {from} ORDER BY r.code, r.id LIMIT {limit} OFFSET {offset}"))?;
    Ok(Part { rows, counted })
}

pub(super) fn update(tx: &mut WriteTx<'_>, branch: &Branch) -> Result<()> {
    let changed = diesel::update(branches::table.find(&branch.id))
        .set((
            branches::code.eq(&branch.code),
            branches::region.eq(&branch.region),
            branches::township.eq(&branch.township),
            branches::name.eq(&branch.name),
        ))
        .execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// Active or not from now on; exactly one branch, which was the other.
pub(super) fn set_active(tx: &mut WriteTx<'_>, id: &BranchId, is_active: bool) -> Result<()> {
    let since = if is_active { None } else { Some(tx.now()) };
    let other = branches::table.find(id).filter(branches::is_active.eq(!is_active));
    let changed = diesel::update(other).set((branches::is_active.eq(is_active), branches::deactivated_at.eq(since))).execute(&mut **tx)?;
    if changed == 1 { Ok(()) } else { Err(Error::Conflict) }
}

/// When it was deactivated, while it is.
pub(super) fn deactivated_at(conn: &mut Conn, id: &BranchId) -> Result<Option<Instant>> {
    let found: Option<Option<Instant>> = branches::table.find(id).select(branches::deactivated_at).first(conn).optional()?;
    Ok(found.flatten())
}

/// Batches of the branch before their end, or with payments that need attention: the oldest of them, and how many there are.
pub(super) fn open_batches(conn: &mut Conn, branch: &BranchId, limit: i64) -> Result<(Vec<OpenBatch>, i64)> {
    let mut question = Question::default();
    let branch = question.text(branch.as_str());
    let from = format!(
        "FROM batches b JOIN users u ON u.id = b.created_by WHERE b.branch_id = {branch} AND (b.needs_attention > 0 OR b.state IN \
         ('checking', 'needs_correction', 'draft', 'pending_approval', 'approved', 'scheduled', 'processing', 'paused', 'cancelling')) \
         AND b.state <> 'deleted'"
    );
    let in_all = question.count(conn, &from, i64::MAX - 1)?;
    let sql = format!(
        "SELECT b.id, b.reference, b.state, u.id AS maker, u.full_name AS maker_name, b.created_at AS since {from} \
         ORDER BY b.created_at, b.id LIMIT {limit}"
    );
    Ok((question.load(conn, &sql)?, in_all))
}

/// Active people whose home it is, by name, and how many there are.
pub(super) fn active_people(conn: &mut Conn, branch: &BranchId, limit: i64) -> Result<(Vec<(UserId, String)>, i64)> {
    let theirs = users::table.filter(users::branch_id.eq(branch)).filter(users::is_active.eq(true));
    let in_all = theirs.select(count_star()).first(conn)?;
    let people = theirs.order((users::name_folded, users::id)).limit(limit).select((users::id, users::full_name)).load(conn)?;
    Ok((people, in_all))
}

#[derive(diesel::QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: ConfirmationId,
}

/// What waits about people whose home it is, or would grant something in it.
pub(super) fn waiting_confirmations(conn: &mut Conn, branch: &BranchId, limit: i64) -> Result<Vec<ConfirmationId>> {
    let mut question = Question::default();
    let (home, inside) = (question.text(branch.as_str()), question.text(format!("%\"{branch}\"%")));
    let sql = format!(
        "SELECT c.id FROM confirmations c LEFT JOIN users u ON u.id = c.user_id WHERE c.state = 'waiting' \
         AND (u.branch_id = {home} OR (c.kind = 'grants' AND c.change LIKE {inside})) ORDER BY c.asked_at, c.id LIMIT {limit}"
    );
    let waiting: Vec<Waiting> = question.load(conn, &sql)?;
    Ok(waiting.into_iter().map(|waiting| waiting.id).collect())
}

/// How many payment actions are held in it by active people.
pub(super) fn open_grants(conn: &mut Conn, branch: &BranchId, now: Instant) -> Result<i64> {
    Ok(grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::branch_id.eq(branch))
        .filter(grants::ended_at.is_null())
        .filter(grants::until_at.is_null().or(grants::until_at.gt(now)))
        .filter(grants::action.ne_all(Action::FOR_ACCOUNT_MANAGERS))
        .filter(users::is_active.eq(true))
        .count()
        .get_result(conn)?)
}
