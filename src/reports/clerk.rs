//! The background work of an institution's days: makes the report at the end of each, and tells people before the cut-off.
//!
//! [`Clerk::beat`] does what is due at the clock's time, which is how tests drive it; [`Clerk::run`] goes on until told to stop. It asks the
//! database when something is due, once a minute while this process writes, and every ten minutes besides, in case another process
//! changed a setting. None of these looks leaves a connection open.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::end_of_day::{Agenda, due, end_of_day};
use super::{cut_off, day};
use crate::audit::By;
use crate::clock::Instant;
use crate::db;
use crate::institutions::Institution;

/// The clock is looked at so often, the database seldom: a machine that slept, or whose clock was put, is noticed.
const TICK: Duration = Duration::from_secs(60);
/// The database is looked at so often while nothing is due: another process may have changed when days end.
pub const LOOK_EVERY: Duration = Duration::from_secs(600);

/// One institution's clerk in this process.
pub struct Clerk {
    institution: Arc<Institution>,
    looked: Option<Looked>,
}

/// What the last look told.
#[derive(Debug, Clone, Copy)]
struct Looked {
    at: Instant,
    commits: u64,
    /// When there is something to do at the latest.
    next: Instant,
}

impl Clerk {
    pub fn new(institution: &Arc<Institution>) -> Self {
        Self { institution: Arc::clone(institution), looked: None }
    }

    /// Works until `stop` says so.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            if self.is_time()
                && let Err(error) = self.beat().await
            {
                tracing::warn!(%error, "the day's report waits");
            }
            let now = self.institution.clock().now();
            let wait = self.looked.map_or(TICK, |looked| looked.next.since(now).min(TICK));
            // A look that failed, or one whose time has come meanwhile, is not tried in a circle.
            let wait = wait.max(Duration::from_secs(1));
            tokio::select! { () = tokio::time::sleep(wait) => {}, _ = stop.wait_for(|stop| *stop) => return }
        }
    }

    /// Whether it has to look at the database.
    fn is_time(&self) -> bool {
        let (now, commits) = (self.institution.clock().now(), self.institution.db.commits());
        self.looked
            .is_none_or(|looked| now >= looked.next || now < looked.at || commits != looked.commits || now.since(looked.at) >= LOOK_EVERY)
    }

    /// Does what is due at the clock's time; returns when to look again at the latest.
    ///
    /// # Errors
    /// The database's.
    pub async fn beat(&mut self) -> db::Result<Instant> {
        let institution = Arc::clone(&self.institution);
        let (now, commits) = (institution.clock().now(), institution.db.commits());
        // While the look fails, the next tick tries again.
        self.looked = None;
        let settings = institution.settings.clone();
        let look = move |conn: &mut db::Conn| {
            let made = due(conn, &settings, now)?;
            let tells = cut_off::is_anybody_to_tell(conn, &made.house, now)?;
            Ok::<_, db::Error>((made, tells))
        };
        let (Agenda { house, rhythm, last, due }, tells) = institution.db.glance(look).await?;
        if !due.is_empty() {
            let days = end_of_day(&institution, &By::system()).await?;
            days.iter().for_each(|day| tracing::info!(institution = institution.settings.name, %day, "end of day"));
        }
        if tells {
            cut_off::tell_all(&institution, house.clone()).await?;
        }
        let last = due.last().map(|period| day::Last { day: period.day, until: period.until }).or(last);
        let end = rhythm.next(last, now).unwrap_or_else(|| now.after(LOOK_EVERY));
        let before_cut_off = if cut_off::near(&house, now).is_some() { Some(now.after(TICK)) } else { cut_off::next(&house, now) };
        let next = before_cut_off.map_or(end, |at| at.min(end));
        self.looked = Some(Looked { at: now, commits, next });
        Ok(next)
    }
}
