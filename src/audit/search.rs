//! The audit log as a person searches it: newest first, a part at a time, never counted.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{ActorKind, What};
use crate::clock::Instant;
use crate::db::{Conn, Question, Result};
use crate::ids::{BatchId, BranchId, EventId, UserId};
use crate::privileges::{Action, Rights};
use crate::search::Span;

/// Events that one question looks at, at most, newest first: what fits among them is shown, and one can go on from there.
pub const LOOKED_AT_MAX: i64 = 20_000;

/// What one person may read: events of the branches in which they hold View Audit Log, and events of no branch (the institution,
/// settings, funding, unknown names at sign-in).
#[derive(Debug, Clone)]
pub struct AuditScope {
    branches: Vec<BranchId>,
}

impl AuditScope {
    pub fn of(rights: &Rights) -> Self {
        Self { branches: rights.branches(Action::ViewAuditLog).cloned().collect() }
    }

    pub fn branches(&self) -> &[BranchId] {
        &self.branches
    }
}

/// What narrows the log; all of it must fit.
#[derive(Debug, Clone, Default)]
pub struct AuditCriteria {
    /// A user name, or a part of a name.
    pub person: Option<String>,
    pub what: Option<What>,
    /// A user name, a branch's code, or a batch's reference.
    pub subject: Option<String>,
    pub span: Span,
}

/// From where, and which way.
#[derive(Debug, Clone)]
pub enum Cursor {
    Newest,
    /// Older than this event.
    Before(EventId),
    /// Newer than this event.
    After(EventId),
}

/// One event.
#[derive(Debug, Clone, QueryableByName)]
pub struct Entry {
    #[diesel(sql_type = Text)]
    pub id: EventId,
    #[diesel(sql_type = BigInt)]
    pub at: Instant,
    #[diesel(sql_type = Text)]
    pub actor_kind: String,
    #[diesel(sql_type = Text)]
    pub actor_name: String,
    #[diesel(sql_type = Text)]
    pub action: String,
    #[diesel(sql_type = Text)]
    pub subject_kind: String,
    #[diesel(sql_type = Text)]
    pub subject_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub branch_id: Option<BranchId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub batch_id: Option<BatchId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Text)]
    pub changes: String,
}

impl Entry {
    pub fn what(&self) -> Option<What> {
        self.action.parse().ok()
    }

    pub fn by(&self) -> ActorKind {
        self.actor_kind.parse().unwrap_or(ActorKind::System)
    }

    pub fn changes(&self) -> serde_json::Value {
        serde_json::from_str(&self.changes).unwrap_or_default()
    }
}

/// A part of the log, newest first.
#[derive(Debug, Clone, Default)]
pub struct Slice {
    pub rows: Vec<Entry>,
    /// Where older ones may follow: what to ask [`Cursor::Before`] for.
    pub older: Option<EventId>,
    /// Where newer ones may come before: what to ask [`Cursor::After`] for.
    pub newer: Option<EventId>,
    /// More than [`LOOKED_AT_MAX`] events were looked at before the part was full: this is only as far as it got.
    pub is_cut: bool,
}

#[derive(QueryableByName)]
struct Edge {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Nullable<Text>)]
    oldest: Option<EventId>,
    #[diesel(sql_type = Nullable<Text>)]
    newest: Option<EventId>,
}

/// At most `limit` events.
///
/// # Errors
/// The database's.
pub fn search(conn: &mut Conn, scope: &AuditScope, criteria: &AuditCriteria, from: &Cursor, limit: i64) -> Result<Slice> {
    let mut question = Question::default();
    let Some(near) = near(conn, &mut question, criteria, from)? else { return Ok(Slice::default()) };
    let far = far(&mut question, scope, criteria);
    let way = if matches!(from, Cursor::After(_)) { "ASC" } else { "DESC" };
    let looked_at = format!("(SELECT * FROM audit_events e WHERE {near} ORDER BY e.id {way} LIMIT {LOOKED_AT_MAX}) e");
    let sql = format!("SELECT e.* FROM {looked_at} WHERE {far} ORDER BY e.id {way} LIMIT {}", limit.saturating_add(1));
    let mut rows: Vec<Entry> = question.load(conn, &sql)?;
    let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut further = if is_full { rows.last().map(|row| row.id.clone()) } else { None };
    let mut is_cut = false;
    if !is_full {
        // The values of `far` are bound too; a condition that is always true keeps every one of them in use.
        let sql = format!(
            "SELECT COUNT(*) AS count, MIN(e.id) AS oldest, MAX(e.id) AS newest, \
             SUM(CASE WHEN {far} THEN 1 ELSE 0 END) AS fits FROM {looked_at}"
        );
        let edge: Vec<Edge> = question.load(conn, &sql)?;
        if let Some(edge) = edge.into_iter().next().filter(|edge| edge.count >= LOOKED_AT_MAX) {
            (further, is_cut) = (if way == "ASC" { edge.newest } else { edge.oldest }, true);
        }
    }
    let first = rows.first().map(|row| row.id.clone());
    Ok(match from {
        Cursor::Newest => Slice { rows, older: further, newer: None, is_cut },
        Cursor::Before(before) => Slice { newer: first.or_else(|| Some(before.clone())), rows, older: further, is_cut },
        Cursor::After(after) => {
            rows.reverse();
            let older = rows.last().map(|row| row.id.clone()).or_else(|| Some(after.clone()));
            Slice { rows, older, newer: further, is_cut }
        }
    })
}

