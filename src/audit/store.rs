//! The audit tables.

use diesel::prelude::*;

use super::{ActorKind, Event, What};
use crate::clock::Instant;
use crate::db::schema::{audit_events, audit_seals, audit_unsealed};
use crate::db::{Conn, Question, Result, WriteTx};
use crate::ids::{BatchId, BranchId, EventId, UserId};

/// An event as it stands in the database.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub(super) struct StoredEvent {
    pub id: EventId,
    pub at: Instant,
    pub actor_kind: String,
    pub actor_id: Option<UserId>,
    pub actor_name: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub branch_id: Option<BranchId>,
    pub batch_id: Option<BatchId>,
    pub reason: Option<String>,
    pub changes: String,
}

impl StoredEvent {
    /// One text for one event: a JSON array of all its columns in their order.
    pub(super) fn canonical(&self) -> String {
        serde_json::json!([
            self.id,
            self.at.micros(),
            self.actor_kind,
            self.actor_id,
            self.actor_name,
            self.action,
            self.subject_kind,
            self.subject_id,
            self.branch_id,
            self.batch_id,
            self.reason,
            self.changes
        ])
        .to_string()
    }
}

pub(super) fn append(tx: &mut WriteTx<'_>, event: &Event) -> Result<()> {
    let id = EventId::new(tx.now());
    let now = tx.now();
    diesel::insert_into(audit_events::table)
        .values((
            audit_events::id.eq(&id),
            audit_events::at.eq(now),
            audit_events::actor_kind.eq(event.by.kind.as_str()),
            audit_events::actor_id.eq(&event.by.id),
            audit_events::actor_name.eq(&event.by.name),
            audit_events::action.eq(event.what.as_str()),
            audit_events::subject_kind.eq(event.subject.kind),
            audit_events::subject_id.eq(&event.subject.id),
            audit_events::branch_id.eq(&event.branch),
            audit_events::batch_id.eq(&event.batch),
            audit_events::reason.eq(&event.reason),
            audit_events::changes.eq(event.changes.to_string()),
        ))
        .execute(&mut **tx)?;
    diesel::insert_into(audit_unsealed::table).values(audit_unsealed::event_id.eq(&id)).execute(&mut **tx)?;
    Ok(())
}

/// The chain's last link: its place and digest; `None` before the first.
///
/// # Errors
/// The database's.
pub fn head(conn: &mut Conn) -> Result<Option<(i64, String)>> {
    Ok(audit_seals::table
        .order(audit_seals::sequence.desc())
        .select((audit_seals::sequence, audit_seals::digest))
        .first(conn)
        .optional()?)
}

/// Whether an event waits for its seal.
///
/// # Errors
/// The database's.
pub fn is_any_unsealed(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(audit_unsealed::table.select(audit_unsealed::event_id))).get_result(conn)?)
}

pub(super) fn unsealed(conn: &mut Conn, limit: i64) -> Result<Vec<StoredEvent>> {
    Ok(audit_unsealed::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_unsealed::event_id)))
        .order(audit_unsealed::event_id)
        .limit(limit)
        .select(StoredEvent::as_select())
        .load(conn)?)
}

pub(super) fn append_seal(tx: &mut WriteTx<'_>, sequence: i64, event: &EventId, digest: &str) -> Result<()> {
    diesel::insert_into(audit_seals::table)
        .values((audit_seals::sequence.eq(sequence), audit_seals::event_id.eq(event), audit_seals::digest.eq(digest)))
        .execute(&mut **tx)?;
    diesel::delete(audit_unsealed::table.find(event)).execute(&mut **tx)?;
    Ok(())
}

/// A link: its place, its digest, the event it names, and that event where it still exists.
pub(super) type Link = (i64, String, EventId, Option<StoredEvent>);

/// Links after `sequence`.
pub(super) fn links_after(conn: &mut Conn, sequence: i64, limit: i64) -> Result<Vec<Link>> {
    Ok(audit_seals::table
        .left_join(audit_events::table)
        .filter(audit_seals::sequence.gt(sequence))
        .order(audit_seals::sequence)
        .limit(limit)
        .select((audit_seals::sequence, audit_seals::digest, audit_seals::event_id, Option::<StoredEvent>::as_select()))
        .load(conn)?)
}

/// How many events stand in no link although the sealer does not wait for them.
pub(super) fn left_out(conn: &mut Conn) -> Result<i64> {
    let from = "FROM audit_events e WHERE NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = e.id) \
         AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.event_id = e.id)";
    Question::default().count(conn, from, i64::MAX - 1)
}

/// The digest of a link; `None` where the chain does not reach so far.
pub(super) fn link_at(conn: &mut Conn, sequence: i64) -> Result<Option<String>> {
    Ok(audit_seals::table.find(sequence).select(audit_seals::digest).first(conn).optional()?)
}

pub(super) fn waiting(conn: &mut Conn) -> Result<i64> {
    Ok(audit_unsealed::table.count().get_result(conn)?)
}

/// An event as a person reads it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub at: Instant,
    pub by: ActorKind,
    pub name: String,
    pub what: What,
    pub batch: Option<BatchId>,
    pub reason: Option<String>,
    pub changes: serde_json::Value,
}

/// What happened to a batch, oldest first. At most `limit` events.
///
/// # Errors
/// The database's.
pub fn of_batch(conn: &mut Conn, batch: &BatchId, limit: i64) -> Result<Vec<Recorded>> {
    let events: Vec<StoredEvent> = audit_events::table
        .filter(audit_events::batch_id.eq(batch))
        .order(audit_events::id)
        .limit(limit)
        .select(StoredEvent::as_select())
        .load(conn)?;
    Ok(events.into_iter().filter_map(recorded).collect())
}

/// Who did this to the batch last, by name.
///
/// # Errors
/// The database's.
pub fn last_by(conn: &mut Conn, batch: &BatchId, what: What) -> Result<Option<String>> {
    Ok(audit_events::table
        .filter(audit_events::batch_id.eq(batch))
        .filter(audit_events::action.eq(what.as_str()))
        .order(audit_events::id.desc())
        .select(audit_events::actor_name)
        .first(conn)
        .optional()?)
}

/// What happened to a subject, newest first; without the kinds that are left out. At most `limit` events.
///
/// # Errors
/// The database's.
pub fn of_subject(conn: &mut Conn, subject: &str, without: &[What], limit: i64) -> Result<Vec<Recorded>> {
    let events: Vec<StoredEvent> = audit_events::table
        .filter(audit_events::subject_id.eq(subject))
        .filter(audit_events::action.ne_all(without.iter().map(|what| what.as_str())))
        .order(audit_events::id.desc())
        .limit(limit)
        .select(StoredEvent::as_select())
        .load(conn)?;
    Ok(events.into_iter().filter_map(recorded).collect())
}

/// `None` for an event this version has no word for.
fn recorded(event: StoredEvent) -> Option<Recorded> {
    Some(Recorded {
        at: event.at,
        by: event.actor_kind.parse().ok()?,
        name: event.actor_name,
        what: event.action.parse().ok()?,
        batch: event.batch_id,
        reason: event.reason,
        changes: serde_json::from_str(&event.changes).unwrap_or_default(),
    })
}
