//! What a broken upload leaves is taken away: at once where its reader noticed, else by the worker, which finds batches whose reader
//! has been silent for [`SILENCE_MAX`].

use std::time::Duration;

use super::store::bulk;
use super::store::files::files;
use super::store::sighting::unsight;
use super::{State, store};
use crate::clock::Instant;
use crate::db::{self, Db, Isolation, Turn, WriteTx};
use crate::ids::BatchId;

/// A reader writes many times a second; one that was silent for so long is dead, or will find that it may write no more.
const SILENCE_MAX: Duration = Duration::from_secs(5 * 60);

/// Takes away what dead readers left; returns how many batches it found. The worker calls it at its start and every minute.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db) -> db::Result<usize> {
    let before = db.clock().now().before(SILENCE_MAX);
    let silent = db.read(move |conn| store::silent(conn, before)).await?;
    let found = silent.len();
    for (batch, last) in silent {
        match abandon(db, &batch, last).await {
            // Its reader lives after all, or another process sweeps.
            Ok(()) | Err(db::Error::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Takes away what a reader wrote, as the one that beats from now on. A new batch is gone then; one that was being corrected waits for
/// another file.
pub(super) async fn abandon(db: &Db, id: &BatchId, mut last: Instant) -> db::Result<()> {
    loop {
        let batch = id.clone();
        let purged = db.write_as(Turn::Worker, Isolation::ReadCommitted, move |tx| {
            let next = bulk::beat(tx, &batch, last)?;
            Ok::<_, db::Error>((next, bulk::purge(tx, &batch)?))
        });
        let (next, empty) = purged.await?;
        last = next;
        if empty {
            break;
        }
    }
    let batch = id.clone();
    db.write_as(Turn::Worker, Isolation::Serializable, move |tx| give_up(tx, &batch, last)).await
}

fn give_up(tx: &mut WriteTx<'_>, id: &BatchId, last: Instant) -> db::Result<()> {
    bulk::beat(tx, id, last)?;
    let Some(batch) = store::find(tx, id)? else { return Err(db::Error::Conflict) };
    let files = files(tx, id)?;
    if let Some(newest) = files.first() {
        bulk::remove_file(tx, &newest.id)?;
    }
    match files.get(1) {
        Some(before) => {
            store::set_content(tx, id, &before.content_digest, 0)?;
            store::swap_state(tx, id, State::Checking, State::NeedsCorrection)
        }
        None => {
            unsight(tx, &batch.content_digest, batch.content_seen)?;
            store::remove(tx, id)
        }
    }
}
