//! A browser in which a person has signed in before carries a mark that says so, for this person only. Its tries are counted apart from
//! everybody else's, so that nobody outside can slow the person down or lock them out of it. It opens nothing by itself.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Hexadecimal characters of the random half of a mark.
const CHANCE_CHARS: usize = 32;

/// What signs the marks of one institution.
pub struct BrowserKey(pub [u8; 32]);

impl BrowserKey {
    /// A new mark for a browser in which this person has just signed in.
    pub fn mark(&self, user_name: &str) -> String {
        let chance = format!("{:032x}", rand::random::<u128>());
        let proof = self.proof(user_name, &chance);
        format!("{chance}.{proof}")
    }

    /// The random half of a mark that we made for this person; `None` for any other text.
    pub fn read(&self, user_name: &str, mark: &str) -> Option<String> {
        let (chance, proof) = mark.split_once('.')?;
        let ours = chance.len() == CHANCE_CHARS && bool::from(self.proof(user_name, chance).as_bytes().ct_eq(proof.as_bytes()));
        ours.then(|| chance.to_owned())
    }

    fn proof(&self, user_name: &str, chance: &str) -> String {
        // HMAC takes a key of any length, so the other branch is never taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(chance.as_bytes());
        mac.update(user_name.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The name of the cookie that holds a person's mark: one each, as people share computers.
pub fn mark_name(user_name: &str) -> String {
    let name = Sha256::digest(user_name.as_bytes());
    let short: String = name.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("outlay-known-{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_worth_something_for_its_person_and_institution_only() {
        let (key, other) = (BrowserKey([1; 32]), BrowserKey([2; 32]));
        let mark = key.mark("thiri");
        assert!(key.read("thiri", &mark).is_some());
        assert_eq!(key.read("hla", &mark), None);
        assert_eq!(other.read("thiri", &mark), None);
        assert_eq!(key.read("thiri", &format!("{}x", mark)), None);
        assert_eq!(key.read("thiri", "."), None);
    }
}
