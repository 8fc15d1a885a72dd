//! SQLite's one writer: a thread that alone uses the writing connection and takes people's writes before the worker's.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::pool::{Pool, Use};
use super::{Conn, Error};

/// Whose write it is: a person waits for a page, the worker does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Person,
    Worker,
}

/// So many people's writes in a row before the worker gets one, so that paying never stands still.
const PEOPLE_IN_A_ROW_MAX: u32 = 16;

type Job = Box<dyn FnOnce(Result<&mut Conn, Error>) + Send>;

#[derive(Default)]
struct Queue {
    people: VecDeque<Job>,
    worker: VecDeque<Job>,
    people_in_a_row: u32,
    closed: bool,
}

impl Queue {
    fn next(&mut self) -> Option<Job> {
        let worker_waits = !self.worker.is_empty() && self.people_in_a_row >= PEOPLE_IN_A_ROW_MAX;
        if !worker_waits && let Some(job) = self.people.pop_front() {
            self.people_in_a_row += 1;
            return Some(job);
        }
        self.people_in_a_row = 0;
        self.worker.pop_front()
    }
}

pub(super) struct SqliteWriter {
    shared: Arc<(Mutex<Queue>, Condvar)>,
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SqliteWriter {
    /// Starts the thread; the connection is opened at the first write.
    pub(super) fn start(pool: Arc<Pool>) -> std::io::Result<Self> {
        let shared = Arc::new((Mutex::new(Queue::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new().name("outlay-writer".to_owned()).spawn(move || serve(&pool, &theirs))?;
        Ok(Self { shared })
    }

    pub(super) fn submit(&self, turn: Turn, job: Job) {
        let mut queue = lock(&self.shared.0);
        match turn {
            Turn::Person => queue.people.push_back(job),
            Turn::Worker => queue.worker.push_back(job),
        }
        self.shared.1.notify_one();
    }
}

impl Drop for SqliteWriter {
    fn drop(&mut self) {
        lock(&self.shared.0).closed = true;
        self.shared.1.notify_one();
    }
}

fn serve(pool: &Pool, shared: &(Mutex<Queue>, Condvar)) {
    loop {
        let job = {
            let mut queue = lock(&shared.0);
            loop {
                if let Some(job) = queue.next() {
                    break job;
                }
                if queue.closed {
                    return;
                }
                queue = shared.1.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let mut lent = match pool.lend(Use::Kept) {
            Ok(lent) => lent,
            Err(error) => {
                job(Err(error));
                continue;
            }
        };
        // A verb that panics has its caller told that the outcome is unknown; its connection is closed, which rolls its transaction
        // back, and the next verb gets a new one. Without this every later write would wait for ever.
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(lent.conn())));
        match ran {
            Ok(()) => lent.done(),
            Err(_) => tracing::error!("a write panicked and was rolled back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_come_first_but_the_worker_is_never_starved() {
        let mut queue = Queue::default();
        for _ in 0..40 {
            queue.people.push_back(Box::new(|_| {}));
        }
        queue.worker.push_back(Box::new(|_| {}));
        let mut before = 0;
        while !queue.worker.is_empty() {
            assert!(queue.next().is_some());
            before += 1;
        }
        assert_eq!(before, PEOPLE_IN_A_ROW_MAX + 1);
    }
}
