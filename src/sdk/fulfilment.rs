//! The payee's proof. The SDK does not compare it with the condition on this path (CONTRACT 8), so we do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Whether `fulfilment` is what `condition` asks for: `base64url(sha256(base64url-decoded fulfilment)) == condition`. Both have
/// 43 characters. Compared in constant time.
pub fn fulfils(fulfilment: &str, condition: &str) -> bool {
    let Ok(preimage) = URL_SAFE_NO_PAD.decode(fulfilment.trim_end_matches('=')) else {
        return false;
    };
    if preimage.len() != 32 {
        return false;
    }
    let Ok(wanted) = URL_SAFE_NO_PAD.decode(condition.trim_end_matches('=')) else {
        return false;
    };
    Sha256::digest(&preimage).ct_eq(&wanted).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONDITION: &str = "YzWe0tiPExAZQuF-BjMjHZBsUW_2UZj7Etjcm3ntGFU";

    #[test]
    fn a_recorded_fulfilment_fulfils_its_condition_and_no_other() {
        assert!(fulfils("MqMyif5B0gJ64lQasIH5-X4cTDtnWj3gf4xzpYiRaTg", CONDITION));
        assert!(!fulfils("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", CONDITION));
        assert!(!fulfils("", CONDITION));
        assert!(!fulfils("MqMyif5B0gJ64lQasIH5-X4cTDtnWj3gf4xzpYiRaTg", ""));
        assert!(!fulfils("not base64 !", CONDITION));
    }
}
