//! Which passwords people may have, and what is kept of one: an argon2id hash.

use std::ops::RangeInclusive;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

use super::fold_user_name;
use crate::say;
use crate::words::Said;

/// Characters of the shortest and longest password.
const LENGTH: RangeInclusive<usize> = 8..=128;
/// How many characters are compared with lists of common passwords: the comparison's cost grows faster than its input.
const COMPARED_CHARS_MAX: usize = 48;
/// Below it, a password is among the first hundred million that a guesser tries.
const SCORE_MIN: Score = Score::Three;

/// What the database keeps of a password (PHC text: algorithm, parameters, salt and hash). Empty: they have not set one, and
/// nothing opens the account.
#[derive(Clone)]
pub struct PasswordHash(pub(super) String);

impl PasswordHash {
    /// Of somebody who has not set a password yet: no password fits it.
    pub const fn not_set() -> Self {
        Self(String::new())
    }
}

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    #[error("a password has at least 8 characters")]
    TooShort,
    #[error("a password has at most 128 characters")]
    TooLong,
    #[error("a password needs an upper case letter")]
    NoUpperCase,
    #[error("a password needs a number")]
    NoNumber,
    #[error("a password needs a special character, such as ! or -")]
    NoSpecial,
    #[error("a password must not contain the user name")]
    HasUserName,
    #[error("the password is one that many people use, or like one")]
    Common,
    #[error("the password could not be hashed")]
    Unhashable,
}

impl BadPassword {
    /// As the form says it.
    pub fn said(self) -> Said {
        match self {
            Self::TooShort => say!("The password needs at least 8 characters."),
            Self::TooLong => say!("The password can have at most 128 characters."),
            Self::NoUpperCase => say!("The password needs an upper case letter, from A to Z."),
            Self::NoNumber => say!("The password needs a number, from 0 to 9."),
            Self::NoSpecial => say!("The password needs a special character, such as ! or -"),
            Self::HasUserName => say!("The password must not contain your user name."),
            Self::Common => say!("This password is easy to guess: many people use it, or one like it. Put two or three words together."),
            Self::Unhashable => say!("This password cannot be used. Choose another one."),
        }
    }
}

impl PasswordHash {
    /// Hashes a new password after checking that it is one this person may have. Takes 19 MiB and 20 ms of one core: pages go through
    /// [`super::Passwords`], which bounds how many do so at once.
    ///
    /// # Errors
    /// [`BadPassword`].
    pub fn of_new(password: &SecretString, user_name: &str) -> Result<Self, BadPassword> {
        check(password, user_name)?;
        hash(password)
    }

    /// Whether this is the password.
    pub(super) fn fits(&self, password: &SecretString) -> bool {
        phc::PasswordHash::new(&self.0)
            .is_ok_and(|parsed| Argon2::default().verify_password(typed(password).expose_secret().as_bytes(), &parsed).is_ok())
    }
}

/// Whether the person may have this password.
///
/// # Errors
/// [`BadPassword`], the first rule it breaks.
pub(super) fn check(password: &SecretString, user_name: &str) -> Result<(), BadPassword> {
    let text = password.expose_secret();
    let length = text.chars().take(LENGTH.end() + 1).count();
    if length < *LENGTH.start() {
        return Err(BadPassword::TooShort);
    }
    if length > *LENGTH.end() {
        return Err(BadPassword::TooLong);
    }
    let has = |test: fn(char) -> bool| text.chars().any(test);
    if !has(char::is_uppercase) {
        return Err(BadPassword::NoUpperCase);
    }
    if !has(char::is_numeric) {
        return Err(BadPassword::NoNumber);
    }
    if !has(|c| !c.is_alphanumeric()) {
        return Err(BadPassword::NoSpecial);
    }
    let name = fold_user_name(user_name);
    if !name.is_empty() && fold_user_name(text).contains(&name) {
        return Err(BadPassword::HasUserName);
    }
    let compared: String = text.chars().take(COMPARED_CHARS_MAX).collect();
    if zxcvbn(&compared, &[&name, "outlay"]).score() < SCORE_MIN {
        return Err(BadPassword::Common);
    }
    Ok(())
}

pub(super) fn hash(password: &SecretString) -> Result<PasswordHash, BadPassword> {
    let hash = Argon2::default().hash_password(typed(password).expose_secret().as_bytes()).map_err(|_| BadPassword::Unhashable)?;
    Ok(PasswordHash(hash.to_string()))
}

/// The same password whichever keyboard wrote it.
fn typed(password: &SecretString) -> SecretString {
    SecretString::from(password.expose_secret().nfkc().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<BadPassword> {
        check(&password.into(), "thiri").err()
    }

    #[test]
    fn each_rule_has_its_own_refusal() {
        assert_eq!(refused("Ab1!"), Some(BadPassword::TooShort));
        assert_eq!(refused(&format!("Ab1!{}", "x".repeat(125))), Some(BadPassword::TooLong));
        assert_eq!(refused("mingalaba-1"), Some(BadPassword::NoUpperCase));
        assert_eq!(refused("Mingalaba-x"), Some(BadPassword::NoNumber));
        assert_eq!(refused("Mingalaba1"), Some(BadPassword::NoSpecial));
        assert_eq!(refused("Ma-ThiRi-4711"), Some(BadPassword::HasUserName));
    }

    #[test]
    fn passwords_that_everybody_tries_first_are_refused_though_they_keep_the_rules() {
        for common in ["P@ssw0rd1!", "Welcome1!", "Admin@123", "Password123!", "Qwerty123!", "Abcd1234!", "Outlay1!", "Aaaaaaa1!"] {
            assert_eq!(refused(common), Some(BadPassword::Common), "{common}");
        }
        for good in [
            "Mingalaba-1",
            "Shwe-Dagon-44",
            "Tea leaf Salad 9",
            "\u{1019}\u{1004}\u{103a}\u{1039}\u{1002}\u{101c}\u{102c}\u{1015}\u{102b} A1!",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
    }

    #[test]
    fn the_longest_password_is_checked_at_once() {
        assert_eq!(refused(&format!("Mingalaba-1{}", "aA1!".repeat(29))), None);
    }

    #[test]
    fn a_password_opens_only_its_own_hash() {
        let hash = PasswordHash::of_new(&"Correct-horse1".into(), "thiri").unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        assert!(hash.fits(&"Correct-horse1".into()));
        assert!(!hash.fits(&"Correct-horse2".into()));
        assert!(!PasswordHash::not_set().fits(&"".into()));
    }
}
