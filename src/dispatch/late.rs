//! A reply that says "paid" and comes too late to move its row: where the row was called not paid meanwhile, or goes on under a later id,
//! the alarm goes up. Such replies are rare, so each is looked at by itself.

use super::recorder::Write;
use super::store;
use super::{by_people, core};
use crate::db::{self, WriteTx};
use crate::ids::{RowId, TransferId};
use crate::resolutions;

/// Of writes whose rows did not move.
pub(super) fn look<'a>(tx: &mut WriteTx<'_>, lost: impl Iterator<Item = &'a Write>) -> db::Result<()> {
    for write in lost {
        let committed = write.replies.iter().filter(|reply| reply.verdict == "committed").filter_map(|reply| reply.transfer.as_ref());
        for transfer in committed {
            one(tx, &write.row, transfer)?;
        }
    }
    Ok(())
}

fn one(tx: &mut WriteTx<'_>, row: &RowId, transfer: &TransferId) -> db::Result<()> {
    let Some((held, home)) = store::find_row(tx, row)? else { return Ok(()) };
    let house = store::house(tx)?;
    // A later id than the one in use cannot have been used: whatever this is, it is not this chain's.
    let Some(n) = (0..=held.standing.n).find(|n| TransferId::derive(&house, &home, *n) == *transfer) else { return Ok(()) };
    let Some(kind) = core::late_commit(&held.standing, n) else { return Ok(()) };
    resolutions::raise(tx, row, transfer, kind)?;
    by_people::halt(tx, row, n).map(drop)
}
