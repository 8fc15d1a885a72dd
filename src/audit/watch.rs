//! Verifies the chain little by little while Outlay runs, and remembers in this process how far it came: a page tells it without walking.
//!
//! What was verified stays in memory, where somebody who can write into the database cannot change it; so an end that was cut off since is
//! found too. After a restart, and every [`WALK_AGAIN`], the walk begins again at the first link.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::verify::{PAGE, Trouble, Walk};
use super::{ChainKey, store};
use crate::clock::Instant;
use crate::db::{Conn, Db, Result};

/// The whole chain is walked again so often: an event may be altered after it was verified.
pub const WALK_AGAIN: Duration = Duration::from_hours(6);
/// Pages of links that one call goes over, at most.
const PAGES_AT_ONCE: usize = 50;

/// What this process knows of the chain.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Seen>);

/// How far the chain was verified, and what did not fit.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The last link up to which everything fits: its place, its digest, and when its event was.
    pub verified: Option<(i64, String, Option<Instant>)>,
    /// When the walk last reached the end.
    pub at: Option<Instant>,
    /// What did not fit, and when it was found. It stays until a whole walk finds nothing.
    pub trouble: Option<(Trouble, Instant)>,
    walk: Walk,
    begun_at: Option<Instant>,
    /// Whether this walk came to the end before, and so only follows it now.
    follows: bool,
}

impl Watch {
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// Whether there was nothing more to verify when it last looked.
    pub fn is_at_end(&self) -> bool {
        self.lock().follows
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes on with the walk, at most so far that it takes a moment; call it again and again.
///
/// # Errors
/// The database's.
pub async fn look_on(db: &Db, key: &ChainKey, watch: &Watch) -> Result<()> {
    let now = db.clock().now();
    let mut seen = watch.seen();
    if seen.begun_at.is_none_or(|begun| now.since(begun) >= WALK_AGAIN) {
        (seen.walk, seen.begun_at, seen.follows) = (Walk::default(), Some(now), false);
    } else if seen.trouble.is_some() && seen.follows {
        // Nothing after a broken link can be trusted: the next whole walk tells.
        return Ok(());
    }
    for _ in 0..PAGES_AT_ONCE {
        let (key, walk, follows) = (key.clone(), seen.walk.clone(), seen.follows);
        let step = db.read(move |conn| step(conn, &key, walk, follows)).await?;
        seen.walk = step.walk;
        if let Some(trouble) = step.trouble {
            tracing::error!(trouble = %trouble, "the audit chain is broken");
            (seen.trouble, seen.follows) = (Some((trouble, now)), true);
            break;
        }
        if step.is_end {
            let is_whole = !seen.follows;
            if is_whole {
                seen.trouble = None;
            }
            seen.follows = true;
            seen.at = Some(now);
            seen.verified = (seen.walk.place > 0).then(|| (seen.walk.place, seen.walk.head.clone(), seen.walk.event_at));
            break;
        }
    }
    *watch.lock() = seen;
    Ok(())
}

struct Step {
    walk: Walk,
    trouble: Option<Trouble>,
    is_end: bool,
}

/// Over the next page of links. The link it stands on must still be there.
fn step(conn: &mut Conn, key: &ChainKey, mut walk: Walk, follows: bool) -> Result<Step> {
    if walk.place > 0 && store::link_at(conn, walk.place)?.as_deref() != Some(walk.head.as_str()) {
        return Ok(Step { walk, trouble: Some(Trouble::HeadNotFound), is_end: true });
    }
    let links = store::links_after(conn, walk.place, PAGE)?;
    let is_end = i64::try_from(links.len()).unwrap_or(PAGE) < PAGE;
    for link in links {
        if let Some(trouble) = walk.over(key, link).into_iter().next() {
            return Ok(Step { walk, trouble: Some(trouble), is_end: true });
        }
    }
    let left_out = if is_end && !follows { store::left_out(conn)? } else { 0 };
    Ok(Step { walk, trouble: (left_out > 0).then_some(Trouble::LeftOut { events: left_out }), is_end })
}
