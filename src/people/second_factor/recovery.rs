//! Recovery codes: ten, shown once, each good once, for the day the phone is lost.

use super::check::{self, CodeRefusal};
use super::secret::Vault;
use super::{letters, store};
use crate::audit::{self, Event, Subject, What};
use crate::clock::Instant;
use crate::db::{self, WriteTx};
use crate::ids::UserId;

/// How many a person gets.
pub const RECOVERY_CODES: usize = 10;
/// Letters and digits that are not mistaken for one another (Crockford's base 32): five bits each.
const LETTERS: &[char; 32] = &[
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T',
    'V', 'W', 'X', 'Y', 'Z',
];
/// Characters of a recovery code's two groups: 50 bits in all.
const GROUPS: [usize; 2] = [5, 5];

/// A random code in groups: `4K7QW-M2X9D`.
pub(super) fn random_code(groups: &[usize]) -> String {
    let letter = |_| LETTERS.get(usize::from(rand::random::<u8>() % 32)).copied().unwrap_or('0');
    let group = |length: &usize| (0..*length).map(letter).collect::<String>();
    groups.iter().map(group).collect::<Vec<_>>().join("-")
}

/// A code as it is compared: without spaces and dashes, and what looks alike is alike.
pub(super) fn folded(typed: &str) -> String {
    let letters = typed.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        'U' => 'V',
        c => c,
    });
    letters.collect()
}

/// New codes instead of those there were. They are in no database: whoever calls this shows them, now.
pub(super) fn make(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId) -> db::Result<Vec<String>> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| random_code(&GROUPS)).collect();
    let digests: Vec<String> = codes.iter().filter_map(|code| vault.digests(user, &folded(code)).into_iter().next()).collect();
    store::replace_recovery_codes(tx, user, &digests)?;
    Ok(codes)
}

/// Makes new codes for a signed-in person who gives a code of their app; the old ones are worth nothing then.
///
/// # Errors
/// [`CodeRefusal`].
pub fn renew(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, code: &str) -> Result<Vec<String>, CodeRefusal> {
    if code.trim().is_empty() {
        return Err(CodeRefusal::Missing);
    }
    check::take(tx, vault, user, code)?;
    let codes = make(tx, vault, user)?;
    let event = Event::new(check::by(tx, user)?, What::RecoveryCodesRenewed, Subject::new("user", user));
    audit::record(tx, &event)?;
    Ok(codes)
}

/// Uses up a recovery code; returns how many are left, and tells the person by mail.
pub(super) fn take(tx: &mut WriteTx<'_>, vault: &Vault, user: &UserId, typed: &str) -> Result<i64, CodeRefusal> {
    check::active(tx, user)?;
    if !store::use_recovery_code(tx, user, &vault.digests(user, &folded(typed)))? {
        return Err(CodeRefusal::Wrong);
    }
    store::set_tries(tx, user, 0, None::<Instant>)?;
    let left = store::recovery_codes_left(tx, user)?;
    let event =
        Event::new(check::by(tx, user)?, What::RecoveryCodeUsed, Subject::new("user", user)).changing(serde_json::json!({ "left": left }));
    audit::record(tx, &event)?;
    letters::recovery_code_used(tx, user, left)?;
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_ten_letters_that_nobody_mistakes() {
        let codes: Vec<String> = (0..1000).map(|_| random_code(&GROUPS)).collect();
        assert!(codes.iter().all(|code| code.len() == 11 && code.get(5..6) == Some("-")));
        assert!(codes.iter().flat_map(|code| code.chars()).all(|c| c == '-' || LETTERS.contains(&c)));
        let distinct: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len());
    }

    #[test]
    fn a_code_may_be_typed_as_it_is_read() {
        assert_eq!(folded(" 4k7qw m2x9d"), folded("4K7QW-M2X9D"));
        assert_eq!(folded("OIL0"), "0110");
    }
}
