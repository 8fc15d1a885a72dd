//! Invitations and resets: what a person holds to set their password without an account manager ever seeing it.
//!
//! A mailed link carries 256 random bits. A printed code is typed by hand, so it is shorter, belongs to one user name, and its tries are
//! counted by the same lockout as passwords. Only a digest of either is kept; each is good once, for a while, and a new one ends the
//! earlier ones.

use std::time::Duration;

use base64::Engine;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::clock::Instant;
use crate::db::text_enum;
use crate::ids::{ConfirmationId, PasswordLinkId, UserId};

/// How long an invitation is good, and a printed code.
pub const INVITATION_GOOD: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a mailed reset is good.
pub const RESET_GOOD: Duration = Duration::from_secs(30 * 60);
/// Nothing that is read as something else on paper: no 0, O, 1, I, L.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// Characters of a printed code: 59 bits.
const CODE_CHARS: usize = 12;
/// They stand in groups of so many.
const CODE_GROUP: usize = 4;
/// Longer texts are no token of ours.
const TOKEN_CHARS_MAX: usize = 64;

text_enum! {
    /// What it lets its holder do.
    pub enum LinkKind {
        /// Set the first password.
        Invitation = "invitation",
        /// Set a new one in place of one that was forgotten.
        Reset = "reset",
    }
}

text_enum! {
    /// How it comes to the person.
    pub enum Way {
        Mail = "mail",
        /// A code on a printed slip.
        Slip = "slip",
    }
}

/// A link or code that is still good.
#[derive(Debug, Clone)]
pub struct PasswordLink {
    pub id: PasswordLinkId,
    pub user: UserId,
    pub kind: LinkKind,
    pub way: Way,
    pub until: Instant,
}

/// A printed code, in the only answer that ever shows it.
#[derive(Clone)]
pub struct Slip {
    pub full_name: String,
    pub user_name: String,
    pub kind: LinkKind,
    code: String,
    pub until: Instant,
}

/// What became of an invitation or a reset.
pub enum Invited {
    Mailed {
        address: String,
        until: Instant,
    },
    Printed(Slip),
    /// The other account manager has to confirm first; then it is asked for again.
    Asked(ConfirmationId),
}

impl Slip {
    pub(super) fn new(full_name: &str, user_name: &str, kind: LinkKind, code: &str, until: Instant) -> Self {
        Self { full_name: full_name.to_owned(), user_name: user_name.to_owned(), kind, code: code.to_owned(), until }
    }

    /// In groups, as it is printed: `7KQM-2F9A-XW3T`.
    pub fn code(&self) -> String {
        let letters: Vec<char> = self.code.chars().collect();
        letters.chunks(CODE_GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }
}

/// A new token for a mailed link, and the digest that is kept.
pub(super) fn new_token() -> (String, String) {
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let digest = digest(&[b"outlay-link-v1", token.as_bytes()]);
    (token, digest)
}

/// The digest of a token as it came in an address; `None` for what is none of ours.
pub(super) fn token_digest(token: &SecretString) -> Option<String> {
    let token = token.expose_secret();
    (token.len() <= TOKEN_CHARS_MAX).then(|| digest(&[b"outlay-link-v1", token.as_bytes()]))
}

/// A new printed code for a person, and the digest that is kept.
pub(super) fn new_code(user: &UserId) -> (String, String) {
    let letter = |_| ALPHABET.get(rand::random_range(0..ALPHABET.len())).map_or('2', |letter| char::from(*letter));
    let code: String = (0..CODE_CHARS).map(letter).collect();
    let digest = code_digest(user, &SecretString::from(code.as_str()));
    (code, digest)
}

/// The digest of a code as a person typed it: with or without its groups, in any case.
pub(super) fn code_digest(user: &UserId, typed: &SecretString) -> String {
    let typed = typed.expose_secret().chars().filter(|c| c.is_alphanumeric()).take(CODE_CHARS + 1);
    let code = SecretString::from(typed.collect::<String>().to_uppercase());
    digest(&[b"outlay-slip-v1", user.as_str().as_bytes(), code.expose_secret().as_bytes()])
}

/// SHA-256 of the parts, each preceded by its length.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_printed_and_as_it_is_typed() {
        let user = UserId::from("someone");
        let (code, digest) = new_code(&user);
        let slip = Slip::new("Ma Thiri", "thiri", LinkKind::Invitation, &code, Instant::from_micros(0));
        assert_eq!(slip.code().len(), 14);
        for typed in [slip.code(), slip.code().to_lowercase(), code.clone(), slip.code().replace('-', " ")] {
            assert_eq!(code_digest(&user, &typed.into()), digest);
        }
        assert_ne!(code_digest(&UserId::from("someone else"), &code.into()), digest);
    }

    #[test]
    fn a_code_has_58_bits_or_more_and_a_token_256() {
        assert!(f64::from(31).log2() * 12.0 >= 58.0);
        assert_eq!(new_token().0.len(), 43);
        assert!(!ALPHABET.iter().any(|letter| b"0O1IL".contains(letter)));
    }
}
