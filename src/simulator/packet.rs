//! The terms of a quote, packed as the payee's SDK packs them (an Interledger payment that carries the transaction), and its proof of
//! having been paid.
//!
//! A prepare names no payee: the real one is inside the ILP packet. So it is here, and nothing about a quote has to be kept.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::money::{Currency, Minor};
use crate::sdk::transaction_in;

/// What a quote agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// The same in the scheme's words.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction<'a> {
    quote_id: Cow<'a, str>,
    transaction_id: Cow<'a, str>,
    payee: Payee<'a>,
    amount: Amount<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payee<'a> {
    party_id_info: PartyIdInfo<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartyIdInfo<'a> {
    party_id_type: Cow<'a, str>,
    party_identifier: Cow<'a, str>,
    fsp_id: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct Amount<'a> {
    currency: Cow<'a, str>,
    amount: Cow<'a, str>,
}

impl Terms {
    /// The transaction in the scheme's words.
    fn json(&self) -> Vec<u8> {
        let info = PartyIdInfo {
            party_id_type: Cow::Borrowed(&self.payee_type),
            party_identifier: Cow::Borrowed(&self.payee),
            fsp_id: Cow::Borrowed(&self.payee_fsp),
        };
        let transaction = Transaction {
            quote_id: Cow::Borrowed(&self.quote_id),
            transaction_id: Cow::Borrowed(&self.transfer_id),
            payee: Payee { party_id_info: info },
            amount: Amount { currency: Cow::Borrowed(&self.currency), amount: Cow::Borrowed(&self.amount) },
        };
        serde_json::to_vec(&transaction).unwrap_or_default()
    }

    pub fn packet(&self) -> String {
        let data = URL_SAFE_NO_PAD.encode(self.json());
        let address = format!("g.{}.{}.{}", self.payee_fsp, self.payee_type, self.payee).to_lowercase();
        let minor = Currency::find(&self.currency).and_then(|currency| currency.parse(&self.amount).ok()).map_or(0, Minor::units);
        let mut content = minor.to_be_bytes().to_vec();
        push_octets(&mut content, address.as_bytes());
        push_octets(&mut content, data.as_bytes());
        // No extensions.
        content.push(0);
        // An Interledger payment of version 1.
        let mut packet = vec![1];
        push_octets(&mut packet, &content);
        URL_SAFE_NO_PAD.encode(packet)
    }

    /// `None` where the packet is not one of ours.
    pub fn open(packet: &str) -> Option<Self> {
        let json = transaction_in(packet)?;
        let Transaction { quote_id, transaction_id, payee, amount } = serde_json::from_slice(&json).ok()?;
        let PartyIdInfo { party_id_type, party_identifier, fsp_id } = payee.party_id_info;
        Some(Self {
            quote_id: quote_id.into_owned(),
            transfer_id: transaction_id.into_owned(),
            payee_type: party_id_type.into_owned(),
            payee: party_identifier.into_owned(),
            payee_fsp: fsp_id.into_owned(),
            currency: amount.currency.into_owned(),
            amount: amount.amount.into_owned(),
        })
    }

    /// 32 bytes only this payee's FSP would know, in base64url.
    pub fn fulfilment(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.preimage())
    }

    pub fn condition(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.preimage()))
    }

    fn preimage(&self) -> Vec<u8> {
        Sha256::digest([b"outlay-simulator\0", self.json().as_slice()].concat()).to_vec()
    }
}

/// With their number before them, as OER writes it.
fn push_octets(to: &mut Vec<u8>, octets: &[u8]) {
    match u8::try_from(octets.len()) {
        Ok(few @ 0..=0x7f) => to.push(few),
        _ => {
            let length = u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes();
            let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            to.push(0x80 | u8::try_from(digits.len()).unwrap_or(4));
            to.extend_from_slice(&digits);
        }
    }
    to.extend_from_slice(octets);
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

    #[test]
    fn a_packet_of_the_real_sdk_opens_too() {
        let recorded = include_str!("../../tests/fixtures/sdk/packets.tsv").lines().find_map(|line| line.strip_prefix("v1\t"));
        let terms = Terms::open(recorded.unwrap()).unwrap();
        assert_eq!((terms.payee.as_str(), terms.payee_fsp.as_str(), terms.amount.as_str()), ("254711000123", "payeefsp", "1500.5"));
    }
}