/// Conditions that an index answers: where the looking begins and ends. `None`: nothing can fit.
fn near(conn: &mut Conn, question: &mut Question, criteria: &AuditCriteria, from: &Cursor) -> Result<Option<String>> {
    let mut all = vec!["1 = 1".to_owned()];
    match from {
        Cursor::Newest => {}
        Cursor::Before(id) => all.push(format!("e.id < {}", question.text(id.as_str()))),
        Cursor::After(id) => all.push(format!("e.id > {}", question.text(id.as_str()))),
    }
    // An event's id begins with its millisecond, so that days are ranges of ids.
    if let Some(from) = criteria.span.from {
        all.push(format!("e.id >= {}", question.text(first_id(from))));
    }
    if let Some(until) = criteria.span.until {
        all.push(format!("e.id < {}", question.text(first_id(until))));
    }
    if let Some(typed) = &criteria.subject {
        let Some(subject) = subject(conn, typed)? else { return Ok(None) };
        all.push(match subject {
            Subject::User(id) => format!("e.subject_id = {}", question.text(id.as_str())),
            Subject::Branch(id) => format!("e.branch_id = {}", question.text(id.as_str())),
            Subject::Batch(id) => format!("e.batch_id = {}", question.text(id.as_str())),
        });
    }
    if let Some(typed) = &criteria.person
        && let Some(user) = crate::people::find_by_name(conn, &crate::people::fold_user_name(typed))?
    {
        all.push(format!("e.actor_id = {}", question.text(user.id.as_str())));
    }
    Ok(Some(all.join(" AND ")))
}

/// The others, asked of each event that is looked at.
fn far(question: &mut Question, scope: &AuditScope, criteria: &AuditCriteria) -> String {
    let branches = question.texts(scope.branches.iter().map(BranchId::as_str));
    let mut all = vec![format!("(e.branch_id IS NULL OR e.branch_id IN ({branches}))")];
    if let Some(what) = criteria.what {
        all.push(format!("e.action = {}", question.text(what.as_str())));
    }
    if let Some(typed) = &criteria.person {
        // A user name was looked for by its id; a part of a name is looked for here.
        let (part, name) = (question.text(containing(typed)), question.text(crate::people::fold_user_name(typed)));
        all.push(format!(
            "(lower(e.actor_name) LIKE {part} ESCAPE '\\' OR e.actor_id IN (SELECT u.id FROM users u WHERE u.user_name = {name}))"
        ));
    }
    all.join(" AND ")
}

enum Subject {
    User(UserId),
    Branch(BranchId),
    Batch(BatchId),
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    id: String,
}

fn subject(conn: &mut Conn, typed: &str) -> Result<Option<Subject>> {
    let mut question = Question::default();
    let user = question.text(crate::people::fold_user_name(typed));
    let code = question.text(typed.to_ascii_lowercase());
    let reference = question.text(typed.replace(' ', "").to_lowercase());
    let sql = format!(
        "SELECT 'user' AS kind, id FROM users WHERE user_name = {user} \
         UNION ALL SELECT 'branch', id FROM branches WHERE lower(code) = {code} \
         UNION ALL SELECT 'batch', id FROM batches WHERE reference = {reference}"
    );
    let found: Vec<Found> = question.load(conn, &sql)?;
    Ok(found.into_iter().next().map(|found| match found.kind.as_str() {
        "user" => Subject::User(UserId::from(found.id)),
        "branch" => Subject::Branch(BranchId::from(found.id)),
        _ => Subject::Batch(BatchId::from(found.id)),
    }))
}

/// Smaller than every id that is made from this moment on, and greater than every one before it.
fn first_id(at: Instant) -> String {
    let millis = u64::try_from(at.micros().div_euclid(1000)).unwrap_or(0);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

/// `%` and `_` stand for themselves. Both engines fold the letters of English alone, as this does.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_with_their_moment() {
        let (before, at) = (Instant::from_micros(1_763_684_737_999_999), Instant::from_micros(1_763_684_738_000_000));
        for _ in 0..100 {
            assert!(EventId::new(before).as_str() < first_id(at).as_str());
            assert!(EventId::new(at).as_str() > first_id(at).as_str());
        }
    }
}
