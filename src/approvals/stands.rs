//! Whether an approval still stands: who gave it must not have lost the right to since, or the batch needs approval again.
//!
//! Asked whenever a batch starts, goes on after a pause, or is tried again, in the transaction that does it.

use super::store;
use crate::clock::Instant;
use crate::db::{Conn, Result};
use crate::ids::BatchId;
use crate::privileges::{self, Action, Loss};
use crate::say;
use crate::words::Said;

/// What became of a batch's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    Yes,
    /// Somebody else has to approve it again before it is paid.
    No(Lapse),
}

/// Why an approval counts no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapse {
    /// The full name of who gave it; `None` where nobody ever approved.
    pub checker: Option<String>,
    pub loss: Loss,
}

impl Lapse {
    /// What people read on the batch's page. `time`: prints a moment in the institution's zone.
    pub fn said(&self, time: impl Fn(Instant) -> String) -> Said {
        let Some(name) = &self.checker else { return say!("Nobody has approved it.") };
        match &self.loss {
            Loss::Deactivated { at } => say!("{name}, who approved it, was deactivated on {time}.", name = name, time = time(*at)),
            Loss::AccountManager { at } => {
                say!("{name}, who approved it, manages accounts since {time} and decides on no payments.", name = name, time = time(*at))
            }
            Loss::Ended { at, by: Some(by) } => {
                let time = time(*at);
                say!("{by} took Approve Payment away from {name}, who approved it, on {time}.", by = by, name = name, time = time)
            }
            Loss::Ended { at, by: None } => {
                say!("{name}, who approved it, lost Approve Payment in this branch on {time}.", name = name, time = time(*at))
            }
            Loss::NeverHeld => say!("{name}, who approved it, did not hold Approve Payment in this branch.", name = name),
        }
    }
}

/// Whether the newest approval of the batch still counts: its checker was not deactivated since, and nobody took Approve Payment in
/// the batch's branch from them. A grant that was given for a while and merely ran out does not matter.
///
/// # Errors
/// The database's.
pub fn still_stands(conn: &mut Conn, batch: &BatchId, now: Instant) -> Result<Stands> {
    let Some(approval) = store::approval(conn, batch)? else {
        return Ok(Stands::No(Lapse { checker: None, loss: Loss::NeverHeld }));
    };
    let facts = privileges::facts(conn, &approval.user_id, &approval.branch, now, now)?;
    Ok(match privileges::lost_since(&facts, Action::ApprovePayment, approval.at) {
        None => Stands::Yes,
        Some(loss) => Stands::No(Lapse { checker: Some(approval.by), loss }),
    })
}
