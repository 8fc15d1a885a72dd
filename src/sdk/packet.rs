//! What the ILP packet of a quote is about.
//!
//! The payee's FSP writes it, and the scheme has it carry the transaction: an Interledger packet (version 1: a payment; version 4: a
//! prepare) whose data is base64url JSON. So it tells a reply to somebody else's question from one to ours, which the reply itself
//! does not. An FSP may write it in a way of its own; what cannot be read says nothing.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::ids::TransferId;

/// With padding or without.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// The first byte of a payment of version 1, and of a prepare of version 4.
const PAYMENT: u8 = 1;
const PREPARE: u8 = 12;
/// Bytes of an amount; of a prepare's expiration and condition.
const AMOUNT: usize = 8;
const EXPIRATION_AND_CONDITION: usize = 17 + 32;
/// Characters of a ULID and of a UUID, which is what transactions are called by.
const ID_LENGTHS: [usize; 2] = [26, 36];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction<'a> {
    #[serde(borrow)]
    transaction_id: Cow<'a, str>,
}

/// Whether the packet names a transaction that is not ours.
pub(super) fn names_another(packet: &str, ours: &TransferId) -> bool {
    let Some(json) = transaction_in(packet) else { return false };
    let Ok(Transaction { transaction_id }) = serde_json::from_slice(&json) else { return false };
    ID_LENGTHS.contains(&transaction_id.len()) && !transaction_id.eq_ignore_ascii_case(ours.as_str())
}

/// The transaction in a packet, as JSON; `None` where it cannot be read.
pub fn transaction_in(packet: &str) -> Option<Vec<u8>> {
    let packet = BASE64URL.decode(packet).ok()?;
    BASE64URL.decode(data(&packet)?).ok()
}

fn data(packet: &[u8]) -> Option<&[u8]> {
    let mut packet = Bytes(packet);
    let before_address = match packet.take(1)? {
        [PAYMENT] => AMOUNT,
        [PREPARE] => AMOUNT + EXPIRATION_AND_CONDITION,
        _ => return None,
    };
    let mut content = Bytes(packet.octets()?);
    content.take(before_address)?;
    content.octets()?;
    content.octets()
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// As many as are announced, in OER: a byte up to 127, or how many bytes the number has, and the number.
    fn octets(&mut self) -> Option<&'a [u8]> {
        let first = *self.take(1)?.first()?;
        if first < 0x80 {
            return self.take(usize::from(first));
        }
        let length = self.take(usize::from(first & 0x7f))?;
        // A packet has at most 32768 characters.
        let length =
            if length.len() > 4 { return None } else { length.iter().fold(0, |so_far: usize, byte| so_far << 8 | usize::from(*byte)) };
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PACKETS: &str = include_str!("../../tests/fixtures/sdk/packets.tsv");
    const OURS: &str = "9465ed4d-8a94-5fad-9c0a-ac80966ea5af";

    fn ours() -> TransferId {
        TransferId::from(OURS)
    }

    fn recorded(name: &str) -> &'static str {
        PACKETS.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t')).unwrap()
    }

    /// A payment of version 1 with this data.
    fn payment(data: &str) -> String {
        let octets =
            |bytes: &[u8]| [&[0x82, u8::try_from(bytes.len() >> 8).unwrap(), u8::try_from(bytes.len() & 0xff).unwrap()], bytes].concat();
        let content = [&[0; 8], octets(b"g.kbzpay").as_slice(), octets(data.as_bytes()).as_slice(), &[0]].concat();
        BASE64URL.encode([&[1], octets(&content).as_slice()].concat())
    }

    fn naming(id: &str) -> String {
        payment(&BASE64URL.encode(format!(r#"{{"quoteId":"q","transactionId":"{id}"}}"#)))
    }

    #[test]
    fn the_sdks_own_packets_are_read_in_both_versions() {
        let another = TransferId::from("00000000-8a94-5fad-9c0a-ac80966ea5af");
        for name in ["v1", "v4"] {
            let json: serde_json::Value = serde_json::from_slice(&transaction_in(recorded(name)).unwrap()).unwrap();
            assert_eq!((json["transactionId"].as_str(), json["amount"]["amount"].as_str()), (Some(OURS), Some("1500.5")), "{name}");
            assert!(!names_another(recorded(name), &ours()), "{name}");
            assert!(names_another(recorded(name), &another), "{name}");
        }
    }

    #[test]
    fn an_id_is_the_same_in_capitals_and_with_padding() {
        assert!(!names_another(&naming(&OURS.to_uppercase()), &ours()));
        assert!(!names_another(&format!("{}==", naming(OURS).trim_end_matches('=')), &ours()));
        assert!(names_another(&naming("01M7XR0N6XBTRGWE748EDV0NZ6"), &ours()), "another one's ULID");
    }

    #[test]
    fn what_cannot_be_read_names_nobody() {
        // As a stub wrote it, of another transaction.
        let stub = recorded("stub");
        let named = format!("{:?}", String::from_utf8(BASE64URL.decode(stub).unwrap()));
        assert!(named.contains("582a4df7-0073-57df-9f0f-82e7"), "{named}");
        let odd = ["", "AYIC", "QVlJ", "====", "DIIC", stub, &payment(""), &payment("%"), &payment("e30"), &naming(""), &naming("n/a")];
        for packet in odd {
            assert!(!names_another(packet, &ours()), "{packet}");
        }
        let (half, _) = recorded("v1").split_at(400);
        assert!(!names_another(half, &TransferId::from("00000000-8a94-5fad-9c0a-ac80966ea5af")));
    }

    proptest! {
        #[test]
        fn no_packet_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in prop::sample::select(vec![1_u8, 12, 0])) {
            let packet = BASE64URL.encode([&[kind], bytes.as_slice()].concat());
            prop_assert!(!names_another(&packet, &ours()));
            prop_assert!(!names_another(&payment(&BASE64URL.encode(&bytes)), &ours()));
        }
    }
}
