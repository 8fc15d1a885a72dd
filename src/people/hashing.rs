//! Hashing in a pool so small that guessing cannot take the machine's memory or time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore};

use super::password::{BadPassword, PasswordHash, check, hash};

/// Passwords hashed at the same time: each takes 19 MiB and 20 ms of one core.
pub const HASHES_AT_ONCE_MAX: usize = 2;
/// Sign-ins and new passwords under way, hashing or waiting for it: the last waits about a second. More are told to try again.
pub const WAITING_MAX: usize = 64;

/// The bounded pool. One for the whole process; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    shared: Arc<Shared>,
}

struct Shared {
    hashing: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Tries are counted one after the other: side by side they would only make the database repeat them.
    counting: Mutex<()>,
    /// Verified where the name is unknown, so that the answer takes as long.
    dummy: PasswordHash,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    hashed: AtomicUsize,
}

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people are signing in at this moment")]
pub struct Busy;

/// A place among those who wait; held until the answer is known.
pub struct Place {
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Passwords {
    /// # Errors
    /// Where the first hash cannot be made.
    pub fn new() -> Result<Self, BadPassword> {
        let shared = Shared {
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)),
            queue: Arc::new(Semaphore::new(WAITING_MAX)),
            counting: Mutex::new(()),
            dummy: hash(&SecretString::from("no one has this password"))?,
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            hashed: AtomicUsize::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A place in the queue, before anything else is done for the request.
    ///
    /// # Errors
    /// [`Busy`] where too many wait.
    pub fn place(&self) -> Result<Place, Busy> {
        let permit = Arc::clone(&self.shared.queue).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Place { shared: Arc::clone(&self.shared), _permit: permit })
    }

    /// The most passwords that were hashed at the same time since the process began.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }

    /// How many passwords were hashed since the process began, right, wrong and of nobody.
    pub fn hashed(&self) -> usize {
        self.shared.hashed.load(Ordering::SeqCst)
    }
}

impl Place {
    /// While it is held, no other sign-in of this process counts its try.
    pub async fn counting(&self) -> MutexGuard<'_, ()> {
        self.shared.counting.lock().await
    }

    /// Whether the password belongs to the hash; with no hash, the same work and `false`.
    pub async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.shared.dummy.clone());
        self.hashing(move || hash.fits(&password)).await.unwrap_or(false) && known
    }

    /// The hash of a new password, once it is found to be one this person may have.
    ///
    /// # Errors
    /// [`BadPassword`].
    pub async fn of_new(&self, password: SecretString, user_name: &str) -> Result<PasswordHash, BadPassword> {
        let name = user_name.to_owned();
        self.hashing(move || check(&password, &name).and_then(|()| hash(&password))).await.unwrap_or(Err(BadPassword::Unhashable))
    }

    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.shared.hashing).acquire_owned().await.ok()?;
        let shared = Arc::clone(&self.shared);
        let counted = move || {
            // Held by the work itself: whoever asked may be gone before it ends.
            let _turn = turn;
            let at_once = shared.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            shared.most_at_once.fetch_max(at_once, Ordering::SeqCst);
            shared.hashed.fetch_add(1, Ordering::SeqCst);
            let done = work();
            shared.at_once.fetch_sub(1, Ordering::SeqCst);
            done
        };
        tokio::task::spawn_blocking(counted).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_has_the_password_that_is_verified_for_unknown_names() {
        let passwords = Passwords::new().unwrap();
        assert!(!passwords.place().unwrap().verify("no one has this password".into(), None).await);
        assert_eq!(passwords.hashed(), 1);
    }

    #[tokio::test]
    async fn so_many_wait_and_no_more() {
        let passwords = Passwords::new().unwrap();
        let places: Vec<_> = (0..WAITING_MAX).map(|_| passwords.place().unwrap()).collect();
        assert_eq!(passwords.place().err(), Some(Busy));
        drop(places);
        assert!(passwords.place().is_ok());
    }
}
