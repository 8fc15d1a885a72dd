//! A person as account managers look after them.

use super::{Details, User};
use crate::clock::Instant;

/// Everything that is kept of a person, but their password.
#[derive(Debug, Clone)]
pub struct Person {
    pub user: User,
    pub details: Details,
    pub created_at: Instant,
    pub last_sign_in_at: Option<Instant>,
    /// They set a password of their own.
    pub has_password: bool,
}
