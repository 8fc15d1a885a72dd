//! What every worker of one institution's dispatch shares.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::core::{Rules, Steady};
use super::recorder::Recorder;
use crate::clock::Instant;
use crate::db::Db;
use crate::ids::{AttemptId, InstitutionId};

pub(super) struct Shared {
    pub db: Db,
    pub house: InstitutionId,
    /// The institution's name, as quotes carry it.
    pub payer_name: String,
    pub recorder: Recorder,
    steady: Mutex<Steady>,
    /// Attempts that a task of this process is working on.
    alive: Mutex<HashSet<AttemptId>>,
    /// Whether bytes were recorded since the last epoch began.
    recorded: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(db: Db, house: InstitutionId, payer_name: String, recorder: Recorder) -> Self {
        let steady = Steady::new(db.clock().now(), db.clock().monotonic());
        Self { db, house, payer_name, recorder, steady: Mutex::new(steady), alive: Mutex::default(), recorded: AtomicBool::new(false) }
    }

    pub fn now(&self) -> Instant {
        self.db.clock().now()
    }

    /// The time, and whether certainty may be judged by it.
    pub fn steady_now(&self, rules: &Rules) -> (Instant, bool) {
        let mut steady = lock(&self.steady);
        let now = self.now();
        let trusted = steady.reading(now, self.db.clock().monotonic(), rules);
        (now, trusted)
    }

    pub fn note_recorded(&self) {
        self.recorded.store(true, Ordering::SeqCst);
    }

    pub fn has_recorded(&self) -> bool {
        self.recorded.load(Ordering::SeqCst)
    }

    pub fn forget_recorded(&self) {
        self.recorded.store(false, Ordering::SeqCst);
    }

    pub fn begun(&self, attempt: &AttemptId) {
        lock(&self.alive).insert(attempt.clone());
    }

    pub fn ended(&self, attempt: &AttemptId) {
        lock(&self.alive).remove(attempt);
    }

    pub fn is_alive(&self, attempt: &AttemptId) -> bool {
        lock(&self.alive).contains(attempt)
    }
}
