//! What every worker of one institution's dispatch shares.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// How many those are, for the recorder.
    in_hand: Arc<AtomicUsize>,
    /// Whether bytes were recorded since the last epoch began.
    recorded: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(db: Db, house: InstitutionId, payer_name: String, recorder: Recorder, in_hand: Arc<AtomicUsize>) -> Self {
        let steady = Steady::new(db.clock().now(), db.clock().monotonic());
        let (steady, recorded) = (Mutex::new(steady), AtomicBool::new(false));
        Self { db, house, payer_name, recorder, steady, alive: Mutex::default(), in_hand, recorded }
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
        self.in_hand.fetch_add(1, Ordering::SeqCst);
    }

    pub fn ended(&self, attempt: &AttemptId) {
        lock(&self.alive).remove(attempt);
        self.in_hand.fetch_sub(1, Ordering::SeqCst);
    }

    pub fn is_alive(&self, attempt: &AttemptId) -> bool {
        lock(&self.alive).contains(attempt)
    }
}
