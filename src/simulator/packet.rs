//! The terms of a quote, packed as the payee's FSP packs them, and its proof of having been paid.
//!
//! A prepare names no payee: the real one is inside the ILP packet. So it is here, and nothing about a quote has to be kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a quote agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub quote_id: String,
    pub transfer_id: String,
    pub payee_type: String,
    pub payee: String,
    pub payee_fsp: String,
    pub currency: String,
    /// As in `transferAmount`.
    pub amount: String,
}

impl Terms {
    pub fn packet(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// `None` where the packet is not one of ours.
    pub fn open(packet: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(packet).ok()?).ok()
    }

    /// 32 bytes only this payee's FSP would know, in base64url.
    pub fn fulfilment(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.preimage())
    }

    pub fn condition(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.preimage()))
    }

    fn preimage(&self) -> Vec<u8> {
        Sha256::digest([b"outlay-simulator\0", self.packet().as_bytes()].concat()).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_opens_to_its_terms_and_its_fulfilment_fulfils_its_condition() {
        let terms = Terms {
            quote_id: "q".to_owned(),
            transfer_id: "t".to_owned(),
            payee_type: "MSISDN".to_owned(),
            payee: "959777123456".to_owned(),
            payee_fsp: "kbzpay".to_owned(),
            currency: "MMK".to_owned(),
            amount: "1500.5".to_owned(),
        };
        assert_eq!(Terms::open(&terms.packet()), Some(terms.clone()));
        assert!(crate::sdk::fulfils(&terms.fulfilment(), &terms.condition()));
        assert_ne!(terms.condition(), Terms { quote_id: "other".to_owned(), ..terms }.condition());
        assert_eq!(Terms::open("%%%"), None);
    }
}
