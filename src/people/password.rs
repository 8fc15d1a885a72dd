//! Passwords: argon2id, in a pool so small that guessing cannot take the machine's memory or time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

/// Passwords hashed at the same time: each takes 19 MiB and 20 ms of one core.
const AT_ONCE_MAX: usize = 2;
/// Sign-ins that wait for a place; more are told to try again.
const WAITING_MAX: usize = 64;
/// Characters of the shortest and longest password.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// What the database keeps of a password (PHC text: algorithm, parameters, salt and hash).
#[derive(Clone)]
pub struct PasswordHash(pub(super) String);

impl PasswordHash {
    /// Of somebody who has not set a password yet: no password fits it.
    pub const fn none() -> Self {
        Self(String::new())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    #[error("a password has 8 to 128 characters")]
    Length,
    #[error("a password needs an upper case letter, a number and a special character")]
    TooPlain,
    #[error("the password could not be hashed")]
    Unhashable,
}

/// The bounded pool. One for the whole process; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Verified where the name is unknown, so that the answer takes as long.
    dummy: Arc<PasswordHash>,
}

/// Too many sign-ins wait already.
#[derive(Debug)]
pub struct Busy;

impl Passwords {
    /// # Errors
    /// Where the first hash cannot be made.
    pub fn new() -> Result<Self, BadPassword> {
        let dummy = hash(&SecretString::from("no one has this password"))?;
        Ok(Self { places: Arc::new(Semaphore::new(AT_ONCE_MAX)), queue: Arc::new(Semaphore::new(WAITING_MAX)), dummy: Arc::new(dummy) })
    }

    /// Whether the password belongs to the hash; with no hash, the same work and `false`.
    ///
    /// # Errors
    /// [`Busy`] where too many wait.
    pub async fn verify(&self, password: SecretString, hash: Option<PasswordHash>) -> Result<bool, Busy> {
        let _waiting = self.queue.try_acquire().map_err(|_| Busy)?;
        let _place = self.places.acquire().await.map_err(|_| Busy)?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| PasswordHash::clone(&self.dummy));
        let matches = tokio::task::spawn_blocking(move || {
            phc::PasswordHash::new(&hash.0)
                .is_ok_and(|parsed| Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_ok())
        })
        .await
        .unwrap_or(false);
        Ok(matches && known)
    }
}

impl PasswordHash {
    /// Hashes a new password after checking that it is one a person may have.
    ///
    /// # Errors
    /// [`BadPassword`].
    pub fn of_new(password: &SecretString) -> Result<Self, BadPassword> {
        let text = password.expose_secret();
        if !LENGTH.contains(&text.chars().count()) {
            return Err(BadPassword::Length);
        }
        let has = |test: fn(char) -> bool| text.chars().any(test);
        if !has(char::is_uppercase) || !has(char::is_numeric) || !has(|c| !c.is_alphanumeric()) {
            return Err(BadPassword::TooPlain);
        }
        hash(password)
    }
}

fn hash(password: &SecretString) -> Result<PasswordHash, BadPassword> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes()).map_err(|_| BadPassword::Unhashable)?;
    Ok(PasswordHash(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_only_its_own_hash() {
        let passwords = Passwords::new().unwrap();
        let hash = PasswordHash::of_new(&SecretString::from("Correct-horse1")).unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        assert!(passwords.verify("Correct-horse1".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("Correct-horse2".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("no one has this password".into(), None).await.unwrap());
    }

    #[test]
    fn a_plain_password_is_refused() {
        assert_eq!(PasswordHash::of_new(&"Ab1!".into()).err(), Some(BadPassword::Length));
        assert_eq!(PasswordHash::of_new(&"abcdefgh".into()).err(), Some(BadPassword::TooPlain));
    }
}
