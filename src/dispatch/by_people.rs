//! What two people say of a transfer's end, and what one may ask for, as moves of the transfer (`core::people`). Who may is the resolutions
//! room's to say.

use super::core::limits::{ASK_AGAIN_EVERY, CLOSED_FIRST_ASK_AFTER, ID_MEMORY};
use super::core::{self, Ending};
use super::store::{self, Deltas, Held, Key, Move};
use crate::clock::Instant;
use crate::db::{self, WriteTx};
use crate::ids::{RowId, TransferId};

/// A transfer that people closed, as it is asked about from then on.
#[derive(Debug, Clone)]
pub struct Closed {
    pub next_at: Instant,
    pub executable_until: Option<Instant>,
    pub remembered_until: Option<Instant>,
}

/// The id that a transfer has in use, and its place in the chain.
///
/// # Errors
/// The database's.
pub fn id_in_use(conn: &mut db::Conn, row: &RowId) -> db::Result<Option<(TransferId, i32)>> {
    let Some((held, home)) = store::find_row(conn, row)? else { return Ok(None) };
    let house = store::house(conn)?;
    Ok(Some((TransferId::derive(&house, &home, held.standing.n), held.standing.n)))
}

/// Closes a transfer that needs attention, if it is still at the id that people spoke of. Whoever asks the network about it just then
/// finds it closed; what they hear is compared with it later.
///
/// # Errors
/// `Conflict` where it stands otherwise by now; the database's.
pub fn close(tx: &mut WriteTx<'_>, row: &RowId, n: i32, ending: Ending) -> db::Result<Closed> {
    let (held, _) = store::find_row(tx, row)?.ok_or(db::Error::Conflict)?;
    if held.standing.n != n {
        return Err(db::Error::Conflict);
    }
    let now = tx.now();
    let to = core::close(held.standing.clone(), ending, now).ok_or(db::Error::Conflict)?;
    apply(tx, &held, &to)?;
    let approved_at = store::approved_at(tx, &held.batch)?;
    Ok(Closed {
        next_at: now.after(CLOSED_FIRST_ASK_AFTER),
        executable_until: held.standing.recorded.map(|recorded| recorded.until),
        remembered_until: approved_at.map(|at| at.after(ID_MEMORY)),
    })
}

/// Has the network asked at once. `false`: it was asked within the last minute, or is about to be.
///
/// # Errors
/// `Conflict` where nobody asks about it any more; the database's.
pub fn ask_again(tx: &mut WriteTx<'_>, row: &RowId) -> db::Result<bool> {
    let (held, _) = store::find_row(tx, row)?.ok_or(db::Error::Conflict)?;
    let now = tx.now();
    let to = core::ask_again(held.standing.clone(), now).ok_or(db::Error::Conflict)?;
    let asked_at = store::last_attempt_at(tx, row)?;
    let is_due = held.standing.next_at.is_some_and(|at| at <= now);
    if is_due || asked_at.is_some_and(|at| now < at.after(ASK_AGAIN_EVERY)) {
        return Ok(false);
    }
    let one = Move::new(&held.id, &Key::of(&held.standing, held.attempt.as_ref()), &to, held.attempt.as_ref());
    if store::move_rows(tx, &[one])?.len() == 1 { Ok(true) } else { Err(db::Error::Conflict) }
}

/// Stops what would pay a transfer again that was paid under an id it had given up, where it is not too late. `true`: stopped.
pub(super) fn halt(tx: &mut WriteTx<'_>, row: &RowId, paid: i32) -> db::Result<bool> {
    let Some((held, _)) = store::find_row(tx, row)? else { return Ok(false) };
    let now = tx.now();
    let Some(to) = core::halt(held.standing.clone(), now).filter(|_| held.standing.n > paid) else { return Ok(false) };
    apply(tx, &held, &to)?;
    Ok(true)
}

fn apply(tx: &mut WriteTx<'_>, held: &Held, to: &core::Standing) -> db::Result<()> {
    let one = Move::new(&held.id, &Key::of(&held.standing, held.attempt.as_ref()), to, None);
    if store::move_rows(tx, &[one])?.len() != 1 {
        return Err(db::Error::Conflict);
    }
    let mut deltas = Deltas::default();
    deltas.moved(&held.batch, held.amount, held.standing.state, to.state);
    store::add_deltas(tx, &deltas)?;
    super::finish::finish(tx, deltas.batches())
}
